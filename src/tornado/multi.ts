import type { Operation, ResultOf } from '../core/index.ts'
import { begin } from './begin.ts'
import type { Future } from './future.ts'
import { type MultiOptions, waitForAll, waitForAllOf } from './yieldable.ts'

/**
 * Waits for several things at once: a list, or a record, of what can be yielded. Gives the results in the order of the
 * list, or under the keys of the record. Waits for all, also when one has failed; then throws the first failure in the
 * order of the list, and logs the others, unless they are quiet. With `failFast`, throws the first as it comes. The
 * children are never cancelled.
 *
 * ```ts
 * import { multi, sleep } from 'fibril/tornado'
 *
 * const { a, b } = await multi({ a: Promise.resolve(1), b: Promise.resolve('x') })
 * console.log(a, b) // => 1 x
 * ```
 */
export function multi<const A extends readonly unknown[]>(
  children: A,
  options?: MultiOptions,
): Future<{ -readonly [K in keyof A]: ResultOf<A[K]> }>
export function multi<R extends object>(record: R, options?: MultiOptions): Future<{ [K in keyof R]: ResultOf<R[K]> }>
export function multi(children: object, options: MultiOptions = {}): unknown {
  const operation: Operation<unknown> = Array.isArray(children)
    ? waitForAll(children, options)
    : waitForAllOf(children as Record<string, unknown>, options)
  return begin('multi', operation)
}
