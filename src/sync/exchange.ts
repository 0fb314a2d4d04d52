/**
 * Theory of operation: an exchange is where items go from those who give to those who take. Queues and channels are faces
 * of it.
 *
 *     givers ─▶ wait ⇄ wait          buffer          takers ─▶ wait ⇄ wait
 *     (parked while it is full)      ≤ capacity      (parked while it is empty)
 *
 * Two rules hold between any two calls, and all else follows from them:
 *   1. while somebody waits to take, the buffer is empty and nobody waits to give;
 *   2. while somebody waits to give, the buffer is full.
 * So an item goes straight to the first taker, or into the buffer; an item that leaves the buffer makes room for that of
 * the first giver, at once; and whoever finds something to take or room to give overtakes nobody. An exchange without a
 * buffer is always full, and always empty.
 *
 * An item belongs to its giver until it was handed to a taker or put in the buffer, and to its taker from then on: a giver
 * that is cancelled takes its item with it, a taker that is cancelled leaves nothing behind, and one that was handed an
 * item before the cancel reached it still gets it (core/task.ts, rule 3).
 *
 * Once closed, nothing can be given any more, and who waits to give is told. What the buffer holds can still be taken.
 */
import {
  type Body,
  ClosedError,
  fn,
  Inspectable,
  ListedWait,
  NOT_YET,
  newcomers,
  type Operation,
  type Wait,
  WaitList,
} from '../core/index.ts'
import type { Buffer } from './buffer.ts'

/** Waits for room, with an item in hand. */
export class Give<T> extends ListedWait<void> {
  readonly item: T
  private readonly exchange: Exchange<T>

  constructor(exchange: Exchange<T>, item: T) {
    super()
    this.exchange = exchange
    this.item = item
  }

  override get reason(): string {
    return this.exchange.giving
  }

  override get line(): WaitList<Give<T>> {
    return this.exchange.givers
  }

  override attempt(): void | typeof NOT_YET {
    if (this.exchange.closed) throw this.exchange.closedError()
    return this.exchange.offer(this.item) ? undefined : NOT_YET
  }
}

/** Waits for an item, to give `R` to its task. */
abstract class Taking<T, R> extends ListedWait<R> {
  protected readonly exchange: Exchange<T>

  constructor(exchange: Exchange<T>) {
    super()
    this.exchange = exchange
  }

  override get reason(): string {
    return this.exchange.taking
  }

  override get line(): WaitList<ListedWait<R>> {
    return this.exchange.takers as unknown as WaitList<ListedWait<R>>
  }

  abstract hand(item: T): void

  /** There will be no more items. */
  abstract end(): void
}

/** Waits for an item. */
export class Take<T> extends Taking<T, T> {
  override attempt(): T | typeof NOT_YET {
    const item = this.exchange.take()
    if (item === NOT_YET && this.exchange.closed) throw this.exchange.closedError()
    return item
  }

  override hand(item: T): void {
    this.resume(item)
  }

  override end(): void {
    this.reject(this.exchange.closedError())
  }
}

/** Waits for an item, or for the news that there will be none. */
class Next<T> extends Taking<T, IteratorResult<T, undefined>> {
  override attempt(): IteratorResult<T, undefined> | typeof NOT_YET {
    const item = this.exchange.take()
    if (item !== NOT_YET) return { value: item, done: false }
    return this.exchange.closed ? { value: undefined, done: true } : NOT_YET
  }

  override hand(item: T): void {
    this.resume({ value: item, done: false })
  }

  override end(): void {
    this.resume({ value: undefined, done: true })
  }
}

const takeEach = fn(function* forEach<T>(exchange: Exchange<T>, body: (item: T) => unknown): Body<void> {
  // A call takes whatever the body gives: a generator, an operation, a promise or nothing.
  const call = fn(body as (item: T) => Body<unknown>)
  for (let next = yield* exchange.next(); !next.done; next = yield* exchange.next()) {
    try {
      yield* call(next.value)
    } finally {
      exchange.handled()
    }
  }
})

/** What queues and channels share: the two lines, closing, and taking until the end. */
export abstract class Exchange<T> extends Inspectable implements AsyncIterable<T> {
  readonly name: string
  /** The most items that it holds. */
  readonly capacity: number
  /** @internal */
  readonly givers = new WaitList<Give<T>>()
  /** @internal */
  readonly takers = new WaitList<Taking<T, unknown>>()
  /** @internal Items that were given, in all. */
  given = 0
  private readonly buffer: Buffer<T>
  private isClosed = false
  private reason: unknown = undefined

  /** @internal */
  constructor(name: string, capacity: number, buffer: Buffer<T>) {
    super()
    this.name = name
    this.capacity = capacity
    this.buffer = buffer
    if (newcomers.told !== null) newcomers.told(this)
  }

  /** Items that wait to be taken. */
  get size(): number {
    return this.buffer.length
  }

  /** True once it was closed; there may be items left to take. */
  get closed(): boolean {
    return this.isClosed
  }

  abstract override toString(): string
  /** @internal What a task waits for that gives. */
  abstract get giving(): string
  /** @internal What a task waits for that takes. */
  abstract get taking(): string

  /**
   * The next item, in the form that iterators have: `{ value, done: false }`, or `{ done: true }` when it is closed and
   * nothing is left. For loops that end with the items:
   *
   * ```ts fragment
   * for (let next = yield* queue.next(); !next.done; next = yield* queue.next()) use(next.value)
   * ```
   */
  next(): Wait<IteratorResult<T, undefined>> {
    return new Next(this)
  }

  /**
   * Takes items until the end, and runs `body` with each, one after the other, to its end; `body` may wait. A failure of
   * `body` ends the loop and is thrown.
   */
  forEach(body: (item: T) => unknown): Operation<void> {
    return takeEach(this, body)
  }

  /** For `for await` in code outside any task. The loop ends when it is closed and nothing is left. */
  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    return {
      next: () => {
        const item = this.take()
        return item === NOT_YET ? this.next().then() : Promise.resolve({ value: item, done: false })
      },
    }
  }

  /**
   * Ends it: nothing can be given any more. Those who wait to give get a `ClosedError`, with `reason` as its cause if that is
   * an error. What it holds can still be taken, unless `discard` is set; after that takers get a `ClosedError`, and loops
   * end. Closing again changes nothing, but may discard.
   */
  close(reason?: unknown, options: { readonly discard?: boolean } = {}): void {
    if (options.discard === true) {
      while (this.buffer.length > 0) {
        this.buffer.shift()
        this.handled()
      }
    }
    if (this.isClosed) return
    this.isClosed = true
    this.reason = reason
    for (let give = this.givers.shift(); give !== null; give = this.givers.shift()) give.reject(this.closedError())
    for (let taking = this.takers.shift(); taking !== null; taking = this.takers.shift()) taking.end()
  }

  /** @internal */
  closedError(): ClosedError {
    const { reason } = this
    const why = reason === undefined ? '' : `: ${reason instanceof Error ? reason.message : String(reason)}`
    return new ClosedError(`${this} was closed${why}`, reason instanceof Error ? { cause: reason } : {})
  }

  /** @internal Gives without waiting; false if there is no room. */
  offer(item: T): boolean {
    const taking = this.takers.shift()
    if (taking !== null) taking.hand(item)
    else if (this.buffer.length < this.capacity) this.buffer.push(item)
    else return false
    this.given++
    return true
  }

  /** @internal Takes without waiting. */
  take(): T | typeof NOT_YET {
    if (this.buffer.length === 0) return this.capacity === 0 ? this.takeFromHand() : NOT_YET
    const item = this.buffer.shift() as T
    if (this.givers.first !== null) this.admit()
    return item
  }

  private takeFromHand(): T | typeof NOT_YET {
    const give = this.givers.shift()
    if (give === null) return NOT_YET
    this.given++
    give.resume()
    return give.item
  }

  /** There is room for one. */
  private admit(): void {
    for (let give = this.givers.shift(); give !== null; give = this.givers.shift()) {
      try {
        this.buffer.push(give.item)
      } catch (error) {
        // The order threw; that is for its giver to know, not for the taker who made room.
        give.reject(error)
        continue
      }
      this.given++
      give.resume()
      return
    }
  }

  /** @internal An item was dealt with to the end. */
  handled(): void {}
}
