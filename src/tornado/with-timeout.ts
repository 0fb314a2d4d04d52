import { type Awaitable, type Body, fn, type Operation, TimeoutError, timeoutOr } from '../core/index.ts'
import { begin } from './begin.ts'
import { Future } from './future.ts'
import { appLog } from './log.ts'
import { isQuiet, type MultiOptions, operationFor } from './yieldable.ts'

const LATE = Symbol('late')

/**
 * The result of `yieldable`, or a `TimeoutError` after `ms` milliseconds. What it waits for is not cancelled: if it fails
 * later, that is logged, unless it is of a class in `quietExceptions`.
 *
 * ```ts
 * import { Future, withTimeout } from 'fibril/tornado'
 *
 * const never = new Future<string>()
 * console.log(await withTimeout(1, never).then(String, String)) // => TimeoutError: a future did not end within 1 ms
 * ```
 */
export function withTimeout<T>(
  ms: number,
  yieldable: Awaitable<T>,
  quietExceptions: MultiOptions['quietExceptions'] = false,
): Future<T> {
  return begin('withTimeout', waitFor(ms, asFuture(yieldable), quietExceptions))
}

const waitFor = fn(function* withTimeout<T>(
  ms: number,
  future: Future<T>,
  quiet: MultiOptions['quietExceptions'],
): Body<T> {
  const value = yield* timeoutOr(ms, LATE, future.watch())
  if (value !== LATE) return value as T
  future.addDoneCallback(function late() {
    const error = future.cancelled() ? null : future.exception()
    if (error !== null && !isQuiet(error, quiet)) appLog.error(`Exception in ${future} after timeout`, error)
  })
  throw new TimeoutError(ms, String(future))
})

/** A future of anything that can be yielded; it is waited for from now on. */
export function asFuture<T>(yieldable: Awaitable<T>): Future<T> {
  if (yieldable instanceof Future) return yieldable as Future<T>
  return begin('maybeFuture', operationFor(yieldable) as Operation<T>)
}
