/**
 * Waiting for several things at once: `all`, `allSettled`, `race`, `any`, with the rules of the `Promise` functions of these
 * names, and one more: nothing outlives the call. What is not needed any more is cancelled, and its cleanup awaited.
 *
 * Waits (a sleep, an item of a queue, a task, a promise) are installed side by side, without a task for each; the first
 * that counts undoes the others at once, so that no second item is taken from anywhere. Only calls become tasks.
 */

import { operationOf } from './awaitable.ts'
import { callOf, callWithFrame, named, type TaskBody } from './call.ts'
import type { Children } from './children.ts'
import { CancelledError, UsageError } from './errors.ts'
import { type Frame, machine, type TaskView, type Waiter } from './machine.ts'
import { type Body, type HoldersNeeded, NOT_YET, type Operation, Wait } from './operation.ts'
import { type Outcome, oneError } from './outcome.ts'
import { closeScope, Drain, endScope } from './scope.ts'
import { createTask, type Task } from './task.ts'

type Mode = 'all' | 'allSettled' | 'race' | 'any'

/** The result of waiting for `X`: that of an operation, a promise or a task; otherwise `X` itself. */
export type ResultOf<X> =
  X extends PromiseLike<infer T> ? T : X extends (...args: never[]) => infer R ? BodyResult<R> : X
type BodyResult<R> = R extends Generator<unknown, infer T, unknown> ? T : R extends PromiseLike<infer T> ? T : R

/** What an iterable gives. */
type ItemOf<I> = I extends Iterable<infer X> ? X : never

/** Refuses what is one thing to wait for, or a function, in place of a record. */
export type NotOne<R> = R extends ((...args: never[]) => unknown) | PromiseLike<unknown> ? never : unknown

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
    const waits = this.slots.length === 0 ? this.items.filter((item) => item instanceof Wait) : this.pending()
    const shown = waits.slice(0, 3).map((wait) => (wait as Wait<unknown>).reason)
    return `${this.mode} of: ${shown.join(', ')}${waits.length > 3 ? ` and ${waits.length - 3} more` : ''}`
  }

  private pending(): Wait<unknown>[] {
    return this.slots.flatMap((slot) => slot.wait ?? [])
  }

  override holders(): Iterable<object> {
    return this.pending().flatMap((wait) => [...wait.holders()])
  }

  override get needs(): HoldersNeeded {
    const all = this.mode === 'all' || this.mode === 'allSettled'
    // The holders of several waits are told in one list: a wait of another kind than the whole may have one at most.
    for (const wait of this.pending()) {
      const holders = [...wait.holders()].length
      if (holders === 0 ? !all : wait.needs === 'none' || (holders > 1 && (wait.needs === 'all') !== all)) return 'none'
    }
    return all ? 'all' : 'one'
  }

  get waitingTask(): TaskView | null {
    return this.waiter?.waitingTask ?? null
  }

  override install(waiter: Waiter<unknown>): void {
    this.waiter = waiter
    this.left = this.items.length
    if (this.left === 0 && this.mode !== 'race') return this.allIn()
    for (let i = 0; i < this.items.length; i++) {
      const item = this.items[i]
      if (!(item instanceof Wait)) this.settled(i, true, item)
      else if (this.waiter === null) item.abandon()
      else this.begin(i, item)
    }
  }

  override abandon(): void {
    for (const item of this.items) if (item instanceof Wait) item.abandon()
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
    const failures = this.end()
    if (failures.length > 0) throw oneError(failures)
  }

  /** Undoes what still waits; gives what failed in that. */
  private end(): unknown[] {
    const { slots } = this
    const failures: unknown[] = []
    this.waiter = null
    this.slots = []
    for (const slot of slots) {
      const { wait } = slot
      slot.wait = null
      try {
        wait?.uninstall()
      } catch (error) {
        failures.push(error)
      }
    }
    return failures
  }

  private finish(succeeded: boolean, value: unknown): void {
    const waiter = this.waiter as Waiter<unknown>
    const failures = this.end()
    if (failures.length > 0) waiter.reject(oneError(succeeded ? failures : [value, ...failures]))
    else if (succeeded) waiter.resume(value)
    else waiter.reject(value)
  }

  settled(index: number, succeeded: boolean, value: unknown): void {
    if (this.waiter === null) return
    const { mode } = this
    if (mode === 'race' || (mode === 'all' && !succeeded) || (mode === 'any' && succeeded))
      return this.finish(succeeded, value)
    this.results[index] = mode === 'allSettled' ? this.outcome(index, succeeded, value) : value
    if (--this.left === 0) this.allIn()
  }

  private allIn(): void {
    if (this.mode !== 'any') return this.finish(true, this.results)
    this.finish(false, new AggregateError(this.results, `none of ${this.items.length} succeeded`))
  }

  private outcome(index: number, succeeded: boolean, value: unknown): Outcome<unknown> {
    if (succeeded) return { status: 'done', value }
    // A call that failed because it joined a cancelled task was not cancelled itself.
    const [task] = (this.items[index] as Wait<unknown>).holders()
    const cancelled = value instanceof CancelledError && (task === undefined || task === value.task)
    return cancelled ? { status: 'cancelled', error: value } : { status: 'failed', error: value }
  }
}

/** The wait that stands for `item`; a call becomes a task of `children`. What cannot be waited for is itself. */
function waitFor(item: unknown, children: () => Children): unknown {
  const operation =
    typeof item === 'function' || isGenerator(item) ? callOf(item as TaskBody<unknown>) : operationOf(item)
  if (operation === null) return item
  return operation instanceof Wait ? operation : createTask(children(), operation, null, gather).join()
}

function isGenerator(item: unknown): boolean {
  return Object.prototype.toString.call(item) === '[object Generator]'
}

function gather(mode: Mode, items: unknown): Operation<unknown> {
  if (typeof items !== 'object' || items === null || operationOf(items) !== null) {
    throw new UsageError(`${mode}(…) takes an iterable or a record of what to wait for, not one thing: ${mode}([…])`)
  }
  const keys = Symbol.iterator in items ? null : Object.keys(items)
  const list: unknown[] = keys === null ? [...(items as Iterable<unknown>)] : Object.values(items)
  // Taken over now: a promise that fails before the first step has somebody who waits for it.
  for (const item of list) if (item instanceof Promise) item.then(undefined, () => {})
  return callWithFrame(bodies[mode], keys, list)
}

/** The body of a call, one for each mode, so that a report of a task's frames tells which. */
const bodyOf = (mode: Mode): ((frame: Frame, keys: string[] | null, list: unknown[]) => Body<unknown>) =>
  named(mode, function* (frame: Frame, keys: string[] | null, list: unknown[]): Body<unknown> {
    const task = machine.task as Task<unknown>
    const opened: { children: Children | null } = { children: null }
    const children = (): Children => (opened.children ??= task.open(frame, true))
    const failures: unknown[] = []
    let unwinding = true
    let result: unknown
    try {
      const waits = list.map((item) => waitFor(item, children))
      result = yield* new Gather(mode, waits)
      unwinding = false
    } catch (error) {
      unwinding = false
      failures.push(error)
    } finally {
      const scope = opened.children
      if (scope !== null) {
        closeScope(scope, frame, `${mode} needs it no more`)
        yield* new Drain(scope)
        endScope(scope, frame)
        // A loser may fail as it likes; a cleanup that fails may not. Of `all`, none may.
        for (const { cancelled, error } of scope.late ?? []) if (cancelled || mode === 'all') failures.push(error)
        // biome-ignore lint/correctness/noUnsafeFinally: a failure of cleanup must not be lost to the cancel that caused it
        if (unwinding && failures.length > 0) throw oneError(failures)
      }
    }
    if (failures.length > 0) throw oneError(failures)
    if (keys === null || mode === 'race' || mode === 'any') return result
    return Object.fromEntries((result as unknown[]).map((value, i) => [keys[i], value]))
  })

const bodies = { all: bodyOf('all'), allSettled: bodyOf('allSettled'), race: bodyOf('race'), any: bodyOf('any') }

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
export function all<I extends Iterable<unknown>>(items: I & NotOne<I>): Operation<ResultOf<ItemOf<I>>[]>
export function all<R extends object>(record: R & NotOne<R>): Operation<{ [K in keyof R]: ResultOf<R[K]> }>
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
export function allSettled<I extends Iterable<unknown>>(items: I & NotOne<I>): Operation<Outcome<ResultOf<ItemOf<I>>>[]>
export function allSettled<R extends object>(
  record: R & NotOne<R>,
): Operation<{ [K in keyof R]: Outcome<ResultOf<R[K]>> }>
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
export function race<I extends Iterable<unknown>>(items: I & NotOne<I>): Operation<ResultOf<ItemOf<I>>>
export function race<R extends object>(record: R & NotOne<R>): Operation<ResultOf<R[keyof R]>>
export function race(items: object): Operation<unknown> {
  return gather('race', items)
}

/** The first success; the others are cancelled. If none succeeds, an `AggregateError` of all failures, in order. */
export function any<I extends Iterable<unknown>>(items: I & NotOne<I>): Operation<ResultOf<ItemOf<I>>>
export function any<R extends object>(record: R & NotOne<R>): Operation<ResultOf<R[keyof R]>>
export function any(items: object): Operation<unknown> {
  return gather('any', items)
}
