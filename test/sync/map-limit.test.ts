import assert from 'node:assert/strict'
import { test } from 'node:test'
import { currentTask, Future, fn, run, sleep, spawn, suspend } from '../../src/index.ts'
import { mapLimit, Queue } from '../../src/sync/index.ts'
import { TestHost, waitAllBlocked } from '../../src/testing/index.ts'
import { it } from '../support/it.ts'
import { caught } from './caught.ts'
import { countSteps } from './count-steps.ts'

const after = fn(function* (ms: number) {
  yield* sleep(ms)
  return ms
})

it.many('results are in the order of the items, however long each takes', function* () {
  assert.deepEqual(yield* mapLimit([30, 10, 20, 5], after, { concurrency: 2 }), [30, 10, 20, 5])
})

it.many('results are in the order in which they came, if that is asked', function* () {
  assert.deepEqual(yield* mapLimit([30, 10, 25], after, { concurrency: 2, ordered: false }), [10, 30, 25])
})

it.many('no more calls run at once than were asked for, and as many as that', function* (host) {
  for (const concurrency of [1, 3, Number.POSITIVE_INFINITY]) {
    let running = 0
    let most = 0
    const start = host.now()
    const items = [0, 1, 2, 3, 4, 5]
    const indexes = yield* mapLimit(
      items,
      function* (_item, index) {
        most = Math.max(most, ++running)
        yield* sleep(1)
        running--
        return index
      },
      { concurrency },
    )
    const expected = Math.min(concurrency, items.length)
    assert.deepEqual(indexes, items)
    assert.equal(most, expected)
    assert.equal(host.now() - start, items.length / expected)
  }
})

it('bodies of every kind are fine, and so is no item at all', async () => {
  assert.deepEqual(await mapLimit([1, 2], (n) => n * 2, { concurrency: 1 }), [2, 4])
  assert.deepEqual(await mapLimit([1, 2], async (n) => n * 2, { concurrency: 2 }), [2, 4])
  assert.deepEqual(await mapLimit([1, 2], after, { concurrency: 2 }), [1, 2])
  assert.deepEqual(await mapLimit('ab', (letter, i) => letter + i, { concurrency: 2 }), ['a0', 'b1'])
  assert.deepEqual(await mapLimit([], after, { concurrency: 2 }), [])
})

it('items are taken only as there is somebody to work on them', function* () {
  let taken = 0
  function* endless() {
    for (;;) yield taken++
  }
  const task = spawn(mapLimit(endless(), () => suspend('ever', () => {}), { concurrency: 3 }))
  yield* waitAllBlocked()
  assert.equal(taken, 3)
  task.cancel()
})

it.many('the first failure cancels the others, waits for their cleanup, and is thrown', function* () {
  let cleaned = 0
  let begun = 0
  const boom = new Error('boom')
  const error = yield* caught(
    mapLimit(
      [5, 100, 100, 100],
      function* (ms) {
        begun++
        try {
          yield* sleep(ms)
        } finally {
          yield* sleep(1)
          cleaned++
        }
        throw boom
      },
      { concurrency: 3 },
    ),
  )
  assert.equal(error, boom)
  assert.deepEqual([begun, cleaned], [3, 3])
  assert.deepEqual(currentTask()?.children, [])
})

it.many('a failure or a cancel closes the source; its end does not', function* () {
  const log: string[] = []
  function* source() {
    try {
      yield 1
      yield 2
      yield 3
    } finally {
      log.push('closed')
    }
  }
  yield* mapLimit(source(), after, { concurrency: 2 })
  assert.deepEqual(log.splice(0), ['closed'])
  yield* caught(
    mapLimit(
      source(),
      () => {
        throw new Error('boom')
      },
      { concurrency: 2 },
    ),
  )
  assert.deepEqual(log.splice(0), ['closed'])
  const task = spawn(mapLimit(source(), () => sleep(100), { concurrency: 2 }))
  yield* waitAllBlocked()
  task.cancel()
  yield* waitAllBlocked()
  assert.deepEqual(log.splice(0), ['closed'])
})

it('a source that fails to close is told beside the failure that closed it', function* () {
  const source = {
    [Symbol.iterator]: () => ({
      next: () => ({ value: 1, done: false }),
      return: () => {
        throw new Error('stuck')
      },
    }),
  }
  const error = yield* caught(
    mapLimit(
      source,
      () => {
        throw new Error('boom')
      },
      { concurrency: 1 },
    ),
  )
  assert.ok(error instanceof AggregateError)
  assert.deepEqual(
    error.errors.map((each) => each.message),
    ['boom', 'stuck'],
  )
})

it('a source that throws ends the map, and is not closed', function* () {
  let closed = false
  const source = {
    [Symbol.iterator]: () => ({
      next: () => {
        throw new Error('dry')
      },
      return: () => {
        closed = true
        return { value: undefined, done: true as const }
      },
    }),
  }
  const error = yield* caught(mapLimit(source, after, { concurrency: 2 }))
  assert.equal((error as Error).message, 'dry')
  assert.equal(closed, false)
})

it('an async iterator is asked for one item at a time, and closed by a failure', async () => {
  let asked = 0
  const log: string[] = []
  const source = {
    [Symbol.asyncIterator]: () => ({
      async next() {
        assert.equal(++asked, 1, 'asked again before it had given the last')
        await Promise.resolve()
        asked--
        return { value: 1, done: log.push('next') > 6 }
      },
      async return() {
        log.push('closed')
        return { value: undefined, done: true as const }
      },
    }),
  }
  assert.deepEqual(await mapLimit(source, (n) => n, { concurrency: 4 }), [1, 1, 1, 1, 1, 1])
  assert.ok(!log.includes('closed'))
  log.length = 0
  await caught(
    mapLimit(
      source,
      function* () {
        yield* sleep(1)
        throw new Error('boom')
      },
      { concurrency: 2 },
    ),
  )
  assert.equal(log.at(-1), 'closed')
})

it('a cancel does not wait for an async generator that is busy', async () => {
  let closed = false
  async function* source() {
    try {
      yield 1
      await new Promise(() => {})
    } finally {
      closed = true
    }
  }
  const seen = new Future<number>()
  const task = run(mapLimit(source(), (n) => seen.tryResolve(n), { concurrency: 2 }))
  await seen
  task.cancel()
  await caught(task.join())
  assert.equal(closed, false)
})

it.many('a queue is a source that ends when it is closed, and a cancel takes nothing from it', function* () {
  const queue = new Queue<number>()
  for (const n of [3, 1, 2]) queue.tryPut(n)
  const task = spawn(mapLimit(queue, after, { concurrency: 2 }))
  yield* waitAllBlocked()
  queue.close()
  assert.deepEqual(yield* task, [3, 1, 2])

  const open = new Queue<number>()
  const second = spawn(mapLimit(open, after, { concurrency: 2 }))
  yield* waitAllBlocked()
  second.cancel()
  yield* waitAllBlocked()
  open.tryPut(1)
  assert.equal(open.size, 1)
  assert.equal(open.stats().getters, 0)
})

it.many('no item of a queue is lost when it is closed with workers waiting', function* () {
  const queue = new Queue<number>()
  const task = spawn(mapLimit(queue, (n) => n, { concurrency: 4, ordered: false }))
  let next = 0
  for (let i = 0; i < 4; i++) {
    yield* waitAllBlocked()
    for (let k = 0; k < 3; k++) queue.tryPut(next++)
  }
  queue.close()
  const results = yield* task
  assert.deepEqual(
    [...results].sort((a, b) => a - b),
    Array.from({ length: next }, (_, i) => i),
  )
})

test('a concurrency that makes no sense is a UsageError, at once', () => {
  for (const concurrency of [0, -1, Number.NaN]) {
    assert.throws(() => mapLimit([], after, { concurrency }), { code: 'FIBRIL_USAGE', message: /concurrency/ })
  }
})

test('a hundred thousand items take one step each', () => {
  const n = 100_000
  const steps = countSteps(() => {
    new TestHost({ shuffle: false }).runSync(function* () {
      const items = Array.from({ length: n }, (_, i) => i)
      const results = yield* mapLimit(
        items,
        function* (i) {
          yield* sleep(0)
          return i
        },
        { concurrency: 10 },
      )
      assert.deepEqual(results, items)
    })
  })
  assert.ok(steps <= n + 50, `${steps} steps`)
})
