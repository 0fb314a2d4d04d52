import type { ReceiveBuffer } from '../protocol/index.ts'

/**
 * The texts of lines. When several short lines have come together they are decoded together, and each is cut out of that
 * text, which saves most of the price of making a string. A line that is kept keeps the text that it was cut from alive, so
 * no more than `WINDOW` bytes are decoded at once.
 */
const WINDOW = 1024

/** Makes text of the first `length` bytes. Takes nothing. */
export type LineText = (buffer: ReceiveBuffer<Buffer>, length: number) => string

// What was decoded last, of any stream of this thread. Bytes that were handed over are never written again (ReceiveBuffer),
// so it stays true.
let decoded: Buffer | null = null
let from = 0
let to = 0
/** A letter for each byte; null if not all of them are ASCII, so that letters do not stand where the bytes do. */
let text: string | null = null

let wanted = 0

const RETURN = 13

/**
 * The next line, up to "\n" or "\r\n", of at most `max` bytes, if it lies in what was decoded last: its end is found in that text, which
 * is sooner than among the bytes. Takes it. Null if it has to be looked for.
 */
export function nextDecoded(buffer: ReceiveBuffer<Buffer>, max: number): string | null {
  const line = buffer.peek(buffer.length, cutLine)
  if (line === null || line.length > max) return null
  buffer.skip(consumed)
  return line
}

/** How many bytes the line has that was cut last, with its end. */
let consumed = 0

function cutLine(bytes: Buffer, start: number): string | null {
  if (bytes !== decoded || text === null || start < from || start >= to) return null
  const begin = start - from
  const end = text.indexOf('\n', begin)
  if (end < 0) return null
  consumed = end + 1 - begin
  return text.slice(begin, end > begin && text.charCodeAt(end - 1) === RETURN ? end - 1 : end)
}

export const utf8Text: LineText = (buffer, length) => {
  wanted = length
  return buffer.peek(buffer.length, cut)
}

export const latin1Text: LineText = (buffer, length) => buffer.peek(length, latin1)

function cut(bytes: Buffer, start: number, end: number): string {
  const stop = start + wanted
  if (bytes !== decoded || start < from || stop > to) {
    const limit = Math.min(end, start + WINDOW)
    // Nothing as long follows, so there is nothing to be saved.
    if (stop + wanted > limit) return utf8(bytes, start, stop)
    text = utf8(bytes, start, limit)
    decoded = bytes
    from = start
    to = limit
    // Never more letters than bytes; and as many, also where bytes are no UTF-8 at all, only if each is a letter of its own.
    if (text.length < to - from) text = null
  }
  return text === null ? utf8(bytes, start, stop) : text.slice(start - from, stop - from)
}

// What `toString` calls once it knows the encoding: a tenth less for a short line (notes/net.md).
interface Slices {
  utf8Slice(start: number, end: number): string
  latin1Slice(start: number, end: number): string
}

function utf8(bytes: Buffer, start: number, end: number): string {
  return (bytes as Buffer & Slices).utf8Slice(start, end)
}

function latin1(bytes: Buffer, start: number, end: number): string {
  return (bytes as Buffer & Slices).latin1Slice(start, end)
}
