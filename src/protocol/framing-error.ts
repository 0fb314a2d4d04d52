/** The other side sent what breaks the rules of the framing. `limit` is the number of bytes that was allowed. */
export class FramingError extends Error {
  readonly code = 'FIBRIL_FRAMING'
  readonly limit: number

  constructor(message: string, limit: number) {
    super(message)
    this.limit = limit
  }
}
Object.defineProperty(FramingError.prototype, 'name', { value: 'FramingError', configurable: true, writable: true })
