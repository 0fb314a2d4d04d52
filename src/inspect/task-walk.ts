import type { Loop, Task } from '../core/index.ts'

/**
 * Goes through all tasks of a loop that have not ended, each before its children, brothers and sisters oldest first. In constant
 * stack, and without an object for each: a million may be gone through while the program waits. No task may end meanwhile.
 */
export class TaskWalk {
  /** Those that come next: of each set of brothers and sisters that was begun. */
  readonly #next: Task<unknown>[] = []
  readonly #depths: number[] = []
  #task!: Task<unknown>
  #depth = 0

  constructor(loop: Loop) {
    if (loop.root.eldest !== null) this.#push(loop.root.eldest as Task<unknown>, 0)
  }

  get task(): Task<unknown> {
    return this.#task
  }

  /** How many tasks are above it. */
  get depth(): number {
    return this.#depth
  }

  /** Goes on to the next. False if there is none. */
  next(): boolean {
    const last = this.#next.length - 1
    if (last < 0) return false
    const task = this.#next[last] as Task<unknown>
    const depth = this.#depths[last] as number
    if (task.younger === null) {
      this.#next.pop()
      this.#depths.pop()
    } else this.#next[last] = task.younger as Task<unknown>
    this.#task = task
    this.#depth = depth
    // The outermost scope comes first, so it is put on top.
    for (let scope = task.scopes; scope !== null; scope = scope.outer)
      if (scope.eldest !== null) this.#push(scope.eldest as Task<unknown>, depth + 1)
    return true
  }

  #push(task: Task<unknown>, depth: number): void {
    this.#next.push(task)
    this.#depths.push(depth)
  }
}
