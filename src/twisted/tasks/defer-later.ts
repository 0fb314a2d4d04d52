import { Deferred } from '../deferred.ts'
import type { ReactorTime } from '../reactor/clock.ts'

/**
 * Calls `func` with `args` after `ms` milliseconds on `clock`: a Deferred for its result. Without `func` it is a pause. Cancelling
 * the Deferred cancels the call.
 *
 * ```ts
 * import { Clock, deferLater } from 'fibril/twisted'
 *
 * const clock = new Clock()
 * deferLater(clock, 1000, (a: number, b: number) => a + b, 1, 2).addCallback(console.log)
 * clock.advance(1000)
 * // prints: 3
 * ```
 */
export function deferLater<A extends readonly unknown[], R = void>(
  clock: ReactorTime,
  ms: number,
  func?: (...args: A) => R,
  ...args: A
): Deferred<Awaited<R>> {
  const deferred = new Deferred<void>(() => call.cancel())
  const call = clock.callLater(ms, () => deferred.callback(undefined))
  return deferred.addCallback(() => func?.(...args)) as Deferred<unknown> as Deferred<Awaited<R>>
}
