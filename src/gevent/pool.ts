import { type Body, fn, type Operation } from '../core/index.ts'
import type { Returned } from '../green/index.ts'
import type { Run } from './bodies.ts'
import { PoolFull } from './errors.ts'
import { Greenlet } from './greenlet.ts'
import { Grouping } from './grouping.ts'
import { Semaphore } from './semaphore.ts'
import type { TimeLimit } from './timed-wait.ts'
import type { WaitOptions } from './wait-options.ts'

/**
 * A group with room for so many greenlets: `spawn` waits while it is full.
 *
 * ```ts
 * import { run } from 'fibril'
 * import { Pool, sleep } from 'fibril/gevent'
 *
 * await run(function* () {
 *   const pool = new Pool(2)
 *   function* square(n: number) {
 *     yield* sleep(5)
 *     return n * n
 *   }
 *   console.log((yield* pool.map(square, [1, 2, 3, 4])).join()) // prints: 1,4,9,16
 * })
 * ```
 */
export class Pool extends Grouping {
  /** How many greenlets there is room for; null for no limit. */
  readonly capacity: number | null
  private readonly room: Semaphore | null

  /** `size`: null for no limit; with 0 nothing ever starts. */
  constructor(size: number | null = null) {
    super()
    if (size !== null && !(size >= 0)) throw new RangeError(`a pool of ${size}: give 0 or more, or null for no limit`)
    this.capacity = size
    this.room = size === null ? null : new Semaphore(size)
  }

  /** How many more greenlets there is room for. */
  freeCount(): number {
    return this.room === null ? Infinity : this.room.counter
  }

  full(): boolean {
    return this.freeCount() <= 0
  }

  /** Waits until there is room, and takes none; gives how much there is. */
  waitAvailable(timeout?: TimeLimit): Operation<number> {
    return waitRoom(this.room, timeout)
  }

  /** Waits for room, and takes a greenlet in. `PoolFull` after `timeout` milliseconds, or at once if `block` is false. */
  add(greenlet: Greenlet, options: WaitOptions = {}): Operation<void> {
    return admit(this, greenlet, options, false) as Operation<unknown> as Operation<void>
  }

  /** Waits for room, takes a greenlet in, and starts it. */
  start(greenlet: Greenlet, options: WaitOptions = {}): Operation<void> {
    return admit(this, greenlet, options, true) as Operation<unknown> as Operation<void>
  }

  /** Waits for room, and starts a greenlet. */
  spawn<A extends readonly unknown[], R>(run: Run<A, R>, ...args: A): Operation<Greenlet<Returned<R>>> {
    return this.place(run as unknown as Run, args) as Operation<unknown> as Operation<Greenlet<Returned<R>>>
  }

  /** @internal */
  placeNow(run: Run, args: readonly unknown[]): Greenlet | null {
    if (this.room !== null && !this.room.tryAcquire()) return null
    const greenlet = Greenlet.prepare(run, args)
    this.take(greenlet)
    greenlet.start()
    return greenlet
  }

  /** @internal */
  place(run: Run, args: readonly unknown[]): Operation<Greenlet> {
    return placeIn(this, run, args)
  }

  /** @internal */
  *admitting(greenlet: Greenlet, options: WaitOptions): Body<void> {
    if (this.room !== null && !(yield* this.room.acquire(options))) throw new PoolFull(String(this))
    this.take(greenlet)
  }

  protected override left(): void {
    this.room?.release()
  }

  override toString(): string {
    return `a pool of ${this.size} of ${this.capacity ?? 'any number'}`
  }
}

const admit = fn(function* add(pool: Pool, greenlet: Greenlet, options: WaitOptions, start: boolean): Body<Greenlet> {
  yield* pool.admitting(greenlet, options)
  if (start) greenlet.start()
  return greenlet
})

const placeIn = fn(function* spawn(pool: Pool, run: Run, args: readonly unknown[]): Body<Greenlet> {
  const greenlet = Greenlet.prepare(run, args)
  yield* pool.admitting(greenlet, {})
  greenlet.start()
  // As a plain value: the task that spawns it does not wait for it.
  return greenlet
})

const waitRoom = fn(function* waitAvailable(room: Semaphore | null, timeout: TimeLimit): Body<number> {
  return room === null ? Infinity : yield* room.wait(timeout)
})
