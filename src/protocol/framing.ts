import { FramingError } from './framing-error.ts'
import type { ReceiveBuffer } from './receive-buffer.ts'

/** The answer of a framing while the next message has not all come. */
export const MORE: unique symbol = Symbol('more')

/**
 * What makes messages of bytes, and bytes of messages. It reads nothing and writes nothing: a stream or a `Decoder`
 * hands it what has come.
 *
 * A framing is either a set of rules without state, which any number of connections may share, or one object per
 * connection where a protocol has state.
 *
 * To write your own, keep three promises: `decode` takes a whole message or nothing; it answers `MORE` only while what
 * it waits for is bounded, for all of that is kept in memory; and it looks at no byte again and again: `find` remembers
 * how far it searched, and a header tells how much to wait for.
 *
 * ```ts
 * import { Decoder, type Framing, FramingError, MORE } from 'fibril/protocol'
 *
 * // A byte for the kind, one for the length, then the body.
 * const packets: Framing<{ kind: number; body: Uint8Array }> = {
 *   decode(buffer) {
 *     if (buffer.length < 2) return MORE
 *     const kind = buffer.at(0)
 *     const length = buffer.at(1)
 *     if (kind > 3) throw new FramingError(`there is no packet of kind ${kind}`)
 *     if (buffer.length < 2 + length) return MORE
 *     buffer.skip(2)
 *     return { kind, body: buffer.take(length) }
 *   },
 *   encode: ({ kind, body }) => [Uint8Array.of(kind, body.length), body],
 * }
 *
 * const decoder = new Decoder(packets)
 * for (const { kind, body } of decoder.push(Uint8Array.of(1, 2, 7, 8, 3, 1, 9))) console.log(kind, body.join())
 * // prints: 1 7,8
 * // prints: 3 9
 * ```
 */
export interface Framing<In, Out = In> {
  /**
   * Takes the first message from the buffer, or answers `MORE` if it is not all there yet; then it takes nothing.
   * Throws a `FramingError` for what breaks the rules, as soon as that is certain.
   */
  decode(buffer: ReceiveBuffer): In | typeof MORE

  /**
   * Called at the end of the stream, with what is left (maybe nothing) when `decode` answers `MORE`, until it answers
   * `MORE` too: that is a clean end. It may give a last message, or throw a `FramingError` for one that is torn. A
   * framing without it has its stream end between messages: whatever is left is torn. See `decodeAtEnd`.
   */
  atEnd?(buffer: ReceiveBuffer): In | typeof MORE

  /**
   * The bytes of a message, in pieces that are to be written in order: so a big one need not be copied. A string
   * stands for its UTF-8. Throws a `RangeError` for a message that `decode` would refuse, or take for another.
   */
  encode(message: Out): Uint8Array | string | readonly (Uint8Array | string)[]
}

/** What `framing` makes of what is left at the end of the stream, when `decode` answers `MORE`: for those who drive one. */
export function decodeAtEnd<In>(framing: Framing<In, never>, buffer: ReceiveBuffer): In | typeof MORE {
  return framing.atEnd === undefined ? endBetween(buffer, 'a message') : framing.atEnd(buffer)
}

/** Throws a `FramingError` if bytes of `what` are left. */
export function endBetween(buffer: ReceiveBuffer, what: string): typeof MORE {
  if (buffer.length === 0) return MORE
  throw new FramingError(`the stream ended amid ${what}, of which ${buffer.length} bytes had come`, { fault: 'torn' })
}
