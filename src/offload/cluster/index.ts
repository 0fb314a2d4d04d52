/**
 * A pool whose workers are on other machines, or on this one, and meet their submitters at a NATS server. Needs the packages
 * `@nats-io/transport-node`, `@nats-io/jetstream` and `@nats-io/obj` beside Fibril.
 *
 *   cluster-pool.ts   ClusterPool: the submitter            worker.ts           serveCluster: the worker
 *   fast-calls.ts     its calls at most once                durable-service.ts  the worker's share of jobs
 *   durable-calls.ts  its jobs at least once                intake.ts           how they come to it
 *   runs.ts           what runs at a worker                 store.ts gate.ts    streams and buckets on the server
 *   ticket.ts         a call that is waited for             jobs.ts             ClusterJobs: who looks after them
 *   roster.ts         which workers are there               wire.ts             what goes over the wire
 *   level.ts feed.ts  how urgent a job is, and how jobs of a level come
 *   connection.ts names.ts version.ts      where it is, what things are called, which module is meant
 */
import { setDefaultHost } from '../../core/index.ts'
import { NodeHost } from '../../host/index.ts'

// Whoever imports only this floor can still `await pool.submit(…)`.
setDefaultHost(() => new NodeHost())

export { ClusterPool, type ClusterPoolOptions, type JobOptions } from './cluster-pool.ts'
export { type ClusterOptions, credentials, userKey } from './connection.ts'
export type { DurableOptions } from './durable-calls.ts'
export type { FastOptions } from './fast-calls.ts'
export {
  ClusterJobs,
  type JobCounts,
  type JobDetails,
  type JobInfo,
  type JobState,
  openJobs,
  type Purgeable,
} from './jobs.ts'
export { ClusterWorker, type ClusterWorkerOptions, type ClusterWorkerStats, serveCluster } from './worker.ts'
