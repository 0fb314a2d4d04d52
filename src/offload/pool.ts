import type { Body, Operation } from '../core/index.ts'
import type { CallStream, CallStreamOptions } from './call-stream.ts'

/** Any function, as a constraint. */
type Callable = (...args: never[]) => unknown

/** The names of the functions that a module of type `M` exports. */
export type FunctionName<M> = { [K in keyof M]: M[K] extends Callable ? K : never }[keyof M] & string

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

/**
 * Workers that run the functions of a module. Whether they are threads, processes or other machines, this is how they are
 * used.
 *
 * `M` is the type of the module: `typeof import('./work.ts')`.
 */
export interface Pool<M extends object> extends AsyncDisposable {
  readonly name: string

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
  /** Workers that died, or were stopped to end a cancelled call. */
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
  /** How many kinds of arguments are told apart, by what the pool now believes of their cost. */
  readonly kinds: { readonly short: number; readonly middle: number; readonly long: number; readonly trivial: number }
}
