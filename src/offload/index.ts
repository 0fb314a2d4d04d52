/**
 * Pools of workers: calls that would hold the loop are made elsewhere, and waited for like anything else.
 *
 *   threads.ts processes.ts   ThreadPool, ProcessPool          pool.ts         what every pool is
 *   worker-pool.ts  what these two share                       mapping-pool.ts call-stream.ts result-stream.ts  map, imap, stream
 *   submission.ts   the operation that `submit` gives          inline.ts       calls that are not worth a hop
 *   scheduler.ts    which call runs where                      cost.ts         what calls are believed to cost
 *   backlog.ts      calls that wait for a worker               crew.ts         which workers there are
 *   watch.ts        calls that take longer than believed       link.ts         what an engine is
 *   thread.ts process.ts      their engines                    server.ts       the worker's side of both
 *   messages.ts     what goes over the wire                    slots.ts        what both sides share
 *   calls.ts        tells of calls that are over             slot-ring.ts plain-values.ts  the parts of that
 *   desk.ts         the same, where nothing is shared
 *   worker/index.ts fibril/offload/worker: what a function knows of its call (current-call.ts)
 *   result-stream.ts result-source.ts  both ends of a stream   backlog.ts lanes.ts  priorities
 *   hooks.ts        first and last calls of a worker           shrink.ts       fewer workers while idle
 *   special.ts      what some calls bring besides arguments
 *   offload.ts offloaded.ts   a function in place of a module  progress-bar.ts how far a map is
 */
import { setDefaultHost } from '../core/index.ts'
import { NodeHost } from '../host/index.ts'

// Whoever imports only this floor can still `await pool.submit(…)`.
setDefaultHost(() => new NodeHost())

export type { CallStream, CallStreamOptions } from './call-stream.ts'
export type { OffloadedCall } from './calls.ts'
export { inheritedFlags } from './inherited-flags.ts'
export type { InlineOptions } from './inline.ts'
export { moduleUrl } from './module-url.ts'
export { offload } from './offload.ts'
export type {
  AnyModule,
  ArgumentsOf,
  CallOf,
  CallOptions,
  Calls,
  CallUsage,
  CloseOptions,
  FunctionName,
  FunctionStats,
  ItemOf,
  Pool,
  PoolState,
  PoolStats,
  ReturnOf,
  StreamName,
  WorkerStats,
} from './pool.ts'
export type { ProcessOptions } from './process.ts'
export { ProcessPool, type ProcessPoolOptions } from './processes.ts'
export type { Carried } from './special.ts'
export type { KindOf } from './submission.ts'
export type { ThreadOptions } from './thread.ts'
export { ThreadPool, type ThreadPoolOptions } from './threads.ts'
export { type Transferable, transfer } from './transfer.ts'
export { WorkerPool, type WorkerPoolOptions } from './worker-pool.ts'
