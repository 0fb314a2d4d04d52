import {
  Inspectable,
  KIND,
  ListedWait,
  NOT_YET,
  type Operation,
  type TaskBody,
  UsageError,
  type Wait,
  WaitList,
} from '../core/index.ts'
import { holding } from './holding.ts'

export interface SemaphoreOptions {
  /** Shown by reports and the inspector. */
  readonly name?: string
  /** The most permits that may be free: to release more is a mistake. As many as at the start, if not given. */
  readonly limit?: number
}

class Acquire extends ListedWait<Disposable> {
  private readonly semaphore: Semaphore

  constructor(semaphore: Semaphore) {
    super()
    this.semaphore = semaphore
  }

  override get reason(): string {
    return `a permit of ${this.semaphore}`
  }

  override get line(): WaitList<Acquire> {
    return this.semaphore.waiters
  }

  override attempt(): Disposable | typeof NOT_YET {
    return this.semaphore.tryAcquire() ? this.semaphore : NOT_YET
  }

  override holders(): Iterable<object> {
    return this.semaphore.holders()
  }
}

/**
 * A number of permits. `acquire` takes one, and waits while none is free; a permit that is released goes to whoever has
 * waited longest, at once. A permit belongs to nobody: it may be released by another task.
 *
 * ```ts
 * import { run, sleep, spawn } from 'fibril'
 * import { Semaphore } from 'fibril/sync'
 *
 * const seats = new Semaphore(2, { name: 'seats' })
 * let sitting = 0
 * let most = 0
 * await run(function* () {
 *   for (let guest = 0; guest < 5; guest++) {
 *     spawn(function* () {
 *       using seat = yield* seats.acquire() // released at the end of the block
 *       most = Math.max(most, ++sitting)
 *       yield* sleep(1)
 *       sitting--
 *     })
 *   }
 * })
 * console.log(most, seats.available) // => 2 2
 * ```
 */
export class Semaphore extends Inspectable implements Disposable {
  readonly name: string
  readonly limit: number
  /** @internal */
  readonly waiters = new WaitList<Acquire>()
  private free: number

  constructor(permits: number, options: SemaphoreOptions = {}) {
    super()
    const { name = '', limit = permits } = options
    if (!(Number.isInteger(permits) && permits >= 0)) {
      throw new UsageError(`the permits of a semaphore are a whole number from 0, not ${permits}`)
    }
    if (!(limit >= Math.max(permits, 1))) {
      throw new UsageError(`a semaphore of ${permits} permits cannot have the limit ${limit}: it would be of no use`)
    }
    this.name = name
    this.limit = limit
    this.free = permits
  }

  override toString(): string {
    return this.name === '' ? 'a semaphore' : `semaphore "${this.name}"`
  }

  /** Permits that are free now. */
  get available(): number {
    return this.free
  }

  /** Takes a permit; waits while none is free. The result releases it at the end of a `using` block. A cancelled wait took none. */
  acquire(): Wait<Disposable> {
    return new Acquire(this)
  }

  /** Takes a permit if one is free. */
  tryAcquire(): boolean {
    if (this.free === 0) return false
    this.free--
    return true
  }

  /** Gives a permit back: to the first who waits, if anybody does. One more than the limit is a `UsageError`. */
  release(): void {
    const next = this.waiters.shift()
    if (next !== null) return next.resume(this)
    if (this.free >= this.limit)
      throw new UsageError(`${this} was released more often than acquired: all ${this.free} permits are free`)
    this.free++
  }

  /** Runs `body` while holding a permit. */
  with<T>(body: TaskBody<T>): Operation<T> {
    return holding(this, body)
  }

  /** For `using`: the same as `release`. */
  [Symbol.dispose](): void {
    this.release()
  }

  /** @internal Tasks that are known to hold a permit. */
  holders(): Iterable<object> {
    return []
  }

  /** @internal */
  override get [KIND](): string {
    return 'semaphore'
  }

  /** Plain figures of this moment. */
  override stats(): {
    readonly name: string
    readonly available: number
    readonly limit: number
    readonly waiting: number
  } {
    return Object.freeze({ name: this.name, available: this.free, limit: this.limit, waiting: this.waiters.size })
  }
}
