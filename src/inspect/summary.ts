import { currentLoop, taskTotals } from '../core/index.ts'
import type { SnapshotHead } from './format.ts'
import { headOf } from './snapshot.ts'

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

/** A loop and its process at one moment, without the tasks. */
export interface Summary extends SnapshotHead {
  readonly counts: Counts
}

/** Those of the current loop, now. */
export function counts(): Counts {
  const loop = currentLoop()
  const { turns, steps } = loop
  return { ...taskTotals(), turns, steps, ...loop.stats() }
}

/** Of the current loop, now. */
export function summary(): Summary {
  return { ...headOf(currentLoop()), counts: counts() }
}
