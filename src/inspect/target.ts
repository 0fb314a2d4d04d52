import type { Snapshot } from './format.ts'
import { InspectError } from './mailbox.ts'
import type { HeldRecord } from './server/events.ts'
import type { Summary } from './summary.ts'

/** A program that can be asked, in whichever way. All throw an `InspectError` if there is no answer. */
export interface Target {
  /** `frames`: with the stacks. */
  snapshot(frames: boolean): Promise<Snapshot>
  summary(): Promise<Summary>
}

/** A process did not answer since a function holds its loop; the message says so. */
export class HeldLoopError extends InspectError {
  /** Which function, if that could be told. */
  readonly held: HeldRecord | null

  constructor(message: string, held: HeldRecord | null) {
    super(message)
    this.held = held
  }
}
