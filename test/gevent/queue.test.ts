import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  Channel,
  Empty,
  Full,
  getHub,
  JoinableQueue,
  joinall,
  LifoQueue,
  PriorityQueue,
  Queue,
  ShutDown,
  StopIteration,
  sleep,
  spawn,
} from '../../src/gevent/index.ts'
import { type Operation, run } from '../../src/index.ts'
import { it } from '../support/it.ts'

function* fails(kind: new (queue: string) => Error, operation: () => Operation<unknown>) {
  try {
    yield* operation()
  } catch (error) {
    return assert.ok(error instanceof kind, String(error))
  }
  assert.fail('it did not fail')
}

it('items come out in the order in which they went in; a full queue makes who puts wait', function* () {
  const queue = new Queue<number>(2)
  const order: string[] = []
  const putter = spawn(function* () {
    for (const n of [1, 2, 3, 4]) {
      yield* queue.put(n)
      order.push(`put ${n}`)
    }
  })
  yield* sleep(1)
  assert.deepEqual(order, ['put 1', 'put 2'])
  assert.equal(queue.full(), true)
  for (const n of [1, 2, 3, 4]) assert.equal(yield* queue.get(), n)
  yield* putter.join()
  assert.equal(queue.empty(), true)
  assert.equal(queue.qsize(), 0)
})

it('put raises Full and get raises Empty: for block: false, after the timeout, and the nowait forms', function* (host) {
  const queue = new Queue<string>(1, ['x'])
  assert.throws(() => queue.putNowait('y'), Full)
  assert.throws(() => queue.put('y', { block: false }), Full)
  yield* fails(Full, () => queue.put('y', { timeout: 5 }))
  assert.equal(queue.getNowait(), 'x')
  assert.throws(() => queue.getNowait(), Empty)
  assert.throws(() => queue.get({ block: false }), Empty)
  yield* fails(Empty, () => queue.get({ timeout: 5 }))
  assert.equal(host.now(), 10)
  yield* queue.put('z', { block: false })
  assert.equal(yield* queue.get({ block: false }), 'z')
  assert.throws(() => queue.get({ timeout: -1 }), RangeError)
  assert.throws(() => queue.put('a', { timeout: -1 }), RangeError)
})

it('peek leaves the item; it waits for one, and who peeks keeps nobody from getting', function* () {
  const queue = new Queue<string>()
  assert.throws(() => queue.peekNowait(), Empty)
  const peeks = [spawn(() => queue.peek()), spawn(() => queue.peek())]
  yield* sleep(1)
  const get = spawn(() => queue.get())
  yield* sleep(1)
  queue.putNowait('a')
  assert.deepEqual(
    (yield* joinall([...peeks, get])).map((g) => g.value),
    ['a', 'a', 'a'],
  )
  queue.putNowait('b')
  assert.equal(yield* queue.peek(), 'b')
  assert.equal(queue.peekNowait(), 'b')
  assert.equal(yield* queue.get(), 'b')
  yield* fails(Empty, () => queue.peek({ timeout: 1 }))
})

it.many('a getter that is killed or timed out loses no item', function* () {
  const queue = new Queue<number>()
  const getters = [1, 2].map(() => spawn(() => queue.get()))
  yield* sleep(1)
  queue.putNowait(1)
  getters[0]?.kill()
  queue.putNowait(2)
  yield* joinall(getters)
  const taken = getters.map((g) => g.value).filter((value) => typeof value === 'number')
  assert.equal(taken.length + queue.qsize(), 2)
})

it('two that wait get in the order in which they came, also if one of them gives up', function* () {
  const queue = new Queue<string>()
  const first = spawn(() => queue.get({ timeout: 5 }))
  getHub().exceptionStream = null
  const second = spawn(() => queue.get())
  yield* first.join()
  assert.ok(first.exception instanceof Empty)
  queue.putNowait('for the second')
  assert.equal(yield* second.get(), 'for the second')
})

it('loops over a queue end with StopIteration', function* () {
  const queue = new Queue<number>(null, [1, 2])
  queue.putNowait(StopIteration)
  const seen: number[] = []
  yield* queue.forEach((n) => void seen.push(n))
  assert.deepEqual(seen, [1, 2])
  queue.putNowait(3)
  queue.putNowait(StopIteration)
  assert.deepEqual(yield* queue.next(), { value: 3, done: false })
  assert.deepEqual(yield* queue.next(), { value: undefined, done: true })
})

it('for await goes over a queue in code that awaits', async () => {
  const queue = new Queue<number>(null, [1, 2])
  queue.putNowait(StopIteration)
  const seen: number[] = []
  for await (const n of queue) seen.push(n)
  assert.deepEqual(seen, [1, 2])
})

it('taskDone and join: true when all is done, false after the timeout; too many are a RangeError', function* () {
  const queue = new JoinableQueue<number>(null, [1, 2])
  assert.equal(queue.unfinishedTasks, 2)
  assert.equal(yield* queue.join(1), false)
  const joined = spawn(() => queue.join())
  for (let i = 0; i < 2; i++) {
    yield* queue.get()
    queue.taskDone()
  }
  assert.equal(yield* joined.get(), true)
  assert.equal(yield* queue.join(), true)
  assert.throws(() => queue.taskDone(), RangeError)
})

it('shutdown wakes who waits with ShutDown; what is left can be taken', function* () {
  getHub().exceptionStream = null
  const queue = new Queue<number>(1, [1])
  const putter = spawn(() => queue.put(2))
  yield* sleep(1)
  queue.shutdown()
  yield* putter.join()
  assert.ok(putter.exception instanceof ShutDown)
  assert.throws(() => queue.putNowait(3), ShutDown)
  assert.equal(yield* queue.get(), 1)
  yield* fails(ShutDown, () => queue.get())
  assert.throws(() => queue.getNowait(), ShutDown)
  assert.deepEqual(yield* queue.next(), { value: undefined, done: true })
  const empty = new Queue<number>()
  const getter = spawn(() => empty.get())
  yield* sleep(1)
  empty.shutdown()
  yield* getter.join()
  assert.ok(getter.exception instanceof ShutDown)
})

it('shutdown immediately drops what is left, and wakes who joins', function* () {
  const queue = new Queue<number>(null, [1, 2])
  const joined = spawn(() => queue.join())
  yield* sleep(1)
  queue.shutdown(true)
  assert.equal(yield* joined.get(), true)
  assert.equal(queue.isShutdown, true)
  yield* fails(ShutDown, () => queue.get())
})

it('nowait forms work in callbacks of the loop', function* () {
  const queue = new Queue<string>()
  getHub().loop.runCallback(() => queue.putNowait('from a callback'))
  assert.equal(yield* queue.get(), 'from a callback')
})

it('PriorityQueue gives the smallest first: numbers, texts, tuples, or by compare; LifoQueue the last', function* () {
  const all = <T>(queue: Queue<T>) => {
    const items: T[] = []
    while (!queue.empty()) items.push(queue.getNowait())
    return items
  }
  assert.deepEqual(all(new PriorityQueue<number>(null, [3, 1, 2])), [1, 2, 3])
  assert.deepEqual(
    all(
      new PriorityQueue(null, [
        [2, 'b'],
        [1, 'z'],
        [1, 'a'],
      ]),
    ),
    [
      [1, 'a'],
      [1, 'z'],
      [2, 'b'],
    ],
  )
  assert.deepEqual(all(new PriorityQueue<number>(null, [1, 3, 2], { compare: (a, b) => b - a })), [3, 2, 1])
  assert.deepEqual(all(new LifoQueue<number>(null, [1, 2, 3])), [3, 2, 1])
  const priorities = new PriorityQueue<number>(1, [5])
  const putter = spawn(() => priorities.put(1))
  yield* sleep(1)
  assert.equal(yield* priorities.peek(), 5)
  assert.equal(yield* priorities.get(), 5)
  yield* putter.join()
  assert.equal(yield* priorities.get(), 1)
})

it('a channel is a rendezvous: who puts waits until somebody gets', function* () {
  const channel = new Channel<string>()
  const order: string[] = []
  const sender = spawn(function* () {
    yield* channel.put('a')
    order.push('sent')
  })
  yield* sleep(5)
  assert.equal(order.length, 0)
  order.push(yield* channel.get())
  yield* sender.join()
  assert.deepEqual(order, ['a', 'sent'])
  assert.throws(() => channel.putNowait('b'), Full)
  assert.throws(() => channel.getNowait(), Empty)
  const getter = spawn(() => channel.get())
  yield* sleep(1)
  channel.putNowait('now')
  assert.equal(yield* getter.get(), 'now')
  yield* fails(Full, () => channel.put('x', { timeout: 1 }))
  assert.equal(channel.qsize(), 0)
})

test('Queue(0) warns, and has no limit', async () => {
  const warnings: string[] = []
  const listen = (warning: Error) => warnings.push(warning.message)
  process.on('warning', listen)
  await run(function* () {
    const queue = new Queue<number>(0)
    yield* queue.put(1)
    assert.equal(queue.maxsize, null)
    yield* sleep(1)
  })
  process.off('warning', listen)
  assert.match(warnings.join(), /Queue\(0\) has no limit/)
})

it.many('in any order of steps, each item is taken once and in order', function* () {
  const queue = new Queue<number>(2)
  const taken: number[] = []
  const getters = [1, 2, 3].map(() => spawn(() => queue.forEach((n) => void taken.push(n))))
  for (let n = 0; n < 12; n++) yield* queue.put(n)
  for (const _ of getters) yield* queue.put(StopIteration)
  yield* joinall(getters)
  assert.deepEqual(
    [...taken].sort((a, b) => a - b),
    Array.from({ length: 12 }, (_, n) => n),
  )
})

it('a million items go through in linear time', function* () {
  const queue = new Queue<number>()
  for (let n = 0; n < 1_000_000; n++) queue.putNowait(n)
  for (let n = 0; n < 1_000_000; n++) if ((yield* queue.get()) !== n) assert.fail(`at ${n}`)
})
