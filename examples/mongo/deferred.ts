/**
 * The client for those who think in Deferreds: what txmongo is to Twisted. Each method starts at once and gives a Deferred of
 * what the operation of the same name in `Collection` or `MongoClient` gives; cancelling the Deferred cancels the command.
 */
import type { Document } from 'bson'
import type { Operation } from 'fibril'
import { type Deferred, deferOperation } from 'fibril/twisted'
import { MongoClient } from './client.ts'
import type {
  Collection,
  FindAndUpdateOptions,
  FindOptions,
  InsertOptions,
  InsertResult,
  UpdateOptions,
  UpdateResult,
} from './collection.ts'
import type { CallOptions } from './commands.ts'
import type { Cursor, CursorOptions } from './cursor.ts'
import type { ClientOptions } from './url.ts'

const defer = <T>(operation: Operation<T>): Deferred<T> => deferOperation(() => operation)

/** A few connections to MongoDB, shared by any number of commands. */
export class MongoConnection {
  readonly client: MongoClient

  /** Connects when the first command needs it. */
  constructor(url: string, options: ClientOptions = {}) {
    this.client = new MongoClient(url, options)
  }

  collection<T extends Document = Document>(database: string, name: string): DeferredCollection<T> {
    return new DeferredCollection(this.client.collection<T>(database, name))
  }

  command(database: string, command: Document, options?: CallOptions): Deferred<Document> {
    return defer(this.client.command(database, command, options))
  }

  /** Fails what is still under way when `grace` ms are over; 0 if left out. */
  disconnect(options?: { readonly grace?: number }): Deferred<void> {
    return defer(this.client.close(options))
  }
}

export class DeferredCollection<T extends Document> {
  readonly #collection: Collection<T>

  constructor(collection: Collection<T>) {
    this.#collection = collection
  }

  /** All documents that match. */
  find(filter?: Document, options?: FindOptions): Deferred<T[]> {
    return defer(this.#collection.find(filter, options).toArray())
  }

  /** As `find`, some at a time: for more than fit in memory. */
  findWithCursor(filter?: Document, options?: FindOptions): DeferredCursor<T> {
    return new DeferredCursor(this.#collection.find(filter, options))
  }

  findOne(filter?: Document, options?: FindOptions): Deferred<T | null> {
    return defer(this.#collection.findOne(filter, options))
  }

  aggregate<R extends Document = Document>(pipeline: readonly Document[], options?: CursorOptions): Deferred<R[]> {
    return defer(this.#collection.aggregate<R>(pipeline, options).toArray())
  }

  count(filter?: Document, options?: CallOptions): Deferred<number> {
    return defer(this.#collection.count(filter, options))
  }

  distinct(key: string, filter?: Document, options?: CallOptions): Deferred<unknown[]> {
    return defer(this.#collection.distinct(key, filter, options))
  }

  insertOne(document: T, options?: CallOptions): Deferred<unknown> {
    return defer(this.#collection.insertOne(document, options))
  }

  insertMany(documents: Iterable<T>, options?: InsertOptions): Deferred<InsertResult> {
    return defer(this.#collection.insertMany(documents, options))
  }

  insertUnacknowledged(document: T, options?: CallOptions): Deferred<unknown> {
    return defer(this.#collection.insertUnacknowledged(document, options))
  }

  updateOne(filter: Document, update: Document | readonly Document[], options?: UpdateOptions): Deferred<UpdateResult> {
    return defer(this.#collection.updateOne(filter, update, options))
  }

  updateMany(
    filter: Document,
    update: Document | readonly Document[],
    options?: UpdateOptions,
  ): Deferred<UpdateResult> {
    return defer(this.#collection.updateMany(filter, update, options))
  }

  replaceOne(filter: Document, document: T, options?: UpdateOptions): Deferred<UpdateResult> {
    return defer(this.#collection.replaceOne(filter, document, options))
  }

  findOneAndUpdate(filter: Document, update: Document, options?: FindAndUpdateOptions): Deferred<T | null> {
    return defer(this.#collection.findOneAndUpdate(filter, update, options))
  }

  deleteOne(filter: Document, options?: CallOptions): Deferred<number> {
    return defer(this.#collection.deleteOne(filter, options))
  }

  deleteMany(filter: Document, options?: CallOptions): Deferred<number> {
    return defer(this.#collection.deleteMany(filter, options))
  }

  drop(options?: CallOptions): Deferred<void> {
    return defer(this.#collection.drop(options))
  }
}

/** Documents as they come. */
export class DeferredCursor<T> {
  readonly #cursor: Cursor<T>

  constructor(cursor: Cursor<T>) {
    this.#cursor = cursor
  }

  /** The next document; null when there is no more. */
  next(): Deferred<T | null> {
    return defer(this.#cursor.next())
  }

  /** The next few; null when there are no more. */
  nextBatch(): Deferred<readonly T[] | null> {
    return defer(this.#cursor.nextBatch())
  }

  /** Lets the server forget it: to be called if it was not taken to its end. */
  close(): Deferred<void> {
    return defer(this.#cursor.close())
  }
}
