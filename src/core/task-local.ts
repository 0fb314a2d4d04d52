import { Call } from './call.ts'
import { UsageError } from './errors.ts'
import { machine, type TaskEnding } from './machine.ts'
import { type Body, Operation } from './operation.ts'
import { oneError } from './outcome.ts'
import type { Task } from './task.ts'
import { wait } from './wait.ts'

/** How a `TaskLocal` makes its value, and lets go of it. */
export interface TaskLocalOptions<T> {
  /** Makes the value at the first `get` in a task. */
  readonly create?: () => T
  /**
   * Called with the value as the task ends, and told how that does; may wait. The last made is disposed first. A failure here
   * fails the task.
   */
  readonly dispose?: (value: T, ending: TaskEnding) => Operation<unknown> | PromiseLike<unknown> | void
}

/**
 * A value that belongs to one task, and is disposed when that ends, however it ends: a connection per task that cannot
 * leak. Children do not inherit it; what a whole tree shares belongs into `AsyncLocalStorage`, which tasks carry along.
 *
 * ```ts
 * import { run, TaskLocal } from 'fibril'
 *
 * const connection = new TaskLocal({
 *   create: () => ({ open: true }),
 *   dispose: (c) => {
 *     c.open = false
 *     console.log('closed')
 *   },
 * })
 * await run(function* () {
 *   console.log(connection.get().open) // prints: true
 * })
 * // prints: closed
 * ```
 */
export class TaskLocal<T> {
  readonly #create: (() => T) | undefined
  readonly #dispose: TaskLocalOptions<T>['dispose']

  constructor(options: TaskLocalOptions<T> = {}) {
    this.#create = options.create
    this.#dispose = options.dispose
  }

  /** This task's value; made by `create` if there is none yet. A `UsageError` outside a task, or without value and `create`. */
  get(): T {
    const values = current().locals(null)
    if (values?.has(this)) return values.get(this) as T
    if (this.#create === undefined)
      throw new UsageError('this TaskLocal has no value in this task, and no `create`: set it first, or ask `has`')
    const value = this.#create()
    this.set(value)
    return value
  }

  /** Sets this task's value. One that it replaces is not disposed. */
  set(value: T): void {
    const task = current()
    const values = task.locals((ending) => disposal(task, ending)) as Map<object, unknown>
    values.delete(this)
    values.set(this, value)
  }

  /** True if this task has a value. False outside a task. */
  has(): boolean {
    return (machine.task as Task<unknown> | null)?.locals(null)?.has(this) ?? false
  }

  /** Forgets this task's value, without disposing it, and gives it back. */
  delete(): T | undefined {
    const values = current().locals(null)
    const value = values?.get(this) as T | undefined
    values?.delete(this)
    return value
  }

  /** @internal */
  dispose(value: T, ending: TaskEnding): Operation<unknown> | PromiseLike<unknown> | void {
    return this.#dispose?.(value, ending)
  }
}

function current(): Task<unknown> {
  if (machine.task === null) throw new UsageError('a TaskLocal was used outside any task')
  return machine.task as Task<unknown>
}

function disposal(task: Task<unknown>, ending: TaskEnding): Call<void> | null {
  const values = task.locals(null)
  if (values === null || values.size === 0) return null
  return new Call<void>(disposeLocals, true, undefined, undefined, [values, ending])
}

function* disposeLocals(values: Map<object, unknown>, ending: TaskEnding): Body<void> {
  const failures: unknown[] = []
  while (values.size > 0) {
    const [local, value] = [...values].at(-1) as [TaskLocal<unknown>, unknown]
    values.delete(local)
    try {
      const cleanup = local.dispose(value, ending)
      if (cleanup instanceof Operation) yield* cleanup
      else if (typeof (cleanup as PromiseLike<unknown> | undefined)?.then === 'function')
        yield* wait(cleanup as PromiseLike<unknown>)
    } catch (error) {
      failures.push(error)
    }
  }
  if (failures.length > 0) throw oneError(failures)
}
