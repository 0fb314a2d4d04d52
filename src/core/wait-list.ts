import type { Waiter } from './machine.ts'
import { busy, NOT_YET, Wait } from './operation.ts'

/**
 * A wait that stands in a line. What most primitives are made of: `install` is "join the line", cancelling is "leave it"
 * wherever one stands, in O(1), and whoever serves the line takes the first.
 *
 * ```ts
 * import { ListedWait, run, spawn, WaitList } from 'fibril'
 *
 * const takers = new WaitList<Take>()
 * class Take extends ListedWait<number> {
 *   override get reason() {
 *     return 'a number'
 *   }
 *   override get line(): WaitList<Take> {
 *     return takers
 *   }
 * }
 * await run(function* () {
 *   const task = spawn(function* () {
 *     return yield* new Take()
 *   })
 *   spawn(function* () {
 *     takers.shift()?.resume(42)
 *   })
 *   console.log(yield* task) // prints: 42
 * })
 * ```
 */
export abstract class ListedWait<T> extends Wait<T> {
  /** @internal */
  before: ListedWait<unknown> | null
  /** @internal */
  after: ListedWait<unknown> | null
  /** Whom to wake; set while it stands in the line. */
  waiter: Waiter<T> | null

  constructor() {
    super()
    this.before = null
    this.after = null
    this.waiter = null
  }

  /** The line to stand in. */
  abstract get line(): WaitList<ListedWait<T>>

  override install(waiter: Waiter<T>): void {
    if (this.waiter !== null) throw busy(this.reason)
    // A spent budget skips `attempt` once: what was ready then must not be waited for now.
    const value = this.attempt()
    if (value !== NOT_YET) return waiter.resume(value)
    this.waiter = waiter
    this.line.push(this)
  }

  override uninstall(): void {
    this.line.remove(this)
    this.waiter = null
  }

  /** Ends the wait of one that was taken out of the line. */
  resume(value: T): void {
    const waiter = this.waiter as Waiter<T>
    this.waiter = null
    waiter.resume(value)
  }

  /** Ends it with an error. */
  reject(error: unknown): void {
    const waiter = this.waiter as Waiter<T>
    this.waiter = null
    waiter.reject(error)
  }
}

/**
 * A line of waits, first in first out.
 *
 *     head ─▶ wait ⇄ wait ⇄ wait ◀─ tail       push at the tail, shift at the head, remove anywhere
 */
// biome-ignore lint/suspicious/noExplicitAny: a line holds waits of any result; its owner knows which
export class WaitList<W extends ListedWait<any>> implements Iterable<W> {
  private head: W | null = null
  private tail: W | null = null
  private count = 0

  get size(): number {
    return this.count
  }

  /** The first in line, or null. */
  get first(): W | null {
    return this.head
  }

  push(wait: W): void {
    wait.before = this.tail
    if (this.tail === null) this.head = wait
    else this.tail.after = wait
    this.tail = wait
    this.count++
  }

  /** Takes the first out of the line. */
  shift(): W | null {
    const wait = this.head
    if (wait !== null) this.remove(wait)
    return wait
  }

  /** Takes one out of the line, wherever it stands. It must be in this line. */
  remove(wait: W): void {
    const { before, after } = wait
    if (before === null) this.head = after as W | null
    else before.after = after
    if (after === null) this.tail = before as W | null
    else after.before = before
    wait.before = null
    wait.after = null
    this.count--
  }

  *[Symbol.iterator](): Iterator<W> {
    for (let wait = this.head; wait !== null; wait = wait.after as W | null) yield wait
  }
}
