import { KIND, NOT_YET, type Wait } from '../core/index.ts'
import { noBuffer } from './buffer.ts'
import { Exchange, Give, Take } from './exchange.ts'

/**
 * Hands items from task to task without keeping any: `send` waits until somebody has received. Both lines are first come,
 * first served. A cancelled `send` sent nothing, a cancelled `receive` received nothing.
 *
 * ```ts
 * import { run, spawn } from 'fibril'
 * import { Channel } from 'fibril/sync'
 *
 * const channel = new Channel<number>()
 * await run(function* () {
 *   spawn(function* () {
 *     yield* channel.send(1)
 *     yield* channel.send(2) // both were received when this returns
 *     channel.close()
 *   })
 *   yield* channel.forEach((n) => console.log(n))
 * })
 * // prints: 1
 * // prints: 2
 * ```
 */
export class Channel<T> extends Exchange<T> {
  constructor(options: { readonly name?: string } = {}) {
    super(options.name ?? '', 0, noBuffer)
  }

  override toString(): string {
    return this.name === '' ? 'a channel' : `channel "${this.name}"`
  }

  /** @internal */
  override get giving(): string {
    return `a receiver on ${this}`
  }

  /** @internal */
  override get taking(): string {
    return `a sender on ${this}`
  }

  /** Hands over an item; waits until somebody receives it. A `ClosedError` if it is closed, now or meanwhile. */
  send(item: T): Wait<void> {
    return new Give(this, item)
  }

  /** Waits for an item. A `ClosedError` if it is closed, now or meanwhile. */
  receive(): Wait<T> {
    return new Take(this)
  }

  /** Hands over an item if somebody waits for one. False if nobody does, or it is closed: then nothing was sent. */
  trySend(item: T): boolean {
    return this.offer(item)
  }

  /** Takes the item of the first who waits to send; undefined if nobody does. */
  tryReceive(): T | undefined {
    const item = this.take()
    return item === NOT_YET ? undefined : item
  }

  /** @internal */
  override get [KIND](): string {
    return 'channel'
  }

  /** Plain figures of this moment; `sent` counts the items of its whole life. */
  override stats(): {
    readonly name: string
    readonly closed: boolean
    readonly senders: number
    readonly receivers: number
    readonly sent: number
  } {
    const { name, closed, givers, takers, given } = this
    return Object.freeze({ name, closed, senders: givers.size, receivers: takers.size, sent: given })
  }
}
