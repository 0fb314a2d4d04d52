import { Fifo, UsageError } from '../core/index.ts'
import type { Deferred } from './deferred.ts'
import { QueueOverflow, QueueUnderflow } from './errors.ts'
import { succeed } from './make.ts'
import { WaitingLine } from './waiting-line.ts'

/** Limits of a `DeferredQueue`. */
export interface DeferredQueueOptions {
  /** Items that may be held. 0: only what somebody waits for can be put. Default: any number. */
  readonly size?: number | null
  /** How many may wait for an item. Default: any number. */
  readonly backlog?: number | null
}

/**
 * A queue whose `get` gives a Deferred. Items and waiters are served first in, first out. A cancelled `get` leaves the
 * line, and no item is lost to it.
 *
 * ```ts
 * import { DeferredQueue } from 'fibril/twisted'
 *
 * const queue = new DeferredQueue<string>()
 * queue.get().addCallback((item) => console.log(item))
 * queue.put('apple') // prints: apple
 * ```
 */
export class DeferredQueue<T> {
  readonly size: number
  readonly backlog: number
  private readonly items = new Fifo<T>()
  private readonly takers = new WaitingLine<T>()

  constructor(options: DeferredQueueOptions = {}) {
    this.size = limit('size', options.size)
    this.backlog = limit('backlog', options.backlog)
  }

  /** Gives an item to whoever has waited longest, at once, or holds it. A `QueueOverflow` if it is full. */
  put(item: T): void {
    const taker = this.takers.shift()
    if (taker !== null) taker.callback(item)
    else if (this.items.length < this.size) this.items.push(item)
    else throw new QueueOverflow(this.size)
  }

  /** The next item. A `QueueUnderflow` if too many wait already. An item that is a promise or a Deferred is waited for. */
  get(): Deferred<Awaited<T>> {
    if (this.items.length > 0) return succeed(this.items.shift() as T) as Deferred<Awaited<T>>
    if (this.takers.length >= this.backlog) throw new QueueUnderflow(this.backlog)
    return this.takers.join() as Deferred<unknown> as Deferred<Awaited<T>>
  }

  /** Plain figures of this moment. */
  stats(): { readonly items: number; readonly waiting: number; readonly size: number; readonly backlog: number } {
    const { items, takers, size, backlog } = this
    return Object.freeze({ items: items.length, waiting: takers.length, size, backlog })
  }
}

function limit(name: string, value: number | null | undefined): number {
  if (value === undefined || value === null || value === Infinity) return Infinity
  if (Number.isInteger(value) && value >= 0) return value
  throw new UsageError(`DeferredQueue: ${name} is ${String(value)}, and must be a whole number, or null for no limit`)
}
