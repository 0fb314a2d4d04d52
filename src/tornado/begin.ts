/**
 * What the calls of this dialect give: a future for what has begun inside the call, where Fibril's own operations begin
 * when they are waited for. So whoever calls first stands first in line.
 */
import { type Body, NOT_YET, type Operation, spawn, timeout, Wait } from '../core/index.ts'
import { Future } from './future.ts'

/** Begins to wait for `operation`. Past `timeoutMs` the future fails with a `TimeoutError`; cancelling it cancels the wait. */
export function begin<T>(name: string, operation: Operation<T>, timeoutMs = Infinity): Future<T> {
  const future = new Future<T>(name)
  try {
    const value = operation instanceof Wait ? (operation as Wait<T>).attempt() : NOT_YET
    if (value !== NOT_YET) {
      future.tryResolve(value)
      return future
    }
  } catch (error) {
    future.tryReject(error)
    return future
  }
  const task = spawn.eager(
    function* (): Body<void> {
      try {
        future.tryResolve(yield* timeoutMs === Infinity ? operation : timeout(timeoutMs, operation))
      } catch (error) {
        future.fail(error)
      } finally {
        future.setCancelled()
      }
    },
    { name },
  )
  future.follow(task)
  return future
}
