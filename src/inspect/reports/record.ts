import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel'

/** The diagnostics channel on which reports are told. */
const NAME = 'fibril:report'
const reports = channel(NAME)

/**
 * `deadlock`: tasks wait for one another. `park`: a task has waited long for another. `slow`: a task has not ended for long.
 * `queue`: one only grows. `held`: a function held the loop. `unhandled`: a task failed and nobody waited for it. `leak`:
 * tasks had not ended when the process left.
 */
export type ReportKind = 'deadlock' | 'park' | 'slow' | 'queue' | 'held' | 'unhandled' | 'leak'

/** Something that is probably wrong. Plain data; fields may be added. */
export interface ReportRecord {
  readonly kind: ReportKind
  /** Milliseconds since 1970. */
  readonly at: number
  /** A paragraph for people. */
  readonly text: string
  /** The id of the task that it is about, if there is one. */
  readonly task?: number
  readonly data: Readonly<Record<string, unknown>>
}

/** What is found; it becomes a report when it is told. */
export type Finding = Omit<ReportRecord, 'at'>

/** Tells all who listen. */
export function report(finding: Finding): void {
  if (reports.hasSubscribers) reports.publish({ ...finding, at: Date.now() } satisfies ReportRecord)
}

/**
 * Calls `listener` with each report of this thread, whoever asked for them by `watchReports`: the same as to subscribe to
 * the diagnostics channel `fibril:report`. Returns how to end it.
 *
 * ```ts
 * import { onReport } from 'fibril/inspect'
 *
 * const stop = onReport(({ kind, text }) => console.log(kind, text))
 * stop()
 * ```
 */
export function onReport(listener: (report: ReportRecord) => void): () => void {
  const heard = (message: unknown): void => listener(message as ReportRecord)
  subscribe(NAME, heard)
  return () => void unsubscribe(NAME, heard)
}
