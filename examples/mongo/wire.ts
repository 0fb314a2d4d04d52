/**
 * Theory of operation: MongoDB's wire protocol, which today is one kind of message, OP_MSG, in both directions.
 *
 *   int32 length ─ int32 requestID ─ int32 responseTo ─ int32 opCode (2013)        the header, little-endian throughout
 *   uint32 flags
 *   sections:   0 ─ one BSON document                                              the body: exactly one
 *               1 ─ int32 size ─ name\0 ─ BSON documents                           a field of the body whose value is a long list
 *   uint32 CRC-32C, if flags say so
 *
 * A document is kept as its bytes: what comes late for nobody is never decoded, and a document that is no BSON fails the
 * request that it replies to, not its neighbours. What is looked at here are the lengths, since all that follows depends
 * on them: a message whose lengths do not add up is a `FramingError`, after which nothing on the connection can be understood.
 *
 * Specification: https://github.com/mongodb/specifications/blob/master/source/message/OP_MSG.md
 */
import { type Framing, FramingError, MORE, type ReceiveBuffer } from 'fibril/protocol'

/** A list of documents beside the body: `name` is the field that it is the value of. */
export interface DocumentSequence {
  readonly name: string
  /** Each the bytes of a BSON document. */
  readonly documents: readonly Uint8Array[]
}

/** An OP_MSG. */
export interface Message {
  readonly requestId: number
  /** The `requestId` that this replies to; 0 in a request. */
  readonly responseTo: number
  readonly flags: number
  /** The bytes of a BSON document. */
  readonly body: Uint8Array
  readonly sequences: readonly DocumentSequence[]
}

/** The flags of a message: a checksum ends it; no reply is wanted, or another reply follows; such are allowed. */
export const flag = { checksumPresent: 1, moreToCome: 2, exhaustAllowed: 1 << 16 } as const

export const HEADER_BYTES = 16
const OP_MSG = 2013
/** The header, flags, and a body without fields. */
const SHORTEST = HEADER_BYTES + 4 + 1 + 5
/** Unknown flags among these are an error; the others may be ignored. */
const REQUIRED_FLAGS = 0xffff

const opNames: Readonly<Record<number, string>> = {
  1: 'OP_REPLY',
  2001: 'OP_UPDATE',
  2002: 'OP_INSERT',
  2004: 'OP_QUERY',
  2005: 'OP_GET_MORE',
  2006: 'OP_DELETE',
  2007: 'OP_KILL_CURSORS',
  2012: 'OP_COMPRESSED',
}

/** As long a message as MongoDB allows, unless it says otherwise in its `hello`. */
export const MAX_MESSAGE_BYTES = 48_000_000

/** OP_MSG as a framing, for either side of a connection. */
export class MessageFraming implements Framing<Message> {
  readonly maxLength: number

  /** Longer messages than `maxLength` bytes, header and all, are refused. */
  constructor(maxLength = MAX_MESSAGE_BYTES) {
    this.maxLength = maxLength
  }

  decode(buffer: ReceiveBuffer): Message | typeof MORE {
    if (buffer.length < HEADER_BYTES) return MORE
    const header = view(buffer.view(HEADER_BYTES))
    const length = header.getInt32(0, true)
    const opCode = header.getInt32(12, true)
    if (length < HEADER_BYTES)
      throw new FramingError(`a message says that it has ${length} bytes, but its header alone has ${HEADER_BYTES}`)
    if (opCode !== OP_MSG) {
      const name = opNames[opCode] ?? 'which is unknown'
      throw new FramingError(`a message has the opcode ${opCode} (${name}) where only ${OP_MSG} (OP_MSG) can be read`)
    }
    if (length < SHORTEST)
      throw new FramingError(`a message says that it has ${length} bytes, but an OP_MSG has at least ${SHORTEST}`)
    if (length > this.maxLength) {
      const limit = this.maxLength
      throw new FramingError(`a message of ${length} bytes is longer than ${limit}`, { fault: 'too long', limit })
    }
    return buffer.length < length ? MORE : parse(buffer.take(length))
  }

  encode({ requestId, responseTo, flags, body, sequences }: Message): readonly Uint8Array[] {
    const pieces = [body]
    for (const { name, documents } of sequences) pieces.push(sequenceHead(name, documents), ...documents)
    const head = new Uint8Array(HEADER_BYTES + 5) // its last byte is the kind of the body's section: 0
    const length = pieces.reduce((sum, piece) => sum + piece.length, head.length)
    if (length > this.maxLength)
      throw new RangeError(`a message of ${length} bytes is longer than ${this.maxLength}: send less at a time`)
    const fields = view(head)
    fields.setInt32(0, length, true)
    fields.setInt32(4, requestId, true)
    fields.setInt32(8, responseTo, true)
    fields.setInt32(12, OP_MSG, true)
    fields.setUint32(16, flags, true)
    return [head, ...pieces]
  }
}

function parse(bytes: Uint8Array): Message {
  const fields = view(bytes)
  const flags = fields.getUint32(16, true)
  const unknown = flags & REQUIRED_FLAGS & ~(flag.checksumPresent | flag.moreToCome)
  if (unknown !== 0) throw new FramingError(`a message has flags that nobody knows: 0x${unknown.toString(16)}`)
  // TLS and TCP have checksums of their own: as other clients do, this one goes by those.
  const end = (flags & flag.checksumPresent) !== 0 ? bytes.length - 4 : bytes.length
  let body: Uint8Array | null = null
  const sequences: DocumentSequence[] = []
  for (let at = HEADER_BYTES + 4; at < end; ) {
    const kind = bytes[at++]
    const size = sizeAt(fields, at, end, kind === 0 ? 'document' : 'sequence')
    const section = bytes.subarray(at, at + size)
    if (kind === 1) sequences.push(sequenceOf(section))
    else if (kind !== 0) throw new FramingError(`a message has a section of kind ${kind}, which is unknown`)
    else if (body !== null) throw new FramingError('a message has two bodies')
    else body = section
    at += size
  }
  if (body === null) throw new FramingError('a message has no body')
  return { requestId: fields.getInt32(4, true), responseTo: fields.getInt32(8, true), flags, body, sequences }
}

function sequenceOf(section: Uint8Array): DocumentSequence {
  const nameEnd = section.indexOf(0, 4)
  if (nameEnd < 0) throw new FramingError('a sequence in a message has a name without an end')
  const documents: Uint8Array[] = []
  const fields = view(section)
  for (let at = nameEnd + 1; at < section.length; ) {
    const size = sizeAt(fields, at, section.length, 'document')
    documents.push(section.subarray(at, at + size))
    at += size
  }
  return { name: Buffer.from(section.subarray(4, nameEnd)).toString(), documents }
}

/** The size of what begins at `at`, which it says itself. */
function sizeAt(fields: DataView, at: number, end: number, what: string): number {
  const size = at + 4 <= end ? fields.getInt32(at, true) : 0
  if (size >= 5 && at + size <= end) return size
  throw new FramingError(`a ${what} in a message has ${size} bytes by its own account, where ${end - at} are left`)
}

function sequenceHead(name: string, documents: readonly Uint8Array[]): Uint8Array {
  const text = Buffer.from(name)
  const head = new Uint8Array(1 + 4 + text.length + 1)
  head[0] = 1
  const size = documents.reduce((sum, document) => sum + document.length, head.length - 1)
  view(head).setInt32(1, size, true)
  head.set(text, 5)
  return head
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
}
