import { TimeoutError } from './errors.ts'
import { checkRequest, type Requests } from './requests.ts'
import type { Scheduler } from './scheduler.ts'

/**
 * Runs `body` as a task of its own and returns what it returns. If that takes longer than `ms`, cancels it, and throws
 * a TimeoutError when its `finally` blocks have run. To the scheduler this is nothing new: a task, and a cancel.
 *
 * ```ts
 * const line = yield* timeout(scheduler, 1000, reader.next())
 * ```
 */
export function* timeout<T>(scheduler: Scheduler, ms: number, body: Requests<T>): Requests<T> {
  checkRequest(['sleep', ms])
  const work = scheduler.spawn(body, `what may take ${ms} ms`)
  const alarm = setTimeout(() => work.cancel(new TimeoutError(`not done after ${ms} ms`)), ms)
  try {
    return yield* work.done.wait()
  } finally {
    clearTimeout(alarm)
    work.cancel()
  }
}
