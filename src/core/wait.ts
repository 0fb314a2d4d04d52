import { operationOf } from './awaitable.ts'
import { UsageError } from './errors.ts'
import { all, type NotOne, type ResultOf } from './gather.ts'
import type { Operation } from './operation.ts'
import { PromiseWait } from './wait-promise.ts'

/**
 * Waits for anything awaitable: a promise or thenable, an operation, a task, an array or record of them (results in the
 * order of the arguments). A function is given an `AbortSignal` that is aborted if the wait is cancelled.
 *
 * A promise cannot be undone: one that settles after its wait was cancelled is ignored, also if it fails.
 *
 * ```ts
 * import { run, timeout, wait } from 'fibril'
 *
 * await run(function* () {
 *   console.log(yield* wait(Promise.resolve(1))) // => 1
 *   const [a, b] = yield* wait([Promise.resolve(2), 3])
 *   console.log(a + b) // => 5
 *   const get = (url: string) => wait((signal) => fetch(url, { signal }))
 *   // the request is aborted when the time is over
 *   const page = timeout(1000, get('http://localhost/'))
 * })
 * ```
 */
export function wait<T>(source: (signal: AbortSignal) => PromiseLike<T>): Operation<T>
export function wait<T>(source: PromiseLike<T>): Operation<T>
export function wait<const A extends readonly unknown[]>(
  items: A,
): Operation<{ -readonly [K in keyof A]: ResultOf<A[K]> }>
export function wait<R extends object>(record: R & NotOne<R>): Operation<{ [K in keyof R]: ResultOf<R[K]> }>
export function wait(source: object): Operation<unknown> {
  const operation = operationOf(source)
  if (operation !== null) return operation
  if (typeof source === 'function') return new PromiseWait(source as (signal: AbortSignal) => PromiseLike<unknown>)
  if (typeof source !== 'object' || source === null)
    throw new UsageError(`wait(${String(source)}): this is nothing to wait for`)
  return all(source)
}
