import type { Outcome, ResultOf } from '../core/index.ts'
import * as core from '../core/index.ts'
import { type Action, callTo, type Returned } from './callbacks.ts'
import { Face, thingOf } from './face.ts'
import { giveWay, park, parkable } from './runtime/index.ts'

/** What an iterable gives. */
type ItemOf<I> = I extends Iterable<infer X> ? X : never
/** Refuses what is one thing to wait for, or a function, in place of several. */
type Several<R> = R extends ((...args: never[]) => unknown) | PromiseLike<unknown> ? never : unknown

/** What the engine is to wait for: the things behind faces, also in an array or record of them. */
function things<I extends object>(items: I): I {
  if (typeof items !== 'object' || items === null) return items
  const isOne = Face.thing(items) !== null || typeof (items as { then?: unknown }).then === 'function'
  if (isOne) return thingOf(items) as I
  if (Symbol.iterator in items) return Array.from(items as unknown as Iterable<unknown>, thingOf) as unknown as I
  return Object.fromEntries(Object.entries(items).map(([key, item]) => [key, thingOf(item)])) as I
}

/**
 * Waits for `ms` milliseconds: never less. 0 or less lets other tasks run and goes on; Infinity waits until cancelled.
 *
 * ```ts green
 * import { sleep } from 'fibril/green'
 *
 * sleep(5)
 * ```
 */
export const sleep = parkable(function sleep(ms: number): void {
  return park(core.sleep(ms))
})

/** Lets every task that is ready run before this one goes on. */
export const yieldNow: () => void = giveWay

/**
 * Waits for anything awaitable: a promise, a task, a future, an operation, an array or record of them (results in the order
 * of the arguments). A function is given an `AbortSignal` that is aborted if the wait is cancelled.
 *
 * ```ts green
 * import { wait } from 'fibril/green'
 *
 * console.log(wait(Promise.resolve(1))) // prints: 1
 * const { a, b } = wait({ a: Promise.resolve('a'), b: 'b' })
 * console.log(a + b) // prints: ab
 * ```
 */
export const wait: {
  <T>(source: (signal: AbortSignal) => PromiseLike<T>): T
  <T>(source: PromiseLike<T>): T
  <const A extends readonly unknown[]>(items: A): { -readonly [K in keyof A]: ResultOf<A[K]> }
  <R extends object>(record: R & Several<R>): { [K in keyof R]: ResultOf<R[K]> }
} = parkable(function wait(source: object): unknown {
  return park(core.wait(things(source) as PromiseLike<unknown>))
}) as never

/**
 * Waits for all: the results in the order of the arguments, or under the same keys for a record. Functions run as tasks,
 * side by side. The first failure cancels the others, waits for their cleanup, and is thrown.
 *
 * ```ts green
 * import { all, sleep } from 'fibril/green'
 *
 * function after(ms: number) {
 *   sleep(ms)
 *   return ms
 * }
 * const [a, b, c] = all([() => after(2), () => after(1), Promise.resolve('c')])
 * console.log(a, b, c) // prints: 2 1 c
 * ```
 */
export const all: {
  <const A extends readonly unknown[]>(items: A): { -readonly [K in keyof A]: ResultOf<A[K]> }
  <I extends Iterable<unknown>>(items: I & Several<I>): ResultOf<ItemOf<I>>[]
  <R extends object>(record: R & Several<R>): { [K in keyof R]: ResultOf<R[K]> }
} = parkable(function all(items: object): unknown {
  return park(core.all(things(items)))
}) as never

/** Waits for all, whatever becomes of each: outcomes in the order of the arguments, or under the same keys for a record. */
export const allSettled: {
  <const A extends readonly unknown[]>(items: A): { -readonly [K in keyof A]: Outcome<ResultOf<A[K]>> }
  <I extends Iterable<unknown>>(items: I & Several<I>): Outcome<ResultOf<ItemOf<I>>>[]
  <R extends object>(record: R & Several<R>): { [K in keyof R]: Outcome<ResultOf<R[K]>> }
} = parkable(function allSettled(items: object): unknown {
  return park(core.allSettled(things(items)))
}) as never

/**
 * The result or failure of the first to end; the others are cancelled and their cleanup awaited.
 *
 * ```ts green
 * import { race, sleep } from 'fibril/green'
 *
 * console.log(race([() => sleep(1000), Promise.resolve('quick')])) // prints: quick
 * ```
 */
export const race: {
  <I extends Iterable<unknown>>(items: I & Several<I>): ResultOf<ItemOf<I>>
  <R extends object>(record: R & Several<R>): ResultOf<R[keyof R]>
} = parkable(function race(items: object): unknown {
  return park(core.race(things(items) as Iterable<unknown>))
}) as never

/** The first success; the others are cancelled. If none succeeds, an `AggregateError` of all failures, in order. */
export const any: {
  <I extends Iterable<unknown>>(items: I & Several<I>): ResultOf<ItemOf<I>>
  <R extends object>(record: R & Several<R>): ResultOf<R[keyof R]>
} = parkable(function any(items: object): unknown {
  return park(core.any(things(items) as Iterable<unknown>))
}) as never

/**
 * Calls `body` with `args` in this task, for at most `ms` milliseconds; then unwinds it, `finally` blocks and all, and throws
 * a `TimeoutError`.
 *
 * ```ts green
 * import { sleep, timeout, TimeoutError } from 'fibril/green'
 *
 * try {
 *   timeout(5, sleep, 1000)
 * } catch (error) {
 *   console.log(error instanceof TimeoutError) // prints: true
 * }
 * ```
 */
export const timeout = parkable(function timeout<A extends readonly unknown[], R>(
  ms: number,
  body: Action<A, R>,
  ...args: A
): Returned<R> {
  return park(core.timeout(ms, callTo(body, args)))
})

/** As `timeout`, but gives `instead` when the time is over. */
export const timeoutOr = parkable(function timeoutOr<const U, A extends readonly unknown[], R>(
  ms: number,
  instead: U,
  body: Action<A, R>,
  ...args: A
): Returned<R> | U {
  return park(core.timeoutOr(ms, instead, callTo(body, args)))
})

/** Calls `body` with `args` to its end whatever comes: a cancel or a timeout of the code around it waits until it has ended. */
export const shield = parkable(function shield<A extends readonly unknown[], R>(
  body: Action<A, R>,
  ...args: A
): Returned<R> {
  return park(core.shield(callTo(body, args)))
})

/**
 * Goes through an async iterable as through any other: each step waits in this task only.
 *
 * ```ts green
 * import { iterate } from 'fibril/green'
 *
 * async function* numbers() {
 *   yield 1
 *   yield 2
 * }
 * for (const n of iterate(numbers())) console.log(n)
 * // prints: 1
 * // prints: 2
 * ```
 */
export function iterate<T>(source: AsyncIterable<T>): Iterable<T> {
  return { [Symbol.iterator]: parkable(() => new Steps(source[Symbol.asyncIterator]())) }
}

class Steps<T> implements IterableIterator<T, undefined> {
  readonly next: () => IteratorResult<T, undefined>
  readonly return: () => IteratorResult<T, undefined>

  constructor(source: AsyncIterator<T>) {
    this.next = parkable(function next() {
      return park(core.wait(source.next() as Promise<IteratorResult<T, undefined>>))
    })
    this.return = parkable(function end() {
      return park(endOf(source))
    })
  }

  [Symbol.iterator](): this {
    return this
  }
}

const endOf = core.fn(function* end(source: AsyncIterator<unknown>): core.Body<IteratorResult<never, undefined>> {
  const ending = source.return?.()
  if (ending !== undefined) yield* core.wait(ending)
  return { value: undefined, done: true }
})

/**
 * Calls `body` with `args`, and makes sure that no other task runs meanwhile: what would park in it throws a
 * `NativeFrameError` instead, before anything has happened.
 *
 * ```ts green
 * import { atomic, sleep } from 'fibril/green'
 *
 * let balance = 100
 * atomic(() => {
 *   balance -= 30
 * })
 * try {
 *   atomic(sleep, 1)
 * } catch (error) {
 *   console.log((error as Error).name, balance) // prints: NativeFrameError 70
 * }
 * ```
 */
export function atomic<A extends readonly unknown[], R>(body: Action<A, R>, ...args: A): R {
  // Not parkable: for the runtime this is a native frame.
  return body(...args)
}
