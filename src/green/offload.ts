import type { Operation } from '../core/index.ts'
import type {
  AnyModule,
  ArgumentsOf,
  CallOptions,
  CallStreamOptions,
  FunctionName,
  ItemOf,
  ProcessPoolOptions,
  ReturnOf,
  StreamName,
  ThreadPoolOptions,
} from '../offload/index.ts'
import * as offloading from '../offload/index.ts'
import { type FaceOf, faceClass, faceOfKind, type Green } from './face.ts'
import { park, parkable } from './runtime/index.ts'

const poolNames = ['name', 'waitReady', 'close', 'stats', 'toString'] as const
const streamNames = ['next', 'all', 'close'] as const

/** Results of calls, one by one, in green code. */
export interface CallStream<R>
  extends Green<offloading.CallStream<R>, (typeof streamNames)[number]>,
    Disposable,
    AsyncIterable<R> {}

type Items<M, K extends keyof M> = Iterable<ArgumentsOf<M, K>[0]> | AsyncIterable<ArgumentsOf<M, K>[0]>

/** Calls of the functions of a module, in green code. */
export interface Calls<M extends object> {
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
  /** Calls a function whose results come one by one. */
  stream<K extends StreamName<M>>(name: K, ...args: ArgumentsOf<M, K>): CallStream<ItemOf<M, K>>
  /** The same calls, made otherwise: `pool.with({ priority: 1 }).submit('fib', 30)`. */
  with(options: CallOptions): Calls<M>
}

/** What pools of threads and of processes have in common, in green code. */
export interface WorkerPool<M extends object>
  extends Green<offloading.WorkerPool<M>, (typeof poolNames)[number]>,
    Calls<M>,
    AsyncDisposable {}

/**
 * Threads that run the functions of a module, for calls that would hold the loop. Typed by that module:
 * `new ThreadPool<typeof import('./work.ts')>(new URL('./work.ts', import.meta.url))`.
 */
export interface ThreadPool<M extends object = AnyModule> extends WorkerPool<M>, FaceOf<offloading.ThreadPool<M>> {}
/** The same with processes, which share nothing with this one. */
export interface ProcessPool<M extends object = AnyModule> extends WorkerPool<M>, FaceOf<offloading.ProcessPool<M>> {}

const callNames = ['submit', 'map', 'imap', 'imapUnordered', 'stream', 'with'] as const
const names = [...poolNames, ...callNames] as const
const streamOf = (stream: offloading.CallStream<unknown>): CallStream<unknown> => faceOfKind(stream, streamNames)
const callsOf = (calls: offloading.Calls<object>): Calls<object> => faceOfKind(calls, callNames, options)
const options = { results: { imap: streamOf, imapUnordered: streamOf, stream: streamOf, with: callsOf } }

/** What a class of faces for another kind of pool is made of: `faceClass(Pool, [...poolFace.names, ...poolFace.callNames], poolFace.options)`. */
export const poolFace = Object.freeze({ names: poolNames, callNames, options })

export const ThreadPool: new <M extends object = AnyModule>(
  module: string | URL,
  options?: ThreadPoolOptions<M>,
) => ThreadPool<M> = faceClass(offloading.ThreadPool, names, options)

export const ProcessPool: new <M extends object = AnyModule>(
  module: string | URL,
  options?: ProcessPoolOptions<M>,
) => ProcessPool<M> = faceClass(offloading.ProcessPool, names, options)

/**
 * Makes of a self-contained function one that runs in another thread, and whose caller waits for it: `offload` of `fibril/offload`.
 * Its text is what is sent, and must not be compiled: a function that calls what might wait is marked `// @fibril never-parks`.
 */
export function offload<F extends (...args: never[]) => unknown>(
  fn: F,
): (...args: Parameters<F>) => ReturnOf<{ fn: F }, 'fn'> {
  const call = offloading.offload(fn)
  return parkable((...args: Parameters<F>) => park(call(...args) as Operation<ReturnOf<{ fn: F }, 'fn'>>))
}
