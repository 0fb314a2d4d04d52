/**
 * What the calls of this dialect give: a future for what has begun inside the call, where Fibril's own operations begin
 * when they are waited for. So whoever calls first stands first in line.
 */
import { type Body, machine, NOT_YET, type Operation, spawn, timeout, Wait, type Waiter } from '../core/index.ts'
import { type Computation, Future } from './future.ts'

/** Begins to wait for `operation`. Past `timeoutMs` the future fails with a `TimeoutError`; cancelling it cancels the wait. */
export function begin<T>(name: string, operation: Operation<T>, timeoutMs = Infinity): Future<T> {
  const future = new Future<T>(name)
  if (operation instanceof Wait) {
    try {
      const value = (operation as Wait<T>).attempt()
      if (value !== NOT_YET) {
        future.tryResolve(value)
        return future
      }
    } catch (error) {
      future.tryReject(error)
      return future
    }
    // In a turn a wait can be installed as it is, without a task around it.
    if (timeoutMs === Infinity && machine.loop !== null) {
      const begun = new Begun(future, operation as Wait<T>)
      future.follow(begun)
      ;(operation as Wait<T>).install(begun)
      return future
    }
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

/** A wait whose result settles a future. */
class Begun<T> implements Waiter<T>, Computation {
  private readonly future: Future<T>
  private readonly wait: Wait<T>
  readonly waitingTask = null

  constructor(future: Future<T>, wait: Wait<T>) {
    this.future = future
    this.wait = wait
  }

  resume(value: T): void {
    this.future.tryResolve(value)
  }

  reject(error: unknown): void {
    this.future.fail(error)
  }

  cancel(): void {
    this.wait.uninstall()
    this.future.setCancelled()
  }
}
