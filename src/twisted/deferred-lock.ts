import { UsageError } from '../core/index.ts'
import type { Deferred, Result } from './deferred.ts'
import { maybeDeferred, succeed } from './make.ts'
import { WaitingLine } from './waiting-line.ts'

/** What a lock and a semaphore have in common: so many may hold it, the others stand in line. */
abstract class Holding {
  protected readonly line: WaitingLine<this>

  constructor() {
    this.line = new WaitingLine<this>()
  }

  /** Fires, with this itself, when it is held. Whoever is cancelled before leaves the line; after, nothing happens. */
  acquire(): Deferred<this> {
    return this.take() ? (succeed(this) as unknown as Deferred<this>) : this.line.join()
  }

  /** Gives it to whoever has waited longest, at once. A `UsageError` if it is not held. */
  release(): void {
    if (!this.isHeld()) throw new UsageError(`${this.constructor.name}: release() without acquire()`)
    const next = this.line.shift()
    if (next === null) this.free()
    else next.callback(this as never)
  }

  /** Acquires it, calls `f`, and releases it when what `f` gives has come, or has failed. */
  run<A extends readonly unknown[], R>(f: (...args: A) => R, ...args: A): Deferred<Result<R>> {
    return this.acquire().addCallback(() =>
      maybeDeferred(f, ...args).addBoth((result) => {
        this.release()
        return result
      }),
    ) as Deferred<unknown> as Deferred<Result<R>>
  }

  /** Releases it: `using held = await lock.acquire()`. */
  [Symbol.dispose](): void {
    this.release()
  }

  protected abstract take(): boolean
  protected abstract isHeld(): boolean
  protected abstract free(): void
}

/**
 * A lock whose `acquire` gives a Deferred. It is handed over first in, first out.
 *
 * ```ts
 * import { DeferredLock } from 'fibril/twisted'
 *
 * const lock = new DeferredLock()
 * {
 *   using held = await lock.acquire()
 *   console.log(held.locked) // => true
 * }
 * console.log(await lock.run(() => lock.locked), lock.locked) // => true false
 * ```
 */
export class DeferredLock extends Holding {
  locked = false

  protected take(): boolean {
    if (this.locked) return false
    this.locked = true
    return true
  }

  protected isHeld(): boolean {
    return this.locked
  }

  protected free(): void {
    this.locked = false
  }

  /** Plain figures of this moment. */
  stats(): { readonly locked: boolean; readonly waiting: number } {
    return Object.freeze({ locked: this.locked, waiting: this.line.length })
  }
}

/** As `DeferredLock`, for `limit` holders at a time. `tokens` is how many more may acquire it now. */
export class DeferredSemaphore extends Holding {
  readonly limit: number
  tokens: number

  /** A `UsageError` unless `tokens` is a whole number of at least 1. */
  constructor(tokens: number) {
    super()
    if (!Number.isInteger(tokens) || tokens < 1)
      throw new UsageError(`DeferredSemaphore: tokens is ${tokens}, and must be a whole number of at least 1`)
    this.limit = tokens
    this.tokens = tokens
  }

  protected take(): boolean {
    if (this.tokens === 0) return false
    this.tokens--
    return true
  }

  protected isHeld(): boolean {
    return this.tokens < this.limit
  }

  protected free(): void {
    this.tokens++
  }

  /** Plain figures of this moment. */
  stats(): { readonly tokens: number; readonly limit: number; readonly waiting: number } {
    return Object.freeze({ tokens: this.tokens, limit: this.limit, waiting: this.line.length })
  }
}
