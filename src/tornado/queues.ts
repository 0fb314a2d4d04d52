/**
 * Tornado's queues, on that of `fibril/sync`: the calls begin at once and give futures, and time limits are milliseconds
 * from now. Items and waiters are first in, first out. A get that is cancelled, or whose time is over, takes nothing.
 */
import { type Order, Queue as SyncQueue } from '../sync/index.ts'
import { begin } from './begin.ts'
import { QueueEmpty, QueueFull } from './errors.ts'
import type { Future } from './future.ts'

/**
 * A queue that coroutines put to and get from. `maxsize` 0 means no limit; a fraction is rounded up.
 *
 * ```ts
 * import { coroutine, Queue } from 'fibril/tornado'
 *
 * const jobs = new Queue<string>(2)
 * const consumer = coroutine(function* () {
 *   for (;;) {
 *     const job = yield* jobs.get()
 *     console.log(job)
 *     jobs.taskDone()
 *   }
 * })
 * const running = consumer()
 * for (const job of ['a', 'b', 'c']) await jobs.put(job)
 * await jobs.join()
 * running.cancel()
 * // prints: a
 * // prints: b
 * // prints: c
 * ```
 */
export class Queue<T> implements AsyncIterable<T> {
  readonly maxsize: number
  readonly #queue: SyncQueue<T>
  readonly #names: { readonly room: string; readonly item: string }

  /** `order` is what the subclasses are made of: see `QueueOptions` of `fibril/sync`. */
  constructor(maxsize = 0, order: Order<T> = 'fifo') {
    this.maxsize = checkedSize(maxsize)
    this.#names = { room: `room in ${this}`, item: `an item of ${this}` }
    this.#queue = new SyncQueue<T>({ capacity: this.maxsize === 0 ? Infinity : this.maxsize, order })
  }

  /** Items in it. */
  qsize(): number {
    return this.#queue.size
  }

  empty(): boolean {
    return this.qsize() === 0
  }

  full(): boolean {
    return this.maxsize > 0 && this.qsize() >= this.maxsize
  }

  /** Puts an item, when there is room. After `timeoutMs` a `TimeoutError`; then nothing was put. */
  put(item: T, timeoutMs?: number): Future<void> {
    return begin(this.#names.room, this.#queue.put(item), timeoutMs)
  }

  /** Puts an item now; throws `QueueFull`. */
  putNowait(item: T): void {
    if (!this.#queue.tryPut(item)) throw new QueueFull(String(this))
  }

  /** The next item, when there is one. After `timeoutMs` a `TimeoutError`; then nothing was taken. */
  get(timeoutMs?: number): Future<T> {
    return begin(this.#names.item, this.#queue.get(), timeoutMs)
  }

  /** The next item now; throws `QueueEmpty`. */
  getNowait(): T {
    if (this.empty()) throw new QueueEmpty(String(this))
    return this.#queue.tryGet() as T
  }

  /** Marks an item that was taken as done. More often than items were taken is a `UsageError`. */
  taskDone(): void {
    this.#queue.taskDone()
  }

  /** When all items are marked as done. */
  join(timeoutMs?: number): Future<void> {
    return begin(`all items of ${this} to be done`, this.#queue.join(), timeoutMs)
  }

  /** The items as they come. Never ends. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, never, void> {
    for (;;) yield await this.get()
  }

  toString(): string {
    const size = this.maxsize === 0 ? '' : ` of ${this.maxsize}`
    return `a ${this.constructor.name}${size}`
  }
}

/** Gives the smallest item first: numbers and texts by value, lists item by item; or as `compare` says. */
export class PriorityQueue<T> extends Queue<T> {
  constructor(maxsize = 0, compare: (a: T, b: T) => number = natural) {
    super(maxsize, compare)
  }
}

/** Gives the newest item first. */
export class LifoQueue<T> extends Queue<T> {
  constructor(maxsize = 0) {
    super(maxsize, 'lifo')
  }
}

function natural(a: unknown, b: unknown): number {
  if (Array.isArray(a) && Array.isArray(b)) {
    for (let i = 0; i < Math.min(a.length, b.length); i++) {
      const order = natural(a[i], b[i])
      if (order !== 0) return order
    }
    return a.length - b.length
  }
  if ((a as number) < (b as number)) return -1
  return (a as number) > (b as number) ? 1 : 0
}

function checkedSize(maxsize: unknown): number {
  if (typeof maxsize !== 'number' || Number.isNaN(maxsize))
    throw new TypeError(`maxsize is a number, not ${String(maxsize)}`)
  if (maxsize < 0) throw new RangeError(`maxsize can't be negative: ${maxsize}`)
  return maxsize === Infinity ? 0 : Math.ceil(maxsize)
}
