import type {
  AnyModule,
  ArgumentsOf,
  CallStreamOptions,
  FunctionName,
  ProcessPoolOptions,
  ReturnOf,
  ThreadPoolOptions,
} from '../offload/index.ts'
import * as offload from '../offload/index.ts'
import { type FaceOf, faceClass, faceOfKind, type Green } from './face.ts'

const poolNames = ['name', 'waitReady', 'close', 'stats', 'toString'] as const
const streamNames = ['next', 'all', 'close'] as const

/** Results of calls, one by one, in green code. */
export interface CallStream<R>
  extends Green<offload.CallStream<R>, (typeof streamNames)[number]>,
    Disposable,
    AsyncIterable<R> {}

type Items<M, K extends keyof M> = Iterable<ArgumentsOf<M, K>[0]> | AsyncIterable<ArgumentsOf<M, K>[0]>

/** What pools of threads and of processes have in common, in green code. */
export interface WorkerPool<M extends object>
  extends Green<offload.WorkerPool<M>, (typeof poolNames)[number]>,
    AsyncDisposable {
  /** Calls a function of the module in a worker, and waits for its result in this task only. */
  submit<K extends FunctionName<M>>(name: K, ...args: ArgumentsOf<M, K>): ReturnOf<M, K>
  /** Calls it once for each of `items`; the results in their order. */
  map<K extends FunctionName<M>>(name: K, items: Items<M, K>, options?: CallStreamOptions): ReturnOf<M, K>[]
  /** The results one by one, in the order of the items. */
  imap<K extends FunctionName<M>>(name: K, items: Items<M, K>, options?: CallStreamOptions): CallStream<ReturnOf<M, K>>
  /** The results one by one, as they come. */
  imapUnordered<K extends FunctionName<M>>(
    name: K,
    items: Items<M, K>,
    options?: CallStreamOptions,
  ): CallStream<ReturnOf<M, K>>
}

/**
 * Threads that run the functions of a module, for calls that would hold the loop. Typed by that module:
 * `new ThreadPool<typeof import('./work.ts')>(new URL('./work.ts', import.meta.url))`.
 */
export interface ThreadPool<M extends object = AnyModule> extends WorkerPool<M>, FaceOf<offload.ThreadPool<M>> {}
/** The same with processes, which share nothing with this one. */
export interface ProcessPool<M extends object = AnyModule> extends WorkerPool<M>, FaceOf<offload.ProcessPool<M>> {}

const names = [...poolNames, 'submit', 'map', 'imap', 'imapUnordered'] as const
const streamOf = (stream: offload.CallStream<unknown>): CallStream<unknown> => faceOfKind(stream, streamNames)
const options = { results: { imap: streamOf, imapUnordered: streamOf } }

export const ThreadPool: new <M extends object = AnyModule>(
  module: string | URL,
  options?: ThreadPoolOptions,
) => ThreadPool<M> = faceClass(offload.ThreadPool, names, options)

export const ProcessPool: new <M extends object = AnyModule>(
  module: string | URL,
  options?: ProcessPoolOptions,
) => ProcessPool<M> = faceClass(offload.ProcessPool, names, options)
