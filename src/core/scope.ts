import { Call, callWithFrame, isNative, named, type TaskBody } from './call.ts'
import type { Child, Children } from './children.ts'
import { type Callable, type Frame, machine, type Named, SHIELD, type Waiter } from './machine.ts'
import { type Body, type HoldersNeeded, NOT_YET, type Operation, Wait } from './operation.ts'
import { oneError } from './outcome.ts'
import { createTask, type Task } from './task.ts'

/** What may be said of a task when it is spawned. */
export interface SpawnOptions {
  /** In place of the name of its function: a text, or something that has a name. */
  readonly name?: string | Named
  /** Cancels the task when it is aborted, with its reason. */
  readonly signal?: AbortSignal
}

/** An open scope: the tasks spawned in it end before it does. */
export class Scope {
  private readonly children: Children

  /** @internal Use `scope` or `openScope`. */
  constructor(children: Children) {
    this.children = children
  }

  /** Spawns a task that this scope owns, from any task. A `UsageError` once the scope has ended. */
  spawn<T>(body: TaskBody<T>, options?: SpawnOptions): Task<T> {
    return spawnIn(this.children, body, options, this.spawn)
  }

  /**
   * From here on `ended` is told of each task of this scope as it ends, whatever its outcome, and the failure of one harms neither
   * the others nor the block: for whoever looks after many that have nothing to do with each other, as a server does. `ended` runs
   * inside the engine: it may spawn here, must be quick, and cannot wait. If it throws, the block fails.
   *
   * ```ts
   * import { run, scope } from 'fibril'
   *
   * await run(function* () {
   *   yield* scope(function* (s) {
   *     s.supervise((task) => console.log(task.name, task.outcome?.status))
   *     s.spawn(() => Promise.reject(new Error('boom')), { name: 'one' })
   *     s.spawn(() => 2, { name: 'two' })
   *   })
   * })
   * // prints: two done
   * // prints: one failed
   * ```
   */
  supervise(ended: (task: Task<unknown>) => void): void {
    this.children.ended = ended as (child: Child) => void
  }

  /** Cancels all tasks of this scope, not its body. */
  cancel(reason?: unknown): void {
    this.children.cancel(reason, machine.task)
  }

  /** Its tasks that have not ended, oldest first. */
  get tasks(): Task<unknown>[] {
    return [...this.children] as Task<unknown>[]
  }
}

/** @internal */
export function spawnIn<T>(
  owner: Children,
  body: TaskBody<T>,
  options: SpawnOptions | undefined,
  skip: Callable | undefined,
): Task<T> {
  const task = createTask(owner, body, options?.name ?? null, skip)
  if (options?.signal !== undefined) task.follow(options.signal)
  return task
}

/** @internal Waits until a scope has no tasks. */
export class Drain extends Wait<void> {
  private readonly children: Children

  constructor(children: Children) {
    super()
    this.children = children
  }

  override get reason(): string {
    return `the ${this.children.size} tasks of its scope to end`
  }

  override holders(): Iterable<object> {
    return this.children
  }

  override get needs(): HoldersNeeded {
    return 'all'
  }

  override attempt(): void | typeof NOT_YET {
    return this.children.size === 0 ? undefined : NOT_YET
  }

  override install(waiter: Waiter<void>): void {
    if (this.children.size === 0) waiter.resume()
    else this.children.drained = waiter
  }

  override uninstall(): void {
    this.children.drained = null
  }
}

/**
 * @internal Begins to end a block's scope: cancels what is left of it, and shields the frame until `endScope`. In between
 * the frame itself waits for a `Drain`: a generator that it delegated to could not be told from a user's (issued-return.ts).
 */
export function closeScope(children: Children, frame: Frame, reason: unknown): void {
  children.closes()
  children.cancel(reason, children.owner)
  frame.unwind ??= SHIELD
}

/** @internal Ends a block's scope for good. */
export function endScope(children: Children, frame: Frame): void {
  if (frame.unwind === SHIELD) frame.unwind = null
  children.closed = true
  ;(children.owner as Task<unknown>).close(children)
}

/**
 * A block that ends when its body and all tasks spawned in it have ended. If one of them fails, the others and the body
 * are cancelled, and the block throws that failure (several: an `AggregateError`), where it can be caught. A body that
 * throws cancels the tasks; a cancel of the block reaches all of them. `spawn` in the body, or in what it calls, spawns
 * into the innermost block.
 *
 * ```ts
 * import { run, scope, sleep, spawn } from 'fibril'
 *
 * await run(function* () {
 *   try {
 *     yield* scope(function* () {
 *       spawn(function* () {
 *         yield* sleep(1)
 *         throw new Error('boom')
 *       })
 *       spawn(() => sleep(1000)) // cancelled by the failure beside it
 *     })
 *   } catch (error) {
 *     console.log((error as Error).message) // => boom
 *   }
 * })
 * ```
 */
export function scope<T>(body: (scope: Scope) => Body<T>): Operation<T> {
  return callWithFrame(scopeBody<T>, body)
}

function* scopeBody<T>(frame: Frame, body: (scope: Scope) => Body<T>): Body<T> {
  const children = (machine.task as Task<unknown>).open(frame, false)
  const call = new Call<T>(body, isNative(body), undefined, undefined, [new Scope(children)])
  const failures: unknown[] = []
  let value: T | undefined
  let unwinding = true
  let reason: unknown = 'its scope was cancelled'
  try {
    value = yield* call
    yield* new Drain(children)
    unwinding = false
  } catch (error) {
    unwinding = false
    reason = error
    failures.push(error)
  } finally {
    closeScope(children, frame, reason)
    yield* new Drain(children)
    endScope(children, frame)
    // biome-ignore lint/correctness/noUnsafeFinally: a failure of cleanup must not be lost to the cancel that caused it
    if (unwinding && children.failures !== null) throw oneError(children.failures)
  }
  if (children.failures !== null) failures.push(...children.failures)
  if (failures.length > 0) throw oneError(failures)
  return value as T
}
named('scope', scopeBody)
