/**
 * Protocols without input and output: bytes in, events out. They import nothing, wait for nothing and know no platform, so
 * they serve a socket, a file, a memory stream and a test alike.
 *
 *   framing.ts           what makes messages of bytes, and bytes of messages
 *   decoder.ts           drives one by hand, and switches between several
 *   receive-buffer.ts    bytes that have come and were not yet taken
 *
 *   lines.ts             messages that end with a delimiter
 *   netstrings.ts        messages with their length before them, in digits
 *   length-prefix.ts         … in 8, 16 or 32 bits
 *   fixed-length.ts      messages that all have one length
 *   raw.ts               bytes as they come
 */
export { Decoder } from './decoder.ts'
export { FixedLengthFraming } from './fixed-length.ts'
export { decodeAtEnd, type Framing, MORE } from './framing.ts'
export { FramingError, type FramingErrorOptions, type FramingFault } from './framing-error.ts'
export { LengthPrefixFraming, type LengthPrefixOptions } from './length-prefix.ts'
export { delimiterBytes, LineFraming, type LineOptions } from './lines.ts'
export { NetstringFraming, type NetstringOptions } from './netstrings.ts'
export { RawFraming } from './raw.ts'
export { ReceiveBuffer } from './receive-buffer.ts'
