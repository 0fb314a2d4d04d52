import { Deferred, type Result } from './deferred.ts'
import { NotACoroutineError } from './errors.ts'
import { Failure } from './failure.ts'
import { coroutineOf } from './inline-callbacks.ts'

/** A Deferred that has fired with `result`. A Deferred or promise is waited for. */
export function succeed(): Deferred<void>
export function succeed<T>(result: T): Deferred<Result<T>>
export function succeed(result?: unknown): Deferred<unknown> {
  const deferred = new Deferred<unknown>()
  deferred.callback(result)
  return deferred
}

/** A Deferred that has fired with a failure, or with an error to make one of. */
export function fail<T = never>(error?: unknown): Deferred<T> {
  const failure = error instanceof Failure ? error : new Failure(error)
  const deferred = new Deferred<T>()
  deferred.errback(failure)
  return deferred
}

/** Calls `f` with `args`: a Deferred that has fired with its result, or with what it threw. */
export function execute<A extends readonly unknown[], R>(f: (...args: A) => R, ...args: A): Deferred<Result<R>> {
  const deferred = new Deferred<unknown>()
  try {
    deferred.callback(f(...args))
  } catch (error) {
    deferred.errback(error instanceof Failure ? error : new Failure(error, true))
  }
  return deferred as Deferred<Result<R>>
}

/**
 * Calls `f` with `args`, and gives a Deferred whatever `f` does: one that it returns, as it is; one for a promise, a
 * generator or an operation; one that has fired, with what it returns or throws.
 *
 * ```ts
 * import { maybeDeferred } from 'fibril/twisted'
 *
 * maybeDeferred(JSON.parse, '{').addErrback((failure) => console.log(failure.check(SyntaxError) !== null)) // prints: true
 * ```
 */
export function maybeDeferred<A extends readonly unknown[], R>(f: (...args: A) => R, ...args: A): Deferred<Result<R>> {
  let result: unknown
  try {
    result = f(...args)
  } catch (error) {
    return fail(error instanceof Failure ? error : new Failure(error, true))
  }
  return (result instanceof Deferred ? result : (coroutineOf(result) ?? succeed(result))) as Deferred<Result<R>>
}

/**
 * A Deferred for a coroutine: a generator (as a body of `inlineCallbacks` makes), a promise, a task or another operation.
 * Cancelling it cancels the task, and it tells then how that ended. A Deferred is given back as it is; anything else is a
 * `NotACoroutineError`.
 *
 * ```ts
 * import { sleep } from 'fibril'
 * import { ensureDeferred } from 'fibril/twisted'
 *
 * ensureDeferred(sleep(1)).addCallback(() => console.log('rested')) // prints: rested
 * ```
 */
export function ensureDeferred<T>(coroutine: PromiseLike<T> | Generator<unknown, T, unknown>): Deferred<Result<T>>
export function ensureDeferred(coroutine: unknown): Deferred<unknown> {
  if (coroutine instanceof Deferred) return coroutine
  const started = coroutineOf(coroutine)
  if (started !== null) return started
  const then = (coroutine as Partial<PromiseLike<unknown>> | null | undefined)?.then
  if (typeof then === 'function') return succeed(coroutine)
  throw new NotACoroutineError(String(coroutine))
}
