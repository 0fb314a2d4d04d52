import assert from 'node:assert/strict'
import { test } from 'node:test'
import { all, DeadlockError, sleep, spawn, type Task } from '../../src/index.ts'
import { Limit } from '../../src/sync/index.ts'
import { TestHost, waitAllBlocked } from '../../src/testing/index.ts'
import { it } from '../support/it.ts'
import { caught } from './caught.ts'

it.many('the bodies run in the order in which they asked', function* () {
  const limit = new Limit(1)
  const begun: number[] = []
  for (let i = 0; i < 5; i++) {
    spawn(
      limit.run(function* () {
        begun.push(i)
        yield* sleep(10)
      }),
    )
    yield* waitAllBlocked()
  }
  yield* sleep(100)
  assert.deepEqual(begun, [0, 1, 2, 3, 4])
})

it.many('as many bodies run at once as were asked for, and no more', function* () {
  const limit = new Limit(2)
  let running = 0
  let most = 0
  const tasks: Task<number>[] = []
  for (let i = 0; i < 6; i++) {
    tasks.push(
      spawn(
        limit.run(function* () {
          most = Math.max(most, ++running)
          yield* sleep(10)
          running--
          return i
        }),
      ),
    )
  }
  for (const [i, task] of tasks.entries()) assert.equal(yield* task, i)
  assert.equal(most, 2)
})

it.many('a failure makes room for the next', function* () {
  const limit = new Limit(1)
  const error = yield* caught(
    limit.run(() => {
      throw new Error('boom')
    }),
  )
  assert.equal((error as Error).message, 'boom')
  assert.equal(yield* limit.run(() => 'next'), 'next')
  assert.deepEqual(limit.stats(), { name: '', concurrency: 1, running: 0, waiting: 0 })
})

it.many('a cancel makes room for the next, in line and while running', function* () {
  const limit = new Limit(1)
  let cleaned = false
  const running = spawn(
    limit.run(function* () {
      try {
        yield* sleep(1000)
      } finally {
        cleaned = true
      }
    }),
  )
  yield* waitAllBlocked()
  const waiting = spawn(limit.run(() => assert.fail('it was cancelled')))
  yield* waitAllBlocked()
  const next = spawn(limit.run(() => 'next'))
  yield* waitAllBlocked()
  assert.deepEqual(limit.stats(), { name: '', concurrency: 1, running: 1, waiting: 2 })
  waiting.cancel()
  running.cancel()
  assert.equal(yield* next, 'next')
  assert.equal(cleaned, true)
})

it('async functions run under it, outside tasks too', async () => {
  const limit = new Limit(2, { name: 'pages' })
  let running = 0
  let most = 0
  const pages = await Promise.all(
    [1, 2, 3, 4, 5].map((n) =>
      limit.run(async () => {
        most = Math.max(most, ++running)
        await sleep(1)
        running--
        return n * 10
      }),
    ),
  )
  assert.deepEqual(pages, [10, 20, 30, 40, 50])
  assert.equal(most, 2)
  assert.ok(Object.isFrozen(limit.stats()))
})

it('a task may run in it twice while there is room', function* () {
  const limit = new Limit(2)
  const [a, b] = yield* all([limit.run(() => limit.run(() => 'a')), sleep(1)])
  assert.deepEqual([a, b], ['a', undefined])
  assert.equal(yield* limit.run(() => limit.run(() => limit.stats().running)), 2)
})

test('a report of a deadlock names the tasks that run in it, and none that have ended', () => {
  let error: unknown
  try {
    new TestHost().runSync(function* () {
      const limit = new Limit(1, { name: 'db' })
      yield* spawn(limit.run(() => {}))
      spawn(
        limit.run(() => limit.run(() => {})),
        { name: 'nested' },
      )
      yield* sleep(1)
    })
  } catch (caught) {
    error = caught
  }
  assert.ok(error instanceof DeadlockError, String(error))
  assert.match(
    error.message,
    /task nested #\d+ has waited \d+ ms for a permit of limit "db" \(held by task nested #\d+\)/,
  )
})

test('a concurrency that makes no sense is a UsageError', () => {
  for (const concurrency of [0, -1, 1.5, Number.NaN]) {
    assert.throws(() => new Limit(concurrency), { code: 'FIBRIL_USAGE', message: /limit/ })
  }
})
