import type { Eventual, Requests } from './requests.ts'

/**
 * A result that comes later, from another task, a worker thread, a callback. Any number of tasks may wait for it.
 *
 * ```ts
 * const answer = new Future<number>('the answer')
 * setTimeout(() => answer.complete(42), 100)
 * // in a task:
 * yield ['future', answer]
 * answer.result() // 42
 * ```
 */
export class Future<T> implements Eventual {
  readonly name: string
  #outcome: { readonly value: T } | { readonly error: unknown } | undefined
  readonly #watchers = new Set<() => void>()

  /** The name is for reports: "… waits for {name}". */
  constructor(name: string) {
    this.name = name
  }

  /** The same result as a promise's. */
  static from<T>(promise: PromiseLike<T>, name = 'a promise'): Future<T> {
    const future = new Future<T>(name)
    promise.then(
      (value) => future.complete(value),
      (error) => future.fail(error),
    )
    return future
  }

  get settled(): boolean {
    return this.#outcome !== undefined
  }

  /** Whether somebody is waiting for it now. */
  get watched(): boolean {
    return this.#watchers.size > 0
  }

  /** Gives the result and wakes all who wait. A future that has a result refuses a second. */
  complete(value: T): void {
    this.#settle({ value })
  }

  /** Gives an error for a result: `result()` throws it, in each task that asks. */
  fail(error: unknown): void {
    this.#settle({ error })
  }

  /** The value; throws the error if it failed, and says so if it is too early to ask. */
  result(): T {
    if (this.#outcome === undefined) throw new Error(`${this.name} has no result yet: yield ['future', it] first`)
    if ('error' in this.#outcome) throw this.#outcome.error
    return this.#outcome.value
  }

  /** Waits, and takes the result: `const user = yield* future.wait()`. */
  *wait(): Requests<T> {
    yield ['future', this]
    return this.result()
  }

  whenDone(wake: () => void): () => void {
    if (this.settled) wake()
    else this.#watchers.add(wake)
    return () => this.#watchers.delete(wake)
  }

  #settle(outcome: { readonly value: T } | { readonly error: unknown }): void {
    if (this.settled) throw new Error(`${this.name} has a result already`)
    this.#outcome = outcome
    for (const wake of this.#watchers) wake()
    this.#watchers.clear()
  }
}
