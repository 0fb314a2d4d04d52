import { delimiterBytes } from '../../protocol/index.ts'
import { asksToStop, ReceivingProtocol } from './receiving-protocol.ts'

/** What the two receivers of lines share: what a line is, and how to send one. */
export abstract class LineProtocol extends ReceivingProtocol {
  /** What ends a line: bytes, or a string of ASCII. */
  delimiter: string | Uint8Array = '\r\n'
  /** How many bytes a line may have, without its end. */
  MAX_LENGTH = 16_384
  #given: string | Uint8Array = ''
  #end: Uint8Array = new Uint8Array(0)

  /** A line came; its end is stripped. It is a view of what came, and the protocol's to keep. */
  abstract lineReceived(line: Buffer): unknown

  /** Sends a line, and its end after it. */
  sendLine(line: string | Uint8Array): void {
    this.transport.writeSequence([line, this.delimiter])
  }

  /** A line is longer than `MAX_LENGTH`. Unless this is overridden, the connection is lost. */
  lineLengthExceeded(_line: Buffer): unknown {
    this.transport.loseConnection()
    return undefined
  }

  /** @internal The delimiter as bytes: the same object as long as it is the same. */
  protected get end(): Uint8Array {
    if (this.delimiter !== this.#given) {
      this.#end = delimiterBytes(this.delimiter)
      this.#given = this.delimiter
    }
    return this.#end
  }
}

/**
 * Lines, and bytes as they come in between: `setRawMode` and `setLineMode` switch, also amid a chunk.
 *
 * If `lineReceived` returns something true, or loses the connection, nothing more of this chunk is delivered. A promise or a Deferred
 * does not count: an `async` or `inlineCallbacks` method is just one that goes on later.
 *
 * ```ts
 * import { connectedPair, LineReceiver, Protocol } from 'fibril/twisted'
 *
 * class Answer extends LineReceiver {
 *   lineReceived(line: Buffer) {
 *     console.log(`${line}`)
 *   }
 * }
 * const peer = new Protocol()
 * const { pump } = connectedPair(peer, new Answer())
 * peer.transport.write('first\r\nsec')
 * peer.transport.write('ond\r\n')
 * pump()
 * // prints: first
 * // prints: second
 * ```
 */
export abstract class LineReceiver extends LineProtocol {
  lineMode = true

  /** In raw mode: bytes came. */
  rawDataReceived(_data: Buffer): unknown {
    throw new TypeError(`${this.constructor.name} went into raw mode, but has no rawDataReceived: give it one`)
  }

  /** From here on bytes go to `rawDataReceived`: what is left of this chunk first, in one piece. */
  setRawMode(): void {
    this.lineMode = false
  }

  /** From here on lines are delivered again. `extra` is what `rawDataReceived` was given too much. */
  setLineMode(extra?: Uint8Array): void {
    this.lineMode = true
    if (extra !== undefined && extra.length > 0) this.dataReceived(extra)
  }

  /** Takes away what has come and was not yet delivered. */
  clearLineBuffer(): Buffer {
    return this.takeAll()
  }

  /**
   * A line is longer than `MAX_LENGTH`: `line` is what has come of it, and all that came after it; it is gone from the
   * buffer. Unless this is overridden, the connection is lost.
   */
  override lineLengthExceeded(line: Buffer): unknown {
    return super.lineLengthExceeded(line)
  }

  /** @internal */
  protected override deliver(): boolean {
    if (!this.lineMode) return !asksToStop(this.rawDataReceived(this.takeAll()))
    const { received, end } = this
    const length = received.find(end)
    if (length < 0 ? received.length >= this.MAX_LENGTH + end.length : length > this.MAX_LENGTH) {
      this.lineLengthExceeded(this.takeAll())
      return false
    }
    if (length < 0) return false
    const line = received.take(length)
    received.skip(end.length)
    return !asksToStop(this.lineReceived(line))
  }
}

/**
 * Lines and nothing else. A line that is too long is handed to `lineLengthExceeded` alone; those after it are delivered if that
 * keeps the connection.
 *
 * ```ts
 * import { LineOnlyReceiver, StringTransport } from 'fibril/twisted'
 *
 * class Upper extends LineOnlyReceiver {
 *   lineReceived(line: Buffer) {
 *     this.sendLine(`${line}`.toUpperCase())
 *   }
 * }
 * const upper = new Upper()
 * const transport = new StringTransport()
 * upper.makeConnection(transport)
 * upper.dataReceived(Buffer.from('one\r\ntwo\r\nthr'))
 * console.log(JSON.stringify(`${transport.value()}`)) // => "ONE\r\nTWO\r\n"
 * ```
 */
export abstract class LineOnlyReceiver extends LineProtocol {
  /** @internal */
  protected override deliver(): boolean {
    const { received, end } = this
    const length = received.find(end)
    if (length < 0) {
      if (received.length > this.MAX_LENGTH) this.lineLengthExceeded(this.takeAll())
      return false
    }
    const line = received.take(length)
    received.skip(end.length)
    if (length > this.MAX_LENGTH) this.lineLengthExceeded(line)
    else this.lineReceived(line)
    return true
  }
}
