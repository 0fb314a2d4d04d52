// What MongoDB's own driver and this client think of the wire, over real sockets, against the same server.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Binary, Decimal128, Double, deserialize, Int32, Long, MaxKey, ObjectId, serialize, Timestamp } from 'bson'
import { MongoClient as Driver, MongoServerError } from 'mongodb'
import { MongoClient } from '../../examples/mongo/client.ts'
import { DuplicateKeyError, MongoError } from '../../examples/mongo/errors.ts'
import { type Message, MessageFraming } from '../../examples/mongo/wire.ts'
import { run, type Task } from '../../src/index.ts'
import { type Server, type Socket, serve } from '../../src/net/index.ts'
import { Decoder } from '../../src/protocol/index.ts'
import { portIn } from '../support/program.ts'
import { MongoServer } from './mongo-server.ts'

/** A server, the driver, and this client. */
async function withBoth(
  body: (parts: { server: MongoServer; driver: Driver; ours: MongoClient; host: string }) => Promise<void>,
  passwords: Readonly<Record<string, string>> = {},
): Promise<void> {
  const server = new MongoServer()
  for (const [user, password] of Object.entries(passwords)) server.passwords.set(user, password)
  let running: Task<void> | undefined
  const listening = await new Promise<Server<Socket>>((onListen) => {
    running = run(serve((socket) => server.serve(socket), { port: 0, onListen }))
  })
  const host = `127.0.0.1:${portIn(listening.name)}`
  const [[user, password] = []] = Object.entries(passwords)
  const login = user === undefined ? '' : `${encodeURIComponent(user)}:${encodeURIComponent(password as string)}@`
  const url = `mongodb://${login}${host}/`
  const driver = new Driver(url, { directConnection: true, serverSelectionTimeoutMS: 10_000 })
  const ours = new MongoClient(url)
  try {
    await body({ server, driver, ours, host })
  } finally {
    await driver.close()
    await ours.close()
    await listening.stop()
    await running
  }
}

const ofAllTypes = {
  _id: new ObjectId('65a0b1c2d3e4f5a6b7c8d9e0'),
  text: 'Grüße, 世界 \u{1f40d}',
  nothing: null,
  yes: true,
  small: new Int32(-7),
  big: Long.fromString('9007199254740993'),
  whole: new Double(3),
  real: new Double(-0.1),
  money: Decimal128.fromString('12345678901234567890.12'),
  when: new Date(1_700_000_000_123),
  bytes: new Binary(Buffer.from([0, 255, 1, 254]), 0),
  stamp: new Timestamp({ t: 5, i: 6 }),
  list: [new Int32(1), 'two', [new Double(3.5)], { four: null }],
  nested: { a: { b: { c: 'deep' } } },
  pattern: /^a.*z$/i,
  last: new MaxKey(),
}
const exactly = (document: object) => Buffer.from(serialize(document)).toString('hex')

test('this client reads what the driver wrote, of every type, and the driver reads what this client wrote', async () => {
  await withBoth(async ({ driver, ours }) => {
    const theirs = driver.db('test').collection('poems')
    const mine = ours.collection('test', 'poems')
    await theirs.insertOne(ofAllTypes)
    const { _id, ...rest } = ofAllTypes
    const id = await mine.insertOne({ _id: new ObjectId(), ...rest })
    const read = { promoteValues: false, bsonRegExp: true }
    const [driven, sent] = await theirs.find({}, read).sort({ _id: 1 }).toArray()
    assert.equal(exactly({ ...driven, _id: 0 }), exactly({ ...ofAllTypes, _id: 0 }))
    assert.equal(exactly({ ...sent, _id: 0 }), exactly({ ...ofAllTypes, _id: 0 }))
    assert.deepEqual(await mine.findOne({ _id }), deserialize(serialize(ofAllTypes)))
    assert.deepEqual(await mine.findOne({ _id: id }), deserialize(serialize({ ...rest, _id: id })))
  })
})

test('each message of the driver, taken apart and put together again, has the same bytes', async () => {
  await withBoth(async ({ server, driver }) => {
    const poems = driver.db('test').collection<{ _id: number; n?: number }>('poems')
    await poems.insertMany(Array.from({ length: 250 }, (_, _id) => ({ _id })))
    await poems.bulkWrite([
      { updateOne: { filter: { _id: 1 }, update: { $set: { n: 1 } } } },
      { updateMany: { filter: { _id: { $lt: 5 } }, update: { $inc: { n: 1 } } } },
      { deleteOne: { filter: { _id: 249 } } },
    ])
    assert.equal((await poems.find().batchSize(100).toArray()).length, 249)
    await poems.insertOne({ _id: 999 }, { writeConcern: { w: 0 } })
    for (const name of ['insert', 'update', 'delete', 'find', 'getMore']) assert.ok(server.names.includes(name), name)
    for (const bytes of server.bytes) {
      const messages: Message[] = [...new Decoder(new MessageFraming()).push(bytes)]
      assert.deepEqual(Buffer.concat(new MessageFraming().encode(messages[0]!)), bytes)
    }
  })
})

test('the driver and this client agree on what each of them has done', async () => {
  await withBoth(async ({ driver, ours }) => {
    type Poem = { _id: number; lines: number; read?: boolean }
    const theirs = driver.db('test').collection<Poem>('poems')
    const mine = ours.collection<Poem>('test', 'poems')
    const both = async (ask: (poems: typeof theirs) => unknown, same: (poems: typeof mine) => unknown) => {
      const expected = await ask(theirs)
      assert.deepEqual(await same(mine), expected)
    }

    await theirs.insertMany(Array.from({ length: 200 }, (_, i) => ({ _id: i, lines: i % 20 })))
    await mine.insertMany(Array.from({ length: 200 }, (_, i) => ({ _id: 200 + i, lines: i % 20 })))
    await both(
      (poems) =>
        poems
          .find({ lines: { $gte: 15 } })
          .sort({ _id: -1 })
          .batchSize(7)
          .toArray(),
      (poems) => poems.find({ lines: { $gte: 15 } }, { sort: { _id: -1 }, batchSize: 7 }).toArray(),
    )
    await both(
      (poems) => poems.find().skip(5).limit(120).project({ _id: 1 }).toArray(),
      (poems) => poems.find({}, { skip: 5, limit: 120, projection: { _id: 1 } }).toArray(),
    )
    await mine.updateMany({ lines: 3 }, { $set: { read: true } })
    await both(
      (poems) => poems.countDocuments({ read: true }),
      (poems) => poems.count({ read: true }),
    )
    await theirs.replaceOne({ _id: 3 }, { lines: 99 })
    await both(
      (poems) => poems.findOne({ _id: 3 }),
      (poems) => poems.findOne({ _id: 3 }),
    )
    assert.deepEqual(await mine.updateOne({ _id: 1000 }, { $set: { lines: 1 } }, { upsert: true }), {
      matched: 0,
      modified: 0,
      upsertedId: 1000,
    })
    assert.equal(await mine.deleteMany({ lines: { $lt: 10 } }), 200)
    const perLines = [{ $group: { _id: '$lines', n: { $sum: 1 } } }, { $sort: { _id: 1 } }]
    await both(
      (poems) => poems.aggregate(perLines).toArray(),
      (poems) => poems.aggregate(perLines).toArray(),
    )
    await both(
      (poems) => poems.distinct('lines'),
      (poems) => poems.distinct('lines'),
    )
    await both(
      (poems) => poems.findOneAndUpdate({ _id: 11 }, { $inc: { lines: 1 } }, { returnDocument: 'after' }),
      (poems) => poems.findOne({ _id: 11 }),
    )
    await mine.drop()
    assert.equal(await theirs.countDocuments(), 0)
  })
})

test('what the server refuses is the same error to both', async () => {
  await withBoth(async ({ driver, ours }) => {
    const theirs = driver.db('test').collection<{ _id: number }>('poems')
    const mine = ours.collection<{ _id: number }>('test', 'poems')
    await theirs.insertOne({ _id: 1 })
    await assert.rejects(
      theirs.insertOne({ _id: 1 }),
      (error) => error instanceof MongoServerError && error.code === 11_000,
    )
    await assert.rejects(
      mine.insertOne({ _id: 1 }).then(),
      (error) => error instanceof DuplicateKeyError && error.serverCode === 11_000,
    )
    const wrong = { walk: 1 }
    await assert.rejects(driver.db('test').command(wrong), { code: 59, codeName: 'CommandNotFound' })
    await assert.rejects(ours.command('test', wrong).then(), { serverCode: 59, codeName: 'CommandNotFound' })
  })
})

test('a write that wants no acknowledgement is carried out, and what follows on the connection keeps its replies', async () => {
  await withBoth(async ({ driver, ours }) => {
    const mine = ours.collection<{ _id: number }>('test', 'poems')
    await driver
      .db('test')
      .collection<{ _id: number }>('poems')
      .insertOne({ _id: 1 }, { writeConcern: { w: 0 } })
    assert.equal(await mine.insertUnacknowledged({ _id: 2 }), 2)
    // Over the same connection, since it is idle.
    assert.equal(await mine.count({ _id: 2 }), 1)
    assert.equal(ours.stats().connections[0]?.unexpected, 0)
  })
})

test('both log in with a password, and what is odd in it or in the name is no matter', async () => {
  await withBoth(
    async ({ driver, ours }) => {
      await driver.db('test').collection<{ _id: number }>('poems').insertOne({ _id: 1 })
      assert.deepEqual(await ours.collection('test', 'poems').find().toArray(), [{ _id: 1 }])
    },
    { 'Ada, =Countess': 'p@ss:w/rd%41 ½' },
  )
})

test('a wrong password is the same error to both, at once; without one, a command is refused', async () => {
  await withBoth(
    async ({ host }) => {
      const wrong = `mongodb://Ada:wrong@${host}/`
      const driver = new Driver(wrong, { directConnection: true })
      await assert.rejects(driver.db('test').command({ ping: 1 }), { code: 18, codeName: 'AuthenticationFailed' })
      await driver.close()
      await using ours = new MongoClient(wrong)
      await assert.rejects(ours.command('test', { ping: 1 }).then(), (error) => {
        const { cause } = error as { cause: MongoError }
        return cause instanceof MongoError && cause.serverCode === 18
      })
      await using nobody = new MongoClient(`mongodb://${host}/`)
      await assert.rejects(nobody.command('test', { ping: 1 }).then(), { serverCode: 13 })
    },
    { Ada: 'right' },
  )
})

test('a server that does not know the password itself is not believed', async () => {
  await withBoth(
    async ({ server, host }) => {
      let rounds = 0
      server.intercept = (command) => {
        const text = command['payload'] === undefined ? '' : Buffer.from(command['payload'].value()).toString()
        const payload = (reply: string) => ({
          conversationId: 1,
          done: true,
          payload: new Binary(Buffer.from(reply)),
          ok: 1,
        })
        if (command['saslStart']) {
          const nonce = text.slice(text.indexOf('r=') + 2)
          return payload(`r=${nonce}more,s=c2FsdA==,i=${rounds}`)
        }
        return command['saslContinue'] ? payload('v=AAAA') : undefined
      }
      for (const [n, said] of [
        [4096, /does not know the password either/],
        [1, /wants 1 rounds/],
        [1e9, /wants 1000000000 rounds/],
      ] as const) {
        rounds = n
        await using ours = new MongoClient(`mongodb://Ada:right@${host}/`, { acquireTimeoutMs: 0 })
        await assert.rejects(ours.command('test', { ping: 1 }).then(), said)
      }
    },
    { Ada: 'right' },
  )
})
