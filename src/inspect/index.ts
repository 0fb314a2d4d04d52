/**
 * Seeing what every task waits for. Nothing here costs anything before it is called.
 *
 *   format.ts       the form of a snapshot, as data and as JSON lines
 *   snapshot.ts     reads a loop               locations.ts   to the line, by the platform's inspector (platform-inspector.ts)
 *   resources.ts    what lives besides tasks   steps.ts       what each task has used, while somebody watches
 *   describe.ts     as text                    circles.ts     who waits for whom for ever
 *   on-signal.ts    a process answers          dump.ts        whoever asks it         mailbox.ts   where they meet
 *   reports/        what is probably wrong, looked for now and then
 *   leaks.ts        what never ended               trace/         what tasks do over time, as a file
 */
import { setDefaultHost } from '../core/index.ts'
import { NodeHost } from '../host/index.ts'

setDefaultHost(() => new NodeHost())

export { type Circle, findCircles } from './circles.ts'
export { type DescribeOptions, describeTasks } from './describe.ts'
export { type DumpOptions, dumpProcess, InspectError } from './dump.ts'
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
export { type InspectSignalOptions, inspectOnSignal } from './on-signal.ts'
export { onReport, type ReportKind, type ReportRecord } from './reports/record.ts'
export { type ReportOptions, watchReports } from './reports/watch.ts'
export { type SnapshotOptions, snapshot, snapshotLines } from './snapshot.ts'
export { watchSteps } from './steps.ts'
export { recordTrace, type Trace, type TraceEnd, type TraceOptions } from './trace/record.ts'
