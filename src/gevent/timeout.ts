import {
  type Body,
  callWithFrame,
  currentLoop,
  currentTask,
  type Frame,
  type Operation,
  type Task,
  TimeoutError,
  type Timer,
  type TimerBucket,
  type Unwind,
  UsageError,
} from '../core/index.ts'
import type { Returned } from '../green/index.ts'
import { callRun, type Run } from './bodies.ts'
import { errorOf, type Throwable } from './errors.ts'
import type { TimeLimit } from './timed-wait.ts'

/** What a `Timeout` raises: an error, or its class; a text for the message; false to end its block without an error. */
export type TimeoutException = Throwable | string | false | null

/**
 * A limit of time, and the error that it raises when the time is over. It knows itself: `error === limit` tells it from all others.
 *
 * `limit.with(body)` limits a block: the block is unwound, and no `catch` inside it sees that. `start` and `close` limit what
 * comes between them: then the error is thrown where the greenlet waits.
 *
 * ```ts
 * import { run } from 'fibril'
 * import { sleep, Timeout } from 'fibril/gevent'
 *
 * await run(function* () {
 *   const limit = Timeout.startNew(10)
 *   try {
 *     yield* sleep(1000)
 *   } catch (error) {
 *     if (error !== limit) throw error
 *     console.log('too slow')
 *   } finally {
 *     limit.close()
 *   }
 *   yield* new Timeout(10, false).with(() => sleep(1000)) // ends, and raises nothing
 * })
 * // prints: too slow
 * ```
 */
export class Timeout extends TimeoutError implements Timer {
  /** @internal */
  bucket: TimerBucket | null
  /** @internal */
  index: number
  /** What it raises in place of itself; false: nothing, at the end of its own block. */
  readonly exception: Error | false | null
  /** What time limits: the task that started it. */
  task: Task<unknown> | null
  private unwind: Unwind | null
  private takeBack: (() => void) | null

  /** `ms`: null, undefined and Infinity for no limit, 0 for the next turn of the loop. */
  constructor(ms: TimeLimit, exception: TimeoutException = null) {
    super(ms ?? Infinity, typeof exception === 'string' ? exception : 'what a Timeout limits')
    if (typeof exception === 'string') this.message = exception
    if (Number.isNaN(this.ms)) throw new UsageError('Timeout(NaN): give a number of milliseconds, or null for none')
    this.bucket = null
    this.index = 0
    this.exception =
      exception === null || exception === false ? exception : typeof exception === 'string' ? null : errorOf(exception)
    this.task = null
    this.unwind = null
    this.takeBack = null
  }

  /** Makes one and starts it. */
  static startNew(ms: TimeLimit, exception: TimeoutException = null): Timeout {
    const timeout = new Timeout(ms, exception)
    timeout.start()
    return timeout
  }

  /** True while its time runs. */
  get pending(): boolean {
    return this.bucket !== null
  }

  /** Begins to count: when the time is over, the running task gets the error where it waits. A `UsageError` while it counts. */
  start(): void {
    const task = currentTask()
    if (task === null) throw new UsageError('a Timeout was started outside any task: there is nothing to limit')
    this.begin(task, null)
  }

  private begin(task: Task<unknown>, frame: Frame | null): void {
    if (this.pending) throw new UsageError('this Timeout is started already: to restart it, cancel it first')
    this.task = task
    this.unwind = frame && { target: frame, error: this.raised, failures: null, void: false }
    if (this.ms !== Infinity) currentLoop().startTimer(this, Math.max(0, this.ms))
  }

  /** What it raises. */
  private get raised(): Error {
    return this.exception || this
  }

  /** @internal */
  fire(): void {
    const { task, unwind } = this
    if (unwind === null) this.takeBack = (task as Task<unknown>).interject(this.raised)
    else task?.interrupt(unwind)
  }

  /** Ends the count. It may be started again. */
  cancel(): void {
    this.bucket?.loop.stopTimer(this)
    this.takeBack?.()
    this.takeBack = null
    if (this.unwind !== null) this.unwind.void = true
  }

  /** The same as `cancel`. Every `Timeout` that was started must be closed. */
  close(): void {
    this.cancel()
  }

  [Symbol.dispose](): void {
    this.cancel()
  }

  /**
   * Runs `body` for as long as the time lets it. When it is over, the block is unwound, and throws what this raises; with `false` as
   * the exception it gives undefined. Only this one's own time is meant: a limit around it goes through.
   */
  with<R>(body: (timeout: this) => R): Operation<Returned<R> | undefined> {
    return callWithFrame(limited, this as Timeout, body as unknown as Run) as Operation<Returned<R> | undefined>
  }

  /** @internal */
  limit(frame: Frame): void {
    this.begin(currentTask() as Task<unknown>, frame)
  }

  /** @internal True if `error` is what this has raised. */
  hasRaised(error: unknown): boolean {
    return this.unwind !== null && error === this.raised
  }
}
Object.defineProperty(Timeout.prototype, 'name', { value: 'Timeout', configurable: true, writable: true })

function* limited(frame: Frame, timeout: Timeout, body: Run): Body<unknown> {
  timeout.limit(frame)
  try {
    return yield* callRun(body, [timeout])
  } catch (error) {
    if (timeout.exception === false && timeout.hasRaised(error)) return undefined
    throw error
  } finally {
    timeout.cancel()
  }
}

/**
 * Runs `body` for at most `ms` milliseconds, and gives its value. When the time is over: a `Timeout`, or `timeoutValue` if that is
 * given. A `Timeout` of somebody else goes through.
 *
 * ```ts
 * import { sleep, withTimeout } from 'fibril/gevent'
 *
 * console.log(await withTimeout(5, () => sleep(1000), { timeoutValue: 'too late' })) // => too late
 * ```
 */
export function withTimeout<R, const V = never>(
  ms: TimeLimit,
  body: () => R,
  options: { readonly timeoutValue?: V } = {},
): Operation<Returned<R> | V> {
  return callWithFrame(
    limitedOr,
    new Timeout(ms, 'timeoutValue' in options ? false : null),
    body as unknown as Run,
    options.timeoutValue,
  ) as Operation<Returned<R> | V>
}

function* limitedOr(frame: Frame, timeout: Timeout, body: Run, instead: unknown): Body<unknown> {
  timeout.limit(frame)
  try {
    return yield* callRun(body, [])
  } catch (error) {
    if (timeout.exception === false && timeout.hasRaised(error)) return instead
    throw error
  } finally {
    timeout.cancel()
  }
}
