import type { Body, Operation } from '../core/index.ts'
import type { CallStream, CallStreamOptions } from './call-stream.ts'

/** Any function, as a constraint. */
type Callable = (...args: never[]) => unknown

/** The names of the functions that a module of type `M` exports, but for async generators: those are for `stream`. */
export type FunctionName<M> = { [K in keyof M]: M[K] extends Callable ? Single<ReturnType<M[K]>, K> : never }[keyof M] &
  string
type Single<R, K> = [R] extends [never] ? K : R extends AsyncIterator<unknown, unknown, never> ? never : K

/** The names of the functions whose results come one by one: generators, plain or async, and all that give an iterable. */
export type StreamName<M> = {
  [K in keyof M]: M[K] extends (...args: never[]) => infer R ? ([Items<Awaited<R>>] extends [never] ? never : K) : never
}[keyof M] &
  string

/** What the results of the function `K` of `M` are, one by one. */
export type ItemOf<M, K extends keyof M> = M[K] extends (...args: never[]) => infer R ? Items<Awaited<R>> : never
type Items<R> = unknown extends R
  ? unknown
  : R extends string | Body<unknown> | Operation<unknown>
    ? never
    : R extends AsyncIterable<infer T> | Iterable<infer T>
      ? T
      : never

/** What the function `K` of `M` takes. */
export type ArgumentsOf<M, K extends keyof M> = M[K] extends (...args: infer A) => unknown ? A : never

/** What waiting for a call of the function `K` of `M` gives: what it returns, promises, or returns as a Fibril body. */
export type ReturnOf<M, K extends keyof M> = M[K] extends (...args: never[]) => infer R ? Unwrapped<R> : never
type Unwrapped<R> = R extends Body<infer T> ? T : Awaited<R>

/** A module of which nothing is known: every name is allowed, and every result is unknown. */
export type AnyModule = Record<string, (...args: unknown[]) => unknown>

/** How `close` ends a pool. */
export interface CloseOptions {
  /** Do not finish the calls that were submitted: they fail with `ClosedError`, and the workers are stopped. */
  readonly now?: boolean
}

/** One call of a function of `M` as data: its name, then its arguments. */
export type CallOf<M> = {
  [K in FunctionName<M>]: readonly [name: K, ...args: ArgumentsOf<M, K>]
}[FunctionName<M>]

/** How calls are to be made: `pool.with(options)`. */
export interface CallOptions {
  /**
   * Of the calls that wait for a worker, those of greater priority are begun first; equal ones in their order. Any number;
   * default 0. Nothing that runs is interrupted, and a call that is known to be short may still pass a big one. Of durable
   * jobs of a cluster the sign counts: above 0, 0, below 0.
   */
  readonly priority?: number
  /** Milliseconds from the wait for the call to its end; then it is cancelled, and fails with `TimeoutError`. Default: any. */
  readonly timeout?: number
  /** What the function finds in `call().context`, beside what the pool carries over. Copied like arguments. */
  readonly context?: Readonly<Record<string, unknown>>
  /** Is given what the function tells by `call().progress(value)` (`fibril/offload/worker`), in order, before the result. */
  readonly onProgress?: (value: unknown) => void
  /** Is told what the call took, when it has come back from a worker, well or not, just before its waiter goes on. */
  readonly onUsage?: (usage: CallUsage) => void
  /** For `stream`: how many results may be made and not taken yet. 1 or more; default 64. */
  readonly ahead?: number
}

/** What one call took. Times are in milliseconds. */
export interface CallUsage {
  /** From the submit to the result, less the time it ran. */
  readonly queueMs: number
  readonly runMs: number
  /** Processor time of the worker meanwhile, user's and system's; undefined where the platform does not tell (threads before Node 24). */
  readonly cpuMs: number | undefined
  /** The most memory that the worker has ever had resident, MiB; undefined for threads, which share theirs. */
  readonly maxRssMb: number | undefined
}

/** Calls of the functions of a module. `M` is the type of the module: `typeof import('./work.ts')`. */
export interface Calls<M extends object> {
  /**
   * A call of a function of the module, to be waited for: `yield* pool.submit('fib', 30)`, `await pool.submit('fib', 30)`.
   * Like any operation it starts nothing until it is waited for, and each wait makes the call anew.
   *
   * Fails with what the function threw; `BrokenError` if the worker that ran it died, or the module cannot be loaded;
   * `ClosedError` if the pool was closed; `UsageError` if the module has no such function, or an argument cannot be sent.
   * A cancel before it runs drops the call; one that comes later discards its result.
   */
  submit<K extends FunctionName<M>>(name: K, ...args: ArgumentsOf<M, K>): Operation<ReturnOf<M, K>>

  /**
   * Calls a function whose results come one by one: a generator, plain or async, or whatever else gives an iterable. The
   * worker makes no more than `ahead` (`CallOptions`) that nobody has taken, then waits. It begins with the first `next()`. A
   * failure comes after what was made before it, and is the end. `close`, or leaving by `using` or out of a `for await`,
   * cancels the call: `return` is called on what the function gave.
   */
  stream<K extends StreamName<M>>(name: K, ...args: ArgumentsOf<M, K>): CallStream<ItemOf<M, K>>

  /** The same calls, made otherwise: `pool.with({ priority: 1 }).submit('fib', 30)`. */
  with(options: CallOptions): Calls<M>

  /**
   * Calls a function once for each of `items`, and gives the results in the order of the items. The first failure cancels
   * what runs, and is thrown. No more than `ahead` calls are under way at once, so items may be many, and may come late.
   */
  map<K extends FunctionName<M>>(
    name: K,
    items: Iterable<ArgumentsOf<M, K>[0]> | AsyncIterable<ArgumentsOf<M, K>[0]>,
    options?: CallStreamOptions,
  ): Operation<ReturnOf<M, K>[]>

  /**
   * The results one by one, in the order of the items: `next()` in a task, or `for await`. A call that failed throws at its
   * turn, and the next `next()` goes on after it. Calls begin with the first `next()`, and run ahead of who takes them, by
   * `ahead` at most.
   */
  imap<K extends FunctionName<M>>(
    name: K,
    items: Iterable<ArgumentsOf<M, K>[0]> | AsyncIterable<ArgumentsOf<M, K>[0]>,
    options?: CallStreamOptions,
  ): CallStream<ReturnOf<M, K>>

  /** As `imap`, in the order in which the results come. */
  imapUnordered<K extends FunctionName<M>>(
    name: K,
    items: Iterable<ArgumentsOf<M, K>[0]> | AsyncIterable<ArgumentsOf<M, K>[0]>,
    options?: CallStreamOptions,
  ): CallStream<ReturnOf<M, K>>
}

/**
 * Workers that run the functions of a module. Whether they are threads, processes or other machines, this is how they are
 * used.
 */
export interface Pool<M extends object> extends Calls<M>, AsyncDisposable {
  readonly name: string

  /**
   * Takes no more calls from now on; waiting for it waits until the pool is gone. Calls that were submitted before are
   * finished first, unless told `now`. A second call may hurry the first.
   */
  close(options?: CloseOptions): Operation<void>

  /** Plain figures of this moment. */
  stats(): PoolStats
}

/** `open`; `broken`: the module cannot be loaded, every call fails; `closing`: finishing what was submitted; `closed`. */
export type PoolState = 'open' | 'broken' | 'closing' | 'closed'

/** What `pool.stats()` gives. */
export interface PoolStats {
  readonly name: string
  readonly state: PoolState
  /** Calls that wait for a worker. */
  readonly queued: number
  /** Submits that wait for room in the queue. */
  readonly waitingForRoom: number
  /** Calls that were sent to a worker and are not back. */
  readonly running: number
  /** Workers that died, or were stopped to end a cancelled call; those that were idle too long are not counted. */
  readonly restarts: number
  readonly workers: readonly WorkerStats[]
  readonly functions: Readonly<Record<string, FunctionStats>>
}

/** One worker of a pool. `held`: it runs a call that may be long, and takes no other. */
export interface WorkerStats {
  readonly id: number
  readonly state: 'starting' | 'idle' | 'busy' | 'held'
  /** Calls that were sent to it and are not back. */
  readonly running: number
  /** Calls that it has finished. */
  readonly finished: number
}

/** What became of the calls of one function. Times are in milliseconds, summed over calls. */
export interface FunctionStats {
  /** Calls that ended, here or in a worker, well or not. */
  readonly calls: number
  /** Those of them that ran inline. */
  readonly inline: number
  /** Those of them that failed. */
  readonly failed: number
  /** Calls whose submit was cancelled. */
  readonly cancelled: number
  /** Time from the submit to the result, less the time it ran: waiting for a worker, and the way there and back. */
  readonly queueMs: number
  /** Time it ran. */
  readonly runMs: number
  /** Processor time that it took, where that was measured: always in processes, and for calls with `onUsage`. */
  readonly cpuMs: number
  /** How many kinds of arguments are told apart, by what the pool now believes of their cost. */
  readonly kinds: { readonly short: number; readonly middle: number; readonly long: number; readonly trivial: number }
}
