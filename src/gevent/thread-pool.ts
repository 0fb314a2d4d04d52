import { type Body, fn, type Operation, UsageError } from '../core/index.ts'
import {
  type AnyModule,
  type ArgumentsOf,
  type FunctionName,
  type ReturnOf,
  ThreadPool as Threads,
} from '../offload/index.ts'
import { AsyncResult } from './async-result.ts'
import { Pool } from './pool.ts'

/** How a `ThreadPool` is to be. */
export interface ThreadPoolOptions {
  /** How many calls run at once: 10 unless said. */
  readonly maxsize?: number
}

/**
 * Threads that run the functions of a module: in another thread there are no closures, so functions go by their names. One
 * call more than `maxsize` may be outstanding; `spawn` waits until there is room.
 *
 * ```ts
 * import { run } from 'fibril'
 * import { ThreadPool } from 'fibril/gevent'
 *
 * // In a program: new ThreadPool<typeof import('./work.ts')>(new URL('./work.ts', import.meta.url))
 * interface Work {
 *   double(n: number): number
 * }
 * await run(function* () {
 *   const pool = new ThreadPool<Work>('data:text/javascript,export const double = (n) => 2 * n')
 *   console.log(yield* pool.apply('double', 21)) // prints: 42
 *   yield* pool.kill()
 * })
 * ```
 */
export class ThreadPool<M extends object = AnyModule> {
  /** How many calls run at once. */
  readonly maxsize: number
  private readonly threads: Threads<M>
  /** The calls that are outstanding. */
  private readonly calls: Pool
  private killed = false

  constructor(module: string | URL, options: ThreadPoolOptions = {}) {
    const { maxsize = 10 } = options
    if (!(maxsize >= 1)) throw new RangeError(`a thread pool of ${maxsize}: give 1 or more`)
    this.maxsize = maxsize
    this.threads = new Threads<M>(module, { size: maxsize, inline: false })
    this.calls = new Pool(maxsize + 1)
  }

  /** Calls that have not ended. */
  get size(): number {
    return this.calls.size
  }

  /** Calls a function of the module in a thread, when there is room: gives the result that is to come. */
  spawn<K extends FunctionName<M>>(name: K, ...args: ArgumentsOf<M, K>): Operation<AsyncResult<ReturnOf<M, K>>> {
    this.check()
    return spawnCall(this as ThreadPool<never>, name, args) as Operation<unknown> as Operation<
      AsyncResult<ReturnOf<M, K>>
    >
  }

  /** Calls a function of the module in a thread, and waits for its result. */
  apply<K extends FunctionName<M>>(name: K, ...args: ArgumentsOf<M, K>): Operation<ReturnOf<M, K>> {
    this.check()
    return applyCall(this as ThreadPool<never>, name, args) as Operation<never>
  }

  /** Calls a function of the module with each item, in threads: the results in the order of the items. */
  map<K extends FunctionName<M>>(name: K, items: Iterable<ArgumentsOf<M, K>[0]>): Operation<ReturnOf<M, K>[]> {
    this.check()
    return mapCalls(this as ThreadPool<never>, name, items) as Operation<never[]>
  }

  /** Waits until no call is outstanding. */
  join(): Operation<boolean> {
    return this.calls.join()
  }

  /** Ends the threads, and fails the calls that have not ended. */
  kill(): Operation<void> {
    this.killed = true
    return this.threads.close({ now: true })
  }

  // -- the other side

  /** @internal */
  *calling(name: string, args: readonly unknown[]): Body<AsyncResult<unknown>> {
    const result = new AsyncResult<unknown>()
    const submit = this.threads.submit as (name: string, ...args: readonly unknown[]) => Operation<unknown>
    const greenlet = yield* this.calls.spawn(() => submit.call(this.threads, name, ...args))
    greenlet.rawlink((ended) => result.linked(ended))
    return result
  }

  private check(): void {
    if (this.killed) throw new UsageError('this thread pool was killed')
  }
}

const spawnCall = fn(function* spawn(pool: ThreadPool<never>, name: string, args: readonly unknown[]) {
  return yield* pool.calling(name, args)
})

const applyCall = fn(function* apply(pool: ThreadPool<never>, name: string, args: readonly unknown[]) {
  return yield* (yield* pool.calling(name, args)).get()
})

const mapCalls = fn(function* map(pool: ThreadPool<never>, name: string, items: Iterable<unknown>) {
  const results: AsyncResult<unknown>[] = []
  for (const item of items) results.push(yield* pool.calling(name, [item]))
  const values: unknown[] = []
  for (const result of results) values.push(yield* result.get())
  return values
})
