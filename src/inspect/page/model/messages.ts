/** What the server sends besides snapshots. */
import type { LoopRecord, ProcessRecord, TaskRecord } from '../../format.ts'

export interface FigureRecord {
  readonly at: number
  readonly tasks: number
  readonly ready: number
  readonly timers: number
  readonly externals: number
  readonly lagMs: number
  readonly lagMaxMs: number
  readonly turnsPerS: number
  readonly stepsPerS: number
  readonly spawnedPerS: number
  readonly endedPerS: number
  readonly cpu: number
  readonly rss: number
  readonly heapUsed: number
  readonly held: boolean
}

export interface HeldRecord {
  readonly at: number
  readonly sinceMs: number
  readonly stack: readonly { readonly name: string; readonly at: string }[]
  readonly text: string
}

export interface HoldRecord extends HeldRecord {
  readonly heldMs: number | null
}

export interface HelloEvent {
  readonly version: 1
  readonly process: ProcessRecord | null
  readonly loop: LoopRecord | null
  readonly intervalMs: number
}

export interface TasksEvent {
  readonly at: number
  readonly full: boolean
  readonly first?: boolean
  readonly complete?: boolean
  readonly changed: readonly TaskRecord[]
  readonly ended: readonly number[]
  readonly total: number
  readonly behind: number
}

export interface ReportRecord {
  readonly kind: string
  readonly at: number
  readonly text: string
  readonly task?: number
  readonly data?: unknown
}

export interface HistoryRecord {
  readonly figures: readonly FigureRecord[]
  readonly reports: readonly ReportRecord[]
  readonly held: readonly HoldRecord[]
}
