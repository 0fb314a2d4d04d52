import { FibrilError, UsageError } from '../core/index.ts'
import { Deferred } from './deferred.ts'
import { named } from './errors.ts'
import type { Failure } from './failure.ts'

/** All Deferreds of a `race` failed: their failures, in the order of the arguments. */
export class FailureGroup extends FibrilError {
  readonly failures: readonly Failure[]

  constructor(failures: readonly Failure[]) {
    super('FIBRIL_FAILURE_GROUP', `all ${failures.length} failed: ${failures.join('; ')}`, {
      cause: new AggregateError(failures.map((failure) => failure.value)),
    })
    this.failures = failures
  }
}
named(FailureGroup, 'FailureGroup')

/**
 * Fires with `[index, result]` of the first that succeeds; the others are cancelled, and what becomes of them is ignored.
 * If all fail, it fails with a `FailureGroup`. Cancelling it cancels all.
 *
 * ```ts
 * import { Deferred, race, succeed } from 'fibril/twisted'
 *
 * const slow = new Deferred<string>(() => console.log('cancelled'))
 * console.log(await race([slow, succeed('quick')]))
 * // prints: cancelled
 * // prints: [ 1, 'quick' ]
 * ```
 */
export function race<T>(deferreds: Iterable<Deferred<T>>): Deferred<[index: number, result: T]> {
  const all = [...deferreds]
  if (all.length === 0) throw new UsageError('race was given no Deferreds: it would never fire')
  const cancelAll = (): void => {
    for (const deferred of all) deferred.cancel()
  }
  const first = new Deferred<[number, T]>(cancelAll)
  const failures: Failure[] = new Array(all.length)
  let failed = 0
  let won = false
  for (const [index, deferred] of all.entries()) {
    deferred.addCallbacks(
      (result) => {
        if (won) return
        won = true
        for (const other of all) if (other !== deferred) other.cancel()
        first.callback([index, result])
      },
      (failure) => {
        failures[index] = failure
        if (++failed === all.length) first.errback(new FailureGroup(failures))
      },
    )
  }
  return first
}
