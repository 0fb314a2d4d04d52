import { NOT_YET, type Operation, WaitList } from '../core/index.ts'
import { ConcurrentObjectUseError } from './errors.ts'
import { TimedWait } from './timed-wait.ts'

class WaiterWait<T> extends TimedWait<T> {
  private readonly owner: Waiter<T>

  constructor(owner: Waiter<T>) {
    super(null)
    this.owner = owner
  }

  override get reason(): string {
    return 'a Waiter to be switched to'
  }

  override get line(): WaitList<WaiterWait<T>> {
    return this.owner.waits
  }

  override attempt(): T | typeof NOT_YET {
    const { waits } = this.owner
    if (waits.size > 0)
      throw new ConcurrentObjectUseError(
        `this Waiter is already used by ${waits.first?.waiter?.waitingTask ?? 'code outside any task'}`,
      )
    return this.owner.stored()
  }

  protected override expired(): void {}
}

/**
 * Hands one value, or one error, to one greenlet: the least that others are made of. What is given before somebody `get`s it is
 * kept. Unlike in gevent, anybody may give: to wake a greenlet is never to switch to it.
 *
 * ```ts
 * import { run } from 'fibril'
 * import { getHub, Waiter } from 'fibril/gevent'
 *
 * await run(function* () {
 *   const waiter = new Waiter<string>()
 *   getHub().loop.timer(5).start(() => waiter.switch('hello'))
 *   console.log(yield* waiter.get()) // prints: hello
 * })
 * ```
 */
export class Waiter<T = unknown> {
  /** @internal */
  readonly waits = new WaitList<WaiterWait<T>>()
  private state: 'empty' | 'value' | 'exception' = 'empty'
  private given: unknown = undefined

  /** True once something was given. */
  ready(): boolean {
    return this.state !== 'empty'
  }

  /** True once a value was given. */
  successful(): boolean {
    return this.state === 'value'
  }

  /** What was given; null for nothing or a value. */
  get exception(): unknown {
    return this.state === 'exception' ? this.given : null
  }

  /** Gives a value to who waits; keeps it if nobody does. */
  switch(value: T): void {
    const wait = this.waits.shift()
    this.state = 'value'
    this.given = value
    wait?.resume(value)
  }

  /** Throws `error` to who waits; keeps it if nobody does. */
  throw(error: unknown): void {
    const wait = this.waits.shift()
    this.state = 'exception'
    this.given = error
    wait?.reject(error)
  }

  /** Forgets what was given. */
  clear(): void {
    this.state = 'empty'
    this.given = undefined
  }

  /** Waits for what is given. A second greenlet that waits at the same time gets a `ConcurrentObjectUseError`. */
  get(): Operation<T> {
    return new WaiterWait<T>(this)
  }

  /** @internal */
  stored(): T | typeof NOT_YET {
    if (this.state === 'exception') throw this.given
    return this.state === 'value' ? (this.given as T) : NOT_YET
  }
}
