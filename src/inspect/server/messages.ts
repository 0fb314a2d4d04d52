/**
 * Theory of operation: what the program's thread and the inspector's thread say to one another.
 *
 *   the program's thread (`agent.ts`)                     the inspector's thread (`thread.ts`)
 *   answers a question when its loop comes round   ◀───── asks: a snapshot, a task, figures
 *   beats in shared memory, while it is told to    ─────▶ looks there: beats that do not come are a hold
 *   samples the tasks, while it is told to         ─────▶ keeps what it was sent last, for whoever connects
 *
 * A thread that is held cannot be told that an answer is no longer wanted. So each question has a cell in shared memory
 * that holds its number while it is.
 */

import type { ReportRecord } from '../reports/record.ts'

/** Cells of `ThreadOrder.cells`. */
export const BEATS = 0
/** 1 when the thread listens, 2 when it cannot. */
export const STARTED = 1
/** Microseconds; the second since the thread took it last. */
export const LAG = 2
export const LAG_MAX = 3
/** From here on: the number of the question that each place belongs to, 0 for none. */
export const WANTED = 4
export const PLACES = 32

/** Cells of `ThreadOrder.figures`. */
export const FIGURES = ['spawned', 'ended', 'turns', 'steps', 'ready', 'timers', 'externals', 'heapUsed'] as const

/** What the inspector's thread is started with. */
export interface ThreadOrder {
  readonly cells: SharedArrayBuffer
  readonly figures: SharedArrayBuffer
  readonly port: number
  readonly token: string
  /** The stack of what holds the loop can be taken. */
  readonly takesStack: boolean
  /** Written to standard error when it listens; `URL` stands for the address. */
  readonly greeting: string | null
}

/** The first message to the program's thread. */
export type Started = { readonly port: number } | { readonly code: string; readonly message: string }

export type Question =
  | {
      readonly ask: 'snapshot'
      readonly frames: boolean
      readonly locations: number
      readonly resources: boolean
    }
  | { readonly ask: 'task'; readonly task: number }
  | { readonly ask: 'summary' }
  | { readonly ask: 'metrics' }
  /** What the tasks do in the next milliseconds. */
  | { readonly ask: 'trace'; readonly ms: number }

export type ToAgent =
  | (Question & { readonly id: number; readonly place: number })
  /** Beat from now on, or no longer. */
  | { readonly ask: 'beats'; readonly on: boolean }
  /** Sample the tasks with at least so many milliseconds between; null: no longer. */
  | { readonly ask: 'samples'; readonly intervalMs: number | null }
  /** The last sample has been taken in. */
  | { readonly ask: 'next' }

/** What a sample of the tasks found, for those who know the one before. */
export interface Sample {
  readonly at: number
  /** `TaskRecord`s as JSON, each on a line, and their ids. */
  readonly lines: string
  readonly changed: readonly number[]
  readonly ended: readonly number[]
  readonly total: number
  readonly behind: number
}

export type FromAgent =
  /** A part of an answer; `last` with the last. An answer that failed is an `error`. */
  | { readonly id: number; readonly text: string; readonly last: boolean }
  | { readonly id: number; readonly error: string }
  | { readonly sample: Sample }
  | { readonly report: ReportRecord }
