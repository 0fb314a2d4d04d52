import type { Document } from 'bson'
import type { Operation } from 'fibril'
import type { Hello } from './connection.ts'
import type { DocumentSequence } from './wire.ts'

/** Limits of one command. */
export interface CallOptions {
  /** Milliseconds, from when it is waited for. */
  readonly timeoutMs?: number
  /** An instant on the loop's clock (`currentLoop().now()`). The earlier of the two counts. */
  readonly deadline?: number
}

/** A command with what goes beside it. */
export interface CommandOptions extends CallOptions {
  readonly sequences?: readonly DocumentSequence[]
}

/** What has a server carry out commands: all that collections and cursors know of a client. */
export interface Commands {
  readonly hello: Hello | null
  command(database: string, command: Document, options?: CommandOptions): Operation<Document>
  tell(database: string, command: Document, options?: CommandOptions): Operation<void>
}
