import { decodeAtEnd, type Framing, MORE } from './framing.ts'
import { ReceiveBuffer } from './receive-buffer.ts'

/**
 * Bytes in, messages out, by any framing: chunks of any size give the same messages, in time linear in the bytes. Bytes
 * in a message are a plain `Uint8Array`, a view of what came, also where chunks are Node's `Buffer`s.
 *
 * What breaks the rules is thrown as a `FramingError`, after the messages before it were given; it is thrown again by
 * whatever is asked next, and no more bytes are taken, unless `switchTo` chooses another way to look at what is left.
 *
 * A message may be handled inside the loop in any way: `push` from there adds to the end, and the loop that runs goes on to
 * it, while a loop inside the loop gives nothing; `next` takes the message after this one; `switchTo` decides how
 * what follows is understood.
 *
 * ```ts
 * import { Decoder, LineFraming, RawFraming } from 'fibril/protocol'
 *
 * const text = new TextDecoder()
 * const lines = new LineFraming()
 * const decoder = new Decoder(lines)
 * let body = new RawFraming(0)
 * for (const message of decoder.push(new TextEncoder().encode('put 5\nab\ncd' + 'get\n'))) {
 *   const said = text.decode(message)
 *   console.log(JSON.stringify(said))
 *   if (said.startsWith('put ')) decoder.switchTo((body = new RawFraming(Number(said.slice(4)))))
 *   else if (body.left === 0) decoder.switchTo(lines)
 * }
 * // prints: "put 5"
 * // prints: "ab\ncd"
 * // prints: "get"
 * ```
 */
export class Decoder<In> {
  private readonly buffer = new ReceiveBuffer()
  private framing: Framing<In, never>
  private ended = false
  /** A loop over messages runs. Another inside it would deliver what the outer one is about to. */
  private delivering = false
  private failure: { readonly error: unknown } | null = null

  constructor(framing: Framing<In, never>) {
    this.framing = framing
  }

  /**
   * Adds a chunk, which nobody may write to any more, and gives the messages that are whole by now, one by one as they
   * are asked for. A `for` loop that is left may be left anyhow; an iterator that is driven by hand, and given up, must be
   * told by its `return`, or it counts as a loop that runs.
   */
  push(chunk: Uint8Array): Iterable<In> {
    if (this.failure !== null) throw this.failure.error
    if (this.ended) {
      throw Object.assign(new Error('bytes were pushed after the end of the stream'), { code: 'FIBRIL_USAGE' })
    }
    this.buffer.push(plain(chunk))
    return this.messages()
  }

  /** The stream has ended: gives the messages that are left. A torn one is a `FramingError`. */
  end(): Iterable<In> {
    this.ended = true
    return this.messages()
  }

  /** The next message; `MORE` if it is not all there, and after the end if there is none. */
  next(): In | typeof MORE {
    if (this.failure !== null) throw this.failure.error
    try {
      const message = this.framing.decode(this.buffer)
      return message === MORE && this.ended ? decodeAtEnd(this.framing, this.buffer) : message
    } catch (error) {
      this.failure = { error }
      throw error
    }
  }

  /**
   * Understands what is left, and what comes, by another framing, from the next message on. `unread` is put in front of
   * that: what was taken too much by the old one.
   */
  switchTo(framing: Framing<In, never>, unread?: Uint8Array): void {
    if (unread !== undefined) this.buffer.unread(plain(unread))
    this.framing = framing
    this.failure = null
  }

  /** What has come since the last message. */
  get rest(): Uint8Array {
    return this.buffer.view()
  }

  private *messages(): Generator<In, void, undefined> {
    if (this.delivering) return
    this.delivering = true
    try {
      for (let message = this.next(); message !== MORE; message = this.next()) yield message
    } finally {
      this.delivering = false
    }
  }
}

/** Messages must not be of one kind or another as the seams between chunks happen to lie: `toString` alone would betray it. */
function plain(bytes: Uint8Array): Uint8Array {
  return bytes.constructor === Uint8Array ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
}
