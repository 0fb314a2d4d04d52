/** What the inspector's server sends besides snapshots: plain data, version 1, as JSON. Fields may be added. */
import type { LoopRecord, ProcessRecord, TaskRecord } from '../format.ts'
import type { ReportRecord } from '../reports/record.ts'

/** How a loop does, about twice a second. Rates are of the time since the one before. */
export interface FigureRecord {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly tasks: number
  readonly ready: number
  readonly timers: number
  readonly externals: number
  /** Milliseconds that a timer came late: the last one, and the latest since the figures before. */
  readonly lagMs: number
  readonly lagMaxMs: number
  readonly turnsPerS: number
  readonly stepsPerS: number
  readonly spawnedPerS: number
  readonly endedPerS: number
  /** Of the whole process, in processors: 1 is one that is never idle. */
  readonly cpu: number
  /** Bytes. */
  readonly rss: number
  readonly heapUsed: number
  /** The loop is held: the counts are those from before. */
  readonly held: boolean
}

/** A loop that is held at this moment. */
export interface HeldRecord {
  /** Milliseconds since 1970. */
  readonly at: number
  /** Milliseconds that it has been held so far. */
  readonly sinceMs: number
  /** What runs, the innermost frame first; empty where no stack could be taken. */
  readonly stack: readonly { readonly name: string; readonly at: string }[]
  readonly text: string
}

/** A hold that is over, as the history has it. */
export interface HoldRecord extends HeldRecord {
  /** Milliseconds that it was in the end; null while it lasts. */
  readonly heldMs: number | null
}

/** The first event of `/api/live`. */
export interface HelloEvent {
  readonly version: 1
  /** Null until the loop has answered: while it is held from the start. */
  readonly process: ProcessRecord | null
  readonly loop: LoopRecord | null
  readonly intervalMs: number
}

/** What changed among the tasks. */
export interface TasksEvent {
  readonly at: number
  /** A part of all tasks: the one marked `first` begins anew, the one marked `complete` is the last. Otherwise, what changed. */
  readonly full: boolean
  readonly first?: boolean
  readonly complete?: boolean
  /** Without frames. */
  readonly changed: readonly TaskRecord[]
  readonly ended: readonly number[]
  /** All tasks that there are. */
  readonly total: number
  /** So many changes are still to come. */
  readonly behind: number
}

/** All of `/api/history`. */
export interface HistoryRecord {
  /** Of the last five minutes in which somebody watched. */
  readonly figures: readonly FigureRecord[]
  readonly reports: readonly ReportRecord[]
  readonly held: readonly HoldRecord[]
}
