import type { Document } from 'bson'
import type { DocumentSequence } from './wire.ts'

/** A command on its way out. */
export interface Request {
  /** With `$db`, the database that it is for. */
  readonly command: Document
  readonly sequences?: readonly DocumentSequence[]
  /** The server is not to reply. */
  readonly unacknowledged?: boolean
}
