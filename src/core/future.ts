import { UsageError } from './errors.ts'
import { Inspectable, KIND } from './inspectable.ts'
import type { Callable } from './machine.ts'
import { NOT_YET, type Operation, type OperationIterator } from './operation.ts'
import { ListedWait, WaitList } from './wait-list.ts'

class FutureWait<T> extends ListedWait<T> {
  private readonly future: Future<T>

  constructor(future: Future<T>) {
    super()
    this.future = future
  }

  override get reason(): string {
    return this.future.toString()
  }

  override get line(): WaitList<ListedWait<T>> {
    return this.future.waiters
  }

  override attempt(): T | typeof NOT_YET {
    return this.future.settled ? this.future.valueOrThrow() : NOT_YET
  }

  override uninstall(): void {
    super.uninstall()
    this.future.left()
  }

  override throw(error: unknown): IteratorResult<unknown, unknown> {
    this.future.thrown(error, this.throw)
    return super.throw(error)
  }
}

/**
 * A value that comes later, settled by hand and waited for by any number of tasks.
 *
 * Settling it twice is a `UsageError`; `tryResolve` and `tryReject` answer false instead. Cancelling a wait leaves the
 * future as it is. A rejection is thrown to those who wait, and to those who come later.
 *
 * ```ts
 * import { Future, run, spawn } from 'fibril'
 *
 * await run(function* () {
 *   const answer = new Future<number>('the answer')
 *   spawn(function* () {
 *     console.log(yield* answer) // prints: 42
 *   })
 *   answer.resolve(42)
 * })
 * ```
 */
export class Future<T> extends Inspectable implements PromiseLike<T> {
  readonly name: string
  /** @internal */
  // biome-ignore lint/suspicious/noExplicitAny: they wait for a `T`; with that type, no future of a number would be one of `unknown`
  readonly waiters = new WaitList<ListedWait<any>>()
  private status: 'pending' | 'resolved' | 'rejected' = 'pending'
  private value: unknown = undefined

  constructor(name = '') {
    super()
    this.name = name
  }

  get settled(): boolean {
    return this.status !== 'pending'
  }

  override toString(): string {
    return this.name === '' ? 'a future' : `the future "${this.name}"`
  }

  resolve(value: T): void {
    if (!this.tryResolve(value)) throw new UsageError(`${this} was ${this.status} already`)
  }

  reject(error: unknown): void {
    if (!this.tryReject(error)) throw new UsageError(`${this} was ${this.status} already`)
  }

  tryResolve(value: T): boolean {
    if (this.status !== 'pending') return false
    this.status = 'resolved'
    this.value = value
    for (let wait = this.waiters.shift(); wait !== null; wait = this.waiters.shift()) wait.resume(value)
    return true
  }

  tryReject(error: unknown): boolean {
    if (this.status !== 'pending') return false
    this.status = 'rejected'
    this.value = error
    for (let wait = this.waiters.shift(); wait !== null; wait = this.waiters.shift()) wait.reject(error)
    return true
  }

  /** Waits for it. */
  wait(): Operation<T> {
    return new FutureWait(this)
  }

  /** For `yield*`. */
  [Symbol.iterator](): OperationIterator<T> {
    return this.wait()[Symbol.iterator]()
  }

  then<A = T, B = never>(
    fulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    rejected?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    const wait = new FutureWait(this)
    return new Promise<T>((resolve, reject) => {
      if (this.status === 'resolved') resolve(this.value as T)
      else if (this.status === 'rejected') reject(this.value)
      else wait.install({ resume: resolve, reject, waitingTask: null })
    }).then(fulfilled, rejected)
  }

  /** @internal For subclasses: a wait for it was cancelled. */
  left(): void {}

  /** @internal For subclasses: its error is thrown where a task waited for it, in a call of `from`. */
  thrown(_error: unknown, _from: Callable): void {}

  /** @internal */
  valueOrThrow(): T {
    if (this.status === 'rejected') throw this.value
    return this.value as T
  }

  /** @internal */
  override get [KIND](): string {
    return 'future'
  }

  /** Plain figures of this moment. */
  override stats(): { readonly name: string; readonly status: string; readonly waiting: number } {
    return Object.freeze({ name: this.name, status: this.status, waiting: this.waiters.size })
  }
}
