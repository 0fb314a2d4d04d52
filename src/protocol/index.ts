/**
 * Protocols without input and output: bytes in, events out. They import nothing, wait for nothing and know no platform, so
 * they serve a socket, a file, a memory stream and a test alike.
 *
 *   receive-buffer.ts   bytes that have come and were not yet taken
 *   lines.ts            lines, of any delimiter
 */
export { FramingError } from './framing-error.ts'
export { delimiterBytes, LineDecoder, LineFraming, type LineOptions } from './lines.ts'
export { ReceiveBuffer } from './receive-buffer.ts'
