import type { Ticket } from './ticket.ts'
import type { Used } from './wire.ts'

/** How calls reach workers: one for each mode of delivery. */
export interface Engine {
  /** Makes the call; the ticket is resolved or rejected some time. */
  begin(ticket: Ticket): void
  /** Nobody waits for it any more. */
  cancel(ticket: Ticket): void
  /** So many more results of a stream may be made. */
  grant(ticket: Ticket, count: number): void
  /** Nothing is under way. Fulfilled when all that was said has left. */
  close(): Promise<void>
}

/** How a call came back. */
export interface End {
  readonly failed: boolean
  readonly value: unknown
  /** How long it ran. */
  readonly micros: number
  readonly usage?: Used | undefined
}

/** A call came back. */
export type OnEnd = (ticket: Ticket, end: End) => void

/** It came to nothing. */
export function failure(error: unknown, micros = 0): End {
  return { failed: true, value: error, micros }
}
