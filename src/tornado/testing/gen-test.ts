import { type Awaitable, fn, TimeoutError, timeout, UsageError } from '../../core/index.ts'
import { TestHost, type TestHostOptions } from '../../testing/index.ts'
import { convertYielded, coroutine, IOLoop } from '../index.ts'

/** What a test may be: a coroutine, a generator function, or one that gives what can be waited for; or nothing. */
export type GenTestBody = (
  loop: IOLoop,
  host: TestHost,
) => Generator<unknown, unknown, unknown> | Awaitable<unknown> | void

export interface GenTestOptions extends TestHostOptions {
  /** Virtual milliseconds that it may take. 5000 if left out, or what ASYNC_TEST_TIMEOUT says, in seconds. */
  readonly timeoutMs?: number
}

/**
 * Makes a test of a coroutine: a function for `test` or `it` of any runner. It fails with what the body fails with, with a
 * `TimeoutError` past its time, with what it leaves behind (futures that wait, timers, sockets), and with errors that it
 * logs, unless they were expected. A body that gives something that nobody waits for is a `UsageError`.
 *
 * ```ts
 * import { genTest } from 'fibril/tornado/testing'
 * import { sleep } from 'fibril/tornado'
 *
 * const test = genTest(function* (loop) {
 *   const before = loop.time()
 *   yield sleep(1000)
 *   if (loop.time() - before !== 1000) throw new Error('the clock is wrong')
 * })
 * await test()
 * ```
 */
export function genTest(body: GenTestBody, options: GenTestOptions = {}): () => Promise<void> {
  const { timeoutMs = defaultTimeout(), ...rest } = options
  return async () => {
    const host = new TestHost(rest)
    await host.run(bodyOf(body, host, timeoutMs))
  }
}

const bodyOf = fn(function* genTest(body: GenTestBody, host: TestHost, timeoutMs: number) {
  const loop = IOLoop.current()
  const given = coroutine(body as () => Generator<unknown, unknown, unknown>)
  const future = Reflect.apply(given, undefined, [loop, host]) as ReturnType<typeof given>
  try {
    const value = yield* timeout(timeoutMs, future.wait())
    if (value !== undefined && value !== null) refuse(value)
  } catch (error) {
    if (error instanceof TimeoutError) future.cancel('the test took too long')
    throw error
  } finally {
    loop.close()
  }
})

/** A test that gives something to be waited for, inside of what was waited for, would pass without having run it. */
function refuse(value: unknown): void {
  let waitable = false
  try {
    waitable = typeof value === 'object' && !Array.isArray(value) && convertYielded(value) !== null
  } catch {
    // Nothing that could be waited for: a result that nobody wants.
  }
  if (waitable) throw new UsageError(`the test gave ${String(value)}, which nobody waits for: yield it in the test`)
}

function defaultTimeout(): number {
  const seconds = Number(process.env['ASYNC_TEST_TIMEOUT'])
  return seconds > 0 ? seconds * 1000 : 5000
}
