import type { TaskView } from '../core/index.ts'
import { Lock } from './lock.ts'

/**
 * A `Lock` that the task which holds it may acquire again, without waiting; it is free after as many releases. For code
 * outside any task, which has no identity, it is a plain `Lock`.
 *
 * ```ts
 * import { fn, run } from 'fibril'
 * import { ReentrantLock } from 'fibril/sync'
 *
 * const lock = new ReentrantLock()
 * const inner = fn(function* () {
 *   using held = yield* lock.acquire()
 *   return 'inside twice'
 * })
 * const result = await run(function* () {
 *   using held = yield* lock.acquire()
 *   return yield* inner()
 * })
 * console.log(result, lock.locked) // => inside twice false
 * ```
 */
export class ReentrantLock extends Lock {
  /** @internal */
  override take(caller: TaskView | null): boolean {
    if (this.depth === 0 || caller === null || this.owner !== caller) return super.take(caller)
    this.depth++
    return true
  }
}
