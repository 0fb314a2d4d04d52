import { type Body, callOf, currentTask, fn, KIND, type Operation, type TaskBody, UsageError } from '../core/index.ts'
import { Semaphore } from './semaphore.ts'

/** Permits that remember which tasks hold them, for reports of deadlocks. */
class Slots extends Semaphore {
  readonly tasks = new Set<object>()

  override get [KIND](): string {
    return 'limit'
  }

  override holders(): Iterable<object> {
    return this.tasks
  }

  override toString(): string {
    return this.name === '' ? 'a limit' : `limit "${this.name}"`
  }
}

const runIn = fn(function* limited<T>(slots: Slots, body: TaskBody<T>): Body<T> {
  yield* slots.acquire()
  const task = currentTask() as object
  const outermost = !slots.tasks.has(task)
  slots.tasks.add(task)
  try {
    return yield* callOf<T>(body)
  } finally {
    if (outermost) slots.tasks.delete(task)
    slots.release()
  }
})

/**
 * Runs at most `concurrency` bodies at once; the others wait in line, first come, first served. A cancel while waiting in
 * line runs nothing; while running, it is the body's.
 *
 * ```ts
 * import { sleep } from 'fibril'
 * import { Limit } from 'fibril/sync'
 *
 * const limit = new Limit(2)
 * let most = 0
 * const fetchPage = async (n: number) => {
 *   most = Math.max(most, limit.stats().running)
 *   await sleep(1)
 *   return `page ${n}`
 * }
 * const pages = await Promise.all([1, 2, 3, 4].map((n) => limit.run(() => fetchPage(n))))
 * console.log(pages.join(), most) // => page 1,page 2,page 3,page 4 2
 * ```
 */
export class Limit {
  private readonly slots: Slots

  constructor(concurrency: number, options: { readonly name?: string } = {}) {
    if (!(Number.isInteger(concurrency) && concurrency > 0)) {
      throw new UsageError(`the concurrency of a limit is a whole number from 1, not ${concurrency}`)
    }
    this.slots = new Slots(concurrency, options)
  }

  /** Runs `body` when its turn has come; gives its result. One that waits for another `run` of the same limit may wait for ever. */
  run<T>(body: TaskBody<T>): Operation<T> {
    return runIn(this.slots, body)
  }

  toString(): string {
    return String(this.slots)
  }

  /** Plain figures of this moment. */
  stats(): { readonly name: string; readonly concurrency: number; readonly running: number; readonly waiting: number } {
    const { name, available, limit, waiting } = this.slots.stats()
    return Object.freeze({ name, concurrency: limit, running: limit - available, waiting })
  }
}
