import { type Document, Long } from 'bson'
import { type Body, BusyError, ClosedError, FibrilError, fn, type Operation } from 'fibril'
import type { CallOptions, Commands } from './commands.ts'

interface Batch {
  readonly id: Long | number
  readonly ns: string
  readonly firstBatch?: readonly Document[]
  readonly nextBatch?: readonly Document[]
}

/** What a cursor is over. */
export interface CursorOptions extends CallOptions {
  /** How many documents come at a time. The server decides if left out. */
  readonly batchSize?: number
}

/**
 * The documents that a query finds, in batches. The query runs when the first is asked for; what is not taken to its end is
 * to be closed, or the server keeps it for ten minutes. Limits of time are for each batch.
 */
export class Cursor<T> {
  readonly #client: Commands
  readonly #database: string
  readonly #query: Document
  readonly #options: CursorOptions
  /** The server's; null before the query, 0 when there is no more. */
  #id: Long | null = null
  #collection = ''
  #batch: readonly T[] = []
  #at = 0
  #fetching = false
  #closed = false
  /** Why there will be no more. */
  #fault: Error | null = null

  constructor(client: Commands, database: string, query: Document, options: CursorOptions) {
    this.#client = client
    this.#database = database
    this.#query = query
    this.#options = options
  }

  /** The next document; null when there is no more. */
  next(): Operation<T | null> {
    return Cursor.#next(this as Cursor<unknown>) as Operation<T | null>
  }

  /** The documents that have come and were not taken, or else the next batch; null when there is no more. */
  nextBatch(): Operation<readonly T[] | null> {
    return Cursor.#nextBatch(this as Cursor<unknown>) as Operation<readonly T[] | null>
  }

  /** All documents that are left. */
  toArray(): Operation<T[]> {
    return Cursor.#toArray(this as Cursor<unknown>) as Operation<T[]>
  }

  /** Lets the server forget it, unless it has done so. May be called at any time, and again. */
  close(): Operation<void> {
    return Cursor.#close(this as Cursor<unknown>)
  }

  /** For async code; leaving the loop early closes it. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    try {
      for (let document: T | null; (document = await this.next()) !== null; ) yield document
    } finally {
      await this.close()
    }
  }

  static readonly #next = fn(function* next(self: Cursor<unknown>): Body<unknown> {
    while (self.#at === self.#batch.length) if (!(yield* Cursor.#fetch(self))) return null
    return self.#batch[self.#at++]
  })

  static readonly #nextBatch = fn(function* nextBatch(self: Cursor<unknown>): Body<readonly unknown[] | null> {
    while (self.#at === self.#batch.length) if (!(yield* Cursor.#fetch(self))) return null
    const rest = self.#batch.slice(self.#at)
    self.#at = self.#batch.length
    return rest
  })

  static readonly #toArray = fn(function* toArray(self: Cursor<unknown>): Body<unknown[]> {
    const all: unknown[] = []
    try {
      for (let batch: readonly unknown[] | null; (batch = yield* self.nextBatch()) !== null; )
        for (const document of batch) all.push(document)
    } finally {
      yield* self.close()
    }
    return all
  })

  /** Gets the next batch. False: there is none. */
  static readonly #fetch = fn(function* fetch(self: Cursor<unknown>): Body<boolean> {
    if (self.#fetching) throw new BusyError('two tasks want the next document of one cursor: let one of them read')
    if (self.#closed || self.#id?.isZero() === true) return false
    if (self.#fault !== null) throw self.#fault
    self.#fetching = true
    // Of a fetch that is cancelled nobody knows how far it went: going on after it could leave documents out.
    self.#fault = new ClosedError('this cursor was left amid a batch: run the query again')
    try {
      const reply = yield* self.#client.command(self.#database, self.#request(), self.#options)
      const { id, ns, firstBatch, nextBatch } = reply['cursor'] as Batch
      self.#id = Long.fromValue(id)
      self.#collection = ns.slice(ns.indexOf('.') + 1)
      self.#batch = firstBatch ?? nextBatch ?? []
      self.#at = 0
      self.#fault = null
      if (self.#closed) yield* Cursor.#kill(self)
      return !self.#closed
    } finally {
      self.#fetching = false
    }
  })

  #request(): Document {
    const { batchSize } = this.#options
    if (this.#id === null) return this.#query
    const getMore = { getMore: this.#id, collection: this.#collection }
    return batchSize === undefined ? getMore : { ...getMore, batchSize }
  }

  static readonly #close = fn(function* close(self: Cursor<unknown>): Body<void> {
    self.#closed = true
    // A fetch that is under way may bring another id, and sees to it then.
    if (!self.#fetching) yield* Cursor.#kill(self)
  })

  static readonly #kill = fn(function* kill(self: Cursor<unknown>): Body<void> {
    const id = self.#id
    self.#id = Long.ZERO
    self.#batch = []
    self.#at = 0
    if (id === null || id.isZero()) return
    try {
      yield* self.#client.command(self.#database, { killCursors: self.#collection, cursors: [id] }, { timeoutMs: 5000 })
    } catch (error) {
      // The server is gone, and the cursor with it, or it will find out by itself.
      if (!FibrilError.is(error)) throw error
    }
  })
}
