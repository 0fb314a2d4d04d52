import { currentLoop, NOT_YET, type Operation, WaitList } from '../core/index.ts'
import { Done } from './done.ts'
import { Empty } from './errors.ts'
import { Exchange, limitOf, Take } from './exchange.ts'
import { bufferFor, type ItemBuffer, naturally } from './item-buffer.ts'
import { TimedWait, type TimeLimit } from './timed-wait.ts'
import type { WaitOptions } from './wait-options.ts'

class AllDone extends TimedWait<boolean> {
  private readonly queue: Queue<unknown>

  constructor(queue: Queue<unknown>, limit: TimeLimit) {
    super(limit)
    this.queue = queue
  }

  override get reason(): string {
    return `${this.queue} to be worked off (${this.queue.unfinishedTasks} left)`
  }

  override get line(): WaitList<AllDone> {
    return this.queue.joins
  }

  override attempt(): boolean | typeof NOT_YET {
    return this.queue.unfinishedTasks === 0 ? true : NOT_YET
  }

  protected override expired(): void {
    this.resume(false)
  }
}

/**
 * Hands items from greenlets that put to greenlets that get, in order.
 *
 * ```ts
 * import { run } from 'fibril'
 * import { Queue, spawn, StopIteration } from 'fibril/gevent'
 *
 * await run(function* () {
 *   const queue = new Queue<string>(2)
 *   spawn(function* () {
 *     for (const item of ['a', 'b', 'c', StopIteration] as const) yield* queue.put(item)
 *   })
 *   yield* queue.forEach((item) => console.log(item))
 * })
 * // prints: a
 * // prints: b
 * // prints: c
 * ```
 */
export class Queue<T = unknown> extends Exchange<T> {
  /** @internal */
  readonly joins = new WaitList<AllDone>()
  private unfinished: number

  /** `maxsize`: null for no limit. `items`: what it holds from the start. */
  constructor(maxsize?: number | null, items?: Iterable<T>)
  /** @internal */
  constructor(maxsize: number | null, items: Iterable<T>, buffer: ItemBuffer<T>)
  constructor(maxsize: number | null = null, items: Iterable<T> = [], buffer = bufferFor<T>('fifo')) {
    super(limited(maxsize), buffer)
    this.unfinished = 0
    for (const item of items) this.putNowait(item)
  }

  /** As `get`, and leaves the item where it is. */
  peek(options: WaitOptions = {}): Operation<T> {
    return options.block === false ? new Done(this.peekNowait()) : new Take(this, true, limitOf(options))
  }

  /** As `getNowait`, and leaves the item where it is. */
  peekNowait(): T {
    const item = this.look()
    if (item === NOT_YET) throw new Empty(String(this))
    return item
  }

  /** Items that were put and not yet told to be done by `taskDone`. */
  get unfinishedTasks(): number {
    return this.unfinished
  }

  protected override accepted(): void {
    this.unfinished++
  }

  protected override discard(): void {
    this.taskDone()
  }

  /** Says that an item which was taken has been dealt with. A `RangeError` for more of these than there were items. */
  taskDone(): void {
    if (this.unfinished === 0) throw new RangeError('taskDone() called too many times')
    this.unfinished--
    if (this.unfinished > 0) return
    for (let join = this.joins.shift(); join !== null; join = this.joins.shift()) join.resume(true)
  }

  /** Waits until all items have been dealt with: true; false if that takes longer than `timeout` milliseconds. */
  join(timeout?: TimeLimit): Operation<boolean> {
    return new AllDone(this as Queue<unknown>, timeout)
  }

  override toString(): string {
    return `a queue of ${this.size}`
  }
}

function limited(maxsize: number | null): number | null {
  if (maxsize !== 0) return maxsize !== null && maxsize < 0 ? null : maxsize
  currentLoop().host.warn('Queue(0) has no limit: write Queue(null) for that, or Channel for a queue without room')
  return null
}

/** The same: every `Queue` has `taskDone` and `join`. */
export const JoinableQueue: typeof Queue = Queue
export type JoinableQueue<T> = Queue<T>

/** A queue that gives the last item first. */
export class LifoQueue<T = unknown> extends Queue<T> {
  constructor(maxsize: number | null = null, items: Iterable<T> = []) {
    super(maxsize, items, bufferFor<T>('lifo'))
  }
}

/** A queue that gives the smallest item first: of numbers, texts, or arrays that begin with such; or by `compare`. */
export class PriorityQueue<T = unknown> extends Queue<T> {
  constructor(
    maxsize: number | null = null,
    items: Iterable<T> = [],
    options: { readonly compare?: (a: T, b: T) => number } = {},
  ) {
    super(maxsize, items, bufferFor<T>(options.compare ?? naturally))
  }
}

/** A queue without room: who puts waits for who gets. */
export class Channel<T = unknown> extends Exchange<T> {
  constructor() {
    super(0, bufferFor<T>('fifo'))
  }

  override toString(): string {
    return 'a channel'
  }
}
