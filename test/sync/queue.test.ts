import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ClosedError, fn, race, run, sleep, spawn, type Task, timeout, UsageError, yieldNow } from '../../src/index.ts'
import { Queue } from '../../src/sync/index.ts'
import { TestHost, waitAllBlocked } from '../../src/testing/index.ts'
import { it } from '../support/it.ts'
import { caught } from './caught.ts'
import { countSteps } from './count-steps.ts'

const drain = <T>(queue: Queue<T>): (T | undefined)[] => Array.from({ length: queue.size }, () => queue.tryGet())

// -- order

it('items leave in the order in which they were put', function* () {
  const queue = new Queue<number>()
  for (let i = 0; i < 200; i++) yield* queue.put(i)
  const got: number[] = []
  for (let i = 0; i < 200; i++) got.push(yield* queue.get())
  assert.deepEqual(
    got,
    Array.from({ length: 200 }, (_, i) => i),
  )
})

it('a lifo queue gives the newest item first', function* () {
  const queue = new Queue<number>({ order: 'lifo' })
  for (const n of [1, 2, 3]) yield* queue.put(n)
  assert.deepEqual([yield* queue.get(), yield* queue.get(), yield* queue.get()], [3, 2, 1])
})

it('a priority queue gives the smallest item first, and equal ones in the order in which they came', function* () {
  const queue = new Queue<string>({ order: (a, b) => Number(a[0]) - Number(b[0]) })
  for (const job of ['2a', '1a', '2b', '0a', '1b', '2c']) yield* queue.put(job)
  assert.deepEqual(drain(queue), ['0a', '1a', '1b', '2a', '2b', '2c'])
})

it('a full priority queue lets waiting items in one by one, first come first served', function* () {
  const queue = new Queue<number>({ capacity: 1, order: (a, b) => a - b })
  yield* queue.put(5)
  for (const n of [9, 1]) {
    spawn(queue.put(n))
    yield* waitAllBlocked()
  }
  assert.equal(queue.tryGet(), 5)
  assert.equal(queue.tryGet(), 9, 'it was in the queue before 1 was')
  assert.equal(queue.tryGet(), 1)
})

// -- waiting

it.many('put waits while the queue is full, and puts as soon as there is room', function* () {
  const queue = new Queue<number>({ capacity: 2 })
  const done: number[] = []
  const producer = spawn(function* () {
    for (const n of [1, 2, 3, 4]) {
      yield* queue.put(n)
      done.push(n)
    }
  })
  yield* waitAllBlocked()
  assert.deepEqual(done, [1, 2])
  assert.equal(producer.state, 'parked')
  assert.equal(queue.tryGet(), 1)
  assert.equal(queue.size, 2, 'the third took its place at once')
  yield* waitAllBlocked()
  assert.deepEqual(done, [1, 2, 3])
  assert.deepEqual([queue.tryGet(), queue.tryGet(), queue.tryGet()], [2, 3, 4])
})

it.many('get waits while the queue is empty; who asked first is served first', function* () {
  const queue = new Queue<string>()
  const got: string[] = []
  for (const name of ['first', 'second', 'third']) {
    spawn(function* () {
      got.push(`${name} ${yield* queue.get()}`)
    })
    yield* waitAllBlocked()
  }
  for (const item of ['a', 'b', 'c']) assert.equal(queue.tryPut(item), true)
  yield* waitAllBlocked()
  assert.deepEqual(got.sort(), ['first a', 'second b', 'third c'])
})

it.many('an item that was handed to a waiting getter is not taken by who comes later', function* () {
  const queue = new Queue<string>()
  const getter = spawn(queue.get())
  yield* waitAllBlocked()
  queue.tryPut('mine')
  assert.equal(queue.size, 0)
  assert.equal(queue.tryGet(), undefined)
  assert.equal(yield* getter, 'mine')
})

it.many('room that was given to a waiting putter is not taken by who comes later', function* () {
  const queue = new Queue<string>({ capacity: 1 })
  queue.tryPut('old')
  spawn(queue.put('waiting'))
  yield* waitAllBlocked()
  assert.equal(queue.tryGet(), 'old')
  assert.equal(queue.tryPut('later'), false)
  assert.equal(queue.tryGet(), 'waiting')
})

it('tryPut is false when the queue is full, tryGet undefined when it is empty', function* () {
  const queue = new Queue<number>({ capacity: 1 })
  assert.equal(queue.tryGet(), undefined)
  assert.equal(queue.tryPut(1), true)
  assert.equal(queue.tryPut(2), false)
  assert.deepEqual(drain(queue), [1])
})

it('an operation may be used again when it has ended', function* () {
  const queue = new Queue<number>()
  const get = queue.get()
  for (const n of [1, 2, 3]) {
    queue.tryPut(n)
    assert.equal(yield* get, n)
  }
})

it('every wait says what it waits for', function* () {
  const queue = new Queue<number>({ capacity: 1, name: 'jobs' })
  const getter = spawn(queue.get())
  yield* waitAllBlocked()
  assert.equal(getter.reason, 'an item of queue "jobs"')
  queue.tryPut(1)
  queue.tryPut(2)
  const putter = spawn(queue.put(3))
  const joiner = spawn(queue.join())
  yield* waitAllBlocked()
  assert.equal(putter.reason, 'room in queue "jobs"')
  assert.equal(joiner.reason, 'the 2 unfinished items of queue "jobs"')
  assert.equal(String(new Queue()), 'a queue')
  putter.cancel()
  joiner.cancel()
})

// -- cancelling

it.many('a cancelled getter takes nothing, wherever it stands in the line', function* () {
  const queue = new Queue<number>()
  const getters: Task<number>[] = []
  for (let i = 0; i < 5; i++) {
    getters.push(spawn(queue.get()))
    yield* waitAllBlocked()
  }
  for (const i of [0, 2, 4]) getters[i]?.cancel()
  assert.equal(queue.stats().getters, 2)
  for (const n of [1, 2, 3]) queue.tryPut(n)
  yield* waitAllBlocked()
  assert.deepEqual(
    getters.map((getter) => (getter.outcome?.status === 'done' ? getter.outcome.value : 'cancelled')),
    ['cancelled', 1, 'cancelled', 2, 'cancelled'],
  )
  assert.deepEqual(drain(queue), [3])
})

it.many('a cancelled putter puts nothing, wherever it stands in the line', function* () {
  const queue = new Queue<number>({ capacity: 1 })
  queue.tryPut(0)
  const putters: Task<void>[] = []
  for (const n of [1, 2, 3, 4]) {
    putters.push(spawn(queue.put(n)))
    yield* waitAllBlocked()
  }
  putters[0]?.cancel()
  putters[2]?.cancel()
  assert.equal(queue.stats().putters, 2)
  const got: number[] = []
  while (queue.size > 0) got.push(yield* queue.get())
  assert.deepEqual(got, [0, 2, 4])
})

it.many('a getter that was handed an item before its cancel came still gets it', function* () {
  const queue = new Queue<string>()
  const got: string[] = []
  const getter = spawn(function* () {
    got.push(yield* queue.get())
    yield* yieldNow()
    got.push('never')
  })
  yield* waitAllBlocked()
  queue.tryPut('item')
  getter.cancel()
  yield* waitAllBlocked()
  assert.deepEqual(got, ['item'])
  assert.equal(getter.outcome?.status, 'cancelled')
})

it('a get that timed out takes nothing', function* () {
  const queue = new Queue<number>()
  const error = yield* caught(timeout(10, queue.get()))
  assert.equal((error as { code?: string }).code, 'FIBRIL_TIMEOUT')
  assert.equal(queue.stats().getters, 0)
  queue.tryPut(1)
  assert.equal(queue.size, 1)
})

it.many('a race between two queues takes one item from one of them', function* () {
  const left = new Queue<string>()
  const right = new Queue<string>()
  const racer = spawn(race([left.get(), right.get()]))
  yield* waitAllBlocked()
  right.tryPut('right')
  left.tryPut('left')
  assert.equal(yield* racer, 'right')
  assert.deepEqual([drain(left), drain(right)], [['left'], []])
})

// -- closing

it.many('closing ends those who wait to get with a ClosedError that has the reason', function* () {
  const queue = new Queue<number>({ name: 'jobs' })
  const getter = spawn(() => caught(queue.get()))
  yield* waitAllBlocked()
  const cause = new Error('out of work')
  queue.close(cause)
  const error = yield* getter
  assert.ok(error instanceof ClosedError)
  assert.equal(error.code, 'FIBRIL_CLOSED')
  assert.equal(error.message, 'queue "jobs" was closed: out of work')
  assert.equal(error.cause, cause)
  assert.ok((yield* caught(queue.get())) instanceof ClosedError, 'and so does who asks later')
})

it.many('closing refuses the items of those who wait to put, and of those who come later', function* () {
  const queue = new Queue<number>({ capacity: 1 })
  queue.tryPut(1)
  const putter = spawn(() => caught(queue.put(2)))
  yield* waitAllBlocked()
  queue.close()
  assert.ok((yield* putter) instanceof ClosedError)
  assert.ok((yield* caught(queue.put(3))) instanceof ClosedError)
  assert.equal(yield* queue.get(), 1, 'what was in it can still be taken')
  assert.equal(queue.tryPut(4), false, 'there is room, but it is closed')
  assert.equal(queue.tryGet(), undefined)
})

it('closing with discard drops what is left, and counts it as done', function* () {
  const queue = new Queue<number>()
  for (const n of [1, 2, 3]) queue.tryPut(n)
  queue.tryGet()
  const joiner = spawn(queue.join())
  yield* waitAllBlocked()
  queue.close('no more', { discard: true })
  assert.equal(queue.size, 0)
  assert.equal(queue.unfinished, 1)
  assert.ok((yield* caught(queue.get())) instanceof ClosedError)
  queue.taskDone()
  yield* joiner
})

it('closing again keeps the first reason, and may discard', function* () {
  const queue = new Queue<number>()
  queue.tryPut(1)
  queue.close('first')
  queue.close('second', { discard: true })
  const error = (yield* caught(queue.get())) as Error
  assert.match(error.message, /was closed: first$/)
  assert.equal(queue.stats().closed, true)
})

// -- loops

it.many('forEach takes every item until the queue is closed, and waits for its body', function* () {
  const queue = new Queue<number>({ capacity: 2 })
  const got: number[] = []
  const consumer = spawn(
    queue.forEach(function* (n) {
      yield* yieldNow()
      got.push(n)
    }),
  )
  for (const n of [1, 2, 3, 4, 5]) yield* queue.put(n)
  queue.close()
  yield* consumer
  assert.deepEqual(got, [1, 2, 3, 4, 5])
})

it('forEach takes bodies of every kind', async () => {
  const queue = new Queue<number>()
  const got: string[] = []
  const note = fn(function* (n: number) {
    yield* sleep(1)
    got.push(`operation ${n}`)
  })
  queue.tryPut(1)
  queue.close()
  await queue.forEach(note)
  const again = new Queue<number>()
  again.tryPut(2)
  again.tryPut(3)
  again.close()
  await again.forEach(async (n) => {
    await Promise.resolve()
    got.push(`promise ${n}`)
  })
  assert.deepEqual(got, ['operation 1', 'promise 2', 'promise 3'])
})

it('a failure in the body of forEach is thrown, and its item counts as done', function* () {
  const queue = new Queue<number>()
  queue.tryPut(1)
  queue.tryPut(2)
  const boom = new Error('boom')
  const error = yield* caught(
    queue.forEach(() => {
      throw boom
    }),
  )
  assert.equal(error, boom)
  assert.equal(queue.unfinished, 1)
  assert.deepEqual(drain(queue), [2])
})

it('next gives the items, then the end', function* () {
  const queue = new Queue<number | undefined>()
  queue.tryPut(undefined)
  assert.deepEqual(yield* queue.next(), { value: undefined, done: false })
  const next = spawn(queue.next())
  yield* waitAllBlocked()
  queue.tryPut(2)
  assert.deepEqual(yield* next, { value: 2, done: false })
  const last = spawn(queue.next())
  yield* waitAllBlocked()
  queue.close()
  assert.deepEqual(yield* last, { value: undefined, done: true })
  assert.deepEqual(yield* queue.next(), { value: undefined, done: true })
})

it('for await takes every item until the queue is closed', async () => {
  const queue = new Queue<number>({ capacity: 2 })
  const producer = run(function* () {
    for (const n of [1, 2, 3, 4, 5]) yield* queue.put(n)
    queue.close()
  })
  const got: number[] = []
  for await (const n of queue) got.push(n)
  assert.deepEqual(got, [1, 2, 3, 4, 5])
  await producer
})

it('leaving a for await loop leaves the rest in the queue', async () => {
  const queue = new Queue<number>()
  for (const n of [1, 2, 3]) queue.tryPut(n)
  for await (const n of queue) if (n === 2) break
  assert.deepEqual(drain(queue), [3])
})

it('puts and gets can be awaited outside tasks', async () => {
  const queue = new Queue<number>({ capacity: 1 })
  await queue.put(1)
  const second = queue.put(2).then(() => 'put')
  assert.equal(await queue.get(), 1)
  assert.equal(await second, 'put')
  assert.equal(await queue.get(), 2)
})

// -- join

it.many('join waits until every item was marked as done', function* () {
  const queue = new Queue<number>()
  yield* queue.join()
  queue.tryPut(1)
  queue.tryPut(2)
  const joiner = spawn(queue.join())
  for (const left of [1, 0]) {
    yield* queue.get()
    yield* waitAllBlocked()
    assert.equal(joiner.state, 'parked')
    queue.taskDone()
    assert.equal(queue.unfinished, left)
  }
  yield* joiner
})

it('taskDone more often than items were taken is a UsageError', function* () {
  const queue = new Queue<number>({ name: 'jobs' })
  queue.tryPut(1)
  assert.throws(() => queue.taskDone(), { code: 'FIBRIL_USAGE', message: /taskDone\(\) .* queue "jobs"/ })
  queue.tryGet()
  queue.taskDone()
  assert.throws(() => queue.taskDone(), UsageError)
})

// -- making one

test('a capacity that is no whole number from 1 is a UsageError', () => {
  for (const capacity of [-1, 1.5, Number.NaN, '3' as never]) {
    assert.throws(() => new Queue({ capacity }), { code: 'FIBRIL_USAGE', message: /capacity/ })
  }
  assert.throws(() => new Queue({ capacity: 0 }), { code: 'FIBRIL_USAGE', message: /Channel/ })
  assert.throws(() => new Queue({ order: 'random' as never }), { code: 'FIBRIL_USAGE', message: /random/ })
  assert.equal(new Queue().capacity, Number.POSITIVE_INFINITY)
})

it('a comparison that throws reaches who put the item, and the queue stays as it was', function* () {
  const order = (a: number, b: number): number => {
    if (Number.isNaN(a) || Number.isNaN(b)) throw new RangeError('not a number')
    return a - b
  }
  const queue = new Queue<number>({ capacity: 2, order })
  queue.tryPut(2)
  assert.throws(() => queue.tryPut(Number.NaN), RangeError)
  queue.tryPut(1)
  const bad = spawn(() => caught(queue.put(Number.NaN)))
  yield* waitAllBlocked()
  const good = spawn(queue.put(0))
  yield* waitAllBlocked()
  assert.equal(yield* queue.get(), 1, 'the getter who made room is not the one to blame')
  assert.ok((yield* bad) instanceof RangeError)
  yield* good
  assert.deepEqual(drain(queue), [0, 2])
  assert.equal(queue.stats().put, 3)
})

it('stats are frozen plain figures', function* () {
  const queue = new Queue<number>({ capacity: 1, name: 'jobs' })
  queue.tryPut(1)
  queue.tryGet()
  queue.tryPut(2)
  const putter = spawn(queue.put(3))
  yield* waitAllBlocked()
  const stats = queue.stats()
  assert.ok(Object.isFrozen(stats))
  assert.deepEqual(stats, {
    name: 'jobs',
    size: 1,
    capacity: 1,
    closed: false,
    getters: 0,
    putters: 1,
    put: 2,
    unfinished: 2,
  })
  putter.cancel()
})

// -- large

test('a million buffered items are put and taken in constant stack, within few steps', () => {
  const n = 1_000_000
  const steps = countSteps(() => {
    new TestHost({ shuffle: false }).runSync(function* () {
      const queue = new Queue<number>()
      for (let i = 0; i < n; i++) yield* queue.put(i)
      for (let i = 0; i < n; i++) if ((yield* queue.get()) !== i) assert.fail(`item ${i} is out of place`)
      assert.equal(queue.size, 0)
    })
  })
  // Ready operations do not park, but for the budget's sake.
  assert.ok(steps < n / 100, `${steps} steps`)
})

test('a backlog of a hundred thousand items is drained by a callback that asks again', async () => {
  const n = 100_000
  const queue = new Queue<number>()
  for (let i = 0; i < n; i++) queue.tryPut(i)
  let sum = 0
  await new Promise<void>((resolve) => {
    const ask = (left: number): void => {
      if (left === 0) return resolve()
      queue.get().then((item) => {
        sum += item
        ask(left - 1)
      })
    }
    ask(n)
  })
  assert.equal(sum, (n * (n - 1)) / 2)
})

test('a hundred thousand parked putters and as many parked getters take two steps each', () => {
  const n = 100_000
  const steps = countSteps(() => {
    new TestHost({ shuffle: false }).runSync(function* () {
      const queue = new Queue<number>({ capacity: 1 })
      for (let i = 0; i < n; i++) spawn(queue.put(i))
      yield* waitAllBlocked()
      assert.equal(queue.stats().putters, n - 1)
      for (let i = 0; i < n; i++) assert.equal(queue.tryGet(), i)
      yield* waitAllBlocked()
      let sum = 0
      for (let i = 0; i < n; i++) {
        spawn(function* () {
          const item = yield* queue.get()
          sum += item
        })
      }
      yield* waitAllBlocked()
      assert.equal(queue.stats().getters, n)
      for (let i = 0; i < n; i++) queue.tryPut(i)
      yield* waitAllBlocked()
      assert.equal(sum, (n * (n - 1)) / 2)
    })
  })
  assert.ok(steps <= 4 * n + 10, `${steps} steps`)
})
