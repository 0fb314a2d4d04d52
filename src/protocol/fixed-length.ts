import { endBetween, type Framing, MORE } from './framing.ts'
import { checkedLength } from './limits.ts'
import type { ReceiveBuffer } from './receive-buffer.ts'
import { utf8Length } from './utf8-length.ts'

/**
 * Records of `length` bytes each, with nothing between them.
 *
 * ```ts
 * import { Decoder, FixedLengthFraming } from 'fibril/protocol'
 *
 * const decoder = new Decoder(new FixedLengthFraming(2))
 * for (const record of decoder.push(Uint8Array.of(1, 2, 3, 4, 5))) console.log(record.join())
 * // prints: 1,2
 * // prints: 3,4
 * ```
 */
export class FixedLengthFraming implements Framing<Uint8Array, Uint8Array | string> {
  readonly length: number

  constructor(length: number) {
    this.length = checkedLength('length', length, 1)
  }

  decode(buffer: ReceiveBuffer): Uint8Array | typeof MORE {
    return buffer.length < this.length ? MORE : buffer.take(this.length)
  }

  atEnd(buffer: ReceiveBuffer): typeof MORE {
    return endBetween(buffer, `a record of ${this.length}`)
  }

  encode(record: Uint8Array | string): Uint8Array | string {
    const length = typeof record === 'string' ? utf8Length(record) : record.length
    if (length === this.length) return record
    throw new RangeError(`a record of ${length} bytes is given where all have ${this.length}: pad it, or cut it`)
  }
}
