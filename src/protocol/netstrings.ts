import { endBetween, type Framing, MORE } from './framing.ts'
import { FramingError } from './framing-error.ts'
import { checkedMaxLength, encodableLength, tooLong } from './limits.ts'
import type { ReceiveBuffer } from './receive-buffer.ts'

/** How long a netstring may be. */
export interface NetstringOptions {
  /** How many bytes it may hold. 65536 if left out. */
  readonly maxLength?: number
}

const ZERO = 48
const COLON = 58
const COMMA = 44

/**
 * Netstrings, `5:hello,`: the length in decimal digits, a colon, the bytes, a comma
 * (https://cr.yp.to/proto/netstrings.txt). The grammar is kept to the letter, so there is one way to write each.
 *
 * ```ts
 * import { Decoder, NetstringFraming } from 'fibril/protocol'
 *
 * const netstrings = new NetstringFraming()
 * const encoded = netstrings.encode('grüße') // => '7:grüße,'
 * const [message] = new Decoder(netstrings).push(new TextEncoder().encode(String(encoded)))
 * console.log(new TextDecoder().decode(message)) // => grüße
 * ```
 */
export class NetstringFraming implements Framing<Uint8Array, Uint8Array | string> {
  readonly maxLength: number

  constructor(options: NetstringOptions = {}) {
    this.maxLength = checkedMaxLength(options.maxLength, Number.MAX_SAFE_INTEGER)
  }

  decode(buffer: ReceiveBuffer): Uint8Array | typeof MORE {
    const { length: available } = buffer
    let length = 0
    let at = 0
    for (; ; at++) {
      if (at === available) return MORE
      const byte = buffer.at(at)
      if (byte === COLON && at > 0) break
      const digit = byte - ZERO
      if (!(digit >= 0 && digit <= 9)) throw malformed(byte, at === 0 ? 'a digit' : 'a digit or ":"')
      if (at === 1 && length === 0) throw malformed(byte, '":", as no length begins with 0')
      length = 10 * length + digit
      if (length > this.maxLength) throw tooLong('a netstring', this.maxLength)
    }
    const comma = at + 1 + length
    if (comma >= available) return MORE
    if (buffer.at(comma) !== COMMA) throw malformed(buffer.at(comma), `"," after ${length} bytes`)
    buffer.skip(at + 1)
    const message = buffer.take(length)
    buffer.skip(1)
    return message
  }

  atEnd(buffer: ReceiveBuffer): typeof MORE {
    return endBetween(buffer, 'a netstring')
  }

  encode(message: Uint8Array | string): string | readonly (Uint8Array | string)[] {
    const length = encodableLength('a netstring', message, this.maxLength)
    return typeof message === 'string' ? `${length}:${message},` : [`${length}:`, message, ',']
  }
}

function malformed(byte: number, expected: string): FramingError {
  const found = JSON.stringify(String.fromCharCode(byte))
  return new FramingError(`a netstring has ${found} (byte ${byte}) where it should have ${expected}`)
}
