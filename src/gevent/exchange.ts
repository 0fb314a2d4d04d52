/**
 * Theory of operation: as the exchange of `fibril/sync`, with limits of time, and with a look at the next item.
 *
 *     givers ─▶ wait ⇄ wait          buffer          takers ─▶ wait ⇄ wait
 *     (parked while it is full)      ≤ maxsize       (parked while it is empty)
 *
 * While somebody waits to take, the buffer is empty and nobody waits to give; while somebody waits to give, it is full. So whoever
 * finds an item or room overtakes nobody. A channel has no buffer: it is always full and always empty.
 */
import { type Body, fn, NOT_YET, type Operation, WaitList } from '../core/index.ts'
import { Done } from './done.ts'
import { Empty, Full, ShutDown } from './errors.ts'
import type { ItemBuffer } from './item-buffer.ts'
import { TimedWait, type TimeLimit } from './timed-wait.ts'
import type { WaitOptions } from './wait-options.ts'

/** Put into a queue, it ends the loops over it: one loop each. */
export const StopIteration: unique symbol = Symbol('StopIteration')

/** What may be put into a queue. */
export type Item<T> = T | typeof StopIteration

/** Waits for room, with an item in hand. */
class Give<T> extends TimedWait<void> {
  readonly item: T
  private readonly queue: Exchange<T>

  constructor(queue: Exchange<T>, item: T, limit: TimeLimit) {
    super(limit)
    this.queue = queue
    this.item = item
  }

  override get reason(): string {
    return `${this.queue} to have room`
  }

  override get line(): WaitList<Give<T>> {
    return this.queue.givers
  }

  override attempt(): void | typeof NOT_YET {
    return this.queue.offer(this.item) ? undefined : NOT_YET
  }

  protected override expired(): void {
    this.reject(new Full(String(this.queue)))
  }
}

/** Waits for an item. */
export class Take<T> extends TimedWait<T> {
  readonly leaves: boolean
  private readonly queue: Exchange<T>

  /** `leaves`: it only looks. */
  constructor(queue: Exchange<T>, leaves: boolean, limit: TimeLimit) {
    super(limit)
    this.queue = queue
    this.leaves = leaves
  }

  override get reason(): string {
    return `an item of ${this.queue}`
  }

  override get line(): WaitList<Take<T>> {
    return this.queue.takers
  }

  override attempt(): T | typeof NOT_YET {
    return this.leaves ? this.queue.look() : this.queue.take()
  }

  protected override expired(): void {
    this.reject(new Empty(String(this.queue)))
  }
}

/** The limit of time of a queue's call. */
export function limitOf({ timeout }: WaitOptions): TimeLimit {
  if (typeof timeout === 'number' && timeout < 0)
    throw new RangeError(`timeout ${timeout}: give 0 or more milliseconds`)
  return timeout
}

const takeEach = fn(function* forEach(queue: Exchange<unknown>, body: (item: unknown) => unknown): Body<void> {
  const call = fn(body as (item: unknown) => Body<unknown>)
  for (let step = yield* queue.next(); !step.done; step = yield* queue.next()) yield* call(step.value)
})

const nextOf = fn(function* next<T>(queue: Exchange<T>): Body<IteratorResult<T, undefined>> {
  try {
    const item = yield* queue.get()
    if ((item as unknown) !== StopIteration) return { value: item, done: false }
  } catch (error) {
    if (!(error instanceof ShutDown)) throw error
  }
  return { value: undefined, done: true }
})

/** What queues and channels share. */
export abstract class Exchange<T> implements AsyncIterable<T> {
  /** The most items that it holds; null for no limit. */
  readonly maxsize: number | null
  /** @internal */
  readonly givers = new WaitList<Give<T>>()
  /** @internal */
  readonly takers = new WaitList<Take<T>>()
  /** @internal */
  protected readonly buffer: ItemBuffer<T>
  private down = false

  constructor(maxsize: number | null, buffer: ItemBuffer<T>) {
    this.maxsize = maxsize
    this.buffer = buffer
  }

  private get room(): number {
    return this.maxsize ?? Infinity
  }

  abstract toString(): string

  /** How many items it holds. */
  qsize(): number {
    return this.buffer.length
  }

  /** How many items it holds. */
  get size(): number {
    return this.buffer.length
  }

  empty(): boolean {
    return this.buffer.length === 0
  }

  full(): boolean {
    return this.buffer.length >= this.room
  }

  /** True once it was shut down. */
  get isShutdown(): boolean {
    return this.down
  }

  /**
   * Puts an item, and waits while there is no room; `Full` after `timeout` milliseconds, or at once if `block` is false.
   * `ShutDown` if it was shut down. If the wait is cancelled, the item was not put.
   */
  put(item: Item<T>, options: WaitOptions = {}): Operation<void> {
    return options.block === false ? new Done(this.putNowait(item)) : new Give(this, item as T, limitOf(options))
  }

  /** Puts an item without waiting, from callbacks too; `Full` if there is no room. */
  putNowait(item: Item<T>): void {
    if (!this.offer(item as T)) throw new Full(String(this))
  }

  /** Takes an item, and waits while there is none; `Empty` after `timeout` milliseconds, or at once if `block` is false. */
  get(options: WaitOptions = {}): Operation<T> {
    return options.block === false ? new Done(this.getNowait()) : new Take(this, false, limitOf(options))
  }

  /** Takes an item without waiting, in callbacks too; `Empty` if there is none. */
  getNowait(): T {
    const item = this.take()
    if (item === NOT_YET) throw new Empty(String(this))
    return item
  }

  /** @internal As a link: puts what it is linked to. */
  linked(source: unknown): void {
    this.putNowait(source as T)
  }

  /** The next item, as iterators give it: `{ value }`, or `{ done: true }` for `StopIteration` or when it was shut down. */
  next(): Operation<IteratorResult<T, undefined>> {
    return nextOf(this) as Operation<IteratorResult<T, undefined>>
  }

  /** Calls `body` with each item, one after the other, until `StopIteration` or a shutdown. */
  forEach(body: (item: T) => unknown): Operation<void> {
    return takeEach(this as Exchange<unknown>, body as (item: unknown) => unknown)
  }

  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    return { next: () => this.next().then() }
  }

  /**
   * Nothing can be put any more: `ShutDown` for who tries, and for who waits to. What it holds can still be taken, unless it is
   * `immediate`; after that, takers get `ShutDown` too.
   */
  shutdown(immediate = false): void {
    this.down = true
    if (immediate) while (this.buffer.length > 0) this.discard(this.buffer.shift() as T)
    for (let give = this.givers.shift(); give !== null; give = this.givers.shift()) give.reject(this.shutDown())
    for (let take = this.takers.shift(); take !== null; take = this.takers.shift()) take.reject(this.shutDown())
  }

  private shutDown(): ShutDown {
    return new ShutDown(String(this))
  }

  /** An item will never be taken. */
  protected discard(_item: T): void {}

  /** An item has come in. */
  protected accepted(): void {}

  /** @internal Puts without waiting; false if there is no room. */
  offer(item: T): boolean {
    if (this.down) throw this.shutDown()
    const { buffer } = this
    if (buffer.length === 0) {
      for (let take = this.takers.shift(); take !== null; take = this.takers.shift()) {
        if (!take.leaves) this.accepted()
        take.resume(item)
        if (!take.leaves) return true
      }
    }
    if (buffer.length >= this.room) return false
    buffer.push(item)
    this.accepted()
    return true
  }

  /** @internal Takes without waiting. */
  take(): T | typeof NOT_YET {
    const { buffer } = this
    if (buffer.length > 0) {
      const item = buffer.shift() as T
      this.admit()
      return item
    }
    const give = this.maxsize === 0 ? this.givers.shift() : null
    if (give !== null) {
      give.resume()
      return give.item
    }
    if (this.down) throw this.shutDown()
    return NOT_YET
  }

  /** @internal What comes out next. */
  look(): T | typeof NOT_YET {
    if (this.buffer.length > 0) return this.buffer.peek() as T
    if (this.down) throw this.shutDown()
    return NOT_YET
  }

  private admit(): void {
    const give = this.givers.shift()
    if (give === null) return
    this.buffer.push(give.item)
    this.accepted()
    give.resume()
  }
}
