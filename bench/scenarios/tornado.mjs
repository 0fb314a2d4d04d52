import { existsSync } from 'node:fs'
import { timed } from '../measure.mjs'
import { Skipped } from '../peers.mjs'
import { python } from '../python.mjs'

const entry = new URL('../../dist/src/tornado/index.js', import.meta.url)

async function dialect() {
  if (!existsSync(entry)) throw new Skipped('not built: run `npm run build` first')
  return import(entry.href)
}

const head = `
from tornado import gen
from tornado.ioloop import IOLoop
from tornado.queues import Queue
`
const sizes = (python) => ({ default: { full: 200_000, quick: 50_000 }, tornado: { full: python, quick: python / 4 } })
const goal = { metric: 'ns', against: 'tornado', atMost: 1 / 20, says: '20 × faster than Tornado' }

function scenario(name, title, contenders, goals) {
  return {
    name: `tornado-${name}`,
    title,
    metrics: [{ key: 'ns', title: 'ns' }],
    reference: 'native',
    goals,
    rounds: 5,
    sizes: sizes(20_000),
    contenders,
    measure: timed,
  }
}

/** @type {import('./index.mjs').Scenario} */
export const tornadoSpawn = scenario(
  'spawn',
  'coroutines that wait once and return; an operation is one, called and waited for in a list of 1,000',
  {
    async native() {
      const one = async (i) => {
        await undefined
        return i
      }
      return async (size) => {
        for (let done = 0; done < size; done += 1000) await Promise.all(Array.from({ length: 1000 }, (_, i) => one(i)))
      }
    },
    tornado: python(
      'tornado',
      `${head}
@gen.coroutine
def one(i):
    yield gen.moment
    raise gen.Return(i)

@gen.coroutine
def main(size):
    for _ in range(0, size, 1000):
        yield [one(i) for i in range(1000)]

def run(size):
    IOLoop.current().run_sync(lambda: main(size))`,
    ),
    async fibril() {
      const { coroutine, IOLoop } = await dialect()
      const one = coroutine(function* (i) {
        yield null
        return i
      })
      const main = coroutine(function* (size) {
        for (let done = 0; done < size; done += 1000) yield Array.from({ length: 1000 }, (_, i) => one(i))
      })
      return (size) => IOLoop.current().runSync(() => main(size))
    },
  },
  [goal],
)

/** @type {import('./index.mjs').Scenario} */
export const tornadoSwitch = scenario(
  'switch',
  'two coroutines that let each other run by `yield moment`; an operation is one switch',
  {
    async native() {
      const one = async (count) => {
        for (let i = 0; i < count; i++) await undefined
      }
      return (size) => Promise.all([one(size / 2), one(size / 2)])
    },
    tornado: python(
      'tornado',
      `${head}
@gen.coroutine
def one(count):
    for _ in range(count):
        yield gen.moment

@gen.coroutine
def main(size):
    yield [one(size // 2), one(size // 2)]

def run(size):
    IOLoop.current().run_sync(lambda: main(size))`,
    ),
    async fibril() {
      const { coroutine, IOLoop, moment } = await dialect()
      const one = coroutine(function* (count) {
        for (let i = 0; i < count; i++) yield moment
      })
      const main = coroutine(function* (size) {
        yield [one(size / 2), one(size / 2)]
      })
      return (size) => IOLoop.current().runSync(() => main(size))
    },
  },
  [goal],
)

/** @type {import('./index.mjs').Scenario} */
export const tornadoQueue = scenario(
  'queue',
  'one coroutine puts into a queue of one place, another gets; an operation is one item',
  {
    async native() {
      // The least that does it: a slot and two promises.
      return async (size) => {
        let full = null
        let empty = null
        let item = null
        const put = async () => {
          for (let i = 0; i < size; i++) {
            if (item !== null) await new Promise((resolve) => (empty = resolve))
            item = i
            full?.()
            full = null
          }
        }
        const get = async () => {
          for (let i = 0; i < size; i++) {
            if (item === null) await new Promise((resolve) => (full = resolve))
            item = null
            empty?.()
            empty = null
          }
        }
        await Promise.all([put(), get()])
      }
    },
    tornado: python(
      'tornado',
      `${head}
@gen.coroutine
def put(queue, size):
    for i in range(size):
        yield queue.put(i)

@gen.coroutine
def get(queue, size):
    for i in range(size):
        yield queue.get()

@gen.coroutine
def main(size):
    queue = Queue(1)
    yield [put(queue, size), get(queue, size)]

def run(size):
    IOLoop.current().run_sync(lambda: main(size))`,
    ),
    async fibril() {
      const { coroutine, IOLoop, Queue } = await dialect()
      const put = coroutine(function* (queue, size) {
        for (let i = 0; i < size; i++) yield queue.put(i)
      })
      const get = coroutine(function* (queue, size) {
        for (let i = 0; i < size; i++) yield queue.get()
      })
      return (size) =>
        IOLoop.current().runSync(() => {
          const queue = new Queue(1)
          return coroutine(function* () {
            yield [put(queue, size), get(queue, size)]
          })()
        })
    },
  },
  [],
)
