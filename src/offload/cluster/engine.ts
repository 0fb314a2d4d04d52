import type { Ticket } from './ticket.ts'

/** How calls reach workers: one for each mode of delivery. */
export interface Engine {
  /** Makes the call; the ticket is resolved or rejected some time. */
  begin(ticket: Ticket): void
  /** Nobody waits for it any more. */
  cancel(ticket: Ticket): void
  /** Nothing is under way. Fulfilled when all that was said has left. */
  close(): Promise<void>
}

/** A call came back: how long it ran, in µs. */
export type OnEnd = (ticket: Ticket, failed: boolean, micros: number) => void
