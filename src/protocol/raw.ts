import { type Framing, MORE } from './framing.ts'
import { FramingError } from './framing-error.ts'
import { checkedLength } from './limits.ts'
import type { ReceiveBuffer } from './receive-buffer.ts'

/**
 * Bytes as they come, in pieces of any size: all that follows, or just `count` of them.
 *
 * With a count it has state: `left` bytes are to come. When none are, it takes nothing more, and what follows is left
 * for the framing to which the owner switches. If the stream ends before, that is a `FramingError`.
 */
export class RawFraming implements Framing<Uint8Array, Uint8Array | string> {
  /** How many bytes are still to come; `Infinity` if none were counted. */
  left: number
  private readonly count: number

  constructor(count = Infinity) {
    this.count = count === Infinity ? count : checkedLength('count', count, 0, Infinity, ', or none')
    this.left = count
  }

  decode(buffer: ReceiveBuffer): Uint8Array | typeof MORE {
    const length = Math.min(this.left, buffer.length)
    if (length === 0) return MORE
    this.left -= length
    return buffer.take(length)
  }

  atEnd(): typeof MORE {
    if (this.left === 0 || this.count === Infinity) return MORE
    const message = `the stream ended after ${this.count - this.left} of ${this.count} bytes`
    throw new FramingError(message, { fault: 'torn' })
  }

  encode(bytes: Uint8Array | string): Uint8Array | string {
    return bytes
  }
}
