import { FramingError } from './framing-error.ts'
import { ReceiveBuffer } from './receive-buffer.ts'

/** What a line is. */
export interface LineOptions {
  /**
   * What ends a line: bytes, or a string of ASCII. Left out, it is "\n", and one "\r" before it belongs to the end too, so
   * that both "\n" and "\r\n" will do. One that is given is taken as it is.
   */
  readonly delimiter?: string | Uint8Array
  /** How many bytes a line may have, without its end. 65536 if left out. */
  readonly maxLength?: number
}

const RETURN = 13

/**
 * The rule of what is a line, to be asked of a `ReceiveBuffer`: for those who read lines and other things from one buffer.
 * `LineDecoder` is the whole of it for those who read lines alone.
 */
export class LineFraming {
  readonly maxLength: number
  /** How many bytes the end of the line has that was measured last. */
  ending = 0
  private readonly delimiter: Uint8Array
  private readonly orReturn: boolean

  constructor(options: LineOptions = {}) {
    const { delimiter, maxLength = 65_536 } = options
    if (!(maxLength >= 0)) throw new RangeError(`maxLength is ${maxLength}: give a number of bytes, or Infinity`)
    this.delimiter = delimiterBytes(delimiter ?? '\n')
    this.orReturn = delimiter === undefined
    this.maxLength = maxLength
  }

  /**
   * How many bytes the first line in `buffer` has, without its end, which has `ending` more; -1 if its end has not come.
   * Throws a `FramingError` as soon as it is certain to be too long, and again until somebody takes it from the buffer.
   */
  measure(buffer: ReceiveBuffer<Uint8Array>): number {
    const found = buffer.find(this.delimiter)
    if (found < 0) {
      // The last bytes may be the beginning of its end.
      const spare = this.delimiter.length - 1 + (this.orReturn ? 1 : 0)
      if (buffer.length - spare > this.maxLength) throw this.tooLong()
      return -1
    }
    const bare = this.orReturn && found > 0 && buffer.at(found - 1) === RETURN ? found - 1 : found
    if (bare > this.maxLength) throw this.tooLong()
    this.ending = found - bare + this.delimiter.length
    return bare
  }

  private tooLong(): FramingError {
    return new FramingError(`a line has more than ${this.maxLength} bytes`, this.maxLength)
  }
}

/**
 * Bytes in, lines out: chunks of any size give the same lines, in time linear in the bytes, and never more memory than
 * the longest line that is allowed and one chunk.
 *
 * A line that is too long is thrown as a `FramingError`, after those before it were given; nothing comes after it. What
 * is left at the end without its delimiter is no line: `rest` has it.
 *
 * ```ts
 * import { LineDecoder } from 'fibril/protocol'
 *
 * const text = new TextDecoder()
 * const decoder = new LineDecoder({ maxLength: 100 })
 * for (const chunk of ['GET ', '/\r\nHost', ': a\n']) {
 *   for (const line of decoder.push(new TextEncoder().encode(chunk))) console.log(text.decode(line))
 * }
 * // prints: GET /
 * // prints: Host: a
 * ```
 */
export class LineDecoder {
  private readonly buffer = new ReceiveBuffer()
  private readonly framing: LineFraming

  constructor(options?: LineOptions) {
    this.framing = new LineFraming(options)
  }

  /** Adds a chunk, which nobody may write to any more, and gives the lines that are whole by now. */
  push(chunk: Uint8Array): Iterable<Uint8Array> {
    this.buffer.push(chunk)
    return this.lines()
  }

  /** The next line, without its end; null if it is not all there. */
  next(): Uint8Array | null {
    const length = this.framing.measure(this.buffer)
    if (length < 0) return null
    const line = this.buffer.take(length)
    this.buffer.skip(this.framing.ending)
    return line
  }

  /** What has come since the last line. */
  get rest(): Uint8Array {
    return this.buffer.peek(this.buffer.length, (bytes, start, end) => bytes.subarray(start, end))
  }

  private *lines(): Generator<Uint8Array, void, undefined> {
    for (let line = this.next(); line !== null; line = this.next()) yield line
  }
}

/** The bytes of a delimiter. A string must be ASCII, so that nobody has to ask in which encoding. */
export function delimiterBytes(delimiter: string | Uint8Array): Uint8Array {
  const bytes =
    typeof delimiter === 'string'
      ? Uint8Array.from(delimiter, (c) => c.codePointAt(0) as number)
      : Uint8Array.from(delimiter)
  if (bytes.length === 0) throw new RangeError('a delimiter of no bytes separates nothing')
  if (typeof delimiter === 'string' && /[^\0-\x7f]/.test(delimiter)) {
    throw new RangeError(`the delimiter ${JSON.stringify(delimiter)} is not ASCII: give its bytes`)
  }
  return bytes
}
