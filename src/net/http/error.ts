import { STATUS_CODES } from 'node:http'
import { FibrilError } from '../../core/index.ts'

/**
 * Thrown in a handler, it is the answer: `status`, and the message as plain text, for the client to read. Code `FIBRIL_HTTP`.
 * The body of a request throws it for what the client did wrong: 400 for what is no JSON, 408 for one that came too slowly, 413
 * for one that is too large.
 *
 * ```ts
 * import { HttpError } from 'fibril/net/http'
 *
 * const error = new HttpError(404, 'there is no order 17')
 * console.log(error.status, error.code, error.message) // => 404 FIBRIL_HTTP there is no order 17
 * ```
 */
export class HttpError extends FibrilError {
  readonly status: number

  constructor(status: number, message: string = STATUS_CODES[status] ?? '', options?: { cause?: unknown }) {
    super('FIBRIL_HTTP', message, options)
    this.status = status
  }
}
Object.defineProperty(HttpError.prototype, 'name', { value: 'HttpError', configurable: true, writable: true })
