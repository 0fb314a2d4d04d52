import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Document, Long } from 'bson'
import { MongoClient } from '../../examples/mongo/client.ts'
import type { Collection } from '../../examples/mongo/collection.ts'
import {
  CursorNotFoundError,
  DuplicateKeyError,
  MongoError,
  NotPrimaryError,
  WriteError,
} from '../../examples/mongo/errors.ts'
import { type ClientOptions, parseUrl } from '../../examples/mongo/url.ts'
import {
  all,
  type Body,
  fn,
  type Operation,
  sleep,
  spawn,
  TimeoutError,
  UsageError,
  wait,
} from '../../src/core/index.ts'
import { AcquireTimeoutError, ConnectError, LostRequestError, MemoryServer, type Stream } from '../../src/net/index.ts'
import { waitAllBlocked } from '../../src/testing/index.ts'
import { it } from '../support/it.ts'
import { cancelEverywhere } from '../sync/cancel-everywhere.ts'
import { MongoServer } from './mongo-server.ts'

type Poem = { _id: number; title?: string }

interface World {
  readonly server: MongoServer
  readonly client: MongoClient
  readonly poems: Collection<Poem>
}

/** A server at each address, in memory, and a client of the first two. */
const inMemory = (options: ClientOptions, body: (world: World & { other: MongoServer }) => Body<void>) =>
  fn(function* () {
    const servers = new Map<string, { mongo: MongoServer; memory: MemoryServer }>()
    for (const address of ['alpha:27017', 'beta:27017']) {
      const mongo = new MongoServer()
      const memory = new MemoryServer()
      servers.set(address, { mongo, memory })
      spawn(memory.serve((stream) => mongo.serve(stream)))
    }
    const client = new MongoClient('mongodb://alpha,beta', {
      backoff: { baseMs: 100, jitter: 'none' },
      openStream: fn(function* (host: string, port: number): Body<Stream> {
        const found = servers.get(`${host}:${port}`)
        if (found === undefined || found.mongo.down) throw new ConnectError(`nobody listens at ${host}`, null)
        return found.memory.connect()
      }),
      ...options,
    })
    yield* waitAllBlocked() // both serve
    const [server, other] = [...servers.values()].map(({ mongo }) => mongo) as [MongoServer, MongoServer]
    try {
      yield* body({ server, other, client, poems: client.collection<Poem>('test', 'poems') })
    } finally {
      yield* client.close()
      for (const { memory } of servers.values()) yield* memory.stop({ grace: 0 })
    }
  })()

const failureOf = fn(function* (operation: Operation<unknown>): Body<unknown> {
  try {
    yield* operation
  } catch (error) {
    return error
  }
  return assert.fail('it should have failed')
})
const write = (n: number): Poem[] => Array.from({ length: n }, (_, _id) => ({ _id, title: `poem ${_id}` }))

it.many('what was written is found, changed and removed', () =>
  inMemory({}, function* ({ poems, client }) {
    assert.equal(yield* poems.insertOne({ _id: 1, title: 'Hope' }), 1)
    assert.deepEqual(yield* poems.insertMany([{ _id: 2 }, { _id: 3 }]), { inserted: 2, ids: [2, 3] })
    assert.deepEqual(yield* poems.findOne({ _id: 1 }), { _id: 1, title: 'Hope' })
    assert.equal(yield* poems.findOne({ _id: 9 }), null)
    assert.deepEqual(yield* poems.updateOne({ _id: 2 }, { $set: { title: 'Rose' } }), { matched: 1, modified: 1 })
    assert.deepEqual(yield* poems.updateMany({ _id: { $gt: 1 } }, { $set: { title: 'Rose' } }), {
      matched: 2,
      modified: 1,
    })
    assert.deepEqual(yield* poems.replaceOne({ _id: 3 }, { _id: 3 }), { matched: 1, modified: 1 })
    assert.deepEqual(yield* poems.findOneAndUpdate({ _id: 3 }, { $set: { title: 'x' } }), { _id: 3 })
    assert.deepEqual(yield* poems.distinct('title'), ['Hope', 'Rose', 'x'])
    assert.equal(yield* poems.count({ title: 'Rose' }), 1)
    assert.equal(yield* poems.deleteOne({}), 1)
    assert.equal(yield* poems.deleteMany({}), 2)
    assert.deepEqual(yield* client.command('test', { ping: 1 }), { ok: 1 })
  }),
)

it('a document without an _id is given one, and is not changed itself', () =>
  inMemory({}, function* ({ client }) {
    const document: Document = { title: 'Hope' }
    const id = yield* client.collection('test', 'poems').insertOne(document)
    assert.deepEqual(document, { title: 'Hope' })
    assert.deepEqual(yield* client.collection('test', 'poems').findOne({ _id: id }), { _id: id, title: 'Hope' })
  }))

// -- cursors

it.many('a cursor gets its documents in batches, and the server forgets it when it has given all', () =>
  inMemory({}, function* ({ server, poems }) {
    yield* poems.insertMany(write(10))
    const cursor = poems.find({}, { batchSize: 4 })
    const sizes: number[] = []
    for (let batch: readonly Poem[] | null; (batch = yield* cursor.nextBatch()) !== null; ) sizes.push(batch.length)
    assert.deepEqual(sizes, [4, 4, 2])
    assert.equal(server.cursors.size, 0)
    assert.equal(yield* cursor.next(), null)
    assert.deepEqual(server.names, ['insert', 'find', 'getMore', 'getMore'])
  }),
)

it('documents are taken one by one, across batches', () =>
  inMemory({}, function* ({ poems }) {
    yield* poems.insertMany(write(10))
    const ids: number[] = []
    const cursor = poems.find({}, { batchSize: 3 })
    for (let poem: Poem | null; (poem = yield* cursor.next()) !== null; ) ids.push(poem._id)
    assert.deepEqual(ids, [...ids.keys()])
    assert.equal(ids.length, 10)
  }))

it('a cursor that is closed before its end is killed in the server; one that never began costs nothing', () =>
  inMemory({}, function* ({ server, poems }) {
    yield* poems.insertMany(write(10))
    const cursor = poems.find({}, { batchSize: 2 })
    yield* cursor.next()
    assert.equal(server.cursors.size, 1)
    yield* cursor.close()
    yield* cursor.close()
    yield* poems.find().close()
    assert.deepEqual(server.names, ['insert', 'find', 'killCursors'])
    assert.equal(server.cursors.size, 0)
    assert.equal(yield* cursor.next(), null)
  }))

it.many('a task that is cancelled while it takes all documents has its cursor killed', () =>
  inMemory({}, function* ({ server, poems }) {
    yield* poems.insertMany(write(10))
    server.intercept = (command) => (command['getMore'] === undefined ? undefined : busy())
    const taking = spawn(poems.find({}, { batchSize: 2 }).toArray())
    yield* sleep(10)
    assert.equal(server.cursors.size, 1)
    taking.cancel('enough')
    yield* sleep(2000) // the server answers the commands of a connection in order
    assert.equal(server.cursors.size, 0)
  }),
)

/** A server that is busy with one connection for a second. */
const busy = fn(function* (): Body<undefined> {
  yield* sleep(1000)
})

it('a cursor whose fetch was cancelled is not gone on with: it might leave documents out', () =>
  inMemory({}, function* ({ server, poems }) {
    yield* poems.insertMany(write(10))
    const cursor = poems.find({}, { batchSize: 2, timeoutMs: 50 })
    yield* cursor.nextBatch()
    server.intercept = (command) => (command['getMore'] === undefined ? undefined : busy())
    assert.ok((yield* failureOf(cursor.next())) instanceof TimeoutError)
    const error = yield* failureOf(cursor.next())
    assert.match(String(error), /left amid a batch: run the query again/)
    yield* cursor.close()
  }))

it('two tasks on one cursor: the second is told, the first is unharmed', () =>
  inMemory({}, function* ({ server, poems }) {
    yield* poems.insertMany(write(3))
    const cursor = poems.find()
    server.intercept = ({ find }) => (find ? slowly() : undefined)
    const first = spawn(cursor.next())
    yield* sleep(10)
    const error = yield* failureOf(cursor.next())
    assert.deepEqual([(error as { code: string }).code, (yield* first)?._id], ['FIBRIL_BUSY', 0])
  }))

it.many(
  'a cursor that is closed while a task waits for its next batch gives no more, and is killed when that has come',
  () =>
    inMemory({ maxPoolSize: 1 }, function* ({ server, poems }) {
      yield* poems.insertMany(write(10))
      server.intercept = ({ find }) => (find ? slowly() : undefined)
      const cursor = poems.find({}, { batchSize: 2 })
      const first = spawn(cursor.next())
      yield* sleep(10)
      yield* cursor.close()
      assert.equal(yield* first, null)
      assert.equal(yield* cursor.next(), null)
      assert.equal(server.cursors.size, 0)
    }),
)

it('a cursor that the server has forgotten is an error of its own', () =>
  inMemory({}, function* ({ server, poems }) {
    yield* poems.insertMany(write(10))
    const cursor = poems.find({}, { batchSize: 2 })
    yield* cursor.nextBatch()
    server.cursors.clear()
    const error = yield* failureOf(cursor.next())
    assert.ok(error instanceof CursorNotFoundError)
    assert.equal(error.serverCode, 43)
  }))

it('async code takes documents by for await, and leaving the loop closes the cursor', () =>
  inMemory({}, function* ({ server, poems }) {
    yield* poems.insertMany(write(10))
    const ids: number[] = []
    yield* wait(
      (async () => {
        for await (const { _id } of poems.find({}, { batchSize: 2 })) {
          ids.push(_id)
          if (_id === 4) break
        }
      })(),
    )
    assert.deepEqual(ids, [0, 1, 2, 3, 4])
    assert.equal(server.cursors.size, 0)
  }))

it('the stages of a pipeline give a cursor too, and a small id of it is still a long to the server', () =>
  inMemory({}, function* ({ server, poems }) {
    yield* poems.insertMany(write(10))
    assert.deepEqual(yield* poems.aggregate([{ $match: { _id: { $gt: 7 } } }, { $count: 'n' }]).toArray(), [{ n: 2 }])
    const small = Long.fromNumber(5)
    server.cursors.set('5', { ns: 'test.poems', rest: [{ _id: 99 }] })
    server.intercept = (command) =>
      command['aggregate'] === undefined
        ? undefined
        : { cursor: { id: small, ns: 'test.poems', firstBatch: [] }, ok: 1 }
    assert.deepEqual(yield* poems.aggregate([]).toArray(), [{ _id: 99 }])
  }))

// -- writes

it('documents are sent in as many messages as the server wants, and refused ones are told by their place among all', () =>
  inMemory({}, function* ({ server, client, poems }) {
    server.hello = { maxWriteBatchSize: 4, maxMessageSizeBytes: 16_384 + 200 }
    yield* client.command('test', { ping: 1 })
    yield* poems.insertOne({ _id: 6 })
    const error = yield* failureOf(poems.insertMany(write(10), { ordered: false }))
    assert.ok(error instanceof DuplicateKeyError)
    assert.deepEqual(
      error.refused.map(({ index }) => index),
      [6],
    )
    assert.deepEqual((error.result as { inserted: number }).inserted, 9)
    assert.equal(yield* poems.count(), 10)
    assert.deepEqual(
      server.commands.filter(({ insert }) => insert).map((one) => one['documents'].length),
      [1, 4, 4, 2],
    )
    const long = 'x'.repeat(150)
    yield* poems.insertMany([
      { _id: 20, title: long },
      { _id: 21, title: long },
    ])
    assert.deepEqual(
      server.commands.slice(-2).map((one) => one['documents'].length),
      [1, 1],
    )
  }))

it('an ordered write stops at the first document that is refused', () =>
  inMemory({}, function* ({ server, client, poems }) {
    server.hello = { maxWriteBatchSize: 2 }
    yield* client.command('test', { ping: 1 })
    yield* poems.insertOne({ _id: 2 })
    const error = yield* failureOf(poems.insertMany(write(10)))
    assert.ok(error instanceof WriteError)
    assert.match(error.message, /^document 2 was not written: E11000 duplicate key/)
    assert.deepEqual(
      (yield* poems.find().toArray()).map(({ _id }) => _id),
      [2, 0, 1],
    )
  }))

it('an update says what to do by operators, and a replacement has none', () =>
  inMemory({}, function* ({ poems }) {
    assert.throws(() => poems.updateOne({}, { title: 'x' }), UsageError)
    assert.throws(() => poems.replaceOne({}, { $set: { title: 'x' } } as never), UsageError)
  }))

it('an unacknowledged write is done when it has left, and what the server thinks of it is nobody’s business', () =>
  inMemory({}, function* ({ server, poems }) {
    yield* poems.insertUnacknowledged({ _id: 1 })
    yield* poems.insertUnacknowledged({ _id: 1 })
    assert.equal(yield* poems.count(), 1)
    assert.deepEqual(server.names, ['insert', 'insert', 'count'])
  }))

it('a write that is not as safe as was asked for is an error', () =>
  inMemory({}, function* ({ server, poems }) {
    server.intercept = ({ insert }) =>
      insert && { n: 1, ok: 1, writeConcernError: { code: 64, codeName: 'WriteConcernTimeout', errmsg: 'waiting' } }
    assert.match(String(yield* failureOf(poems.insertOne({ _id: 1 }))), /written, but not as asked: waiting/)
  }))

// -- correlation

it('request ids count up from 1, and a reply to nobody is ignored', () =>
  inMemory({ maxPoolSize: 1 }, function* ({ server, client, poems }) {
    for (let i = 0; i < 3; i++) yield* poems.count()
    assert.deepEqual(
      server.bytes.map((bytes) => Buffer.from(bytes).readInt32LE(4)),
      [1, 2, 3, 4],
    )
    server.replyTo = 77
    yield* poems.insertUnacknowledged({ _id: 1 })
    const asked = spawn(poems.count())
    yield* sleep(10)
    server.replyTo = null
    assert.equal(yield* poems.count(), 1)
    assert.equal(client.stats().connections[0]?.unexpected, 1)
    asked.cancel()
  }))

it.many('the late reply to a command that was cancelled is dropped; the server has carried it out', () =>
  inMemory({ maxPoolSize: 1 }, function* ({ server, client, poems }) {
    server.intercept = ({ insert }) => (insert ? slowly() : undefined)
    const inserting = spawn(poems.insertOne({ _id: 1 }))
    yield* sleep(10)
    inserting.cancel('changed my mind')
    assert.equal(yield* poems.count(), 1)
    const [{ late, unexpected } = assert.fail()] = client.stats().connections
    assert.deepEqual([late, unexpected], [1, 0])
  }),
)
const slowly = fn(function* (): Body<undefined> {
  yield* sleep(100)
})

it.many('a lost connection fails all that was pending on it, and what is asked in answer goes over a new one', () =>
  inMemory({ maxPoolSize: 1 }, function* ({ server, poems }) {
    server.intercept = ({ count }) => (count ? null : undefined)
    const again: unknown[] = []
    const ask = fn(function* (i: number): Body<void> {
      const error = yield* failureOf(poems.count({ _id: i }))
      assert.ok(error instanceof LostRequestError)
      assert.equal(error.sent, true)
      assert.match(error.message, /mongo alpha:27017 was lost before the reply to request \d+ came/)
      again.push(yield* poems.findOne({ _id: i }))
    })
    const asking = spawn(all([1, 2, 3].map(ask)))
    yield* sleep(10)
    for (const stream of server.streams) stream.reset()
    yield* asking
    assert.deepEqual(again, [null, null, null])
  }),
)

it('after a lost connection it is connected again, after longer and longer pauses, until the server is back', (host) =>
  inMemory({}, function* ({ server, other, poems }) {
    yield* poems.count()
    other.down = server.down = true
    for (const stream of server.streams) stream.reset()
    yield* sleep(1)
    const asked = host.now()
    const counting = spawn(poems.count())
    yield* sleep(1000)
    server.down = false
    assert.equal(yield* counting, 0)
    // Attempts after 0, 100, 300, 700 and 1500 ms.
    assert.equal(host.now() - asked, 1500)
  }))

it('a command that gets no connection in time fails, and the cause tells why each host would not do', () =>
  inMemory({ acquireTimeoutMs: 500 }, function* ({ server, other, poems }) {
    server.hello = { isWritablePrimary: false }
    other.down = true
    const error = yield* failureOf(poems.count())
    assert.ok(error instanceof AcquireTimeoutError)
    assert.match(
      String((error as { cause?: unknown }).cause),
      /none of 2 hosts is the primary: alpha:27017 is not the primary; nobody listens at beta/,
    )
  }))

it('without patience it fails with the first attempt', () =>
  inMemory({ acquireTimeoutMs: 0 }, function* ({ server, other, poems }) {
    other.down = server.down = true
    assert.ok((yield* failureOf(poems.count())) instanceof ConnectError)
  }))

it('another connection is opened when one is busy, and no command waits for one that is down', () =>
  inMemory({ maxPoolSize: 2 }, function* ({ server, client, poems }) {
    yield* poems.count()
    server.intercept = ({ distinct }) => (distinct ? slowly() : undefined)
    const slow = spawn(poems.distinct('title'))
    yield* sleep(1)
    const quick = spawn(poems.count()) // behind the slow one, as it seems best at that moment
    yield* sleep(1)
    assert.equal(client.stats().connections.length, 2)
    assert.equal(yield* poems.count(), 0)
    assert.equal(slow.state, 'parked')
    yield* all([slow, quick])
  }))

// -- which server

it('a server that is not the primary is left for the one that it names', () =>
  inMemory({}, function* ({ server, other, poems }) {
    server.hello = { isWritablePrimary: false, secondary: true, primary: 'beta:27017' }
    yield* poems.insertOne({ _id: 1 })
    assert.deepEqual([server.names, other.names], [[], ['insert']])
  }))

it('a secondary will do where that was said', () =>
  inMemory({ secondaryOk: true }, function* ({ server, poems }) {
    server.hello = { isWritablePrimary: false, secondary: true }
    assert.equal(yield* poems.count(), 0)
  }))

it('when the primary steps down the command fails, its connection is given up, and the next goes to the new primary', () =>
  inMemory({}, function* ({ server, other, client, poems }) {
    yield* poems.count()
    server.hello = { isWritablePrimary: false, primary: 'beta:27017' }
    server.intercept = ({ insert }) =>
      insert && { ok: 0, code: 10_107, codeName: 'NotWritablePrimary', errmsg: 'not primary' }
    const error = yield* failureOf(poems.insertOne({ _id: 1 }))
    assert.ok(error instanceof NotPrimaryError)
    yield* sleep(1)
    assert.equal(server.streams.size, 0)
    assert.equal(yield* poems.insertOne({ _id: 1 }), 1)
    assert.equal(client.hello?.address, 'beta:27017')
    assert.deepEqual(other.names, ['insert'])
  }))

it('a server that is too old is told so', () =>
  inMemory({ acquireTimeoutMs: 0 }, function* ({ server, other, poems }) {
    server.hello = { maxWireVersion: 5 }
    other.down = true
    assert.match(String(yield* failureOf(poems.count())), /alpha:27017 speaks wire version 5, and is too old/)
  }))

// -- limits of time

it('a command that takes too long fails; one whose deadline has passed is not sent at all', (host) =>
  inMemory({ timeoutMs: 1000 }, function* ({ server, poems }) {
    server.intercept = ({ count }) => (count ? slowly() : undefined)
    assert.ok((yield* failureOf(poems.count({}, { timeoutMs: 50 }))) instanceof TimeoutError)
    assert.ok((yield* failureOf(poems.count({}, { deadline: host.now() + 20 }))) instanceof TimeoutError)
    const sent = server.names.length
    assert.ok((yield* failureOf(poems.count({}, { deadline: host.now() - 1 }))) instanceof TimeoutError)
    assert.ok((yield* failureOf(poems.count({}, { deadline: host.now() }))) instanceof TimeoutError)
    assert.equal(server.names.length, sent)
    server.intercept = ({ count }) => (count ? null : undefined)
    const before = host.now()
    assert.ok((yield* failureOf(poems.count())) instanceof TimeoutError)
    assert.equal(host.now() - before, 1000)
  }))

it('a server that falls silent is given up after two heartbeats, busy or idle', (host) =>
  inMemory({ heartbeatMs: 1000, maxPoolSize: 1 }, function* ({ server, other, poems }) {
    yield* poems.count()
    server.intercept = () => null
    other.hello = server.hello = {}
    const before = host.now()
    const error = yield* failureOf(poems.count())
    assert.ok(error instanceof LostRequestError)
    assert.match(error.message, /gives no sign of life/)
    assert.ok(host.now() - before <= 3000)
    server.intercept = () => undefined
    yield* poems.count()
    server.intercept = () => null
    yield* sleep(4000)
    assert.equal(server.streams.size, 0)
  }))

it('a query that takes long is no silence, while the server answers on another connection', () =>
  inMemory({ heartbeatMs: 10 }, function* ({ server, client, poems }) {
    server.intercept = ({ count }) => (count ? slowly() : undefined)
    assert.equal(yield* poems.count(), 0)
    assert.equal(client.stats().pool.created, 1)
  }))

// -- what cannot be understood

for (const [what, bytes, said] of [
  ['garbage', Buffer.from('HTTP/1.1 200 OK\r\n\r\n'), /opcode .* where only 2013 \(OP_MSG\) can be read/],
  ['a message that is too short', Buffer.from([9, 0, 0, 0, ...Array(12).fill(0)]), /9 bytes, but its header alone/],
  ['a message that is too long', Buffer.from([0, 0, 0, 127, ...Array(8).fill(0), 0xdd, 7, 0, 0]), /longer than/],
] as const) {
  it(`${what} fails all that is pending, with what was wrong, and closes the connection`, () =>
    inMemory({ maxPoolSize: 1 }, function* ({ server, client, poems }) {
      server.intercept = ({ count }) => (count ? null : undefined)
      const asking = [spawn(failureOf(poems.count())), spawn(failureOf(poems.count()))]
      yield* sleep(10)
      for (const stream of server.streams) yield* stream.write(bytes)
      for (const error of yield* all(asking)) {
        assert.ok(error instanceof LostRequestError)
        assert.match(error.message, said)
      }
      yield* sleep(1)
      assert.equal(client.stats().connections.length, 0)
      server.intercept = () => undefined
      assert.equal(yield* poems.count(), 0)
    }))
}

it('a reply that is no BSON fails the command that it replies to, and nothing else', () =>
  inMemory({ maxPoolSize: 1 }, function* ({ server, client, poems }) {
    yield* poems.count()
    server.garble = true
    const error = yield* failureOf(poems.count())
    assert.match(String(error), /the server's reply is no BSON/)
    server.garble = false
    assert.equal(yield* poems.count(), 0)
    assert.equal(client.stats().pool.created, 1)
  }))

it('what the server refuses is an error with its code, its name and all that it said', () =>
  inMemory({}, function* ({ client }) {
    const error = yield* failureOf(client.command('test', { walk: 1 }))
    assert.ok(error instanceof MongoError)
    assert.deepEqual([error.code, error.serverCode, error.codeName], ['MONGO', 59, 'CommandNotFound'])
    assert.equal(error.message, "no such command: 'walk' (CommandNotFound 59)")
    assert.equal(error.reply['ok'], 0)
  }))

it('a command may be cancelled at any of its waits, and its neighbours get their replies', () =>
  inMemory({ maxPoolSize: 2 }, function* ({ client, poems }) {
    yield* poems.insertMany(write(5))
    let fresh = 100
    yield* cancelEverywhere(() => ({
      bodies: [
        function* found() {
          assert.equal((yield* poems.find({ _id: { $lt: 5 } }, { batchSize: 2 }).toArray()).length, 5)
        },
        function* inserted() {
          const _id = fresh++
          assert.equal(yield* poems.insertOne({ _id }), _id)
        },
        function* counted() {
          assert.equal(yield* poems.count({ _id: { $lt: 5 } }), 5)
        },
      ],
      check: (tasks) => assert.ok(tasks.every(({ outcome }) => outcome?.status !== 'failed')),
    }))
    assert.equal(yield* poems.count({ _id: { $lt: 5 } }), 5)
    assert.ok(client.stats().connections.every(({ inFlight, waiting }) => inFlight === 0 && waiting === 0))
  }))

it('ten thousand commands at once each get their own reply', () =>
  inMemory({}, function* ({ poems }) {
    yield* poems.insertMany(write(100))
    const found = yield* all(Array.from({ length: 10_000 }, (_, i) => poems.findOne({ _id: i % 100 })))
    assert.ok(found.every((poem, i) => poem?._id === i % 100))
  }))

it('a close waits for what is due as long as it may, and refuses what comes after', () =>
  inMemory({}, function* ({ server, client, poems }) {
    server.intercept = ({ count }) => (count ? slowly() : undefined)
    const counting = spawn(poems.count())
    yield* sleep(10)
    yield* client.close({ grace: 1000 })
    assert.equal(yield* counting, 0)
    assert.match(String(yield* failureOf(poems.count())), /is closed: no request can be made any more/)
  }))

// -- the URL

test('a URL names hosts and options', () => {
  assert.deepEqual(
    parseUrl('mongodb://a,b:1,[::1]:2/db?maxPoolSize=7&tls=true&readPreference=secondary&replicaSet=rs'),
    {
      hosts: ['a:27017', 'b:1', '[::1]:2'],
      options: { maxPoolSize: 7, tls: true, secondaryOk: true },
    },
  )
  assert.deepEqual(parseUrl('mongodb://localhost').hosts, ['localhost:27017'])
  const credentials = (url: string) => parseUrl(url).options.credentials
  assert.deepEqual(credentials('mongodb://a%40b:c%3Ad@h/db'), { user: 'a@b', password: 'c:d', source: 'db' })
  assert.deepEqual(credentials('mongodb://a:b@h/db?authSource=x'), { user: 'a', password: 'b', source: 'x' })
  assert.deepEqual(credentials('mongodb://a:b@h'), { user: 'a', password: 'b', source: 'admin' })
})

for (const [url, said] of [
  ['http://localhost', /is mongodb:\/\/user:password@host:port,host:port/],
  ['mongodb+srv://cluster', /mongodb\+srv:\/\/ is not supported/],
  ['mongodb://me@localhost', /before the @ in the URL of a MongoDB stands user:password/],
  ['mongodb://me:secret@localhost/?authMechanism=PLAIN', /only SCRAM-SHA-256 is known, not PLAIN/],
  ['mongodb://localhost/?w=majority', /the option w in the URL of a MongoDB is not known here/],
  ['mongodb://localhost/?maxPoolSize=many', /maxPoolSize in the URL is in whole numbers, not "many"/],
] as const) {
  test(`a URL that cannot be followed is a mistake of the caller: ${url}`, () => {
    assert.throws(
      () => parseUrl(url),
      (error) => error instanceof UsageError && said.test(error.message),
    )
  })
}
