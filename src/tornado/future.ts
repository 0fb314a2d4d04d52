import {
  addCaller,
  type Body,
  type Callable,
  CancelledError,
  Future as CoreFuture,
  currentLoop,
  fn,
  type Loop,
  machine,
  type Operation,
  Task,
  UnhandledError,
} from '../core/index.ts'
import { type AnyFunction, callSoon } from './callbacks.ts'
import { InvalidStateError } from './errors.ts'

/** What a future is the result of. */
export interface Computation {
  cancel(reason: unknown): void
}

/** Is given the future that is done. */
export type DoneCallback<T> = (future: Future<T>) => unknown

/**
 * A value that comes later: the `Future` of the engine, with the verbs of Tornado. It can be yielded in a coroutine,
 * waited for in any task (`yield* future`), awaited, and waited for in green code.
 *
 * Callbacks run in a later turn of the loop, never at once. A coroutine's future that failed, and whose failure nobody asks
 * for, is reported at the end of the turn. Cancelling it cancels the coroutine, whose `finally` blocks run; it is done once they
 * have. So does cancelling whoever waits for it, if nobody else does.
 *
 * ```ts
 * import { Future } from 'fibril/tornado'
 *
 * const future = new Future<number>()
 * future.addDoneCallback((done) => console.log(done.result()))
 * future.setResult(42)
 * console.log(await future)
 * // prints: 42
 * // prints: 42
 * ```
 */
export class Future<T> extends CoreFuture<T> {
  private callbacks: { readonly loop: Loop; readonly callback: AnyFunction }[] | null = null
  private wasCancelled = false
  private asked = false
  private report: (() => void) | null = null
  /** What computes it. */
  private source: Computation | null = null
  /** @internal Waits that have no part in it. */
  watchers = 0
  private traced = false
  /** Who asked for a cancel, and why. */
  private why: CancelledError | null = null

  /** True once it has a result or an exception, or was cancelled. */
  done(): boolean {
    return this.settled
  }

  cancelled(): boolean {
    return this.wasCancelled
  }

  /** The result; throws the exception. An `InvalidStateError` if it is not done. */
  result(): T {
    if (!this.settled) throw new InvalidStateError(`the result of ${this} is not ready: yield it`)
    this.claim()
    return this.valueOrThrow()
  }

  /** The exception; null if there is a result. An `InvalidStateError` if it is not done. */
  exception(): unknown {
    if (!this.settled) throw new InvalidStateError(`whether ${this} fails is not known yet: yield it`)
    this.claim()
    try {
      this.valueOrThrow()
    } catch (error) {
      return error
    }
    return null
  }

  /** An `InvalidStateError` if it is done already. */
  setResult(value: T): void {
    if (!this.tryResolve(value)) throw new InvalidStateError(`${this} is done already`)
  }

  /** An `InvalidStateError` if it is done already. */
  setException(error: unknown): void {
    if (!this.tryReject(error)) throw new InvalidStateError(`${this} is done already`)
  }

  /** Calls `callback` with this future, in a later turn, once it is done; soon, if it is done. */
  addDoneCallback(callback: DoneCallback<T>): void {
    const loop = currentLoop()
    if (this.settled) callSoon(loop, callback, [this])
    else (this.callbacks ??= []).push({ loop, callback })
  }

  /** Takes a callback back; gives how often it was there. */
  removeDoneCallback(callback: DoneCallback<T>): number {
    const before = this.callbacks ?? []
    this.callbacks = before.filter((entry) => entry.callback !== callback)
    return before.length - this.callbacks.length
  }

  /**
   * Cancels it, and the coroutine whose future it is, from where that waits. False if it is done. Who waits for it gets a
   * `CancelledError`.
   */
  cancel(reason?: unknown): boolean {
    if (this.settled) return false
    this.why ??= new CancelledError(this.task, reason, machine.task)
    if (this.source === null) this.setCancelled()
    else this.source.cancel(reason)
    return true
  }

  override tryResolve(value: T): boolean {
    const settles = super.tryResolve(value)
    if (settles && this.callbacks !== null) this.callBack(this.callbacks)
    return settles
  }

  override tryReject(error: unknown): boolean {
    if (this.waiters.size > 0) this.asked = true
    const settles = super.tryReject(error)
    if (settles && this.callbacks !== null) this.callBack(this.callbacks)
    return settles
  }

  /** @internal It is the future of what this computes. */
  follow(source: Computation): void {
    this.source = source
  }

  private get task(): Task<unknown> | null {
    return this.source instanceof Task ? this.source : null
  }

  /** @internal The cancel is over, with all cleanup. Nothing, if it is done. */
  setCancelled(): void {
    if (this.settled) return
    this.wasCancelled = true
    this.tryReject(this.why ?? new CancelledError(this.task, 'its loop was closed', null))
  }

  /** @internal Its coroutine failed: to be reported if nobody comes for it until the turn is over. */
  fail(error: unknown): void {
    if (!this.tryReject(error) || this.asked) return
    const what = error instanceof Error ? error.message : String(error)
    const message = `${this} failed and nobody was waiting for it: ${what}`
    this.report = currentLoop().host.unhandled(new UnhandledError(this.task, message, error))
  }

  override wait(): ReturnType<CoreFuture<T>['wait']> {
    this.claim()
    return super.wait()
  }

  override then<A = T, B = never>(
    fulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    rejected?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.claim()
    return super.then(fulfilled, rejected)
  }

  /** Waits for it without a part in it: if this wait is cancelled, it goes on. */
  watch(): Operation<T> {
    return watching(this)
  }

  /** @internal */
  override left(): void {
    if (this.watchers === 0 && this.waiters.size === 0 && (this.callbacks?.length ?? 0) === 0 && this.source !== null)
      this.cancel('whoever waited for it was cancelled')
  }

  /** @internal Only the first, so that a future with many who wait does not fill its error with their lines. */
  override thrown(error: unknown, from: Callable): void {
    if (this.traced) return
    this.traced = true
    addCaller(error, from)
  }

  /** @internal Somebody has come for it. */
  claim(): void {
    this.asked = true
    this.report?.()
    this.report = null
  }

  private callBack(callbacks: { readonly loop: Loop; readonly callback: AnyFunction }[]): void {
    this.callbacks = null
    for (const { loop, callback } of callbacks) callSoon(loop, callback, [this])
  }
}

const watching = fn(function* watch<T>(future: Future<T>): Body<T> {
  future.watchers++
  try {
    return yield* future.wait()
  } finally {
    future.watchers--
  }
})

/** Settles `future` with a result, unless it is done: for callbacks that may come after a cancel. */
export function futureSetResultUnlessCancelled<T>(future: Future<T>, value: T): void {
  if (!future.cancelled()) future.setResult(value)
}
