import { LeakError } from '../../testing/index.ts'
import { Failure, loopTime, maybeDeferred, unfiredDeferreds } from '../index.ts'
import { TestCase } from './test-case.ts'
import { LoggedErrorsError, TrialTimeoutError } from './trial-errors.ts'
import { Watch } from './watch.ts'

/** A test: it may be a generator or an async function, or give a Deferred, promise or operation. All are awaited. */
export type TrialBody = (this: TestCase, test: TestCase) => unknown

/** How a test is run. */
export interface RunTrialOptions {
  /** Milliseconds that each stage may take: `setUp`, the test, `tearDown`, a cleanup. The test case's own if left out. */
  readonly timeout?: number
  /** The test case around it. */
  readonly testCase?: TestCase
}

/** The test that was asked for last: they run one at a time, for what is open while two run is nobody's. */
let last: Promise<unknown> = Promise.resolve()

/**
 * Runs a test: `setUp`, the body, `tearDown` and the cleanups, each awaited. Rejects with what failed; with a
 * `TrialTimeoutError` that names the Deferreds that have not fired, if one took too long; with a `LoggedErrorsError` if errors were
 * logged; and if nothing else is wrong, with a `LeakError` for delayed calls, ports, connections, Deferreds, tasks and handles that
 * were left behind, which are let go of. Several are an `AggregateError`. For those whose test runner is not `node:test`.
 *
 * ```ts
 * import { Deferred, reactor } from 'fibril/twisted'
 * import { runTrial } from 'fibril/twisted/testing'
 *
 * await runTrial(() => {
 *   reactor.callLater(60_000, function tooLate() {})
 * }).catch((error) => console.log(error.code, error.leaks[0].kind, error.leaks[0].name))
 * // prints: FIBRIL_LEAK DelayedCall tooLate
 * ```
 */
export function runTrial(body: TrialBody, options: RunTrialOptions = {}): Promise<void> {
  const run = last.then(() => runAlone(body, options))
  last = run.catch(() => {})
  return run
}

async function runAlone(body: TrialBody, options: RunTrialOptions): Promise<void> {
  const test = options.testCase ?? new TestCase()
  const watch = new Watch()
  test.watch = watch
  const errors: unknown[] = []
  const stage = async (name: string, call: () => unknown): Promise<boolean> => {
    try {
      await within(options.timeout ?? test.timeout, name, call)
      return true
    } catch (error) {
      errors.push(error)
      return false
    }
  }
  if (await stage('setUp', () => test.setUp())) {
    await stage('the test', () => body.call(test, test))
    await stage('tearDown', () => test.tearDown())
  }
  for (let cleanup = test.takeCleanup(); cleanup !== undefined; cleanup = test.takeCleanup()) {
    await stage('a cleanup', cleanup)
  }
  const left = await watch.end()
  test.watch = null
  if (left.errors.length > 0) errors.push(new LoggedErrorsError(left.errors))
  if (errors.length === 0 && left.leaks.length > 0) errors.push(new LeakError(left.leaks))
  if (errors.length === 1) throw errors[0]
  if (errors.length > 1) throw new AggregateError(errors, errors.map(messageOf).join('\n'))
}

function within(ms: number, name: string, call: () => unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const deferred = maybeDeferred(call)
    const timer = loopTime.callLater(ms, () => {
      reject(new TrialTimeoutError(name, ms, unfiredDeferreds()))
      deferred.cancel()
    })
    deferred.addBoth((result) => {
      timer.cancel()
      if (result instanceof Failure) reject(result.value)
      else resolve(result)
    })
  })
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
