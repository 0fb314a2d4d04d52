/**
 * Protocols without input and output: bytes in, events out. They import nothing, wait for nothing and know no platform, so
 * they serve a socket, a file, a memory stream and a test alike.
 *
 *   framing.ts           what makes messages of bytes, and bytes of messages
 *   decoder.ts           drives one by hand, and switches between several
 *   receive-buffer.ts    bytes that have come and were not yet taken
 *
 *   lines.ts             messages with an end       raw.ts                bytes as they come
 */
export { Decoder } from './decoder.ts'
export { decodeAtEnd, type Framing, MORE } from './framing.ts'
export { FramingError, type FramingErrorOptions, type FramingFault } from './framing-error.ts'
export { delimiterBytes, LineFraming, type LineOptions } from './lines.ts'
export { RawFraming } from './raw.ts'
export { ReceiveBuffer } from './receive-buffer.ts'
