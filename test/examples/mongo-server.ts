/**
 * A MongoDB for tests, as far as they need one: it speaks OP_MSG over any stream, and the OP_QUERY in which drivers still say
 * their first hello; keeps documents in memory, as their exact bytes; and answers the commands of a connection one after
 * another, as the real one does. What queries and updates mean is the business of mingo.
 */
import { type Document, deserialize, Long, ObjectId, serialize } from 'bson'
import { type Body, BrokenError, ClosedError, fn, Operation } from 'fibril'
import type { Stream } from 'fibril/net'
import { type Framing, MORE, type ReceiveBuffer } from 'fibril/protocol'
import { aggregate, update as applyUpdate, find, Query } from 'mingo'
import { flag, HEADER_BYTES, type Message, MessageFraming } from '../../examples/mongo/wire.ts'
import { Refusal } from './mongo-refusal.ts'
import { ScramServer } from './mongo-scram-server.ts'

const OP_REPLY = 1
const OP_QUERY = 2004

/** What stands in for the server: the reply to a command; undefined: the server's own; null: none, ever. */
export type Intercept = (
  command: Document,
  stream: Stream,
) => Operation<Document | null | undefined> | Document | null | undefined

interface Stored {
  readonly bytes: Uint8Array
  readonly document: Document
}

/** The command of an OP_QUERY; its bytes as well. */
interface Query2004 {
  readonly query: Document
  readonly requestId: number
}

/** OP_MSG, and OP_QUERY one way. `onBytes` is given each message as it came. */
class ServerFraming implements Framing<Message | Query2004, Message> {
  readonly #messages = new MessageFraming()
  readonly #onBytes: (bytes: Uint8Array) => void

  constructor(onBytes: (bytes: Uint8Array) => void) {
    this.#onBytes = onBytes
  }

  decode(buffer: ReceiveBuffer): Message | Query2004 | typeof MORE {
    if (buffer.length < HEADER_BYTES) return MORE
    const header = Buffer.from(buffer.view(HEADER_BYTES))
    const length = header.readInt32LE(0)
    if (header.readInt32LE(12) !== OP_QUERY) {
      if (buffer.length >= length) this.#onBytes(Buffer.from(buffer.view(Math.max(length, 0))))
      return this.#messages.decode(buffer)
    }
    if (buffer.length < length) return MORE
    const bytes = Buffer.from(buffer.take(length))
    const query = deserialize(bytes.subarray(bytes.indexOf(0, HEADER_BYTES + 4) + 1 + 8))
    return { query, requestId: header.readInt32LE(4) }
  }

  encode(message: Message): readonly Uint8Array[] {
    return this.#messages.encode(message)
  }
}

export class MongoServer {
  /** All commands that came, with the lists beside them. */
  readonly commands: Document[] = []
  /** All OP_MSGs that came. */
  readonly bytes: Uint8Array[] = []
  readonly streams = new Set<Stream>()
  readonly cursors = new Map<string, { readonly ns: string; rest: Document[] }>()
  readonly #collections = new Map<string, Stored[]>()
  /** What it says in its hello, apart from the usual. */
  hello: Document = {}
  /** With a password for any user, who has not logged in is refused; without, everybody is welcome. */
  readonly passwords = new Map<string, string>()
  intercept: Intercept = () => undefined
  /** Nobody can connect, as far as tests ask for it. */
  down = false
  /** Replies go to this request, which may be none. */
  replyTo: number | null = null
  /** Replies are no BSON, within their proper length. */
  garble = false

  /** The names of the commands that came, without the hellos. */
  get names(): string[] {
    return this.commands
      .map((command) => Object.keys(command)[0] as string)
      .filter((name) => !/hello|ismaster/i.test(name))
  }

  /** Serves one connection. */
  readonly serve = fn(function* (this: MongoServer, stream: Stream): Body<void> {
    const framing = new ServerFraming((bytes) => this.bytes.push(bytes))
    this.streams.add(stream)
    const scram = new ScramServer(this.passwords)
    try {
      for (let message: Message | Query2004 | null; (message = yield* stream.receive(framing)) !== null; ) {
        if ('query' in message) {
          yield* stream.write(replyToQuery(message.requestId, this.#hello()))
          continue
        }
        const command = commandOf(message)
        this.commands.push(command)
        const instead = this.intercept(command, stream)
        const reply = instead instanceof Operation ? yield* instead : instead
        const body = reply === undefined ? this.#answer(command, message, scram) : reply
        if (body === null || (message.flags & flag.moreToCome) !== 0) continue
        const bytes = this.garble ? Uint8Array.of(9, 0, 0, 0, 99, 99, 0, 99, 0) : serialize(body)
        const responseTo = this.replyTo ?? message.requestId
        yield* stream.write(framing.encode({ requestId: 1, responseTo, flags: 0, body: bytes, sequences: [] }))
      }
    } catch (error) {
      // A test has cut the connection.
      if (!(error instanceof BrokenError || error instanceof ClosedError)) throw error
    } finally {
      this.streams.delete(stream)
    }
  })

  #hello(): Document {
    return {
      helloOk: true,
      isWritablePrimary: true,
      ismaster: true,
      maxBsonObjectSize: 16 * 1024 * 1024,
      maxMessageSizeBytes: 48_000_000,
      maxWriteBatchSize: 100_000,
      localTime: new Date(0),
      minWireVersion: 0,
      maxWireVersion: 21,
      readOnly: false,
      ...(this.passwords.size > 0 ? { saslSupportedMechs: ['SCRAM-SHA-256'] } : {}),
      ...this.hello,
      ok: 1,
    }
  }

  #answer(command: Document, message: Message, scram: ScramServer): Document {
    const name = Object.keys(command)[0] as string
    try {
      if (name === 'saslStart' || name === 'saslContinue') return { ...scram.step(command), ok: 1 }
      if (!scram.done && !/^hello$|^ismaster$|^endSessions$/i.test(name))
        throw new Refusal(13, 'Unauthorized', `command ${name} requires authentication`)
      return { ...this.#carryOut(name, command, message), ok: 1 }
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      return { ok: 0, errmsg: error.message, code: error.serverCode, codeName: error.codeName }
    }
  }

  #carryOut(name: string, command: Document, message: Message): Document {
    const collection = `${command['$db']}.${command[name]}`
    const stored = this.#collections.get(collection) ?? []
    const batchSize: number | undefined = command['batchSize'] ?? command['cursor']?.batchSize
    switch (name) {
      case 'hello':
      case 'isMaster':
      case 'ismaster':
        return this.#hello()
      case 'ping':
      case 'endSessions':
        return {}
      case 'buildInfo':
        return { version: '7.0.0', gitVersion: 'none' }
      case 'insert':
        return this.#insert(collection, documentsOf(message), command['ordered'] !== false)
      case 'find': {
        const { filter = {}, projection, sort, skip = 0, limit = 0, singleBatch } = command
        let found = matching(stored, filter)
        if (sort !== undefined) found = sorted(found, sort)
        found = found.slice(skip, limit > 0 ? skip + limit : undefined)
        const given =
          projection === undefined ? found.map(exact) : (find(plain(found), {}, projection).all() as Document[])
        return this.#open(collection, given, singleBatch === true ? Infinity : batchSize)
      }
      case 'aggregate':
        return this.#open(collection, aggregate(plain(stored), command['pipeline']) as Document[], batchSize)
      case 'getMore': {
        if (!Long.isLong(command['getMore'])) throw new Refusal(14, 'TypeMismatch', "getMore must be of type 'long'")
        const id = String(command['getMore'])
        const cursor = this.cursors.get(id)
        if (cursor === undefined) throw new Refusal(43, 'CursorNotFound', `cursor id ${id} not found`)
        const nextBatch = cursor.rest.splice(0, batchSize ?? cursor.rest.length)
        if (cursor.rest.length === 0) this.cursors.delete(id)
        return { cursor: { id: cursor.rest.length === 0 ? Long.ZERO : command['getMore'], ns: cursor.ns, nextBatch } }
      }
      case 'killCursors': {
        const cursorsKilled = (command['cursors'] as Long[]).filter((id) => this.cursors.delete(String(id)))
        return { cursorsKilled, cursorsNotFound: [], cursorsAlive: [], cursorsUnknown: [] }
      }
      case 'count':
        return { n: matching(stored, command['query'] ?? {}).length }
      case 'distinct': {
        const values = matching(stored, command['query'] ?? {}).map(({ document }) => document[command['key']])
        return { values: [...new Set(values)] }
      }
      case 'update':
        return this.#update(collection, command['updates'])
      case 'delete': {
        let n = 0
        for (const { q, limit } of command['deletes']) {
          const gone = new Set(matching(this.#collections.get(collection) ?? [], q).slice(0, limit || undefined))
          this.#collections.set(
            collection,
            (this.#collections.get(collection) ?? []).filter((one) => !gone.has(one)),
          )
          n += gone.size
        }
        return { n }
      }
      case 'findAndModify': {
        const [before] = matching(stored, command['query'])
        if (before === undefined) return { value: null }
        const after = changed(before, command['update'])
        stored[stored.indexOf(before)] = after
        return { value: exact(command['new'] === true ? after : before) }
      }
      case 'drop':
        if (!this.#collections.delete(collection)) throw new Refusal(26, 'NamespaceNotFound', 'ns not found')
        return { ns: collection }
      default:
        throw new Refusal(59, 'CommandNotFound', `no such command: '${name}'`)
    }
  }

  #insert(collection: string, documents: readonly Uint8Array[], ordered: boolean): Document {
    const stored = this.#collections.get(collection) ?? []
    this.#collections.set(collection, stored)
    const writeErrors: Document[] = []
    let n = 0
    for (const [index, bytes] of documents.entries()) {
      const document = deserialize(bytes)
      const same = new Query({ _id: document['_id'] })
      if (stored.some((one) => same.test(one.document))) {
        const errmsg = `E11000 duplicate key error collection: ${collection} index: _id_ dup key: { _id: ${document['_id']} }`
        writeErrors.push({ index, code: 11_000, errmsg })
        if (ordered) break
      } else {
        stored.push({ bytes, document })
        n++
      }
    }
    return { n, ...(writeErrors.length > 0 ? { writeErrors } : {}) }
  }

  #update(collection: string, updates: readonly Document[]): Document {
    const stored = this.#collections.get(collection) ?? []
    this.#collections.set(collection, stored)
    let [n, nModified] = [0, 0]
    const upserted: Document[] = []
    for (const [index, { q, u, multi, upsert }] of updates.entries()) {
      const found = matching(stored, q).slice(0, multi === true ? undefined : 1)
      if (found.length === 0 && upsert === true) {
        const fresh = changed({ bytes: new Uint8Array(), document: { _id: new ObjectId(), ...q } }, u)
        stored.push(fresh)
        upserted.push({ index, _id: fresh.document['_id'] })
        n++
      }
      for (const one of found) {
        const after = changed(one, u)
        stored[stored.indexOf(one)] = after
        n++
        if (Buffer.compare(after.bytes, one.bytes) !== 0) nModified++
      }
    }
    return { n, nModified, ...(upserted.length > 0 ? { upserted } : {}) }
  }

  #open(ns: string, found: Document[], batchSize = 101): Document {
    const firstBatch = found.splice(0, batchSize)
    if (found.length === 0) return { cursor: { id: Long.ZERO, ns, firstBatch } }
    // Such as those of the real one, which no double can hold.
    const id = Long.fromBits(this.cursors.size + 1, 0x3456_789a)
    this.cursors.set(String(id), { ns, rest: found })
    return { cursor: { id, ns, firstBatch } }
  }
}

function commandOf({ body, sequences }: Message): Document {
  const lists = sequences.map(({ name, documents }) => [name, documents.map((bytes) => deserialize(bytes))])
  return { ...deserialize(body, { promoteLongs: false }), ...Object.fromEntries(lists) }
}

/** The documents of an insert as they came, beside the command or in it. */
function documentsOf({ body, sequences }: Message): readonly Uint8Array[] {
  const beside = sequences.find(({ name }) => name === 'documents')?.documents
  const inside = deserialize(body, { promoteValues: false })['documents'] as readonly Document[] | undefined
  return beside ?? inside?.map((document) => serialize(document)) ?? []
}

function matching(stored: readonly Stored[], filter: Document): Stored[] {
  const query = new Query(filter)
  return stored.filter(({ document }) => query.test(document))
}

/** A document whose values have the very types that they were sent with. */
function exact({ bytes }: Stored): Document {
  return deserialize(bytes, { promoteValues: false, bsonRegExp: true })
}

function plain(stored: readonly Stored[]): Document[] {
  return stored.map(({ document }) => document)
}

function sorted(stored: readonly Stored[], by: Document): Stored[] {
  const wrapped = find([...stored], {}).sort(
    Object.fromEntries(Object.entries(by).map(([key, up]) => [`document.${key}`, up])),
  )
  return wrapped.all() as unknown as Stored[]
}

function changed({ document }: Stored, change: Document): Stored {
  const next = deserialize(serialize(document))
  if (Object.keys(change)[0]?.startsWith('$') === true) {
    const { $setOnInsert: _, ...operators } = change
    applyUpdate(next, operators)
    return { document: next, bytes: serialize(next) }
  }
  const replaced = { _id: document['_id'], ...change }
  return { document: replaced, bytes: serialize(replaced) }
}

function replyToQuery(responseTo: number, document: Document): Uint8Array {
  const body = serialize(document)
  const head = Buffer.alloc(HEADER_BYTES + 20)
  head.writeInt32LE(head.length + body.length, 0)
  head.writeInt32LE(responseTo, 8)
  head.writeInt32LE(OP_REPLY, 12)
  head.writeInt32LE(1, HEADER_BYTES + 16)
  return Buffer.concat([head, body])
}
