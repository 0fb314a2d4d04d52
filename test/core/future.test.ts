import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Future, run, sleep, spawn, type Task, UsageError } from '../../src/core/index.ts'
import { waitAllBlocked } from '../../src/testing/index.ts'
import { it } from '../support/it.ts'
import { ending, endingText } from './ending.ts'
import { ManualHost } from './manual-host.ts'

it('a future gives its value to who waits, and to who comes later, without parking', function* () {
  const future = new Future<{ n: number }>()
  const value = { n: 1 }
  const waiting = [spawn(future.wait()), spawn(future.wait())]
  yield* waitAllBlocked()
  future.resolve(value)
  for (const task of waiting) assert.equal(yield* task, value)
  let others = 0
  spawn(function* () {
    others++
  })
  assert.equal(yield* future, value)
  assert.equal(yield* future.wait(), value)
  assert.equal(others, 0)
})

it('a future that is rejected throws at each who waits, and who comes later', function* () {
  const future = new Future<void>()
  const boom = new Error('boom')
  const waiting = spawn.detached(future.wait())
  yield* waitAllBlocked()
  future.reject(boom)
  assert.deepEqual(yield* ending(waiting), { status: 'failed', error: boom })
  try {
    yield* future
    assert.fail('not thrown')
  } catch (error) {
    assert.equal(error, boom)
  }
})

it(
  'those who wait are woken in the order in which they came, after the one who resolves parks',
  function* () {
    const future = new Future<void>()
    const log: number[] = []
    for (let i = 0; i < 5; i++) {
      spawn(function* () {
        yield* future
        log.push(i)
      })
    }
    yield* waitAllBlocked()
    future.resolve()
    assert.deepEqual(log, [], 'resolving runs nobody')
    yield* waitAllBlocked()
    assert.deepEqual(log, [0, 1, 2, 3, 4])
  },
  { shuffle: false },
)

it('a value of any kind is a value: undefined, an error, another future', function* () {
  for (const value of [undefined, null, new Error('a value'), new Future(), Promise.resolve()]) {
    const future = new Future<unknown>()
    const task = spawn(future.wait())
    yield* waitAllBlocked()
    future.resolve(value)
    assert.equal(yield* task, value)
    assert.equal(yield* future, value)
  }
})

test('settling twice is a UsageError that says how it ended; the try forms answer false', () => {
  const resolved = new Future<number>('answer')
  assert.equal(resolved.settled, false)
  resolved.resolve(1)
  assert.equal(resolved.settled, true)
  assert.throws(() => resolved.resolve(2), { name: 'UsageError', message: 'the future "answer" was resolved already' })
  assert.throws(() => resolved.reject(new Error('no')), UsageError)
  assert.equal(resolved.tryResolve(2), false)
  assert.equal(resolved.tryReject(2), false)
  const rejected = new Future<number>()
  assert.equal(rejected.tryReject(new Error('no')), true)
  assert.throws(() => rejected.resolve(2), { name: 'UsageError', message: 'a future was rejected already' })
})

it('cancelling one who waits leaves the future, and the others', function* () {
  const future = new Future<string>()
  const tasks = Array.from({ length: 5 }, () => spawn(future.wait()))
  yield* waitAllBlocked()
  assert.equal(future.stats().waiting, 5)
  for (const index of [0, 2, 4]) tasks[index]?.cancel()
  assert.equal(future.stats().waiting, 2)
  future.resolve('value')
  for (const index of [1, 3]) assert.equal(yield* tasks[index] as Task<string>, 'value')
  for (const index of [0, 2, 4]) assert.match(yield* endingText(tasks[index] as Task<string>), /^cancelled/)
})

it('what it tells: name, status, who waits', function* () {
  const future = new Future<void>('the answer')
  assert.deepEqual(future.stats(), { name: 'the answer', status: 'pending', waiting: 0 })
  assert.ok(Object.isFrozen(future.stats()))
  assert.equal(String(future), 'the future "the answer"')
  assert.equal(String(new Future()), 'a future')
  const task = spawn(future.wait())
  yield* waitAllBlocked()
  assert.equal(task.reason, 'the future "the answer"')
  assert.equal(future.stats().waiting, 1)
  future.resolve()
  assert.deepEqual(future.stats(), { name: 'the answer', status: 'resolved', waiting: 0 })
})

test('a future is awaited outside of tasks, before and after it is settled', async () => {
  const future = new Future<number>()
  const before = future.then((value) => value + 1)
  queueMicrotask(() => future.resolve(1))
  assert.equal(await future, 1)
  assert.equal(await before, 2)
  assert.equal(await future, 1)
  const rejected = new Future<number>()
  const failing = assert.rejects(async () => await rejected, /boom/)
  rejected.reject(new Error('boom'))
  await failing
  await assert.rejects(async () => await rejected, /boom/)
})

test('a future resolved from outside any turn makes its loop come', () => {
  const host = new ManualHost()
  const future = new Future<string>()
  const task = run(future.wait(), { loop: host.loop })
  host.settle()
  assert.equal(host.asked, 0)
  future.resolve('value')
  assert.equal(host.asked, 1)
  host.settle()
  assert.deepEqual(task.outcome, { status: 'done', value: 'value' })
})

test('twenty thousand waiters of one future, half of them cancelled', () => {
  const many = 20_000
  const future = new Future<number>()
  let woken = 0
  new ManualHost().run(function* () {
    const tasks = Array.from({ length: many }, () =>
      spawn(function* () {
        yield* future
        woken++
      }),
    )
    yield* sleep(1)
    for (let i = 0; i < many; i += 2) tasks[i]?.cancel()
    assert.equal(future.stats().waiting, many / 2)
    future.resolve(1)
  })
  assert.equal(woken, many / 2)
})
