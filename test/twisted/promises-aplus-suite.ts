// Runs the Promises/A+ suite (mocha inside) on `then`, and prints its summary. A process of its own: the suite leaves rejected
// promises behind, which Node would end the program for.
import { createRequire } from 'node:module'
import { Deferred, Failure, log } from '../../src/twisted/index.ts'

const suite = createRequire(import.meta.url)('promises-aplus-tests') as (
  adapter: object,
  options: object,
  done: (error?: Error & { failures?: number }) => void,
) => void

log.addObserver(() => {})
const adapter = {
  deferred() {
    const promise = new Deferred<unknown>()
    return {
      promise,
      // The suite settles twice on purpose; a Deferred that has fired says so.
      resolve(value: unknown) {
        if (!promise.called) promise.callback(value)
      },
      reject(reason: unknown) {
        if (!promise.called) promise.callback(new Failure(reason, true))
      },
    }
  },
}
suite(adapter, { reporter: 'dot', timeout: 10_000, bail: true }, (error) => {
  process.exit(error === undefined || error === null ? 0 : 1)
})
