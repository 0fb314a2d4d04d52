import type { Operation } from '../core/index.ts'
import type { Returned } from '../green/index.ts'
import type { Run } from './bodies.ts'
import { Done } from './done.ts'
import { Greenlet } from './greenlet.ts'
import { Grouping } from './grouping.ts'

/**
 * Greenlets that can be joined and killed together. They leave the group as they end.
 *
 * ```ts
 * import { run } from 'fibril'
 * import { Group, sleep } from 'fibril/gevent'
 *
 * await run(function* () {
 *   const group = new Group()
 *   for (const ms of [10, 5]) {
 *     group.spawn(function* () {
 *       yield* sleep(ms)
 *       console.log(ms)
 *     })
 *   }
 *   yield* group.join()
 * })
 * // prints: 5
 * // prints: 10
 * ```
 */
export class Group extends Grouping {
  constructor(greenlets: Iterable<Greenlet> = []) {
    super()
    for (const greenlet of greenlets) this.take(greenlet)
  }

  /** Takes a greenlet in, started or not. */
  add(greenlet: Greenlet): void {
    this.take(greenlet)
  }

  /** Takes a greenlet in, and starts it. */
  start(greenlet: Greenlet): void {
    this.take(greenlet)
    greenlet.start()
  }

  /** Starts a greenlet in this group. */
  spawn<A extends readonly unknown[], R>(run: Run<A, R>, ...args: A): Greenlet<Returned<R>> {
    const greenlet = Greenlet.prepare<Returned<R>>(run as unknown as Run, args)
    this.start(greenlet)
    return greenlet
  }

  /** A group is never full. */
  full(): boolean {
    return false
  }

  /** @internal */
  placeNow(run: Run, args: readonly unknown[]): Greenlet {
    return this.spawn(run as unknown as Run<unknown[]>, ...args) as Greenlet
  }

  /** @internal */
  place(run: Run, args: readonly unknown[]): Operation<Greenlet> {
    return new Done(this.placeNow(run, args))
  }
}
