import assert from 'node:assert/strict'
import { test } from 'node:test'
import { race, sleep, spawn, type Task, timeout } from '../../src/index.ts'
import { Semaphore } from '../../src/sync/index.ts'
import { TestHost, waitAllBlocked } from '../../src/testing/index.ts'
import { it } from '../support/it.ts'
import { caught } from './caught.ts'
import { countSteps } from './count-steps.ts'

it.many('as many tasks as there are permits hold one at once', function* () {
  const semaphore = new Semaphore(3)
  let inside = 0
  let most = 0
  const tasks: Task<void>[] = []
  for (let i = 0; i < 10; i++) {
    tasks.push(
      spawn(function* () {
        using _ = yield* semaphore.acquire()
        most = Math.max(most, ++inside)
        yield* sleep(1)
        inside--
      }),
    )
  }
  for (const task of tasks) yield* task
  assert.equal(most, 3)
  assert.equal(semaphore.available, 3)
})

it.many('a released permit goes to who has waited longest, not to who comes first', function* () {
  const semaphore = new Semaphore(1)
  assert.equal(semaphore.tryAcquire(), true)
  const got: string[] = []
  for (const name of ['first', 'second']) {
    spawn(function* () {
      yield* semaphore.acquire()
      got.push(name)
    })
    yield* waitAllBlocked()
  }
  semaphore.release()
  assert.equal(semaphore.tryAcquire(), false, 'it was handed on')
  yield* waitAllBlocked()
  assert.deepEqual(got, ['first'])
  semaphore.release()
  yield* waitAllBlocked()
  assert.deepEqual(got, ['first', 'second'])
})

it.many('a cancelled waiter gives its turn to the next', function* () {
  const semaphore = new Semaphore(1)
  yield* semaphore.acquire()
  const first = spawn(semaphore.acquire())
  yield* waitAllBlocked()
  const second = spawn(semaphore.acquire())
  yield* waitAllBlocked()
  first.cancel()
  semaphore.release()
  yield* second
  assert.equal(semaphore.stats().waiting, 0)
})

it.many('one that was handed a permit before its cancel came has it, and gives it back', function* () {
  const semaphore = new Semaphore(1)
  yield* semaphore.acquire()
  const task = spawn(semaphore.with(() => sleep(1)))
  yield* waitAllBlocked()
  semaphore.release()
  task.cancel()
  assert.equal(semaphore.available, 0)
  yield* waitAllBlocked()
  assert.equal(task.outcome?.status, 'cancelled')
  assert.equal(semaphore.available, 1)
})

it('with releases when its body ends, fails or is cancelled, and gives its result', function* () {
  const semaphore = new Semaphore(1)
  assert.equal(yield* semaphore.with(() => 42), 42)
  const error = yield* caught(
    semaphore.with(function* () {
      yield* sleep(1)
      throw new Error('boom')
    }),
  )
  assert.equal((error as Error).message, 'boom')
  yield* caught(timeout(5, semaphore.with(sleep(100))))
  assert.equal(semaphore.available, 1)
})

it('a race that another wait wins takes no permit', function* () {
  const semaphore = new Semaphore(1)
  yield* semaphore.acquire()
  yield* race([semaphore.acquire(), sleep(1)])
  semaphore.release()
  assert.equal(semaphore.available, 1)
})

it('more releases than acquires are a UsageError, up to the limit that was set', function* () {
  const semaphore = new Semaphore(2, { name: 'seats' })
  assert.throws(() => semaphore.release(), {
    code: 'FIBRIL_USAGE',
    message: /semaphore "seats".*all 2 permits are free/,
  })
  assert.equal(semaphore.available, 2)
  const signal = new Semaphore(0, { limit: 1 })
  signal.release()
  assert.throws(() => signal.release(), { code: 'FIBRIL_USAGE' })
  const growing = new Semaphore(0, { limit: Number.POSITIVE_INFINITY })
  for (let i = 0; i < 5; i++) growing.release()
  assert.equal(growing.available, 5)
})

test('a number of permits that makes no sense is a UsageError', () => {
  for (const permits of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => new Semaphore(permits), { code: 'FIBRIL_USAGE' })
  }
  assert.throws(() => new Semaphore(3, { limit: 2 }), { code: 'FIBRIL_USAGE' })
  assert.throws(() => new Semaphore(3, { limit: Number.NaN }), { code: 'FIBRIL_USAGE' })
})

it('a permit can be awaited outside tasks, and released by anybody', async () => {
  const semaphore = new Semaphore(1, { name: 'seats' })
  const first = await semaphore.acquire()
  const second = semaphore.acquire().then(() => 'second')
  first[Symbol.dispose]()
  assert.equal(await second, 'second')
  assert.equal(semaphore.acquire().reason, 'a permit of semaphore "seats"')
  assert.deepEqual(semaphore.stats(), { name: 'seats', available: 0, limit: 1, waiting: 0 })
  assert.ok(Object.isFrozen(semaphore.stats()))
})

test('a permit is handed through a hundred thousand waiters, one step each', () => {
  const n = 100_000
  const steps = countSteps(() => {
    new TestHost({ shuffle: false }).runSync(function* () {
      const semaphore = new Semaphore(1)
      yield* semaphore.acquire()
      let served = 0
      for (let i = 0; i < n; i++) {
        spawn(function* () {
          yield* semaphore.acquire()
          if (served++ !== i) assert.fail(`${i} was served out of turn`)
          semaphore.release()
        })
      }
      yield* waitAllBlocked()
      semaphore.release()
      yield* waitAllBlocked()
      assert.equal(served, n)
    })
  })
  assert.ok(steps <= 2 * n + 10, `${steps} steps`)
})
