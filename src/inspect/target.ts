import type { Snapshot } from './format.ts'
import { InspectError } from './mailbox.ts'
import type { FigureRecord, HeldRecord, HelloEvent, TasksEvent } from './server/events.ts'
import type { Summary } from './summary.ts'

/** A program that can be asked, in whichever way. All throw an `InspectError` if there is no answer. */
export interface Target {
  /** `frames`: with the stacks. */
  snapshot(frames: boolean): Promise<Snapshot>
  summary(): Promise<Summary>
  /** What happens, as it happens, until `signal` is aborted: the events of `/api/live`. Null where there are none. */
  readonly live: ((intervalMs: number, signal: AbortSignal) => AsyncIterable<LiveEvent>) | null
}

export type LiveEvent =
  | { readonly event: 'hello'; readonly data: HelloEvent }
  | { readonly event: 'tasks'; readonly data: TasksEvent }
  | { readonly event: 'figures'; readonly data: FigureRecord }
  | { readonly event: 'held'; readonly data: HeldRecord }
  | { readonly event: 'released'; readonly data: { readonly heldMs: number } }

/** A process did not answer since a function holds its loop; the message says so. */
export class HeldLoopError extends InspectError {
  /** Which function, if that could be told. */
  readonly held: HeldRecord | null

  constructor(message: string, held: HeldRecord | null) {
    super(message)
    this.held = held
  }
}
