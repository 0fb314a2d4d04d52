import { fileURLToPath } from 'node:url'
import { fn, UsageError } from '../core/index.ts'
import { moduleUrl } from '../offload/index.ts'
import { checkPlace } from './fork.ts'
import { type ServingOptions, servingSettings } from './options.ts'
import { Service } from './service.ts'

/**
 * Serves by several processes that share what they listen on. Each runs `module`, an ordinary program that listens: by `serve` or
 * `serveHttp`, or any server of `node:net`, `http`, `https` or `http2`; run by itself it does the same in one process. Waits until all
 * of them listen. The first that does not is thrown as a `WorkerError`, with what it said last. A cancel ends the workers.
 *
 * The service goes on until it is stopped: by `stop`, by a signal, or, with `await using`, by the end of the block.
 *
 * ```ts
 * import { run } from 'fibril'
 * import { fetchUrl, serveHttp } from 'fibril/net/http'
 * import { serveAcross } from 'fibril/serving'
 *
 * // Usually a file of its own.
 * if (process.env['FIBRIL_WORKER'] !== undefined) {
 *   await run(serveHttp((_, response) => response.send('hello'), { port: 0 }))
 * } else {
 *   await run(function* () {
 *     const service = yield* serveAcross(import.meta.url, { workers: 2 })
 *     const page = yield* fetchUrl(`http://127.0.0.1:${service.port}/`)
 *     console.log(yield* page.body.text()) // => hello
 *     yield* service.restart()
 *     yield* service.stop({ linger: 0 })
 *     console.log(service.stats().replaced) // => 2
 *   })
 * }
 * ```
 */
export const serveAcross = fn(function* serveAcross(module: string | URL, options: ServingOptions = {}) {
  const settings = servingSettings(options)
  checkPlace(settings.spread)
  const url = moduleUrl(module)
  if (!url.startsWith('file:')) throw new UsageError(`serveAcross: ${url} is no file: a process starts with one`)
  const file = fileURLToPath(url)
  const service = new Service(options.name ?? nameOf(file), file, settings)
  yield* service.start()
  return service
})

function nameOf(file: string): string {
  return /([^/\\]+?)(\.\w+)?$/.exec(file)?.[1] ?? file
}
