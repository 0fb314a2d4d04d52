import { KIND, ListedWait, NOT_YET, UsageError, type Wait, WaitList } from '../core/index.ts'
import { bufferFor, type Order } from './buffer.ts'
import { Exchange, Give, Take } from './exchange.ts'

export interface QueueOptions<T> {
  /** The most items that it holds, 1 or more; without it there is no limit. */
  readonly capacity?: number
  /** Shown by reports and the inspector. */
  readonly name?: string
  /** `'fifo'` if not given. A function makes a priority queue: the smallest first, equal ones first in, first out. */
  readonly order?: Order<T>
}

class Done extends ListedWait<void> {
  private readonly queue: Queue<unknown>

  constructor(queue: Queue<unknown>) {
    super()
    this.queue = queue
  }

  override get reason(): string {
    return `the ${this.queue.unfinished} unfinished items of ${this.queue}`
  }

  override get line(): WaitList<Done> {
    return this.queue.joiners
  }

  override attempt(): void | typeof NOT_YET {
    return this.queue.unfinished === 0 ? undefined : NOT_YET
  }
}

/**
 * Hands items from tasks that put to tasks that get, in order; both lines are first come, first served. `put` waits while
 * it is full, `get` while it is empty; `tryPut` and `tryGet` never wait, and may be called from anywhere.
 *
 * A cancel loses nothing: a cancelled `put` puts nothing, a cancelled `get` takes nothing.
 *
 * ```ts
 * import { run, spawn } from 'fibril'
 * import { Queue } from 'fibril/sync'
 *
 * const jobs = new Queue<string>({ capacity: 2, name: 'jobs' })
 * await run(function* () {
 *   spawn(function* () {
 *     yield* jobs.forEach((job) => console.log(job))
 *   })
 *   for (const job of ['a', 'b', 'c']) yield* jobs.put(job)
 *   yield* jobs.join()
 *   console.log('all done')
 *   jobs.close()
 * })
 * // prints: a
 * // prints: b
 * // prints: c
 * // prints: all done
 *
 * const urgent = new Queue<{ rank: number }>({ order: (a, b) => a.rank - b.rank })
 * urgent.tryPut({ rank: 2 })
 * urgent.tryPut({ rank: 1 })
 * console.log(urgent.tryGet()?.rank) // prints: 1
 * ```
 */
export class Queue<T> extends Exchange<T> {
  /** @internal */
  readonly joiners = new WaitList<Done>()
  private done = 0

  constructor(options: QueueOptions<T> = {}) {
    const { capacity = Infinity, name = '', order = 'fifo' } = options
    if (capacity === 0) throw new UsageError('a queue of capacity 0 holds nothing: use a Channel')
    if (capacity !== Infinity && !(Number.isInteger(capacity) && capacity > 0)) {
      throw new UsageError(`the capacity of a queue is a whole number from 1, or Infinity, not ${capacity}`)
    }
    super(name, capacity, bufferFor(order))
  }

  override toString(): string {
    return this.name === '' ? 'a queue' : `queue "${this.name}"`
  }

  /** @internal */
  override get giving(): string {
    return `room in ${this}`
  }

  /** @internal */
  override get taking(): string {
    return `an item of ${this}`
  }

  /** Puts an item; waits while the queue is full. A `ClosedError` if it is closed, now or meanwhile: then nothing was put. */
  put(item: T): Wait<void> {
    return new Give(this, item)
  }

  /** Takes the next item; waits while there is none. A `ClosedError` if it is closed and empty, now or meanwhile. */
  get(): Wait<T> {
    return new Take(this)
  }

  /** Puts an item if that needs no waiting. False if the queue is full or closed: then nothing was put. */
  tryPut(item: T): boolean {
    return !this.closed && this.offer(item)
  }

  /** Takes the next item if there is one; otherwise undefined. A queue that may hold undefined is asked for its `size` first. */
  tryGet(): T | undefined {
    const item = this.take()
    return item === NOT_YET ? undefined : item
  }

  /** Items that were put, and not marked as done. */
  get unfinished(): number {
    return this.given - this.done
  }

  /** Marks an item that was taken as done, for `join`. `forEach` does it by itself. */
  taskDone(): void {
    if (this.unfinished === this.size)
      throw new UsageError(`taskDone() was called more often on ${this} than items were taken`)
    this.done++
    if (this.done < this.given) return
    for (let join = this.joiners.shift(); join !== null; join = this.joiners.shift()) join.resume()
  }

  /** Waits until every item that was put is marked as done. Items that `close` discards count as done. */
  join(): Wait<void> {
    return new Done(this as Queue<unknown>)
  }

  /** @internal */
  override handled(): void {
    this.taskDone()
  }

  /** @internal */
  override get [KIND](): string {
    return 'queue'
  }

  /** Plain figures of this moment; `put` counts the items of its whole life. */
  override stats(): {
    readonly name: string
    readonly size: number
    readonly capacity: number
    readonly closed: boolean
    readonly getters: number
    readonly putters: number
    readonly put: number
    readonly unfinished: number
  } {
    return Object.freeze({
      name: this.name,
      size: this.size,
      capacity: this.capacity,
      closed: this.closed,
      getters: this.takers.size,
      putters: this.givers.size,
      put: this.given,
      unfinished: this.unfinished,
    })
  }
}
