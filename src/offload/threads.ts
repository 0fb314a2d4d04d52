import type { AnyModule } from './pool.ts'
import { Thread, type ThreadOptions } from './thread.ts'
import { WorkerPool, type WorkerPoolOptions } from './worker-pool.ts'

/** How a `ThreadPool` is to be. */
export interface ThreadPoolOptions<M extends object = AnyModule> extends ThreadOptions, WorkerPoolOptions<M> {}

/**
 * Threads that run the functions of a module. Typed by that module: names, arguments and results are its own. The
 * functions may be plain, `async`, or Fibril bodies and operations.
 *
 * - The pool learns what calls cost. Short ones never wait behind long ones, and trivial ones run in the calling thread, for
 *   which the module is then loaded there too: it must be fit for that (`inline: false` if it is not).
 * - Arguments and results are copied (structured clone), also by inline calls unless told otherwise; `transfer` moves
 *   buffers instead. Arguments are copied when the call is sent: leave them alone until it is back.
 * - An error keeps its name, message, code, cause and the worker's stack, followed by that of the caller. It is an instance of
 *   the nearest class that is the language's or Fibril's, not of a class of the module's.
 * - A worker that dies (`process.exit`, an uncaught error, its memory limit) fails only the calls that it ran, with
 *   `BrokenError`, and is replaced. A crash in native code takes the whole process: no thread can survive that.
 * - A call that waits for something (a promise, a sleep) keeps its worker from other calls that are not known to be short.
 * - Workers are started as they are needed. Idle ones do not keep the process alive; calls that are waited for do.
 *
 * ```ts
 * import { all, run } from 'fibril'
 * import { ThreadPool } from 'fibril/offload'
 *
 * // In a program: new ThreadPool<typeof import('./work.ts')>(new URL('./work.ts', import.meta.url))
 * interface Work {
 *   fib(n: number): number
 * }
 * const source = 'export const fib = (n) => (n < 2 ? n : fib(n - 1) + fib(n - 2))'
 * const module = `data:text/javascript,${encodeURIComponent(source)}`
 *
 * await using pool = new ThreadPool<Work>(module, { name: 'fib' })
 * console.log(await pool.submit('fib', 20)) // => 6765
 * await run(function* () {
 *   const [a, b] = yield* all([pool.submit('fib', 10), pool.submit('fib', 11)])
 *   console.log(a + b) // => 144
 * })
 * ```
 */
export class ThreadPool<M extends object = AnyModule> extends WorkerPool<M> {
  constructor(module: string | URL, options: ThreadPoolOptions<M> = {}) {
    super(module, options, true, (url, name, hooks) => {
      return (id, events) => new Thread(url, `${name} ${id}`, options, hooks, events)
    })
  }
}
