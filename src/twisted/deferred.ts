import {
  asOperation,
  CancelledError,
  type Operation,
  type OperationIterator,
  TimeoutError,
  UsageError,
} from '../core/index.ts'
import { Chain } from './chain.ts'
import { type IReactorTime, loopTime } from './clock.ts'
import { DeferredWait, Observer } from './deferred-wait.ts'
import { Failure } from './failure.ts'

/**
 * What a chain goes on with after a callback that gives `R`: a Deferred or promise is waited for, a Failure goes to the
 * errbacks.
 */
export type Result<R> = Awaited<Exclude<R, Failure>>

/**
 * Ends, as soon as it can, what a Deferred waits for. It may fire the Deferred; if not, that fails with `CancelledError`.
 */
export type Canceller<T> = (deferred: Deferred<T>) => void

/**
 * A result that comes later, and a chain of callbacks for it. Whoever makes it fires it once, by `callback` or `errback`;
 * whoever is given it adds callbacks, each of which gets what the one before it gave.
 *
 * - A callback that throws or returns a `Failure` makes the next one that runs an errback; an errback that returns
 *   anything else goes back to the callbacks.
 * - A callback that returns a Deferred, a promise or anything else that can be awaited makes the chain wait for its result.
 * - Callbacks run inside `callback()`, or inside `addCallback` if it has fired already. Nothing that they throw gets to whoever fires it.
 * - `await deferred`, `yield* deferred` in a task and `wait(deferred)` in green code give the result at that place of the
 *   chain, and leave it there.
 *
 * A failure for which nobody has added an errback by the end of the turn is reported, with where the Deferred was made.
 *
 * ```ts
 * import { Deferred } from 'fibril/twisted'
 *
 * const poem = new Deferred<string>()
 * poem
 *   .addCallback((text) => text.length)
 *   .addCallbacks(
 *     (length) => console.log(`${length} characters`),
 *     (failure) => console.log(`no poem: ${failure.getErrorMessage()}`),
 *   )
 * poem.callback('Elephants are bigger') // prints: 20 characters
 * ```
 */
export class Deferred<T> extends Chain implements PromiseLike<T> {
  // Not of `T`: a Deferred of numbers is one of anything.
  private readonly canceller: ((deferred: never) => void) | null

  /** `canceller` is called, once, if the Deferred is cancelled before it has fired. */
  constructor(canceller?: Canceller<T> | null) {
    super()
    this.canceller = canceller ?? null
  }

  // -- adding callbacks

  /** Adds a pair: `callback` for a result, `errback` for a failure. `errback` does not see what `callback` throws. */
  addCallbacks<R, E = never, A extends readonly unknown[] = [], B extends readonly unknown[] = []>(
    callback: (result: T, ...args: A) => R,
    errback?: ((failure: Failure, ...args: B) => E) | null,
    callbackArgs?: A | null,
    errbackArgs?: B | null,
  ): Deferred<Result<R> | Result<E>> {
    checkFunction(callback, 'addCallbacks')
    if (errback != null) checkFunction(errback, 'addCallbacks')
    this.add(withArgs(callback, callbackArgs), errback == null ? null : withArgs(errback, errbackArgs))
    return this as Deferred<unknown> as Deferred<Result<R> | Result<E>>
  }

  /** Adds a callback, which is called with the result and `args`; failures pass it. */
  addCallback<R, A extends readonly unknown[]>(
    callback: (result: T, ...args: A) => R,
    ...args: A
  ): Deferred<Result<R>> {
    checkFunction(callback, 'addCallback')
    this.add(withArgs(callback, args), null)
    return this as Deferred<unknown> as Deferred<Result<R>>
  }

  /** Adds an errback, which is called with the failure and `args`; results pass it. */
  addErrback<R, A extends readonly unknown[]>(
    errback: (failure: Failure, ...args: A) => R,
    ...args: A
  ): Deferred<T | Result<R>> {
    checkFunction(errback, 'addErrback')
    this.add(null, withArgs(errback, args))
    return this as Deferred<unknown> as Deferred<T | Result<R>>
  }

  /** Adds one function for either. */
  addBoth<R, A extends readonly unknown[]>(
    both: (result: T | Failure, ...args: A) => R,
    ...args: A
  ): Deferred<Result<R>> {
    checkFunction(both, 'addBoth')
    const step = withArgs(both, args)
    this.add(step, step)
    return this as Deferred<unknown> as Deferred<Result<R>>
  }

  /** Fires `deferred` with the result of this one, which is left with none. */
  chainDeferred(deferred: Deferred<T>): Deferred<void> {
    return this.addCallbacks(
      (result) => deferred.callback(result),
      (failure) => deferred.errback(failure),
    )
  }

  // -- firing it

  /**
   * Fires it. A `Failure` goes to the errbacks; a Deferred or promise is waited for. An `AlreadyCalledError` if it has
   * fired before, except for one late result after a cancel.
   */
  callback(result: T | Failure | PromiseLike<T>): void {
    this.fire(result, this.callback)
  }

  /** Fires it with a failure, or an error to make one of. */
  errback(error?: unknown): void {
    if (error instanceof Chain)
      throw new UsageError('errback was given a Deferred: give it an error, or give callback the Deferred')
    this.fire(error instanceof Failure ? error : new Failure(error), this.errback)
  }

  /** @internal Its canceller may fire it, and may not throw for whoever cancels. */
  override end(reason: unknown): void {
    const { canceller } = this
    if (canceller === null) return super.end(reason)
    let why = reason
    try {
      canceller(this as never)
    } catch (error) {
      this.suppress = !this.called
      why = error
    }
    if (!this.called) this.giveUp(why)
  }

  /**
   * Cancels it if it has no result after `ms` milliseconds. Callbacks added before this see a `CancelledError` then,
   * those added after it a `TimeoutError`; or what `onTimeoutCancel` makes of what the cancel led to. A canceller that
   * fires the Deferred with a result, and an errback before this that deals with the `CancelledError`, turn the timeout
   * into a success. Time is that of the loop, or of `clock`.
   *
   * ```ts
   * import { Deferred, TimeoutError } from 'fibril/twisted'
   *
   * const never = new Deferred<string>()
   * const what = never.addTimeout(5).addErrback((failure) => failure.check(TimeoutError)?.name)
   * console.log(await what) // => TimeoutError
   * ```
   */
  addTimeout<R = never>(
    ms: number,
    clock?: IReactorTime | null,
    onTimeoutCancel?: ((result: T | Failure, ms: number) => R) | null,
  ): Deferred<T | Result<R>> {
    let timedOut = false
    const call = (clock ?? loopTime).callLater(ms, () => {
      timedOut = true
      this.cancel()
    })
    return this.addBoth((result) => {
      if (call.active()) call.cancel()
      if (!timedOut) return result
      return onTimeoutCancel == null ? toTimeout(result, ms) : onTimeoutCancel(result, ms)
    }) as Deferred<T | Result<R>>
  }

  // -- waiting for it

  /** For `await`: the result, or the error thrown. Both stay in the chain. */
  then<A = T, B = never>(
    fulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    rejected?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return new Promise<T>((resolve, reject) => {
      const over = onAwait === null ? null : onAwait(this)
      const observer = new Observer<T>({ resume: resolve, reject, waitingTask: null }, over)
      this.addLink(observer)
    }).then(fulfilled, rejected)
  }

  /** @internal For `wait`, `all` and the like. */
  [asOperation](): Operation<T> {
    return new DeferredWait<T>(this)
  }

  /** For `yield*` in a task. When that wait is cancelled, the Deferred is, unless others wait for it. */
  [Symbol.iterator](): OperationIterator<T> {
    return new DeferredWait<T>(this)[Symbol.iterator]()
  }

  override toString(): string {
    const state = this.called ? 'has fired' : 'has not fired'
    return `${this.label}, which ${this.chainedTo === null ? state : `waits for ${this.chainedTo.label}`}`
  }
}

let onAwait: ((deferred: Chain) => (() => void) | null) | null = null

/** @internal `listener` is told of each Deferred that is awaited, and given back what is called when that is over. */
export function watchAwaits(listener: (deferred: Chain) => (() => void) | null): void {
  onAwait = listener
}

function toTimeout<T>(result: T | Failure, ms: number): T | Failure {
  if (!(result instanceof Failure)) return result
  result.trap(CancelledError)
  return new Failure(new TimeoutError(ms, 'the Deferred'))
}

function withArgs(step: unknown, args: readonly unknown[] | null | undefined): (result: never) => unknown {
  if (args == null || args.length === 0) return step as (result: never) => unknown
  return (result) => (step as (...args: unknown[]) => unknown)(result, ...args)
}

function checkFunction(step: unknown, by: string): void {
  if (typeof step !== 'function') throw new UsageError(`${by} was given ${String(step)}, which is no function`)
}
