import { BrokenError, NOT_YET } from '../core/index.ts'
import { decodeAtEnd, type Framing, FramingError, MORE, type ReceiveBuffer } from '../protocol/index.ts'
import type { LineRules } from './line-rules.ts'
import { nextDecoded } from './line-text.ts'
import { LimitError } from './net-errors.ts'
import { Read, type Receiver } from './receiver.ts'

/** Some bytes, at most `max`. */
export class ReadSome extends Read<Buffer | null> {
  protected override get wanted(): string {
    return 'bytes to read'
  }

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

/** The first `count` bytes, or fewer if the end comes before them; takes nothing. */
export class Peek extends Read<Buffer | null> {
  private readonly count: number
  private readonly max: number

  constructor(receiver: Receiver, count: number, max: number) {
    super(receiver)
    this.count = count
    this.max = max
  }

  protected override get wanted(): string {
    return `${this.count} bytes to peek at`
  }

  override take(buffer: ReceiveBuffer<Buffer>): Buffer | typeof NOT_YET {
    checkCount(this.receiver, this.count, this.max)
    return buffer.length < this.count ? NOT_YET : buffer.view(this.count)
  }

  override atEnd(buffer: ReceiveBuffer<Buffer>): Buffer | null {
    return buffer.length === 0 ? null : buffer.view()
  }
}

/** `count` bytes, no less. */
export class ReadExactly extends Read<Buffer | null> {
  private readonly count: number
  private readonly max: number

  constructor(receiver: Receiver, count: number, max: number) {
    super(receiver)
    this.count = count
    this.max = max
  }

  protected override get wanted(): string {
    return `${this.count} bytes`
  }

  override take(buffer: ReceiveBuffer<Buffer>): Buffer | typeof NOT_YET {
    checkCount(this.receiver, this.count, this.max)
    return buffer.length < this.count ? NOT_YET : buffer.take(this.count)
  }

  override atEnd(buffer: ReceiveBuffer<Buffer>): null {
    if (buffer.length === 0) return null
    throw new BrokenError(
      `${this.receiver.name}: the peer ended after ${buffer.length} of ${this.count} bytes; read() gives those that came.`,
    )
  }
}

/** The count often comes from the peer: nothing is kept for one that is out of all reason. */
function checkCount(receiver: Receiver, count: number, max: number): void {
  if (count <= max) return
  const message = `${receiver.name}: ${count} bytes at once are more than the ${max} that are allowed; read them in parts, or allow more by \`maxRead\`.`
  throw new LimitError(message, max)
}

/** The bytes up to a delimiter, and with it. */
export class ReadUntil extends Read<Buffer | null> {
  protected override get wanted(): string {
    return 'a delimiter'
  }

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
  protected override get wanted(): string {
    return 'a line'
  }

  private readonly lines: LineRules

  constructor(receiver: Receiver, lines: LineRules) {
    super(receiver)
    this.lines = lines
  }

  override take(buffer: ReceiveBuffer<Buffer>): string | typeof NOT_YET {
    const { framing, text, usualEnd } = this.lines
    if (usualEnd) {
      const line = nextDecoded(buffer, framing.maxLength)
      if (line !== null) return line
    }
    const length = this.measure(buffer)
    if (length < 0) return NOT_YET
    const line = text(buffer, length)
    buffer.skip(length + framing.ending)
    return line
  }

  private measure(buffer: ReceiveBuffer<Buffer>): number {
    try {
      return this.lines.framing.measure(asBytes(buffer))
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

/** The next message of a framing. */
export class ReadMessage<In> extends Read<In | null> {
  protected override get wanted(): string {
    return 'a message'
  }

  private readonly framing: Framing<In, never>
  private readonly max: number

  constructor(receiver: Receiver, framing: Framing<In, never>, max: number) {
    super(receiver)
    this.framing = framing
    this.max = max
  }

  override take(buffer: ReceiveBuffer<Buffer>): In | typeof NOT_YET {
    const bytes = asBytes(buffer)
    try {
      const message = this.framing.decode(bytes)
      if (message !== MORE) return message
    } catch (error) {
      throw this.refused(error)
    }
    if (buffer.length < this.max) return NOT_YET
    throw new LimitError(
      `${this.receiver.name}: ${buffer.length} bytes have come, and are no whole message yet; allow more by \`maxRead\`, or close the connection.`,
      this.max,
    )
  }

  override atEnd(buffer: ReceiveBuffer<Buffer>): In | null {
    try {
      const message = decodeAtEnd(this.framing, asBytes(buffer))
      return message === MORE ? null : message
    } catch (error) {
      throw this.refused(error)
    }
  }

  private refused(error: unknown): unknown {
    if (!(error instanceof FramingError)) return error
    const message = `${this.receiver.name}: the peer broke the rules of the framing: ${error.message}.`
    return error.fault === 'too long'
      ? new LimitError(message, error.limit, { cause: error })
      : new BrokenError(message, { cause: error })
  }
}

/** A framing takes plain bytes, and so may put plain bytes back. */
function asBytes(buffer: ReceiveBuffer<Buffer>): ReceiveBuffer {
  return buffer as unknown as ReceiveBuffer
}
