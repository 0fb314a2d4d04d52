/**
 * Seeing what every task waits for. Nothing here costs anything before it is called.
 *
 *   format.ts       the form of a snapshot, as data and as JSON lines
 *   snapshot.ts     reads a loop               locations.ts   to the line, by the platform's inspector (platform-inspector.ts)
 *   resources.ts    what lives besides tasks   steps.ts       what each task has used, while somebody watches
 *   describe.ts     as text                    circles.ts     who waits for whom for ever
 *   on-signal.ts    a process answers          processes.ts   whoever asks it         mailbox.ts   where they meet
 *   leaks.ts        what never ended           metrics.ts     figures for Prometheus
 *   reports/        what is probably wrong, looked for now and then
 *   trace/          what tasks do over time, as a file
 *   server/         the inspector's page and its data, from a thread of its own
 */
import { setDefaultHost } from '../core/index.ts'
import { NodeHost } from '../host/index.ts'

setDefaultHost(() => new NodeHost())

export { type Circle, findCircles } from './circles.ts'
export { type DescribeOptions, describeTasks, duration, printable } from './describe.ts'
export { type DumpOptions, dumpProcess } from './dump.ts'
export { inspectFromEnvironment } from './environment.ts'
export {
  type FrameRecord,
  type LoopRecord,
  type OpeningRecord,
  type ProcessRecord,
  type ResourceRecord,
  readSnapshot,
  type Snapshot,
  type SnapshotHead,
  type TaskRecord,
} from './format.ts'
export { leakReport, reportLeaksAtExit, watchOpenings } from './leaks.ts'
export { InspectError, type Listening, type Ways } from './mailbox.ts'
export { metrics } from './metrics.ts'
export { type InspectSignalOptions, inspectOnSignal } from './on-signal.ts'
export { listProcesses, targetNamed, targetOf, waysOf } from './processes.ts'
export { onReport, type ReportKind, type ReportRecord } from './reports/record.ts'
export { type ReportOptions, watchReports } from './reports/watch.ts'
export type {
  FigureRecord,
  HeldRecord,
  HelloEvent,
  HistoryRecord,
  HoldRecord,
  TasksEvent,
} from './server/events.ts'
export { type InspectOptions, type Inspector, inspect } from './server/inspector.ts'
export { type SnapshotOptions, snapshot, snapshotLines } from './snapshot.ts'
export { watchSteps } from './steps.ts'
export type { Counts, Summary } from './summary.ts'
export { HeldLoopError, type LiveEvent, type Target } from './target.ts'
export { recordTrace, type Trace, type TraceEnd, type TraceOptions } from './trace/record.ts'
