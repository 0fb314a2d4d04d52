/**
 * Where errors go that nobody else gets: the handlers that were added, and if there are none, standard error. Under a
 * strict host (a test, `FIBRIL_DEBUG`) one that no handler takes is unhandled, as that of a failed task is.
 */
import { currentLoop, UnhandledError } from '../core/index.ts'

/** Is told of each error. */
export type LogHandler = (message: string, error: unknown) => void

const handlers = new Set<LogHandler>()

/**
 * The log of errors: of callbacks, and of futures that nobody asked for.
 *
 * ```ts
 * import { appLog } from 'fibril/tornado'
 *
 * const remove = appLog.addHandler((message, error) => console.log(message, String(error)))
 * appLog.error('Exception in callback', new Error('boom'))
 * remove()
 * // prints: Exception in callback Error: boom
 * ```
 */
export const appLog: {
  error(message: string, error: unknown): void
  /** Returns how to remove it. */
  addHandler(handler: LogHandler): () => void
} = Object.freeze({
  error(message: string, error: unknown): void {
    if (handlers.size > 0) {
      for (const handler of [...handlers]) handler(message, error)
      return
    }
    const text = `${message}\n${error instanceof Error ? (error.stack ?? String(error)) : String(error)}`
    const { host } = currentLoop()
    if (host.strict) host.unhandled(new UnhandledError(null, text, error))
    else process.stderr.write(`${text}\n`)
  },
  addHandler(handler: LogHandler): () => void {
    handlers.add(handler)
    return () => void handlers.delete(handler)
  },
})
