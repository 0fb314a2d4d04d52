/**
 * Tornado's locks, on those of `fibril/sync`: the calls begin at once and give futures, waiters are first in, first out, and
 * what is released goes to the first who waits. Time limits are milliseconds from now.
 */
import { ListedWait, NOT_YET, timeoutOr, UsageError, WaitList } from '../core/index.ts'
import { Event as SyncEvent, Semaphore as SyncSemaphore } from '../sync/index.ts'
import { begin } from './begin.ts'
import type { Future } from './future.ts'

class Notification extends ListedWait<boolean> {
  readonly #condition: Condition

  constructor(condition: Condition) {
    super()
    this.#condition = condition
  }

  override get reason(): string {
    return 'a condition to be notified'
  }

  override get line(): WaitList<Notification> {
    return this.#condition.waiters
  }

  override attempt(): typeof NOT_YET {
    return NOT_YET
  }
}

/**
 * Coroutines wait, and somebody notifies them. There is no lock to it.
 *
 * ```ts
 * import { Condition } from 'fibril/tornado'
 *
 * const condition = new Condition()
 * const woken = condition.wait()
 * condition.notify()
 * console.log(await woken, await condition.wait(1)) // => true false
 * ```
 */
export class Condition {
  /** @internal */
  readonly waiters = new WaitList<Notification>()

  /** True when it is notified; false when `timeoutMs` are over. */
  wait(timeoutMs = Infinity): Future<boolean> {
    return begin('a condition to be notified', timeoutOr(timeoutMs, false, new Notification(this)))
  }

  /** Wakes the first `n` who wait. */
  notify(n = 1): void {
    for (let i = 0; i < n; i++) {
      const waiting = this.waiters.shift()
      if (waiting === null) return
      waiting.resume(true)
    }
  }

  notifyAll(): void {
    this.notify(this.waiters.size)
  }
}

/**
 * A flag that coroutines wait for.
 *
 * ```ts
 * import { Event } from 'fibril/tornado'
 *
 * const ready = new Event()
 * const waiting = ready.wait()
 * ready.set()
 * await waiting
 * console.log(ready.isSet()) // => true
 * ```
 */
export class Event {
  readonly #event = new SyncEvent()

  isSet(): boolean {
    return this.#event.isSet
  }

  /** Wakes all who wait, also if `clear` follows at once. */
  set(): void {
    this.#event.set()
  }

  clear(): void {
    this.#event.clear()
  }

  /** When it is set. After `timeoutMs` a `TimeoutError`. */
  wait(timeoutMs?: number): Future<void> {
    return begin('an event', this.#event.wait(), timeoutMs)
  }
}

/**
 * A number of permits; one may be released that was not acquired, which makes them more.
 *
 * ```ts
 * import { coroutine, Semaphore } from 'fibril/tornado'
 *
 * const seats = new Semaphore(2)
 * const visit = coroutine(function* () {
 *   using seat = yield* seats.acquire() // released at the end of the block
 *   yield null
 * })
 * await Promise.all([visit(), visit(), visit()])
 * ```
 */
export class Semaphore {
  /** @internal */
  protected readonly permits: SyncSemaphore

  constructor(value = 1, limit = Infinity) {
    if (!(Number.isInteger(value) && value >= 0))
      throw new RangeError(`the value of a semaphore is a whole number from 0, not ${value}`)
    this.permits = new SyncSemaphore(value, { limit })
  }

  /** A permit, when one is free: `using` releases it. After `timeoutMs` a `TimeoutError`; then none was taken. */
  acquire(timeoutMs?: number): Future<Disposable> {
    return begin('a permit', this.permits.acquire(), timeoutMs)
  }

  /** Gives a permit to the first who waits, or back. */
  release(): void {
    this.permits.release()
  }

  /** What holds it is what `acquire` gives, not this. */
  get [Symbol.dispose](): undefined {
    throw new UsageError(`write \`using held = yield* lock.acquire()\`, not \`using held = lock\``)
  }
}

/** A semaphore that refuses to be released more often than it was acquired. */
export class BoundedSemaphore extends Semaphore {
  constructor(value = 1) {
    super(value, Math.max(1, value))
  }
}

/**
 * One holder at a time. It belongs to nobody: any coroutine may release it. Releasing it while nobody holds it is a
 * `UsageError`.
 */
export class Lock extends BoundedSemaphore {
  constructor() {
    super(1)
  }

  override release(): void {
    if (this.permits.available > 0) throw new UsageError('release unlocked lock')
    super.release()
  }
}
