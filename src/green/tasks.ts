import type { Operation, RunOptions, SpawnOptions } from '../core/index.ts'
import * as core from '../core/index.ts'
import { type Action, callTo, type Returned } from './callbacks.ts'
import { faceClass, faceOf, type Green, thingOf } from './face.ts'
import { park, parkable } from './runtime/index.ts'

const taskNames = [
  ...(['id', 'name', 'state', 'cancelled', 'outcome', 'parent', 'children', 'reason', 'parkedMs', 'frames'] as const),
  ...(['spawnedAt', 'signal', 'join', 'cancel', 'then', 'toString'] as const),
] as const

/**
 * A running computation: what `spawn` gives. `join()` waits for its result; code outside of tasks awaits it.
 *
 * `cancel()` undoes what it waits for and runs its `finally` blocks, which may wait; its `catch` blocks do not run.
 */
export interface Task<T>
  extends Green<core.Task<T>, Exclude<(typeof taskNames)[number], 'parent' | 'children'>>,
    AsyncDisposable {
  /** The task whose scope it belongs to; null for one that hangs on the loop. */
  readonly parent: Task<unknown> | null
  /** Its children that have not ended, oldest first within each scope. */
  readonly children: Task<unknown>[]
}

/** For `instanceof`: `spawn` and `run` make tasks. */
export const Task: abstract new <T>() => Task<T> = faceClass(core.Task, taskNames, {
  results: {
    parent: (task: core.Task<unknown> | null) => task && taskOf(task),
    children: (tasks: core.Task<unknown>[]) => tasks.map(taskOf),
  },
})

function taskOf<T>(task: core.Task<T>): Task<T> {
  return faceOf(Task, task)
}

/**
 * Starts a task that calls `body` with `args`, as a child of the running one, in its innermost scope. Does not wait. The
 * parent ends after it; its failure cancels its siblings and fails the parent; a cancel of the parent cancels it.
 *
 * `spawn.with(options, …)` gives it a name for reports, or a signal that cancels it. `spawn.detached(…)` hangs it on the loop:
 * nobody's child, it ends by itself.
 *
 * ```ts green
 * import { sleep, spawn } from 'fibril/green'
 *
 * function double(n: number) {
 *   sleep(1)
 *   return 2 * n
 * }
 * const tasks = [1, 2, 3].map((n) => spawn(double, n))
 * console.log(tasks.map((task) => task.join()).join()) // prints: 2,4,6
 * ```
 */
export function spawn<A extends readonly unknown[], R>(body: Action<A, R>, ...args: A): Task<Returned<R>>
export function spawn<T>(operation: Operation<T>): Task<T>
export function spawn(body: unknown, ...args: readonly unknown[]): unknown {
  return taskOf(core.spawn(callTo(body as Action<readonly unknown[], unknown>, args)))
}

spawn.with = function spawnWith<A extends readonly unknown[], R>(
  options: SpawnOptions,
  body: Action<A, R>,
  ...args: A
): Task<Returned<R>> {
  return taskOf(core.spawn(callTo(body, args), options))
}

spawn.detached = function spawnDetached<A extends readonly unknown[], R>(
  body: Action<A, R>,
  ...args: A
): Task<Returned<R>> {
  return taskOf(core.spawn.detached(callTo(body, args)))
}

/**
 * Starts a task at the root of the loop: the way in from code that is not in a task. `await` it for its result, or
 * `join` it in a task.
 *
 * ```ts green
 * import { run, sleep } from 'fibril/green'
 *
 * function main(name: string) {
 *   sleep(1)
 *   return `hello ${name}`
 * }
 * console.log(run(main, 'Ada').join()) // prints: hello Ada
 * ```
 */
export function run<A extends readonly unknown[], R>(body: Action<A, R>, ...args: A): Task<Returned<R>> {
  return taskOf(core.run(callTo(body, args)))
}

/** As `run`, with a name for reports, a signal that cancels it, or a loop of its own. */
run.with = function runWith<A extends readonly unknown[], R>(
  options: RunOptions,
  body: Action<A, R>,
  ...args: A
): Task<Returned<R>> {
  return taskOf(core.run(callTo(body, args), options))
}

/**
 * Makes an async function of a green one, for those who call from outside: each call is a task of its own.
 *
 * ```ts green
 * import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
 * import { green, sleep } from 'fibril/green'
 *
 * function answer(request: IncomingMessage, response: ServerResponse) {
 *   sleep(1)
 *   response.end(`you asked for ${request.url}`)
 * }
 * const server = createServer(green(answer))
 * ```
 */
export function green<A extends readonly unknown[], R>(body: Action<A, R>): (...args: A) => Promise<Returned<R>> {
  const started = (...args: A): Promise<Returned<R>> => core.run(callTo(body, args)).then()
  return Object.defineProperties(started, {
    name: { value: body.name, configurable: true },
    length: { value: body.length, configurable: true },
  })
}

/** Waits until `task` has ended, with all its children: gives its result, throws its failure, or a `CancelledError`. */
export const join = parkable(function join<T>(task: Task<T> | core.Task<T>): T {
  return park((thingOf(task) as core.Task<T>).join())
})

/** The task that runs now, or null outside any task. */
export function currentTask(): Task<unknown> | null {
  const task = core.currentTask()
  return task && taskOf(task)
}

/** An open scope: the tasks spawned in it end before it does. */
export interface Scope extends Green<core.Scope, 'cancel'> {
  /** Spawns a task that this scope owns, from any task. A `UsageError` once the scope has ended. */
  spawn<A extends readonly unknown[], R>(body: Action<A, R>, ...args: A): Task<Returned<R>>
  /** Its tasks that have not ended, oldest first. */
  readonly tasks: Task<unknown>[]
  /** From now on the failure of a child harms nobody else: `ended` is told of each child as it ends. It must not wait. */
  supervise(ended: (task: Task<unknown>) => void): void
}

/** For `instanceof`: `scope` makes scopes. */
export const Scope: abstract new () => Scope = faceClass(core.Scope, ['cancel', 'spawn', 'tasks', 'supervise'], {
  args: {
    spawn: (body: Action<unknown[], unknown>, ...args: unknown[]) => [callTo(body, args)],
    supervise: (ended: (task: Task<unknown>) => void) => [(task: core.Task<unknown>) => ended(taskOf(task))],
  },
  results: { spawn: taskOf, tasks: (tasks: core.Task<unknown>[]) => tasks.map(taskOf) },
})

/**
 * A block that ends when its body and all tasks spawned in it have ended. If one of them fails, the others and the body
 * are cancelled, and the block throws that failure, where it can be caught.
 *
 * ```ts green
 * import { scope, sleep, spawn } from 'fibril/green'
 *
 * try {
 *   scope(() => {
 *     spawn(sleep, 1000) // cancelled by the failure beside it
 *     spawn(() => {
 *       throw new Error('boom')
 *     })
 *   })
 * } catch (error) {
 *   console.log((error as Error).message) // prints: boom
 * }
 * ```
 */
export const scope = parkable(function scope<R>(body: (scope: Scope) => R): Returned<R> {
  const called = (opened: core.Scope): unknown => callTo(body, [faceOf<Scope>(Scope, opened)])
  return park(core.scope(called as (scope: core.Scope) => core.Body<Returned<R>>))
})
