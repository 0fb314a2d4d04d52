/**
 * Waiting for several things at once: `all`, `allSettled`, `race`, `any`, with the rules of the `Promise` functions of these
 * names, and one more: nothing outlives the call. What is not needed any more is cancelled, and its cleanup awaited.
 *
 * Waits (a sleep, an item of a queue, a task, a promise) are installed side by side, without a task for each; the first
 * that counts undoes the others at once, so that no second item is taken from anywhere. Only calls become tasks.
 */
import { callOf, callWithFrame, type TaskBody } from './call.ts'
import type { Children } from './children.ts'
import { CancelledError, UsageError } from './errors.ts'
import { machine, type TaskView, type Waiter } from './machine.ts'
import { NOT_YET, Operation, Wait } from './operation.ts'
import { endScope } from './scope.ts'
import { createTask, type Outcome, Task } from './task.ts'
import { PromiseWait } from './wait-promise.ts'

type Mode = 'all' | 'allSettled' | 'race' | 'any'

/** What can be waited for as one of several. Anything else stands for itself. */
export type Awaitable<T> = Operation<T> | PromiseLike<T>

/** The result of waiting for `X`: that of an operation, a promise or a task; otherwise `X` itself. */
export type ResultOf<X> =
  X extends PromiseLike<infer T> ? T : X extends (...args: never[]) => infer R ? BodyResult<R> : X
type BodyResult<R> = R extends Generator<unknown, infer T, unknown> ? T : R extends PromiseLike<infer T> ? T : R

/** One of several waits that are installed together. */
class Slot implements Waiter {
  wait: Wait<unknown> | null
  private readonly gather: Gather
  private readonly index: number

  constructor(gather: Gather, index: number, wait: Wait<unknown>) {
    this.gather = gather
    this.index = index
    this.wait = wait
  }

  get waitingTask(): TaskView | null {
    return this.gather.waitingTask
  }

  resume(value: unknown): void {
    this.wait = null
    this.gather.settled(this.index, true, value)
  }

  reject(error: unknown): void {
    this.wait = null
    this.gather.settled(this.index, false, error)
  }
}

class Gather extends Wait<unknown> {
  private readonly mode: Mode
  private readonly items: readonly unknown[]
  private readonly results: unknown[]
  private slots: Slot[] = []
  private left = 0
  private waiter: Waiter<unknown> | null = null

  constructor(mode: Mode, items: readonly unknown[]) {
    super()
    this.mode = mode
    this.items = items
    this.results = new Array(items.length).fill(undefined)
  }

  override get reason(): string {
    const reasons = this.slots.filter((slot) => slot.wait !== null).map((slot) => (slot.wait as Wait<unknown>).reason)
    const shown = reasons.slice(0, 3).join(', ')
    return `${this.mode} of: ${shown}${reasons.length > 3 ? ` and ${reasons.length - 3} more` : ''}`
  }

  override holders(): Iterable<object> {
    return this.slots.flatMap((slot) => (slot.wait === null ? [] : [...slot.wait.holders()]))
  }

  get waitingTask(): TaskView | null {
    return this.waiter?.waitingTask ?? null
  }

  override install(waiter: Waiter<unknown>): void {
    this.waiter = waiter
    this.left = this.items.length
    if (this.left === 0 && this.mode !== 'race') return this.finish()
    for (let i = 0; i < this.items.length && this.waiter !== null; i++) {
      const item = this.items[i]
      if (item instanceof Wait) this.begin(i, item)
      else this.settled(i, true, item)
    }
  }

  private begin(index: number, wait: Wait<unknown>): void {
    const slot = new Slot(this, index, wait)
    let value: unknown
    try {
      value = wait.attempt()
      if (value === NOT_YET) {
        this.slots.push(slot)
        wait.install(slot)
        return
      }
    } catch (error) {
      slot.reject(error)
      return
    }
    slot.resume(value)
  }

  override uninstall(): void {
    this.waiter = null
    this.undo()
  }

  private undo(): void {
    const slots = this.slots
    this.slots = []
    for (const slot of slots) {
      const { wait } = slot
      slot.wait = null
      wait?.uninstall()
    }
  }

  settled(index: number, succeeded: boolean, value: unknown): void {
    const waiter = this.waiter
    if (waiter === null) return
    switch (this.mode) {
      case 'race':
        this.end()
        if (succeeded) waiter.resume(value)
        else waiter.reject(value)
        return
      case 'all':
        if (!succeeded) {
          this.end()
          waiter.reject(value)
          return
        }
        this.results[index] = value
        break
      case 'any':
        if (succeeded) {
          this.end()
          waiter.resume(value)
          return
        }
        this.results[index] = value
        break
      case 'allSettled':
        this.results[index] = succeeded
          ? { status: 'done', value }
          : { status: value instanceof CancelledError ? 'cancelled' : 'failed', error: value }
    }
    if (--this.left === 0) this.finish()
  }

  private finish(): void {
    const waiter = this.waiter as Waiter<unknown>
    this.end()
    if (this.mode === 'any') waiter.reject(new AggregateError(this.results, `none of ${this.items.length} succeeded`))
    else waiter.resume(this.results)
  }

  private end(): void {
    this.waiter = null
    this.undo()
  }
}

/** The wait that stands for `item`; a call becomes a task of `children`. A value that cannot be waited for is itself. */
function waitFor(item: unknown, children: () => Children): unknown {
  if (item instanceof Wait) return item
  if (item instanceof Task) return item.join()
  if (item instanceof Operation || typeof item === 'function' || isGenerator(item)) {
    return createTask(children(), callOf(item as TaskBody<unknown>), null, gather).join()
  }
  if (isThenable(item)) return new PromiseWait(item)
  return item
}

function isThenable(item: unknown): item is PromiseLike<unknown> {
  return typeof item === 'object' && item !== null && typeof (item as PromiseLike<unknown>).then === 'function'
}

function isOurs(item: object): boolean {
  return item instanceof Operation || item instanceof Task
}

function isGenerator(item: unknown): boolean {
  return typeof item === 'object' && item !== null && Object.prototype.toString.call(item) === '[object Generator]'
}

function gather(mode: Mode, items: unknown): Operation<unknown> {
  if (typeof items !== 'object' || items === null)
    throw new UsageError(`${mode}(…) takes an iterable or a record, not ${String(items)}`)
  const keys = Symbol.iterator in items ? null : Object.keys(items)
  const given: unknown[] = keys === null ? [...(items as Iterable<unknown>)] : Object.values(items)
  // Taken over now: a promise that fails before the first step has somebody who waits for it.
  const list = given.map((item) => (isThenable(item) && !isOurs(item) ? new PromiseWait(item) : item))
  return callWithFrame<unknown>(function* gather(frame) {
    const task = machine.task as Task<unknown>
    const opened: { children: Children | null } = { children: null }
    const children = (): Children => (opened.children ??= task.open(frame, true))
    try {
      const waits = list.map((item) => waitFor(item, children))
      const result = yield* new Gather(mode, waits)
      if (keys === null || mode === 'race' || mode === 'any') return result
      return Object.fromEntries((result as unknown[]).map((value, i) => [keys[i], value]))
    } finally {
      if (opened.children !== null) yield* endScope(opened.children, frame, `${mode} has its result`)
    }
  })
}

/**
 * Waits for all: the results in the order of the arguments, or under the same keys for a record. The first failure cancels
 * the others, waits for their cleanup, and is thrown. Calls run as tasks of their own; plain values stand for themselves.
 *
 * ```ts
 * import { all, fn, run, sleep } from 'fibril'
 *
 * const after = fn(function* (ms: number) {
 *   yield* sleep(ms)
 *   return ms
 * })
 * await run(function* () {
 *   const [a, b] = yield* all([after(2), after(1)])
 *   console.log(a, b) // prints: 2 1
 *   const { x } = yield* all({ x: after(1), y: Promise.resolve('y') })
 *   console.log(x) // prints: 1
 * })
 * ```
 */
export function all<const A extends readonly unknown[]>(
  items: A,
): Operation<{ -readonly [K in keyof A]: ResultOf<A[K]> }>
export function all<X>(items: Iterable<X>): Operation<ResultOf<X>[]>
export function all<R extends object>(record: R): Operation<{ [K in keyof R]: ResultOf<R[K]> }>
export function all(items: object): Operation<unknown> {
  return gather('all', items)
}

/**
 * Waits for all, whatever becomes of each: outcomes in the order of the arguments, or under the same keys for a record.
 *
 * ```ts
 * import { allSettled } from 'fibril'
 *
 * const [ok, bad] = await allSettled([Promise.resolve(1), Promise.reject(new Error('no'))])
 * console.log(ok.status, bad.status) // prints: done failed
 * ```
 */
export function allSettled<const A extends readonly unknown[]>(
  items: A,
): Operation<{ -readonly [K in keyof A]: Outcome<ResultOf<A[K]>> }>
export function allSettled<X>(items: Iterable<X>): Operation<Outcome<ResultOf<X>>[]>
export function allSettled<R extends object>(record: R): Operation<{ [K in keyof R]: Outcome<ResultOf<R[K]>> }>
export function allSettled(items: object): Operation<unknown> {
  return gather('allSettled', items)
}

/**
 * The result or failure of the first to end; the others are cancelled and their cleanup awaited. None at all waits for ever.
 *
 * ```ts
 * import { race, sleep } from 'fibril'
 *
 * console.log(await race([sleep(1000), Promise.resolve('quick')])) // => quick
 * ```
 */
export function race<X>(items: Iterable<X>): Operation<ResultOf<X>>
export function race<R extends object>(record: R): Operation<ResultOf<R[keyof R]>>
export function race(items: object): Operation<unknown> {
  return gather('race', items)
}

/** The first success; the others are cancelled. If none succeeds, an `AggregateError` of all failures, in order. */
export function any<X>(items: Iterable<X>): Operation<ResultOf<X>>
export function any<R extends object>(record: R): Operation<ResultOf<R[keyof R]>>
export function any(items: object): Operation<unknown> {
  return gather('any', items)
}
