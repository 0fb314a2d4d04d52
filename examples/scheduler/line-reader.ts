import { LineTooLongError } from './errors.ts'
import type { Requests } from './requests.ts'

/** Where the bytes come from; an `AsyncSocket` is one. No bytes at all means the end. */
export interface ByteSource {
  recv(max: number): Requests<Buffer>
}

const NEWLINE = 0x0a
const RETURN = 0x0d
const READ_SIZE = 4096
const NOTHING: Buffer = Buffer.alloc(0)

/**
 * Finds the lines in a stream of bytes, however they were cut into packets.
 *
 * ```ts
 * const reader = new LineReader(client, 64)
 * for (let line: string | undefined; (line = yield* reader.next()) !== undefined; ) console.log(line)
 * ```
 */
export class LineReader {
  readonly #source: ByteSource
  readonly #maxLength: number
  #bytes = NOTHING
  /** So many of `#bytes` are known to hold no newline: no byte is looked at twice. */
  #searched = 0
  /** The present line is too long, and its beginning thrown away. */
  #tooLong = false

  /** `maxLength` is in bytes, without the end of the line. It bounds what is kept while the end has not come. */
  constructor(source: ByteSource, maxLength: number) {
    this.#source = source
    this.#maxLength = maxLength
  }

  /**
   * Waits for a line and returns it without its end ("\n" or "\r\n"), a character for each byte; undefined when there
   * are no more. What comes after the last end is dropped: half a number is another number. A line that is too long
   * throws a LineTooLongError when its end has come; the next call goes on with the next line. A cancel loses nothing.
   */
  *next(): Requests<string | undefined> {
    let end = this.#bytes.indexOf(NEWLINE, this.#searched)
    while (end < 0) {
      this.#keepShort()
      this.#searched = this.#bytes.length
      const more = yield* this.#source.recv(READ_SIZE)
      if (more.length === 0) return undefined
      this.#bytes = this.#searched === 0 ? more : Buffer.concat([this.#bytes, more])
      end = this.#bytes.indexOf(NEWLINE, this.#searched)
    }
    return this.#take(end)
  }

  #keepShort(): void {
    if (this.#bytes.length <= this.#maxLength + 1) return // the one more may be the "\r" of its end
    this.#bytes = NOTHING
    this.#tooLong = true
  }

  #take(end: number): string {
    const line = this.#bytes.subarray(0, this.#bytes[end - 1] === RETURN ? end - 1 : end)
    const tooLong = this.#tooLong || line.length > this.#maxLength
    this.#bytes = this.#bytes.subarray(end + 1)
    this.#searched = 0
    this.#tooLong = false
    if (tooLong) throw new LineTooLongError(`the line is longer than ${this.#maxLength} bytes`)
    return line.toString('latin1')
  }
}
