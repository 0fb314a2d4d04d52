/**
 * Where tasks start. This is the one file of the core that knows the loop; everything beneath reaches it by `machine.loop`
 * or by a task's owner.
 */
import { callOf, type TaskBody } from './call.ts'
import { UsageError } from './errors.ts'
import { Future } from './future.ts'
import type { Host } from './host.ts'
import { Loop } from './loop.ts'
import { machine as theMachine } from './machine.ts'
import { Operation, startOperationsWith } from './operation.ts'
import { type SpawnOptions, spawnIn } from './scope.ts'
import { createTask, type Task } from './task.ts'

// Bound here once: V8 takes a constant of the module itself for what it is, and looks an imported one up at every use.
const machine = theMachine

let makeHost: (() => Host) | null = null
let defaultLoop: Loop | null = null

/** @internal Which host the default loop gets, when it is first needed. */
export function setDefaultHost(make: () => Host): void {
  makeHost = make
}

/**
 * Makes `loop` the one that is current outside any turn, for what async code waits for. Returns how to put the former one
 * back. `TestHost` does it for the length of a test.
 */
export function useLoop(loop: Loop): () => void {
  const former = defaultLoop
  defaultLoop = loop
  return () => {
    defaultLoop = former
  }
}

/** The loop in whose turn this is called; outside a turn, the thread's default loop. */
export function currentLoop(): Loop {
  if (machine.loop !== null) return machine.loop as Loop
  if (defaultLoop === null) {
    if (makeHost === null) throw new UsageError('no host: import from "fibril", or give run a loop')
    defaultLoop = new Loop(makeHost())
  }
  return defaultLoop
}

/** The task that runs now, or null outside any task. */
export function currentTask(): Task<unknown> | null {
  return machine.task as Task<unknown> | null
}

/** What may be said of a task at the root. */
export interface RunOptions extends SpawnOptions {
  /** In place of the current loop. */
  readonly loop?: Loop
}

/**
 * Starts a task at the root of the loop: the way in from ordinary code. It takes its first step after the caller has
 * yielded to the platform. `await` it for its result; a failure that nobody awaits is reported like an unhandled rejection.
 *
 * ```ts
 * import { run, sleep } from 'fibril'
 *
 * const task = run(function* main() {
 *   yield* sleep(1)
 *   return 'done'
 * })
 * console.log(await task) // => done
 * ```
 */
export function run<T>(body: TaskBody<T>, options?: RunOptions): Task<T> {
  return spawnIn((options?.loop ?? currentLoop()).root, body, options, run)
}

/**
 * Starts a task as a child of the running one, in its innermost scope. Does not wait; the child takes its first step
 * when the running task parks. The parent ends after it; its failure cancels its siblings and fails the parent; a cancel
 * of the parent cancels it.
 *
 * `spawn.detached` hangs the task on the loop instead: nobody's child, it ends by itself.
 *
 * ```ts
 * import { fn, run, sleep, spawn } from 'fibril'
 *
 * const greet = fn(function* (name: string) {
 *   yield* sleep(1)
 *   return `hello ${name}`
 * })
 * await run(function* () {
 *   const task = spawn(greet('Ada'))
 *   console.log(yield* task) // => hello Ada
 * })
 * ```
 */
export function spawn<T>(body: TaskBody<T>, options?: SpawnOptions): Task<T> {
  const task = machine.registers.task as Task<unknown> | null
  if (task === null) throw new UsageError('spawn() was called outside any task: use run() or spawn.detached()')
  return spawnIn(task.innermost, body, options, spawn)
}

spawn.detached = function detached<T>(body: TaskBody<T>, options?: RunOptions): Task<T> {
  return spawnIn((options?.loop ?? currentLoop()).root, body, options, detached)
}

/**
 * Starts a detached task and takes its first step at once, before this returns: what callers of functions that begin to
 * run when they are called expect. The step ends where the task parks; from then on it is a task like any other.
 *
 * ```ts
 * import { sleep, spawn } from 'fibril'
 *
 * const task = spawn.eager(function* () {
 *   console.log('first')
 *   yield* sleep(1)
 *   return 'done'
 * })
 * console.log('second')
 * console.log(await task)
 * // prints: first
 * // prints: second
 * // prints: done
 * ```
 */
spawn.eager = function eager<T>(body: TaskBody<T>, options?: RunOptions): Task<T> {
  const loop = options?.loop ?? currentLoop()
  const task = createTask(loop.root, body, options?.name ?? null, eager, false)
  if (options?.signal !== undefined) task.follow(options.signal)
  loop.begin(task)
  return task
}

/** A scope that async code holds open; see `openScope`. */
export class OpenScope implements AsyncDisposable {
  readonly #task: Task<unknown>
  readonly #end = new Future<void>('the end of an open scope')

  /** @internal */
  constructor(options: RunOptions | undefined) {
    const end = this.#end
    this.#task = run(() => end.wait(), { name: 'scope', ...options })
    // Its failure waits for `close`.
    this.#task.then(undefined, () => {})
  }

  /** Spawns a task that this scope owns. A `UsageError` once it has ended. */
  spawn<T>(body: TaskBody<T>, options?: SpawnOptions): Task<T> {
    if (this.#task.state === 'ended') throw new UsageError('this scope has ended: no task can be spawned in it')
    return spawnIn(this.#task.innermost, body, options, this.spawn)
  }

  /** Cancels the scope and all its tasks. */
  cancel(reason?: unknown): void {
    this.#task.cancel(reason)
  }

  /** Its tasks that have not ended, oldest first. */
  get tasks(): Task<unknown>[] {
    return this.#task.children
  }

  /** Waits until all its tasks have ended; throws what failed among them. */
  async close(): Promise<void> {
    this.#end.tryResolve()
    await this.#task
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

/**
 * Opens a scope in async code, where `scope` cannot be used. Leaving the block waits for its tasks; a failure among them
 * cancels the others and is thrown there.
 *
 * ```ts
 * import { openScope, sleep } from 'fibril'
 *
 * {
 *   await using tasks = openScope()
 *   tasks.spawn(function* () {
 *     yield* sleep(1)
 *     console.log('child')
 *   })
 * }
 * console.log('after')
 * // prints: child
 * // prints: after
 * ```
 */
export function openScope(options?: RunOptions): OpenScope {
  return new OpenScope(options)
}

// `await operation` stands in line from the moment it is asked, not from the next turn on.
startOperationsWith((operation: Operation<unknown>) => {
  const loop = currentLoop()
  if (machine.task !== null) return spawnIn(loop.root, callOf(operation), undefined, Operation.prototype.then)
  const task = createTask(loop.root, callOf(operation), null, Operation.prototype.then, false)
  loop.begin(task)
  return task
})
