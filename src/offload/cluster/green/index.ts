/**
 * The face of `fibril/offload/cluster/green`: a cluster of workers for green code, in which what waits is a plain call that parks the
 * task that makes it. All else is as in `fibril/offload/cluster`, whose objects these are.
 */
import { type Calls, type FaceOf, faceClass, faceOfKind, type Green, mapped, poolFace } from '../../../green/index.ts'
import { park, parkable } from '../../../green/runtime/index.ts'
import type { AnyModule, ArgumentsOf, FunctionName } from '../../index.ts'
import * as cluster from '../index.ts'

export type {
  ClusterOptions,
  ClusterPoolOptions,
  ClusterWorkerOptions,
  ClusterWorkerStats,
  DurableOptions,
  FastOptions,
  JobCounts,
  JobDetails,
  JobInfo,
  JobOptions,
  JobState,
  Purgeable,
} from '../index.ts'
export { credentials, userKey } from '../index.ts'

/** Workers on any number of machines; see `ClusterPool` of `fibril/offload/cluster`. Used as a `ThreadPool` of `fibril/green`. */
export interface ClusterPool<M extends object = AnyModule>
  extends Green<cluster.ClusterPool<M>, (typeof poolFace.names)[number] | 'resultOf'>,
    Calls<M>,
    AsyncDisposable,
    FaceOf<cluster.ClusterPool<M>> {
  /** Stores a job under an id of your choice, with a priority or none, and does not wait for its result. False if there is one of this id. */
  post<K extends FunctionName<M>>(job: string | cluster.JobOptions, name: K, ...args: ArgumentsOf<M, K>): boolean
}
export const ClusterPool: new <M extends object = AnyModule>(
  module: string | URL,
  options?: cluster.ClusterPoolOptions<M>,
) => ClusterPool<M> = faceClass(
  cluster.ClusterPool,
  [...poolFace.names, ...poolFace.callNames, 'post', 'resultOf'],
  poolFace.options,
)

const workerNames = ['id', 'join', 'close', 'stats', 'toString'] as const

/** A worker that serves. */
export interface ClusterWorker extends Green<cluster.ClusterWorker, (typeof workerNames)[number]>, AsyncDisposable {}

/** Serves a module to a cluster; see `serveCluster` of `fibril/offload/cluster`. */
export const serveCluster = parkable(function serveCluster(
  module: string | URL,
  options?: cluster.ClusterWorkerOptions,
): ClusterWorker {
  const worker = cluster.serveCluster(module, options)
  return park(mapped(worker, (thing): ClusterWorker => faceOfKind(thing, workerNames)))
})

const jobNames = ['counts', 'list', 'show', 'retry', 'purge', 'close'] as const

/** The durable jobs of a cluster, for those who look after it. */
export interface ClusterJobs extends Green<cluster.ClusterJobs, (typeof jobNames)[number]>, AsyncDisposable {}

/** The durable jobs of the cluster `name`; see `openJobs` of `fibril/offload/cluster`. */
export const openJobs = parkable(function openJobs(name: string, options?: cluster.ClusterOptions): ClusterJobs {
  return park(mapped(cluster.openJobs(name, options), (thing): ClusterJobs => faceOfKind(thing, jobNames)))
})
