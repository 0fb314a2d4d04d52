import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ClientOptions, DuplicateKeyError, MongoConnection } from '../../examples/mongo/index.ts'
import { type Body, CancelledError, fn, run, sleep, spawn, type Task, TimeoutError } from '../../src/index.ts'
import { LostRequestError, MemoryServer, type Server, type Socket, type Stream, serve } from '../../src/net/index.ts'
import { waitAllBlocked } from '../../src/testing/index.ts'
import { Deferred } from '../../src/twisted/index.ts'
import { it } from '../support/it.ts'
import { portIn, withProgram } from '../support/program.ts'
import { MongoServer } from './mongo-server.ts'

type Poem = { _id: number; title?: string }

const inMemory = (options: ClientOptions, body: (server: MongoServer, connection: MongoConnection) => Body<void>) =>
  fn(function* () {
    const server = new MongoServer()
    const memory = new MemoryServer()
    spawn(memory.serve((stream) => server.serve(stream)))
    yield* waitAllBlocked()
    const openStream = fn(function* (): Body<Stream> {
      return memory.connect()
    })
    const connection = new MongoConnection('mongodb://here', { openStream, ...options })
    try {
      yield* body(server, connection)
    } finally {
      yield* connection.disconnect()
      yield* memory.stop({ grace: 0 })
    }
  })()

it.many('each call gives a Deferred, and chains of callbacks go through several', () =>
  inMemory({}, function* (_server, connection) {
    const poems = connection.collection<Poem>('test', 'poems')
    const titles = poems
      .insertMany([
        { _id: 1, title: 'Hope' },
        { _id: 2, title: 'Rose' },
      ])
      .addCallback(() => poems.insertOne({ _id: 1 }))
      .addErrback((failure) => failure.trap(DuplicateKeyError) && null)
      .addCallback(() => poems.updateOne({ _id: 2 }, { $set: { title: 'The Sick Rose' } }))
      .addCallback(({ modified }) => assert.equal(modified, 1))
      .addCallback(() => poems.find({}, { sort: { _id: 1 } }))
      .addCallback((found) => found.map(({ title }) => title))
    assert.ok(titles instanceof Deferred)
    assert.deepEqual(yield* titles, ['Hope', 'The Sick Rose'])
    assert.deepEqual(yield* poems.aggregate([{ $count: 'n' }]), [{ n: 2 }])
    assert.equal(yield* poems.deleteMany({}), 2)
    assert.deepEqual(yield* connection.command('test', { ping: 1 }), { ok: 1 })
  }),
)

it('a command is sent whether or not anybody waits for its Deferred', () =>
  inMemory({}, function* (server, connection) {
    const inserting = connection.collection<Poem>('test', 'poems').insertOne({ _id: 1 })
    yield* sleep(10)
    assert.deepEqual(server.names, ['insert'])
    assert.equal(yield* inserting, 1)
  }))

it.many('a cancelled Deferred fails; the late reply is dropped', () =>
  inMemory({ maxPoolSize: 1 }, function* (server, connection) {
    const poems = connection.collection<Poem>('test', 'poems')
    server.intercept = ({ count }) => (count ? late() : undefined)
    const failures: unknown[] = []
    const counting = poems.count().addErrback((failure) => failures.push(failure.value))
    yield* sleep(10)
    counting.cancel()
    yield* counting
    assert.ok(failures[0] instanceof CancelledError)
    assert.equal(yield* poems.findOne(), null)
    assert.equal(connection.client.stats().connections[0]?.late, 1)
  }),
)
const late = fn(function* (): Body<undefined> {
  yield* sleep(100)
})

it('all Deferreds that wait for a connection that is lost fail, and an errback may ask again', () =>
  inMemory({ maxPoolSize: 1 }, function* (server, connection) {
    const poems = connection.collection<Poem>('test', 'poems')
    server.intercept = ({ count }) => (count ? null : undefined)
    const again = [1, 2, 3].map((_id) =>
      poems.count().addErrback((failure) => {
        failure.trap(LostRequestError)
        return poems.findOne({ _id })
      }),
    )
    yield* sleep(10)
    for (const stream of server.streams) stream.reset()
    for (const found of again) assert.equal(yield* found, null)
  }))

it('limits of time fail the Deferred', () =>
  inMemory({}, function* (server, connection) {
    server.intercept = ({ count }) => (count ? null : undefined)
    let kind: unknown
    yield* connection
      .collection('test', 'poems')
      .count({}, { timeoutMs: 50 })
      .addErrback((failure) => (kind = failure.check(TimeoutError)))
    assert.equal(kind, TimeoutError)
  }))

it('a cursor gives a Deferred for each document or batch', () =>
  inMemory({}, function* (server, connection) {
    const poems = connection.collection<Poem>('test', 'poems')
    yield* poems.insertMany(Array.from({ length: 5 }, (_, _id) => ({ _id })))
    const cursor = poems.findWithCursor({}, { batchSize: 2 })
    assert.deepEqual(yield* cursor.next(), { _id: 0 })
    assert.deepEqual(yield* cursor.nextBatch(), [{ _id: 1 }])
    assert.equal(server.cursors.size, 1)
    yield* cursor.close()
    assert.equal(server.cursors.size, 0)
  }))

// Slow: it starts a process.
test('the example program tells what it finds, in either face', async () => {
  const server = new MongoServer()
  let running: Task<void> | undefined
  const listening = await new Promise<Server<Socket>>((onListen) => {
    running = run(serve((socket) => server.serve(socket), { port: 0, onListen }))
  })
  await withProgram('mongo/main', [`mongodb://127.0.0.1:${portIn(listening.name)}`], async ({ ended, rest }) => {
    assert.deepEqual(
      [await ended, rest()],
      [
        [0, null],
        ['there is one Tyger already', 'by Blake: The Sick Rose, The Tyger', 'Blake: 32 lines', 'Shelley: 14 lines'],
      ],
    )
  })
  await listening.stop()
  await running
})
