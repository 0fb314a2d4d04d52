import { fn, type Operation, spawn, type Task } from '../../core/index.ts'
import { Deferred } from '../deferred.ts'
import { Failure } from '../failure.ts'

/**
 * Starts an operation as a task of its own: a Deferred for its result. Cancelling the Deferred cancels the task.
 *
 * ```ts
 * import { fn, sleep } from 'fibril'
 * import { deferOperation } from 'fibril/twisted'
 *
 * const nap = fn(function* () {
 *   yield* sleep(1)
 *   return 'rested'
 * })
 * deferOperation(nap).addCallback(console.log)
 * // prints: rested
 * ```
 */
export function deferOperation<T>(operation: () => Operation<T>): Deferred<T> {
  const deferred = new Deferred<T>(() => task.cancel('its Deferred was cancelled'))
  const task: Task<void> = spawn.detached(running(operation, deferred), { name: operation.name || 'a Deferred' })
  return deferred
}

const running = fn(function* running<T>(operation: () => Operation<T>, deferred: Deferred<T>) {
  let result: T | Failure
  try {
    result = yield* operation()
  } catch (error) {
    result = new Failure(error)
  }
  if (!deferred.called) deferred.callback(result)
})
