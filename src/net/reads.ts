import { BrokenError, NOT_YET } from '../core/index.ts'
import { FramingError, type LineFraming, type ReceiveBuffer } from '../protocol/index.ts'
import { LimitError } from './net-errors.ts'
import { Read, type Receiver } from './receiver.ts'

/** Some bytes, at most `max`. */
export class ReadSome extends Read<Buffer | null> {
  protected readonly wanted = 'bytes to read'
  private readonly max: number

  constructor(receiver: Receiver, max: number) {
    super(receiver)
    this.max = max
  }

  override take(buffer: ReceiveBuffer<Buffer>): Buffer | typeof NOT_YET {
    return buffer.length === 0 ? NOT_YET : buffer.take(Math.min(this.max, buffer.length))
  }

  override atEnd(): null {
    return null
  }
}

/** `count` bytes, no less. */
export class ReadExactly extends Read<Buffer | null> {
  private readonly count: number

  constructor(receiver: Receiver, count: number) {
    super(receiver)
    this.count = count
  }

  protected override get wanted(): string {
    return `${this.count} bytes`
  }

  override take(buffer: ReceiveBuffer<Buffer>): Buffer | typeof NOT_YET {
    return buffer.length < this.count ? NOT_YET : buffer.take(this.count)
  }

  override atEnd(buffer: ReceiveBuffer<Buffer>): null {
    if (buffer.length === 0) return null
    throw new BrokenError(
      `${this.receiver.name}: the peer ended after ${buffer.length} of ${this.count} bytes; read() gives those that came.`,
    )
  }
}

/** The bytes up to a delimiter, and with it. */
export class ReadUntil extends Read<Buffer | null> {
  protected readonly wanted = 'a delimiter'
  private readonly delimiter: Uint8Array
  private readonly max: number

  constructor(receiver: Receiver, delimiter: Uint8Array, max: number) {
    super(receiver)
    this.delimiter = delimiter
    this.max = max
  }

  override take(buffer: ReceiveBuffer<Buffer>): Buffer | typeof NOT_YET {
    const { delimiter, max } = this
    const before = buffer.find(delimiter)
    if (before > max || (before < 0 && buffer.length - delimiter.length + 1 > max)) {
      throw new LimitError(
        `${this.receiver.name}: the peer sent more than ${max} bytes without the delimiter; allow more, or close the connection.`,
        max,
      )
    }
    return before < 0 ? NOT_YET : buffer.take(before + delimiter.length)
  }

  override atEnd(): null {
    return null
  }
}

/** The next line, as text. */
export class ReadLine extends Read<string | null> {
  protected readonly wanted = 'a line'
  private readonly framing: LineFraming
  private readonly decode: Decode

  constructor(receiver: Receiver, framing: LineFraming, decode: Decode) {
    super(receiver)
    this.framing = framing
    this.decode = decode
  }

  override take(buffer: ReceiveBuffer<Buffer>): string | typeof NOT_YET {
    const length = this.measure(buffer)
    if (length < 0) return NOT_YET
    const line = buffer.peek(length, this.decode)
    buffer.skip(length + this.framing.ending)
    return line
  }

  private measure(buffer: ReceiveBuffer<Buffer>): number {
    try {
      return this.framing.measure(buffer as ReceiveBuffer<Uint8Array>)
    } catch (error) {
      if (!(error instanceof FramingError)) throw error
      const message = `${this.receiver.name}: the peer sent a line of more than ${error.limit} bytes; allow more by \`maxLine\`, or close the connection.`
      throw new LimitError(message, error.limit, { cause: error })
    }
  }

  override atEnd(): null {
    return null
  }
}

/** Makes text of bytes. */
export type Decode = (bytes: Buffer, start: number, end: number) => string

export const decodeUtf8: Decode = (bytes, start, end) => bytes.toString('utf8', start, end)
export const decodeLatin1: Decode = (bytes, start, end) => bytes.toString('latin1', start, end)
