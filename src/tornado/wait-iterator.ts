import { UsageError } from '../core/index.ts'
import { Future } from './future.ts'
import { asFuture } from './with-timeout.ts'

/**
 * Gives several futures one by one, as they are done; those that are done already in the order of the arguments. It can be
 * used after a failure: each failure is its own.
 *
 * ```ts
 * import { sleep, WaitIterator } from 'fibril/tornado'
 *
 * const after = (ms: number) => sleep(ms).then(() => ms)
 * const iterator = new WaitIterator([after(20), after(1)])
 * while (!iterator.done()) {
 *   console.log(await iterator.next(), iterator.currentIndex)
 * }
 * // prints: 1 1
 * // prints: 20 0
 * ```
 */
export class WaitIterator<T> implements AsyncIterable<T> {
  /** Place in the list, or key in the record, of what `next` gave last; null before. */
  currentIndex: number | string | null = null
  /** The future that `next` gave last. */
  currentFuture: Future<T> | null = null
  readonly #left = new Map<Future<T>, number | string>()
  readonly #finished: Future<T>[] = []
  #finishedAt = 0
  #running: Future<T> | null = null

  constructor(futures: readonly PromiseLike<T>[] | Readonly<Record<string, PromiseLike<T>>>) {
    const list = Array.isArray(futures)
    const entries: [number | string, PromiseLike<T>][] = list
      ? (futures as readonly PromiseLike<T>[]).map((future, i) => [i, future])
      : Object.entries(futures as Readonly<Record<string, PromiseLike<T>>>)
    for (const [key, yieldable] of entries) {
      // One that comes twice is told twice.
      const future = asFuture(yieldable)
      this.#watch(this.#left.has(future) ? (asFuture(future.then()) as Future<T>) : future, key)
    }
  }

  #watch(future: Future<T>, key: number | string): void {
    this.#left.set(future, key)
    if (future.done()) this.#finished.push(future)
    else future.addDoneCallback((done) => this.#came(done))
  }

  /** True when all have been given. */
  done(): boolean {
    return this.#left.size === 0
  }

  /** The result of the next that is done; one at a time. A `UsageError` when there are no more. */
  next(): Future<T> {
    if (this.#running !== null) throw new UsageError('next() was called while another waits: wait for that first')
    if (this.done()) throw new UsageError('all futures of this WaitIterator were given: ask done() first')
    const running = new Future<T>('the next of a WaitIterator')
    this.#running = running
    const future = this.#finished[this.#finishedAt]
    if (future !== undefined) {
      this.#finishedAt++
      this.#give(future)
    }
    return running
  }

  #came(future: Future<T>): void {
    if (this.#running !== null) this.#give(future)
    else this.#finished.push(future)
  }

  #give(future: Future<T>): void {
    const running = this.#running as Future<T>
    this.#running = null
    this.currentIndex = this.#left.get(future) ?? null
    this.currentFuture = future
    this.#left.delete(future)
    const error = future.exception()
    if (error === null) running.tryResolve(future.result())
    else running.tryReject(error)
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, void> {
    while (!this.done()) yield await this.next()
  }
}
