import { endBetween, type Framing, MORE } from './framing.ts'
import { FramingError } from './framing-error.ts'
import { checkedMaxLength, encodableLength, tooLong } from './limits.ts'
import type { ReceiveBuffer } from './receive-buffer.ts'

/** How the length is written. */
export interface LengthPrefixOptions {
  /** How many bits it has. 32 if left out. */
  readonly bits?: 8 | 16 | 32
  /** Whether its lowest byte comes first. Left out, the highest does, as is the custom on networks. */
  readonly littleEndian?: boolean
  /** Whether it counts its own bytes, too. */
  readonly countsItself?: boolean
  /** How many bytes a message may have, without its length. 65536 if left out, or as many as fit the bits. */
  readonly maxLength?: number
}

/**
 * Messages with their length before them, as 8, 16 or 32 bits.
 *
 * ```ts
 * import { Decoder, LengthPrefixFraming } from 'fibril/protocol'
 *
 * const decoder = new Decoder(new LengthPrefixFraming({ bits: 16 }))
 * for (const message of decoder.push(Uint8Array.of(0, 2, 7, 8, 0, 1, 9, 0))) console.log(message.join())
 * // prints: 7,8
 * // prints: 9
 * ```
 */
export class LengthPrefixFraming implements Framing<Uint8Array, Uint8Array | string> {
  readonly maxLength: number
  /** How many bytes the length has. */
  private readonly size: number
  private readonly littleEndian: boolean
  /** How much the length says beyond the bytes of the message. */
  private readonly extra: number

  constructor(options: LengthPrefixOptions = {}) {
    const { bits = 32, littleEndian = false, countsItself = false } = options
    if (bits !== 8 && bits !== 16 && bits !== 32) throw new RangeError(`bits is ${String(bits)}: give 8, 16 or 32`)
    this.size = bits / 8
    this.littleEndian = littleEndian
    this.extra = countsItself ? this.size : 0
    this.maxLength = checkedMaxLength(options.maxLength, 2 ** bits - 1 - this.extra)
  }

  decode(buffer: ReceiveBuffer): Uint8Array | typeof MORE {
    const { size } = this
    if (buffer.length < size) return MORE
    const length = this.read(buffer) - this.extra
    if (length > this.maxLength) throw tooLong('a message', this.maxLength)
    if (length < 0) {
      throw new FramingError(
        `a message says that it has ${length + size} bytes with its length, which alone has ${size}`,
      )
    }
    if (buffer.length < size + length) return MORE
    buffer.skip(size)
    return buffer.take(length)
  }

  atEnd(buffer: ReceiveBuffer): typeof MORE {
    return endBetween(buffer, 'a message')
  }

  encode(message: Uint8Array | string): readonly (Uint8Array | string)[] {
    return [this.header(encodableLength('a message', message, this.maxLength) + this.extra), message]
  }

  private read(buffer: ReceiveBuffer): number {
    const last = this.size - 1
    let value = 0
    // No shifts: a length of 32 bits is more than a signed integer holds.
    for (let i = 0; i <= last; i++) value = value * 256 + buffer.at(this.littleEndian ? last - i : i)
    return value
  }

  private header(value: number): Uint8Array {
    const bytes = new Uint8Array(this.size)
    const last = this.size - 1
    for (let i = 0; i <= last; i++) bytes[this.littleEndian ? i : last - i] = value >>> (8 * i)
    return bytes
  }
}
