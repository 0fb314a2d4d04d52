import type { Document } from 'bson'
import { FibrilError } from 'fibril'

/** The server refused a command. `serverCode` and `codeName` are its own words for why, `reply` all that it said. */
export class MongoError extends FibrilError {
  readonly serverCode: number
  readonly codeName: string
  readonly reply: Document

  constructor(reply: Document, message = String(reply['errmsg'])) {
    const { code = 0, codeName = '' } = reply as { code?: number; codeName?: string }
    super('MONGO', `${message} (${[codeName, code].filter(Boolean).join(' ') || 'no code'})`)
    this.serverCode = code
    this.codeName = codeName
    this.reply = reply
  }
}

/** What was asked for is the business of the primary, and this server is it no more. The connection is given up; ask again. */
export class NotPrimaryError extends MongoError {}

/** The server does not know the cursor (any more): it was killed, or nobody asked it for ten minutes. Run the query again. */
export class CursorNotFoundError extends MongoError {}

/** One document of a write that the server refused: the `index` is its place among those that were written. */
export interface RefusedWrite {
  readonly index: number
  readonly code: number
  readonly errmsg: string
}

/** Some of the documents of a write were refused; the others were written, if `result` counts them. */
export class WriteError extends MongoError {
  readonly refused: readonly RefusedWrite[]
  /** What would have been the result, as far as it went. */
  readonly result: unknown

  constructor(refused: readonly [RefusedWrite, ...RefusedWrite[]], reply: Document, result: unknown) {
    const [first] = refused
    const more = refused.length > 1 ? `, and ${refused.length - 1} more` : ''
    super({ ...reply, code: first.code }, `document ${first.index} was not written: ${first.errmsg}${more}`)
    this.refused = refused
    this.result = result
  }
}

/** A document has the key of another in a unique index, such as that of `_id`. */
export class DuplicateKeyError extends WriteError {}

for (const [type, name] of [
  [MongoError, 'MongoError'],
  [NotPrimaryError, 'NotPrimaryError'],
  [CursorNotFoundError, 'CursorNotFoundError'],
  [WriteError, 'WriteError'],
  [DuplicateKeyError, 'DuplicateKeyError'],
] as const) {
  Object.defineProperty(type.prototype, 'name', { value: name, configurable: true, writable: true })
}

const CURSOR_NOT_FOUND = 43
const DUPLICATE_KEY = 11_000
// https://github.com/mongodb/specifications/blob/master/source/server-discovery-and-monitoring/server-discovery-and-monitoring.md#not-writable-primary-and-node-is-recovering
const NOT_PRIMARY = new Set([91, 189, 10_058, 10_107, 11_600, 11_602, 13_435, 13_436])

/** The reply, if the server has done what it was asked for; throws what it said if not. */
export function checkedReply(reply: Document): Document {
  if (reply['ok'] === 1) return reply
  const { code } = reply
  if (NOT_PRIMARY.has(code)) throw new NotPrimaryError(reply)
  if (code === CURSOR_NOT_FOUND) throw new CursorNotFoundError(reply)
  throw new MongoError(reply)
}

/** Throws if some of a write was refused, or was not as safe as was asked for. */
export function checkWrite(refused: readonly RefusedWrite[], reply: Document, result: unknown): void {
  const [first, ...rest] = refused
  if (first !== undefined) {
    const Refusal = first.code === DUPLICATE_KEY ? DuplicateKeyError : WriteError
    throw new Refusal([first, ...rest], reply, result)
  }
  const concern = reply['writeConcernError'] as Document | undefined
  if (concern !== undefined) throw new MongoError(concern, `it was written, but not as asked: ${concern['errmsg']}`)
}
