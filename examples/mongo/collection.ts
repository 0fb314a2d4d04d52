import { type Document, ObjectId, serialize } from 'bson'
import { type Body, fn, type Operation, UsageError } from 'fibril'
import type { CallOptions, Commands } from './commands.ts'
import { Cursor, type CursorOptions } from './cursor.ts'
import { checkWrite, type RefusedWrite } from './errors.ts'
import { MAX_MESSAGE_BYTES } from './wire.ts'

export interface FindOptions extends CursorOptions {
  readonly projection?: Document
  /** By which fields, and whether up (1) or down (-1). */
  readonly sort?: Document
  readonly skip?: number
  readonly limit?: number
}

export interface InsertOptions extends CallOptions {
  /** Whether a document that is refused keeps those after it from being tried. True if left out. */
  readonly ordered?: boolean
}

export interface UpdateOptions extends CallOptions {
  /** Whether a document is made if none is found. */
  readonly upsert?: boolean
}

export interface FindAndUpdateOptions extends UpdateOptions {
  readonly sort?: Document
  readonly projection?: Document
  /** Which of them is given. `before` if left out. */
  readonly give?: 'before' | 'after'
}

export interface InsertResult {
  readonly inserted: number
  /** The `_id` of each document, also of those that were refused. */
  readonly ids: readonly unknown[]
}

export interface UpdateResult {
  readonly matched: number
  readonly modified: number
  /** The `_id` of the document that was made, if none was found. */
  readonly upsertedId?: unknown
}

/** Documents that go in one message. `first`: the place of the first among all. */
interface Batch {
  readonly first: number
  readonly documents: Uint8Array[]
}

/** Room for the header and the command itself beside the documents. */
const ENVELOPE_BYTES = 16_384

/** A collection of documents. Cursors apart, each method is one command, and fails as `MongoClient.command` does. */
export class Collection<T extends Document> {
  readonly #client: Commands
  readonly #database: string
  readonly name: string

  constructor(client: Commands, database: string, name: string) {
    if (database === '' || name === '') throw new UsageError('databases and collections have a name')
    this.#client = client
    this.#database = database
    this.name = name
  }

  /** Documents that match the filter; all if it is left out. Nothing is asked before the cursor is. */
  find(filter: Document = {}, options: FindOptions = {}): Cursor<T> {
    const { projection, sort, skip, limit, batchSize } = options
    const query = given({ find: this.name, filter, projection, sort, skip, limit, batchSize })
    return new Cursor<T>(this.#client, this.#database, query, options)
  }

  /** The first document that matches, or null. */
  findOne(filter: Document = {}, options: FindOptions = {}): Operation<T | null> {
    const { projection, sort, skip } = options
    const query = given({ find: this.name, filter, projection, sort, skip, limit: 1, singleBatch: true })
    return new Cursor<T>(this.#client, this.#database, query, options).next()
  }

  /** What the stages of a pipeline make of the documents. */
  aggregate<R extends Document = Document>(pipeline: readonly Document[], options: CursorOptions = {}): Cursor<R> {
    const { batchSize } = options
    const cursor = batchSize === undefined ? {} : { batchSize }
    return new Cursor<R>(this.#client, this.#database, { aggregate: this.name, pipeline, cursor }, options)
  }

  /** How many documents match. */
  count(filter: Document = {}, options: CallOptions = {}): Operation<number> {
    return this.#ask({ count: this.name, query: filter }, options, ({ n }) => n as number)
  }

  /** The values that a field has in the documents that match, each once. */
  distinct(key: string, filter: Document = {}, options: CallOptions = {}): Operation<unknown[]> {
    return this.#ask({ distinct: this.name, key, query: filter }, options, ({ values }) => values as unknown[])
  }

  /** Adds a document, with an `_id` if it has none, and gives its `_id`. */
  insertOne(document: T, options: CallOptions = {}): Operation<unknown> {
    return insertOne(this as Collection<Document>, document, options)
  }

  /** Adds documents, in as many messages as they need. Those that are refused are told by a `WriteError`. */
  insertMany(documents: Iterable<T>, options: InsertOptions = {}): Operation<InsertResult> {
    return Collection.#insertMany(this as Collection<Document>, documents, options)
  }

  /** Adds a document and does not wait to hear whether it worked; gives its `_id` when it has left. */
  insertUnacknowledged(document: T, options: CallOptions = {}): Operation<unknown> {
    return Collection.#insertUnacknowledged(this as Collection<Document>, document, options)
  }

  /** Changes the first document that matches, by operators such as `$set`. */
  updateOne(
    filter: Document,
    update: Document | readonly Document[],
    options: UpdateOptions = {},
  ): Operation<UpdateResult> {
    return this.#update({ q: filter, u: byOperators(update), upsert: options.upsert }, options)
  }

  /** Changes all that match. */
  updateMany(
    filter: Document,
    update: Document | readonly Document[],
    options: UpdateOptions = {},
  ): Operation<UpdateResult> {
    return this.#update({ q: filter, u: byOperators(update), multi: true, upsert: options.upsert }, options)
  }

  /** Puts a document in place of the first that matches. */
  replaceOne(filter: Document, document: T, options: UpdateOptions = {}): Operation<UpdateResult> {
    if (hasOperators(document))
      throw new UsageError('a document to put in place of another has no operators: see updateOne')
    return this.#update({ q: filter, u: document, upsert: options.upsert }, options)
  }

  /** Changes one document and gives it, as it was or as it is now; null if there was none. */
  findOneAndUpdate(filter: Document, update: Document, options: FindAndUpdateOptions = {}): Operation<T | null> {
    const { sort, projection, upsert, give } = options
    const change = { update: byOperators(update), fields: projection, new: give === 'after' ? true : undefined, upsert }
    const command = given({ findAndModify: this.name, query: filter, sort, ...change })
    return this.#ask(command, options, ({ value }) => value as T | null)
  }

  /** Removes the first that matches, and gives how many that were. */
  deleteOne(filter: Document, options: CallOptions = {}): Operation<number> {
    return this.#delete(filter, 1, options)
  }

  /** Removes all that match, and gives how many that were. */
  deleteMany(filter: Document, options: CallOptions = {}): Operation<number> {
    return this.#delete(filter, 0, options)
  }

  /** Removes the collection with all that is in it. */
  drop(options: CallOptions = {}): Operation<void> {
    return this.#ask({ drop: this.name }, options, () => undefined)
  }

  #ask<R>(command: Document, options: CallOptions, resultOf: (reply: Document) => R): Operation<R> {
    return ask(this.#client.command(this.#database, command, options), resultOf) as Operation<R>
  }

  #update(update: Document, options: UpdateOptions): Operation<UpdateResult> {
    return this.#ask({ update: this.name, updates: [given(update)] }, options, (reply) => {
      const [upserted] = (reply['upserted'] ?? []) as { _id: unknown }[]
      const matched = upserted === undefined ? (reply['n'] as number) : 0
      const result = { matched, modified: reply['nModified'] as number }
      checkWrite(reply['writeErrors'] ?? [], reply, result)
      return upserted === undefined ? result : { ...result, upsertedId: upserted._id }
    })
  }

  #delete(filter: Document, limit: 0 | 1, options: CallOptions): Operation<number> {
    return this.#ask({ delete: this.name, deletes: [{ q: filter, limit }] }, options, (reply) => {
      const deleted = reply['n'] as number
      checkWrite(reply['writeErrors'] ?? [], reply, deleted)
      return deleted
    })
  }

  /** As many documents at a time as the server takes; notes their ids. */
  *#batches(documents: Iterable<Document>, ids: unknown[]): Generator<Batch> {
    const { maxMessageBytes = MAX_MESSAGE_BYTES, maxBatch = 100_000 } = this.#client.hello ?? {}
    const room = maxMessageBytes - ENVELOPE_BYTES
    let batch: Batch = { first: 0, documents: [] }
    let size = 0
    for (const document of documents) {
      const identified = document['_id'] === undefined ? { ...document, _id: new ObjectId() } : document
      const bytes = serialize(identified)
      if (batch.documents.length === maxBatch || size + bytes.length > room) {
        yield batch
        batch = { first: ids.length, documents: [] }
        size = 0
      }
      ids.push(identified['_id'])
      batch.documents.push(bytes)
      size += bytes.length
    }
    if (batch.documents.length > 0) yield batch
  }

  static readonly #insertMany = fn(function* insertMany(
    self: Collection<Document>,
    documents: Iterable<Document>,
    { ordered = true, ...limits }: InsertOptions,
  ): Body<InsertResult> {
    const ids: unknown[] = []
    const refused: RefusedWrite[] = []
    let inserted = 0
    let reply: Document = {}
    for (const batch of self.#batches(documents, ids)) {
      const sequences = [{ name: 'documents', documents: batch.documents }]
      reply = yield* self.#client.command(self.#database, { insert: self.name, ordered }, { ...limits, sequences })
      inserted += reply['n'] as number
      for (const error of (reply['writeErrors'] ?? []) as RefusedWrite[])
        refused.push({ ...error, index: batch.first + error.index })
      if (refused.length > 0 && ordered) break
    }
    const result = { inserted, ids }
    checkWrite(refused, reply, result)
    return result
  })

  static readonly #insertUnacknowledged = fn(function* insertUnacknowledged(
    self: Collection<Document>,
    document: Document,
    limits: CallOptions,
  ): Body<unknown> {
    const ids: unknown[] = []
    for (const { documents } of self.#batches([document], ids)) {
      const sequences = [{ name: 'documents', documents }]
      yield* self.#client.tell(self.#database, { insert: self.name }, { ...limits, sequences })
    }
    return ids[0]
  })
}

const ask = fn(function* (reply: Operation<Document>, resultOf: (reply: Document) => unknown): Body<unknown> {
  return resultOf(yield* reply)
})

const insertOne = fn(function* (
  collection: Collection<Document>,
  document: Document,
  options: CallOptions,
): Body<unknown> {
  const { ids } = yield* collection.insertMany([document], options)
  return ids[0]
})

/** Without the fields that are undefined, which the server would take for null. */
function given(command: Document): Document {
  return Object.fromEntries(Object.entries(command).filter(([, value]) => value !== undefined))
}

function hasOperators(update: Document): boolean {
  return Object.keys(update).some((key) => key.startsWith('$'))
}

/** Without operators it would be put in place of what is there: that is not what update means here. */
function byOperators(update: Document | readonly Document[]): Document | readonly Document[] {
  if (Array.isArray(update) || hasOperators(update)) return update
  throw new UsageError('an update says what to do by operators, as in { $set: { name: "Ada" } }; see replaceOne')
}
