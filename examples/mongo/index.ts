/**
 * A client for MongoDB, in two faces: Deferreds (`MongoConnection`), and operations for tasks and green code (`MongoClient`).
 *
 *   deferred.ts     the face of Deferreds        client.ts       the pool, and which server
 *   collection.ts   queries and writes           connection.ts   one connection: correlator, hello, heartbeat
 *   cursor.ts       results in batches           wire.ts         OP_MSG: bytes and messages
 *   errors.ts       what the server refuses      log-in.ts        SCRAM-SHA-256
 *   url.ts          settings                     commands.ts request.ts   what the others know of a client
 */
export { MongoClient } from './client.ts'
export {
  Collection,
  type FindAndUpdateOptions,
  type FindOptions,
  type InsertOptions,
  type InsertResult,
  type UpdateOptions,
  type UpdateResult,
} from './collection.ts'
export type { CallOptions, CommandOptions } from './commands.ts'
export type { Hello } from './connection.ts'
export { Cursor, type CursorOptions } from './cursor.ts'
export { DeferredCollection, DeferredCursor, MongoConnection } from './deferred.ts'
export {
  CursorNotFoundError,
  DuplicateKeyError,
  MongoError,
  NotPrimaryError,
  type RefusedWrite,
  WriteError,
} from './errors.ts'
export type { Credentials } from './log-in.ts'
export type { ClientOptions } from './url.ts'
