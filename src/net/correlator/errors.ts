import { BrokenError } from '../../core/index.ts'

/**
 * The connection was lost before the reply to a request came. `sent` tells whether the request had left: if not, it can be
 * repeated without a second thought; if it had, the peer may have carried it out. The loss is the `cause`.
 */
export class LostRequestError extends BrokenError {
  readonly sent: boolean

  constructor(message: string, sent: boolean, cause: unknown) {
    super(message, { cause })
    this.sent = sent
  }
}
Object.defineProperty(LostRequestError.prototype, 'name', {
  value: 'LostRequestError',
  configurable: true,
  writable: true,
})
