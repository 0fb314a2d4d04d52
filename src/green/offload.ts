import type { AnyModule, ArgumentsOf, FunctionName, ReturnOf, ThreadPoolOptions } from '../offload/index.ts'
import * as offload from '../offload/index.ts'
import { faceClass, type Green } from './face.ts'

const poolNames = ['name', 'waitReady', 'close', 'stats', 'toString'] as const

/**
 * Threads that run the functions of a module, for calls that would hold the loop. Typed by that module:
 * `new ThreadPool<typeof import('./work.ts')>(new URL('./work.ts', import.meta.url))`.
 */
export interface ThreadPool<M extends object = AnyModule>
  extends Green<offload.ThreadPool<M>, (typeof poolNames)[number]>,
    AsyncDisposable {
  /** Calls a function of the module in a worker, and waits for its result in this task only. */
  submit<K extends FunctionName<M>>(name: K, ...args: ArgumentsOf<M, K>): ReturnOf<M, K>
}
export const ThreadPool: new <M extends object = AnyModule>(
  module: string | URL,
  options?: ThreadPoolOptions,
) => ThreadPool<M> = faceClass(offload.ThreadPool, [...poolNames, 'submit'])
