import { endBetween, type Framing, MORE } from './framing.ts'
import type { FramingError } from './framing-error.ts'
import { checkedMaxLength, encodableLength, tooLong } from './limits.ts'
import type { ReceiveBuffer } from './receive-buffer.ts'

/** What a line is. */
export interface LineOptions {
  /**
   * What ends a line: bytes, or a string of ASCII. Left out, it is "\n", and one "\r" before it belongs to the end too, so
   * that both "\n" and "\r\n" will do. One that is given is taken as it is.
   */
  readonly delimiter?: string | Uint8Array
  /** How many bytes a line may have, without its end. 65536 if left out. */
  readonly maxLength?: number
  /**
   * What bytes are that have no end when the stream ends: no line, so they are left (`leave`, if left out); a line too, as
   * the last one of a file (`give`); or a torn line, which is a `FramingError` (`refuse`).
   */
  readonly unended?: 'leave' | 'give' | 'refuse'
}

const RETURN = 13

/**
 * Lines. What is given is a view of what came, without the end. A line that is too long is a `FramingError`, after those
 * before it were given.
 *
 * ```ts
 * import { Decoder, LineFraming } from 'fibril/protocol'
 *
 * const text = new TextDecoder()
 * const decoder = new Decoder(new LineFraming({ maxLength: 100 }))
 * for (const chunk of ['GET ', '/\r\nHost', ': a\n']) {
 *   for (const line of decoder.push(new TextEncoder().encode(chunk))) console.log(text.decode(line))
 * }
 * // prints: GET /
 * // prints: Host: a
 * ```
 */
export class LineFraming implements Framing<Uint8Array, Uint8Array | string> {
  readonly maxLength: number
  /** How many bytes the end of the line has that was measured last. */
  ending = 0
  private readonly delimiter: Uint8Array
  /** The delimiter as text; null if it is not ASCII. */
  private readonly delimiterText: string | null
  private readonly orReturn: boolean
  private readonly unended: 'leave' | 'give' | 'refuse'

  constructor(options: LineOptions = {}) {
    const { delimiter = '\n', unended = 'leave' } = options
    this.delimiter = delimiterBytes(delimiter)
    this.delimiterText = this.delimiter.every((byte) => byte < 0x80) ? String.fromCharCode(...this.delimiter) : null
    this.orReturn = options.delimiter === undefined
    this.maxLength = checkedMaxLength(options.maxLength)
    if (unended !== 'leave' && unended !== 'give' && unended !== 'refuse') {
      throw new RangeError(`unended is ${String(unended)}: give 'leave', 'give' or 'refuse'`)
    }
    this.unended = unended
  }

  decode(buffer: ReceiveBuffer): Uint8Array | typeof MORE {
    const length = this.measure(buffer)
    if (length < 0) return MORE
    const line = buffer.take(length)
    buffer.skip(this.ending)
    return line
  }

  atEnd(buffer: ReceiveBuffer): Uint8Array | typeof MORE {
    if (this.unended === 'leave' || buffer.length === 0) return MORE
    if (this.unended === 'refuse') return endBetween(buffer, 'a line')
    if (buffer.length > this.maxLength) throw this.tooLong()
    return buffer.take(buffer.length)
  }

  encode(line: Uint8Array | string): string | readonly (Uint8Array | string)[] {
    // Most are short enough whatever they hold; to count exactly takes a look at each letter.
    if (line.length > this.maxLength / 3) encodableLength('a line', line, this.maxLength)
    if (typeof line !== 'string') {
      if (this.wouldEndEarly(line)) throw this.holdsItsEnd()
      return [line, this.delimiter]
    }
    const end = this.delimiterText
    if (end === null) throw new RangeError('the delimiter is not ASCII: give the line as bytes, too')
    const whole = line + end
    if (whole.indexOf(end) < line.length || (this.orReturn && line.endsWith('\r'))) throw this.holdsItsEnd()
    return whole
  }

  /**
   * How many bytes the first line in `buffer` has, without its end, which has `ending` more; -1 if its end has not come.
   * Takes nothing, for those who make something else of it than a view. Throws a `FramingError` as soon as it is
   * certain to be too long, and again until somebody takes it from the buffer.
   */
  measure(buffer: ReceiveBuffer): number {
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

  /** Whether a reader would find an end in the line, or one that begins in it and reaches into its own. */
  private wouldEndEarly(line: Uint8Array): boolean {
    const { delimiter } = this
    if (this.orReturn && line[line.length - 1] === RETURN) return true
    const first = delimiter[0] as number
    for (let at = line.indexOf(first); at >= 0; at = line.indexOf(first, at + 1)) {
      let matching = 1
      while (matching < delimiter.length && byteOf(line, delimiter, at + matching) === delimiter[matching]) matching++
      if (matching === delimiter.length) return true
    }
    return false
  }

  private tooLong(): FramingError {
    return tooLong('a line', this.maxLength)
  }

  private holdsItsEnd(): RangeError {
    return new RangeError(
      'the line holds what ends a line, so it would be read as two: send it in parts, or escape that',
    )
  }
}

/** The byte at `at` in `line` with `end` after it. */
function byteOf(line: Uint8Array, end: Uint8Array, at: number): number | undefined {
  return at < line.length ? line[at] : end[at - line.length]
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
