import { type Body, fn, NOT_YET, type Operation, WaitList } from '../core/index.ts'
import type { Returned } from '../green/index.ts'
import { callRun, type Run } from './bodies.ts'
import { Done } from './done.ts'
import { getHub } from './hub.ts'
import { type Linkable, type LinkCallback, Links } from './links.ts'
import { TimedWait, type TimeLimit } from './timed-wait.ts'
import type { WaitOptions } from './wait-options.ts'

class Acquire extends TimedWait<boolean> {
  protected readonly semaphore: Semaphore

  constructor(semaphore: Semaphore, limit: TimeLimit) {
    super(limit)
    this.semaphore = semaphore
  }

  override get reason(): string {
    return String(this.semaphore)
  }

  override get line(): WaitList<TimedWait<boolean>> {
    return this.semaphore.acquires
  }

  override attempt(): boolean | typeof NOT_YET {
    return this.semaphore.take() ? true : NOT_YET
  }

  protected override expired(): void {
    this.resume(false)
  }
}

class Available extends Acquire {
  override get line(): WaitList<TimedWait<boolean>> {
    return this.semaphore.waits
  }

  override attempt(): boolean | typeof NOT_YET {
    return this.semaphore.locked() ? NOT_YET : true
  }
}

/** What can be acquired and released around a block. */
export interface Acquirable {
  acquire(options?: WaitOptions): Operation<boolean>
  release(): unknown
}

const holding = fn(function* holding(lock: Acquirable, body: Run): Body<unknown> {
  yield* lock.acquire()
  try {
    return yield* callRun(body, [])
  } finally {
    lock.release()
  }
})

/** @internal Runs `body` while `lock` is held. */
export function withLock<R>(lock: Acquirable, body: () => R): Operation<Returned<R>> {
  return holding(lock, body as unknown as Run) as Operation<Returned<R>>
}

/**
 * A number of permits. Unlike in gevent, what is released goes to whoever has waited longest: a greenlet that releases and acquires
 * in a loop does not keep the others out.
 *
 * ```ts
 * import { run } from 'fibril'
 * import { joinall, Semaphore, sleep, spawn } from 'fibril/gevent'
 *
 * await run(function* () {
 *   const two = new Semaphore(2)
 *   const work = (n: number) =>
 *     two.with(function* () {
 *       console.log(`${n} is in`)
 *       yield* sleep(20 * n * n)
 *       console.log(`${n} is out`)
 *     })
 *   yield* joinall([1, 2, 3].map((n) => spawn(work, n)))
 * })
 * // prints: 1 is in
 * // prints: 2 is in
 * // prints: 1 is out
 * // prints: 3 is in
 * // prints: 2 is out
 * // prints: 3 is out
 * ```
 */
export class Semaphore implements Linkable, Acquirable {
  /** @internal */
  readonly acquires = new WaitList<TimedWait<boolean>>()
  /** @internal */
  readonly waits = new WaitList<TimedWait<boolean>>()
  private links: Links<this> | null = null
  private permits: number

  constructor(value = 1) {
    if (!(value >= 0)) throw new RangeError(`a semaphore of ${value}: give 0 or more permits`)
    this.permits = value
  }

  /** The permits that are free. */
  get counter(): number {
    return this.permits
  }

  /** True while no permit is free. */
  locked(): boolean {
    return this.permits === 0
  }

  /** True while a permit is free. */
  ready(): boolean {
    return this.permits > 0
  }

  /**
   * Takes a permit, and waits while none is free: true. False if that takes longer than `timeout` milliseconds, or at once if
   * `block` is false.
   */
  acquire(options: WaitOptions = {}): Operation<boolean> {
    return options.block === false ? new Done(this.take()) : new Acquire(this, options.timeout)
  }

  /** Takes a permit if one is free. */
  tryAcquire(): boolean {
    return this.take()
  }

  /** @internal */
  take(): boolean {
    if (this.permits === 0) return false
    this.permits--
    return true
  }

  /** Gives `count` permits back, to those who have waited longest. Anybody may; there may be more than in the beginning. */
  release(count = 1): number {
    for (let i = 0; i < count; i++) {
      const acquire = this.acquires.shift()
      if (acquire === null) this.permits++
      else acquire.resume(true)
    }
    if (this.permits > 0) {
      for (let wait = this.waits.shift(); wait !== null; wait = this.waits.shift()) wait.resume(true)
      this.links?.notify(getHub(), this, () => (this.permits > 0 ? 'value' : null))
    }
    return this.permits
  }

  /** Waits until a permit is free, and takes none; gives how many are. */
  wait(timeout?: TimeLimit): Operation<number> {
    return available(this, timeout)
  }

  /** Runs `body` while it holds a permit. */
  with<R>(body: () => R): Operation<Returned<R>> {
    return withLock(this, body)
  }

  /** Has `callback` called in the loop when a permit is free. */
  rawlink(callback: LinkCallback<this>): void {
    this.links ??= new Links()
    this.links.add(callback, 'any', null)
    if (this.permits > 0) this.links.notify(getHub(), this, () => (this.permits > 0 ? 'value' : null))
  }

  unlink(callback: LinkCallback<this>): void {
    this.links?.remove(callback)
  }

  toString(): string {
    return `a semaphore (${this.permits} free)`
  }
}

const available = fn(function* wait(semaphore: Semaphore, timeout: TimeLimit): Body<number> {
  yield* new Available(semaphore, timeout)
  return semaphore.counter
})

/** A semaphore that cannot be released more often than it was acquired: a `RangeError`. */
export class BoundedSemaphore extends Semaphore {
  private readonly limit: number

  constructor(value = 1) {
    super(value)
    this.limit = value
  }

  override release(count = 1): number {
    if (this.counter + count > this.limit) throw new RangeError('Semaphore released too many times')
    return super.release(count)
  }
}

/** Looks like a semaphore, and never keeps anybody waiting. */
export class DummySemaphore implements Acquirable {
  locked(): boolean {
    return false
  }

  ready(): boolean {
    return true
  }

  acquire(_options?: WaitOptions): Operation<boolean> {
    return new Done(true)
  }

  release(): void {}

  with<R>(body: () => R): Operation<Returned<R>> {
    return withLock(this, body)
  }
}
