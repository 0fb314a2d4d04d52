import { NOT_YET, type Operation, type OperationIterator, WaitList } from '../core/index.ts'
import { errorOf, type Throwable } from './errors.ts'
import { getHub } from './hub.ts'
import { type Linkable, type LinkCallback, type LinkKind, Links } from './links.ts'
import { TimedWait, type TimeLimit } from './timed-wait.ts'
import { Timeout } from './timeout.ts'
import type { WaitOptions } from './wait-options.ts'

class ResultWait<T> extends TimedWait<T | undefined> {
  private readonly source: AsyncResult<T>
  private readonly raises: boolean

  constructor(source: AsyncResult<T>, raises: boolean, limit: TimeLimit) {
    super(limit)
    this.source = source
    this.raises = raises
  }

  override get reason(): string {
    return 'an AsyncResult'
  }

  override get line(): WaitList<ResultWait<T>> {
    return this.source.waits
  }

  override attempt(): T | undefined | typeof NOT_YET {
    if (!this.source.ready()) return NOT_YET
    if (this.raises && !this.source.successful()) throw this.source.exception
    return this.source.value
  }

  /** The result is there. */
  deliver(): void {
    if (this.raises && !this.source.successful()) this.reject(this.source.exception)
    else this.resume(this.source.value)
  }

  protected override expired(): void {
    if (this.raises) this.reject(new Timeout(this.ms))
    else this.resume(undefined)
  }
}

/** What an `AsyncResult` can be told of by a link. */
export interface Finished {
  successful(): boolean
  readonly value: unknown
  readonly exception: unknown
}

/**
 * A value, or an error, that comes later, for any number of greenlets.
 *
 * As a link it takes over how a greenlet ends: `greenlet.link(result)`.
 *
 * ```ts
 * import { run } from 'fibril'
 * import { AsyncResult, spawn } from 'fibril/gevent'
 *
 * await run(function* () {
 *   const answer = new AsyncResult<number>()
 *   spawn(() => answer.set(42))
 *   console.log(yield* answer.get()) // prints: 42
 * })
 * ```
 */
export class AsyncResult<T = unknown> implements Linkable, PromiseLike<T> {
  /** @internal */
  readonly waits = new WaitList<ResultWait<T>>()
  private links: Links<this> | null = null
  private state: LinkKind | null = null
  private given: unknown = undefined

  /** True once there is a value or an error. */
  ready(): boolean {
    return this.state !== null
  }

  /** True once there is a value. */
  successful(): boolean {
    return this.state === 'value'
  }

  /** The value; undefined if there is none yet, or an error. */
  get value(): T | undefined {
    return this.state === 'value' ? (this.given as T) : undefined
  }

  /** The error; null if there is none. */
  get exception(): unknown {
    return this.state === 'exception' ? this.given : null
  }

  /** Gives the value, and wakes all who wait. A second call gives another one to who comes later. */
  set(value: T): void {
    this.settle('value', value)
  }

  /** Gives an error, and throws it to all who wait. */
  setException(exception: Throwable): void {
    this.settle('exception', errorOf(exception))
  }

  private settle(state: LinkKind, given: unknown): void {
    this.state = state
    this.given = given
    for (let wait = this.waits.shift(); wait !== null; wait = this.waits.shift()) wait.deliver()
    this.links?.notify(getHub(), this, () => this.state)
  }

  /** @internal As a link. */
  linked(source: Finished): void {
    if (source.successful()) this.set(source.value as T)
    else this.settle('exception', source.exception)
  }

  /** Waits for the value, or throws the error. A `Timeout` after `timeout` milliseconds, or if `block` is false and it is not there. */
  get(options: WaitOptions = {}): Operation<T> {
    const { block = true, timeout } = options
    if (!block && !this.ready()) throw new Timeout(0)
    return new ResultWait(this, true, timeout) as Operation<T>
  }

  /** The value, if it is there: `get({ block: false })`, and no operation. */
  getNowait(): T {
    if (!this.ready()) throw new Timeout(0)
    if (this.state === 'exception') throw this.given
    return this.given as T
  }

  /** Waits until there is a result: gives the value, or undefined for an error and after `timeout` milliseconds. */
  wait(timeout?: TimeLimit): Operation<T | undefined> {
    return new ResultWait(this, false, timeout)
  }

  /** For futures' sake: nothing can be cancelled here, so it says false. */
  cancel(): false {
    return false
  }

  cancelled(): false {
    return false
  }

  /** For `yield* result`: `get`. */
  [Symbol.iterator](): OperationIterator<T> {
    return this.get()[Symbol.iterator]()
  }

  /** For `await result`: `get`. */
  then<A = T, B = never>(
    fulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    rejected?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.get().then(fulfilled, rejected)
  }

  /** Has `callback` called in the loop when there is a result, or if there is one. */
  rawlink(callback: LinkCallback<this>): void {
    this.links ??= new Links()
    this.links.add(callback, 'any', null)
    if (this.state !== null) this.links.notify(getHub(), this, () => this.state)
  }

  unlink(callback: LinkCallback<this>): void {
    this.links?.remove(callback)
  }

  toString(): string {
    return `an AsyncResult (${this.state ?? 'nothing yet'})`
  }
}
