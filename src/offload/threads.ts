import { availableParallelism } from 'node:os'
import { type Operation, UsageError, wait } from '../core/index.ts'
import { argumentsKind } from './cost.ts'
import { Inline, type InlineOptions } from './inline.ts'
import { moduleUrl } from './module-url.ts'
import type { AnyModule, ArgumentsOf, CloseOptions, FunctionName, Pool, PoolStats, ReturnOf } from './pool.ts'
import { Scheduler } from './scheduler.ts'
import { type CallMaker, type KindOf, Submission } from './submission.ts'
import { Thread, type ThreadOptions } from './thread.ts'

/** How a `ThreadPool` is to be. */
export interface ThreadPoolOptions extends ThreadOptions {
  /** For reports. Default: the name of the module's file. */
  readonly name?: string
  /** How many long calls may run at once. Default: as many as the machine has processors. */
  readonly size?: number
  /**
   * Start up to two workers more while `size` of them run long calls, so that short calls never wait for these. Default
   * true. They cost memory then; the processors are shared out by the system, and a short call needs little.
   */
  readonly express?: boolean
  /** How many calls that are not known to be short may wait for a worker; a submit beyond waits for room. Default: any number. */
  readonly maxQueue?: number
  /** Run calls that take less than a hop to a worker here. Default: yes. See `InlineOptions`. */
  readonly inline?: boolean | InlineOptions
  /**
   * A call that is cancelled while it runs is given so many milliseconds to end; then its worker is stopped and replaced, so
   * that the core is free again. Default 1000; 0: at once; Infinity: never. State that the module keeps is lost with a worker.
   */
  readonly killAfter?: number
  /** Tells calls of one function apart that cost differently. Default: by the sizes of the first three arguments. */
  readonly kindOf?: KindOf
}

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
export class ThreadPool<M extends object = AnyModule> implements Pool<M> {
  readonly name: string
  readonly #scheduler: Scheduler
  readonly #maker: CallMaker

  constructor(module: string | URL, options: ThreadPoolOptions = {}) {
    const { size = availableParallelism(), express = true, maxQueue = Infinity, killAfter = 1000 } = options
    atLeast(1, size, 'size')
    atLeast(1, maxQueue, 'maxQueue')
    atLeast(0, killAfter, 'killAfter')
    const url = moduleUrl(module)
    const name = options.name ?? nameOf(url)
    const inline =
      options.inline === false ? null : new Inline(url, options.inline === true ? {} : (options.inline ?? {}))
    const inlineMicros = inline?.maxMicros ?? 0
    this.name = name
    this.#scheduler = new Scheduler(
      { name, size, express, maxQueue, killAfter, inlineMicros },
      (id, events) => new Thread(url, `${name} ${id}`, options, events),
    )
    this.#maker = { scheduler: this.#scheduler, inline, kindOf: options.kindOf ?? ((_, args) => argumentsKind(args)) }
  }

  submit<K extends FunctionName<M>>(name: K, ...args: ArgumentsOf<M, K>): Operation<ReturnOf<M, K>> {
    return new Submission<ReturnOf<M, K>>(this.#maker, name, args, this.submit)
  }

  /**
   * Starts `size` workers, and a spare one unless there is no express lane, and waits until they have loaded the module: for a
   * program that would rather fail, or be slow, at its start.
   */
  waitReady(): Operation<void> {
    return wait(() => this.#scheduler.warmUp())
  }

  close(options: CloseOptions = {}): Operation<void> {
    return wait(this.#scheduler.close(options.now ?? false))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#scheduler.close(false)
  }

  stats(): PoolStats {
    return this.#scheduler.stats()
  }

  toString(): string {
    return this.#scheduler.toString()
  }
}

function atLeast(least: number, value: number, option: string): void {
  if (!(value >= least))
    throw new UsageError(`new ThreadPool(…, { ${option}: ${value} }): it must be at least ${least}`)
}

function nameOf(url: string): string {
  return url.startsWith('file:') ? (/([^/?#]+?)(\.\w+)?(?:[?#].*)?$/.exec(url)?.[1] ?? 'work') : 'work'
}
