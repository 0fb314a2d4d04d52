/**
 * Every error that Fibril raises has a stable `code`, so match on that (it survives two copies of the package and
 * minified names), and says what happened, to which task or address, and what to do about it.
 *
 * | class                 | whose doing                    |
 * | --------------------- | ------------------------------ |
 * | `CancelledError`      | somebody asked for the cancel  |
 * | `TimeoutError`        | the clock                      |
 * | `ClosedError`         | this side closed it            |
 * | `BrokenError`         | the other side broke it        |
 * | `BusyError`           | two tasks where one may be     |
 * | `DeadlockError`       | tasks that wait for each other |
 * | `UsageError`          | the caller of Fibril           |
 * | `UnhandledError`      | nobody waited for a failure    |
 * | `InternalError`       | Fibril: please file a bug      |
 *
 * The floors above add their own, on the same base: `FIBRIL_LISTEN`, `FIBRIL_LIMIT`, `FIBRIL_CERTIFICATE` and `FIBRIL_FRAMING` (net, protocol), `FIBRIL_HTTP` (http), `FIBRIL_NATIVE_FRAME` (green),
 * `FIBRIL_LEAK` and `FIBRIL_EXPLORE` (testing); `FIBRIL_ALREADY_CALLED`, `FIBRIL_NO_CURRENT_EXCEPTION`, `FIBRIL_NOT_A_COROUTINE`,
 * `FIBRIL_FIRST_ERROR`, `FIBRIL_FAILURE_GROUP`, `FIBRIL_QUEUE_OVERFLOW`, `FIBRIL_QUEUE_UNDERFLOW` and
 * `FIBRIL_ALREADY_TRYING_TO_LOCK` (twisted).
 */
import type { TaskView } from './machine.ts'

const brand = Symbol.for('fibril.error')

/** What `String` gives, also for values that it fails on: an error about an error must not be another one. */
export function textOf(value: unknown): string {
  try {
    return value instanceof Error ? value.message : String(value)
  } catch {
    return Object.prototype.toString.call(value)
  }
}

/** The base of all errors of Fibril. `code` is stable; messages are not. */
export class FibrilError extends Error {
  /** Stable name of the kind of error, such as `FIBRIL_TIMEOUT`. */
  readonly code: string

  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.code = code
  }

  /** True for an error of Fibril, whichever copy of the package made it. */
  static is(value: unknown): value is FibrilError {
    return typeof value === 'object' && value !== null && brand in value
  }
}
Object.defineProperty(FibrilError.prototype, brand, { value: true })

const named = (type: { prototype: Error }, name: string): void => {
  Object.defineProperty(type.prototype, 'name', { value: name, configurable: true, writable: true })
}
named(FibrilError, 'FibrilError')

/** What a joiner of a cancelled task gets: `reason` as given to `cancel`, and `by`, the task that asked (null: code outside any task). */
export class CancelledError extends FibrilError {
  readonly reason: unknown
  readonly by: TaskView | null
  readonly task: TaskView | null

  constructor(task: TaskView | null, reason: unknown, by: TaskView | null) {
    const what = task === null ? 'the operation' : String(task)
    const why = reason === undefined ? '' : `: ${textOf(reason)}`
    const who = by === null ? 'code outside any task' : String(by)
    super('FIBRIL_CANCELLED', `${what} was cancelled by ${who}${why}`, reason instanceof Error ? { cause: reason } : {})
    this.task = task
    this.reason = reason
    this.by = by
  }
}
named(CancelledError, 'CancelledError')

/** A limit of time passed. `ms` is the limit in milliseconds. */
export class TimeoutError extends FibrilError {
  readonly ms: number

  constructor(ms: number, what: string) {
    super('FIBRIL_TIMEOUT', `${what} did not end within ${ms} ms`)
    this.ms = ms
  }
}
named(TimeoutError, 'TimeoutError')

/** The thing was closed on this side: by the caller, or by another task of this program. */
export class ClosedError extends FibrilError {
  constructor(message: string, options?: { cause?: unknown }) {
    super('FIBRIL_CLOSED', message, options)
  }
}
named(ClosedError, 'ClosedError')

/** The other side broke it: a peer reset the connection, a worker died. */
export class BrokenError extends FibrilError {
  constructor(message: string, options?: { cause?: unknown }) {
    super('FIBRIL_BROKEN', message, options)
  }
}
named(BrokenError, 'BrokenError')

/** A second task on something that serves one at a time. The first is unharmed. */
export class BusyError extends FibrilError {
  constructor(message: string) {
    super('FIBRIL_BUSY', message)
  }
}
named(BusyError, 'BusyError')

/** Fibril was called in a way that cannot work; the message says what to do instead. */
export class UsageError extends FibrilError {
  constructor(message: string) {
    super('FIBRIL_USAGE', message)
  }
}
named(UsageError, 'UsageError')

/** Every task is parked and nothing outside can wake one. `graph` lists who waits for what, since when. */
export class DeadlockError extends FibrilError {
  readonly graph: readonly WaitEdge[]

  constructor(message: string, graph: readonly WaitEdge[]) {
    super('FIBRIL_DEADLOCK', message)
    this.graph = graph
  }
}
named(DeadlockError, 'DeadlockError')

/** One line of a wait graph: a parked task, what it waits for, and the tasks that could end that wait, as far as known. */
export interface WaitEdge {
  readonly task: string
  readonly reason: string
  /** Milliseconds that it has been waiting. */
  readonly sinceMs: number
  readonly holders: readonly string[]
  readonly spawnedAt: string | null
}

/** Something failed and nobody waited for it: a task, or, where `task` is null, what a dialect names in the message. The failure is the `cause`. */
export class UnhandledError extends FibrilError {
  readonly task: TaskView | null

  constructor(task: TaskView | null, message: string, cause: unknown) {
    super('FIBRIL_UNHANDLED', message, { cause })
    this.task = task
  }
}
named(UnhandledError, 'UnhandledError')

/** A rule of the engine itself is broken. */
export class InternalError extends FibrilError {
  constructor(message: string) {
    super('FIBRIL_INTERNAL', `${message} (this is a bug in Fibril: please report it)`)
  }
}
named(InternalError, 'InternalError')
