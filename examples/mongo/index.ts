/**
 * A client for MongoDB, in two faces: Deferreds (`MongoConnection`), and operations for tasks and green code (`MongoClient`).
 *
 *   deferred.ts     the face of Deferreds        client.ts       the pool, and which server
 *   collection.ts   queries and writes           connection.ts   one connection: correlator, hello, heartbeat
 *   cursor.ts       results in batches           wire.ts         OP_MSG: bytes and messages
 *   errors.ts       what the server refuses      url.ts commands.ts   settings, and limits of time
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
export type { ClientOptions } from './url.ts'
