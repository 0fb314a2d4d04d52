/**
 * Yield points: how coroutines waited for callbacks before there were futures (Tornado 4's `gen.engine`).
 *
 * `yield new Callback(key)` gives a function; `yield new Wait(key)` waits until somebody calls it, and gives what it was
 * called with. A key belongs to one callback at a time, and all must be waited for before the coroutine ends.
 */
import { type Body, Future, fn, type Operation } from '../core/index.ts'
import { KeyReuseError, LeakedCallbackError, UnknownKeyError } from './errors.ts'
import { operationFor, waitForAll, waitForAllOf } from './yieldable.ts'

/** What a callback was called with, where that is more than one argument. */
export class Arguments {
  readonly args: readonly unknown[]

  constructor(args: readonly unknown[]) {
    this.args = args
  }
}

/** Something that only a coroutine of the old style may yield. */
export abstract class YieldPoint {
  /** @internal */
  abstract operation(context: YieldContext): Operation<unknown>

  /** @internal True for a yield point, or a list or record with one in it. */
  static in(value: unknown): boolean {
    if (value instanceof YieldPoint) return true
    if (typeof value !== 'object' || value === null) return false
    const items: unknown[] = Array.isArray(value) ? value : Object.values(value)
    return items.some((item) => item instanceof YieldPoint)
  }
}

/** @internal The callbacks of one coroutine that were given out and not waited for. */
export class YieldContext {
  private readonly pending = new Map<unknown, Future<unknown>>()
  /** An exception was seen: callbacks may have been orphaned by it. */
  hadException = false

  operationFor(yielded: unknown): Operation<unknown> {
    if (yielded instanceof YieldPoint) return yielded.operation(this)
    if (Array.isArray(yielded))
      return waitForAll(
        yielded.map((item) => this.itemOf(item)),
        {},
      )
    const entries = Object.entries(yielded as object).map(([key, item]) => [key, this.itemOf(item)])
    return waitForAllOf(Object.fromEntries(entries), {})
  }

  private itemOf(item: unknown): Operation<unknown> {
    return item instanceof YieldPoint ? item.operation(this) : operationFor(item)
  }

  /** Gives out the callback of `key`. */
  register(key: unknown): (...args: readonly unknown[]) => void {
    if (this.pending.has(key)) throw new KeyReuseError(key)
    const result = new Future<unknown>(`callback ${String(key)}`)
    this.pending.set(key, result)
    return (...args) => void result.tryResolve(args.length > 1 ? new Arguments(args) : args[0])
  }

  /** Waits for the callback of `key`, whose key is then free. */
  take(key: unknown): Operation<unknown> {
    const result = this.pending.get(key)
    if (result === undefined) throw new UnknownKeyError(key)
    return taking(result, () => this.pending.delete(key))
  }

  /** The coroutine has ended by itself. */
  finish(): void {
    if (this.pending.size > 0 && !this.hadException) throw new LeakedCallbackError([...this.pending.keys()])
  }
}

const taking = fn(function* taking(result: Future<unknown>, taken: () => void): Body<unknown> {
  const value = yield* result
  taken()
  return value
})

const ready = fn(function* ready<T>(value: T): Body<T> {
  return value
})

/** Gives a function to be handed to code that calls back. */
export class Callback extends YieldPoint {
  readonly key: unknown

  constructor(key: unknown) {
    super()
    this.key = key
  }

  /** @internal */
  override operation(context: YieldContext): Operation<unknown> {
    return ready(context.register(this.key))
  }
}

/** Waits until the callback of this key is called; gives its argument, or `Arguments` if there were several. */
export class Wait extends YieldPoint {
  readonly key: unknown

  constructor(key: unknown) {
    super()
    this.key = key
  }

  /** @internal */
  override operation(context: YieldContext): Operation<unknown> {
    return context.take(this.key)
  }
}

/** Waits for the callbacks of several keys; their arguments in the order of the keys. */
export class WaitAll extends YieldPoint {
  readonly keys: readonly unknown[]

  constructor(keys: readonly unknown[]) {
    super()
    this.keys = keys
  }

  /** @internal */
  override operation(context: YieldContext): Operation<unknown> {
    return waitForAll(
      this.keys.map((key) => context.take(key)),
      {},
    )
  }
}

/** Calls `start(...args, callback)`, and waits until it calls back; gives its argument, or `Arguments`. Tornado's `gen.Task`. */
export class TaskPoint<A extends readonly unknown[]> extends YieldPoint {
  readonly #start: (...args: never[]) => unknown
  readonly #args: A

  constructor(start: (...args: [...A, (...results: readonly unknown[]) => void]) => unknown, ...args: A) {
    super()
    this.#start = start as (...args: never[]) => unknown
    this.#args = args
  }

  /** @internal */
  override operation(): Operation<unknown> {
    const result = new Future<unknown>(`task ${this.#start.name}`)
    const callback = (...results: readonly unknown[]): void =>
      void result.tryResolve(results.length > 1 ? new Arguments(results) : results[0])
    ;(this.#start as (...args: readonly unknown[]) => unknown)(...this.#args, callback)
    return result.wait()
  }
}
