import { currentLoop, taskTotals } from '../core/index.ts'

/** What a loop and its thread count for free: totals from the start, and how long the lines are now. */
export interface Counts {
  /** Tasks that were made in this thread, and those of them that have ended. */
  readonly spawned: number
  readonly ended: number
  /** Turns of the loop, and steps of tasks in them. */
  readonly turns: number
  readonly steps: number
  readonly ready: number
  readonly timers: number
  readonly externals: number
}

/** Those of the current loop, now. */
export function counts(): Counts {
  const loop = currentLoop()
  const { turns, steps } = loop
  return { ...taskTotals(), turns, steps, ...loop.stats() }
}
