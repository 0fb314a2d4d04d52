import { UsageError } from '../../core/index.ts'
import { appLog } from '../index.ts'

/**
 * Takes errors whose message, or that of the error itself, `pattern` matches, until the end of the block; others are logged as
 * ever. If there was none, leaving the block is a `UsageError`. Tornado's `ExpectLog`.
 *
 * ```ts
 * import { expectLog } from 'fibril/tornado/testing'
 * import { IOLoop, sleep } from 'fibril/tornado'
 *
 * {
 *   using expected = expectLog(/boom/)
 *   IOLoop.current().addCallback(() => {
 *     throw new Error('boom')
 *   })
 *   await sleep(1)
 *   console.log(expected.count) // => 1
 * }
 * ```
 */
export function expectLog(pattern: RegExp): Disposable & { readonly count: number } {
  let count = 0
  const others: unknown[] = []
  const remove = appLog.addHandler((message, error) => {
    const text = `${message} ${error instanceof Error ? error.message : String(error)}`
    if (pattern.test(text)) count++
    else others.push([message, error])
  })
  return {
    get count() {
      return count
    },
    [Symbol.dispose]() {
      remove()
      for (const [message, error] of others as [string, unknown][]) appLog.error(message, error)
      if (count === 0) throw new UsageError(`did not get expected log message: ${pattern}`)
    },
  }
}
