/** What is wrong with it: longer than is allowed, against the grammar, or cut off by the end of the stream. */
export type FramingFault = 'too long' | 'malformed' | 'torn'

/**
 * The other side sent what breaks the rules of the framing. Nothing after it can be understood: tell the peer if the
 * protocol has a word for that, and close.
 */
export class FramingError extends Error {
  readonly code = 'FIBRIL_FRAMING'
  readonly fault: FramingFault
  /** How many bytes were allowed; `Infinity` where the fault is not one of length. */
  readonly limit: number

  constructor(message: string, options: FramingErrorOptions = {}) {
    super(message, options)
    this.fault = options.fault ?? 'malformed'
    this.limit = options.limit ?? Infinity
  }
}

export interface FramingErrorOptions {
  /** `malformed` if left out. */
  readonly fault?: FramingFault
  readonly limit?: number
  readonly cause?: unknown
}

Object.defineProperty(FramingError.prototype, 'name', { value: 'FramingError', configurable: true, writable: true })
// This folder imports nothing, the base of all errors neither; its brand makes `FibrilError.is` true all the same.
Object.defineProperty(FramingError.prototype, Symbol.for('fibril.error'), { value: true })
