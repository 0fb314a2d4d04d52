// node dist/examples/mongo/main.js mongodb://127.0.0.1:27017
//
// Puts poems into a collection of its own, asks for them in several ways, and removes them. Once with Deferreds, once in a task.
import type { Document } from 'bson'
import { fn, run } from 'fibril'
import { DuplicateKeyError, MongoClient, MongoConnection } from './index.ts'

interface Poem {
  _id: string
  poet: string
  lines: number
}

const url = process.argv[2] ?? 'mongodb://127.0.0.1:27017'
const poems: readonly Poem[] = [
  { _id: 'Ozymandias', poet: 'Shelley', lines: 14 },
  { _id: 'The Sick Rose', poet: 'Blake', lines: 8 },
  { _id: 'The Tyger', poet: 'Blake', lines: 24 },
]

function withDeferreds() {
  const connection = new MongoConnection(url)
  const collection = connection.collection<Poem>('fibril', `poems-${process.pid}`)
  return collection
    .insertMany(poems)
    .addCallback(() => collection.insertOne({ _id: 'The Tyger', poet: 'anonymous', lines: 1 }))
    .addErrback((failure) => {
      failure.trap(DuplicateKeyError)
      console.log('there is one Tyger already')
    })
    .addCallback(() => collection.find({ poet: 'Blake' }, { sort: { lines: 1 } }))
    .addCallback((found) => console.log(`by Blake: ${found.map(({ _id }) => _id).join(', ')}`))
    .addBoth((result) => collection.drop().addCallback(() => result))
    .addBoth((result) => connection.disconnect().addCallback(() => result))
}

const inTask = fn(function* () {
  const client = new MongoClient(url)
  const collection = client.collection<Poem>('fibril', `poems-${process.pid}`)
  try {
    yield* collection.insertMany(poems)
    const perPoet = collection.aggregate([
      { $group: { _id: '$poet', lines: { $sum: '$lines' } } },
      { $sort: { _id: 1 } },
    ])
    for (let poet: Document | null; (poet = yield* perPoet.next()) !== null; )
      console.log(`${poet['_id']}: ${poet['lines']} lines`)
  } finally {
    yield* collection.drop()
    yield* client.close()
  }
})

await withDeferreds()
await run(inTask())
