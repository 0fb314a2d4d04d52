import { FramingError, MORE, NetstringFraming } from '../../protocol/index.ts'
import { StringTooLongError } from '../network-errors.ts'
import { ReceivingProtocol } from './receiving-protocol.ts'

/** Messages of bytes, each with its length before it: what they are called in Twisted is strings. */
export abstract class StringReceiver extends ReceivingProtocol {
  /** How many bytes a message may have. */
  MAX_LENGTH = 99_999

  /** A message came: a view of what came, and the protocol's to keep. */
  abstract stringReceived(string: Buffer): unknown

  /** Sends a message. */
  abstract sendString(string: string | Uint8Array): void
}

/**
 * Netstrings, `5:hello,`. What breaks their grammar, or is longer than `MAX_LENGTH`, loses the connection: nothing is thrown,
 * `brokenPeer` is set, and what comes after is dropped.
 *
 * ```ts
 * import { NetstringReceiver, StringTransport } from 'fibril/twisted'
 *
 * class Reverse extends NetstringReceiver {
 *   stringReceived(string: Buffer) {
 *     this.sendString(string.reverse())
 *   }
 * }
 * const reverse = new Reverse()
 * const transport = new StringTransport()
 * reverse.makeConnection(transport)
 * reverse.dataReceived(Buffer.from('5:hello,'))
 * console.log(`${transport.value()}`) // => 5:olleh,
 * ```
 */
export abstract class NetstringReceiver extends StringReceiver {
  brokenPeer = false
  #framing: NetstringFraming | null = null

  override sendString(string: string | Uint8Array): void {
    this.transport.writeSequence([`${byteLength(string)}:`, string, ','])
  }

  /** @internal */
  protected override deliver(): boolean {
    if (this.brokenPeer) {
      this.received.clear()
      return false
    }
    if (this.#framing?.maxLength !== this.MAX_LENGTH)
      this.#framing = new NetstringFraming({ maxLength: this.MAX_LENGTH })
    const string = this.#decode(this.#framing)
    if (string === MORE) return false
    this.stringReceived(string)
    return true
  }

  #decode(framing: NetstringFraming): Buffer | typeof MORE {
    try {
      return framing.decode(this.received) as Buffer | typeof MORE
    } catch (error) {
      if (!(error instanceof FramingError)) throw error
      this.brokenPeer = true
      this.received.clear()
      this.transport.loseConnection()
      return MORE
    }
  }
}

/** Messages with their length before them, as an unsigned number of `prefixLength` bytes, the highest first. */
export abstract class IntNStringReceiver extends StringReceiver {
  /** How many bytes the length has. */
  abstract readonly prefixLength: number
  #switched = false

  /** What has come and was not yet delivered. May be set, also inside a callback: that goes on from there. */
  get recvd(): Buffer {
    return this.received.view()
  }

  set recvd(bytes: Uint8Array) {
    this.#switched = true
    this.received.clear()
    if (bytes.length > 0) this.received.push(Buffer.from(bytes))
  }

  /**
   * A message of `length` bytes was announced, which is more than `MAX_LENGTH`. It stays where it is, in `recvd`, and so
   * nothing after it is delivered. Unless this is overridden, the connection is lost.
   */
  lengthLimitExceeded(_length: number): void {
    this.transport.loseConnection()
  }

  /** Sends a message; a `StringTooLongError` if its length does not fit. */
  override sendString(string: string | Uint8Array): void {
    const length = byteLength(string)
    const { prefixLength } = this
    if (length >= 2 ** (8 * prefixLength)) {
      throw new StringTooLongError(
        `a message of ${length} bytes was to be sent, but its length must fit ${8 * prefixLength} bits: send it in parts`,
      )
    }
    const prefix = Buffer.alloc(prefixLength)
    prefix.writeUIntBE(length, 0, prefixLength)
    this.transport.writeSequence([prefix, string])
  }

  /** @internal */
  protected override deliver(): boolean {
    const { received, prefixLength } = this
    if (received.length < prefixLength) return false
    const length = received.peek(prefixLength, readLength)
    if (length > this.MAX_LENGTH) {
      this.#switched = false
      this.lengthLimitExceeded(length)
      return this.#switched
    }
    if (received.length < prefixLength + length) return false
    received.skip(prefixLength)
    this.stringReceived(received.take(length))
    return true
  }
}

/** Messages of up to 255 bytes. */
export abstract class Int8StringReceiver extends IntNStringReceiver {
  readonly prefixLength = 1
}

/** Messages of up to 65,535 bytes. */
export abstract class Int16StringReceiver extends IntNStringReceiver {
  readonly prefixLength = 2
}

/**
 * Messages of up to `MAX_LENGTH` bytes.
 *
 * ```ts
 * import { Int32StringReceiver, StringTransport } from 'fibril/twisted'
 *
 * class Answer extends Int32StringReceiver {
 *   stringReceived(string: Buffer) {
 *     console.log(`${string}`)
 *   }
 * }
 * const answer = new Answer()
 * answer.makeConnection(new StringTransport())
 * answer.dataReceived(Buffer.from([0, 0, 0, 2, 104, 105]))
 * // prints: hi
 * ```
 */
export abstract class Int32StringReceiver extends IntNStringReceiver {
  readonly prefixLength = 4
}

function readLength(bytes: Buffer, start: number, end: number): number {
  return bytes.readUIntBE(start, end - start)
}

function byteLength(string: string | Uint8Array): number {
  return typeof string === 'string' ? Buffer.byteLength(string) : string.length
}
