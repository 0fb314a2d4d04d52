import type { HoldFrame } from '../stack/index.ts'

/** One function held the loop. Plain data. */
export interface Hold {
  /** What was running when the limit had passed; null where no stack could be taken. */
  readonly name: string | null
  readonly url: string | null
  readonly line: number | null
  readonly column: number | null
  /** The innermost frame first; empty where no stack could be taken. */
  readonly stack: readonly HoldFrame[]
  /** Milliseconds from the last sign of life to the next, about. */
  readonly ms: number
}

/** What the watching thread is started with. */
export interface WatchOrder {
  /** `[BEATS]`: how often the loop came round. `[STOP]`: 1 when it is over. `[HELD]`: 1 while a hold is not told to its end. */
  readonly shared: SharedArrayBuffer
  readonly limitMs: number
  /** Write the lines to standard error. */
  readonly tell: boolean
  /** Take the stack: false where the watched thread is not the main thread. */
  readonly stack: boolean
}

export const BEATS = 0
export const STOP = 1
export const HELD = 2
