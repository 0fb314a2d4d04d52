import { type Call, callOf, callWithFrame, named, type TaskBody } from './call.ts'
import { TimeoutError, UsageError } from './errors.ts'
import { type Frame, machine, type Timer, type TimerBucket, type Unwind } from './machine.ts'
import type { Body, Operation } from './operation.ts'
import type { Task } from './task.ts'
import { withoutStack } from './task-stack.ts'

/** The timer of one `timeout`: unwinds its task to the frame of that block, and throws there. */
class Limit implements Timer, Unwind {
  bucket: TimerBucket | null = null
  index = 0
  error: unknown = null
  failures: unknown[] | null = null
  void = false
  target: Frame | null
  private readonly ms: number
  private readonly task: Task<unknown>
  private readonly what: string

  constructor(ms: number, task: Task<unknown>, frame: Frame, what: string) {
    this.ms = ms
    this.task = task
    this.target = frame
    this.what = what
  }

  fire(): void {
    // Nobody's code is on the stack here; the lines that matter are added where the error is thrown.
    this.error = withoutStack(() => new TimeoutError(this.ms, this.what))
    this.task.interrupt(this)
  }

  /** True if `error` is the one that this very limit raised. */
  raised(error: unknown): boolean {
    return error !== null && error === this.error
  }
}

/**
 * Runs `body` in this task, for at most `ms` milliseconds; then unwinds it, `finally` blocks and all, and throws a
 * `TimeoutError`. Gives the body's result. Infinity sets no limit.
 *
 * Limits nest: each raises its own error, at its own place. One whose body ended in time leaves nothing behind.
 *
 * ```ts
 * import { run, sleep, timeout, TimeoutError } from 'fibril'
 *
 * await run(function* () {
 *   try {
 *     yield* timeout(5, sleep(1000))
 *   } catch (error) {
 *     console.log(error instanceof TimeoutError) // => true
 *   }
 * })
 * ```
 */
export function timeout<T>(ms: number, body: TaskBody<T>): Operation<T> {
  checkMs(ms)
  return callWithFrame(timeoutBody<T>, ms, callOf<T>(body))
}

function* timeoutBody<T>(frame: Frame, ms: number, call: Call<T>): Body<T> {
  const limit = startLimit(ms, frame, call.name)
  try {
    return yield* call
  } finally {
    stopLimit(limit)
  }
}

/**
 * As `timeout`, but gives `instead` when the time is over.
 *
 * ```ts
 * import { sleep, timeoutOr } from 'fibril'
 *
 * console.log(await timeoutOr(5, 'too late', sleep(1000))) // => too late
 * ```
 */
export function timeoutOr<T, const U>(ms: number, instead: U, body: TaskBody<T>): Operation<T | U> {
  checkMs(ms)
  return callWithFrame(timeoutOrBody<T, U>, ms, instead, callOf<T>(body))
}

function* timeoutOrBody<T, U>(frame: Frame, ms: number, instead: U, call: Call<T>): Body<T | U> {
  const limit = startLimit(ms, frame, call.name)
  try {
    return yield* call
  } catch (error) {
    if (limit.raised(error)) return instead
    throw error
  } finally {
    stopLimit(limit)
  }
}

function checkMs(ms: number): void {
  if (typeof ms !== 'number' || Number.isNaN(ms))
    throw new UsageError(`timeout(${String(ms)}, …): give a number of milliseconds`)
}

function startLimit(ms: number, frame: Frame, what: string): Limit {
  const task = machine.task as Task<unknown>
  const limit = new Limit(ms, task, frame, what)
  if (ms !== Infinity) task.loop.startTimer(limit, Math.max(0, ms))
  return limit
}

function stopLimit(limit: Limit): void {
  limit.void = true
  limit.bucket?.loop.stopTimer(limit)
}
named('timeout', timeoutBody)
named('timeoutOr', timeoutOrBody)
