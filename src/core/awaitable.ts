import { Future } from './future.ts'
import { Operation } from './operation.ts'
import { Task } from './task.ts'
import { PromiseWait } from './wait-promise.ts'

/** What can be waited for: operations, tasks and futures, and promises of any make. */
export type Awaitable<T> = Operation<T> | PromiseLike<T>

/** The key of a method that gives the operation that waits for its object: for awaitables of the floors above. */
export const asOperation: unique symbol = Symbol('fibril.asOperation')

/** The operation that waits for `item`; null if there is nothing to wait for. */
export function operationOf(item: unknown): Operation<unknown> | null {
  if (item instanceof Operation) return item
  if (item instanceof Task) return item.join()
  if (item instanceof Future) return item.wait()
  if (typeof item !== 'object' && typeof item !== 'function') return null
  const make = (item as { [asOperation]?: () => Operation<unknown> } | null)?.[asOperation]
  if (make !== undefined) return make.call(item)
  return typeof (item as PromiseLike<unknown> | null)?.then === 'function'
    ? new PromiseWait(item as PromiseLike<unknown>)
    : null
}
