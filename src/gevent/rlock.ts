import { type Body, currentTask, fn, type Operation, type Task, UsageError } from '../core/index.ts'
import type { Returned } from '../green/index.ts'
import { type Acquirable, Semaphore, withLock } from './semaphore.ts'
import type { WaitOptions } from './wait-options.ts'

/**
 * A lock that the greenlet which holds it may acquire again; it is free after as many releases. Only who holds it may release it.
 *
 * ```ts
 * import { run } from 'fibril'
 * import { RLock } from 'fibril/gevent'
 *
 * await run(function* () {
 *   const lock = new RLock()
 *   yield* lock.with(() => lock.with(() => console.log('inside'))) // prints: inside
 * })
 * ```
 */
export class RLock implements Acquirable {
  private readonly block = new Semaphore(1)
  private owner: Task<unknown> | null = null
  private count = 0

  /** True while somebody holds it. */
  locked(): boolean {
    return this.count > 0
  }

  /** Waits until nobody else holds it: true. False after `timeout` milliseconds, or at once if `block` is false. */
  acquire(options: WaitOptions = {}): Operation<boolean> {
    return acquire(this, options)
  }

  /** @internal */
  *enter(options: WaitOptions): Body<boolean> {
    const task = currentTask() as Task<unknown>
    if (this.owner !== task && !(yield* this.block.acquire(options))) return false
    this.owner = task
    this.count++
    return true
  }

  /** Lets go once. A `UsageError` for anybody but its owner. */
  release(): void {
    if (this.owner !== currentTask() || this.owner === null)
      throw new UsageError(`cannot release un-acquired lock: ${this.owner ?? 'nobody'} holds this RLock`)
    this.count--
    if (this.count > 0) return
    this.owner = null
    this.block.release()
  }

  /** Runs `body` while it holds the lock. */
  with<R>(body: () => R): Operation<Returned<R>> {
    return withLock(this, body)
  }

  toString(): string {
    return `an RLock (${this.owner === null ? 'free' : `held by ${this.owner} ${this.count} times`})`
  }
}

const acquire = fn(function* acquire(lock: RLock, options: WaitOptions): Body<boolean> {
  return yield* lock.enter(options)
})
