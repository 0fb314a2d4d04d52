import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DeadlockError, race, run, sleep, spawn, type Task, timeout, UsageError, yieldNow } from '../../src/index.ts'
import { Lock } from '../../src/sync/index.ts'
import { TestHost, waitAllBlocked } from '../../src/testing/index.ts'
import { it } from '../support/it.ts'
import { caught } from './caught.ts'
import { countSteps } from './count-steps.ts'

it.many('one task at a time holds it', function* () {
  const lock = new Lock()
  let inside = 0
  let balance = 0
  const tasks: Task<void>[] = []
  for (let i = 0; i < 5; i++) {
    tasks.push(
      spawn(function* () {
        for (let round = 0; round < 3; round++) {
          using _ = yield* lock.acquire()
          assert.equal(++inside, 1)
          const before = balance
          yield* yieldNow()
          balance = before + 1
          inside--
        }
      }),
    )
  }
  for (const task of tasks) yield* task
  assert.equal(balance, 15)
  assert.equal(lock.locked, false)
})

it.many('a released lock goes to who has waited longest, not to who comes first', function* () {
  const lock = new Lock()
  yield* lock.acquire()
  const got: string[] = []
  const waiters: Task<void>[] = []
  for (const name of ['first', 'second']) {
    waiters.push(
      spawn(function* () {
        using _ = yield* lock.acquire()
        got.push(name)
      }),
    )
    yield* waitAllBlocked()
  }
  lock.release()
  assert.equal(lock.owner, waiters[0], 'it was handed on')
  assert.equal(lock.tryAcquire(), false)
  yield* waitAllBlocked()
  assert.deepEqual(got, ['first', 'second'])
})

it.many('a cancelled waiter gives its turn to the next', function* () {
  const lock = new Lock()
  yield* lock.acquire()
  const waiters: Task<unknown>[] = []
  for (let i = 0; i < 3; i++) {
    waiters.push(spawn(lock.with(() => i)))
    yield* waitAllBlocked()
  }
  waiters[0]?.cancel()
  waiters[1]?.cancel()
  lock.release()
  assert.equal(yield* waiters[2] as Task<unknown>, 2)
  assert.deepEqual(lock.stats(), { name: '', locked: false, owner: null, waiting: 0 })
})

it.many('one that was handed the lock before its cancel came has it, and releases it', function* () {
  const lock = new Lock()
  yield* lock.acquire()
  const waiter = spawn(lock.with(() => sleep(1)))
  yield* waitAllBlocked()
  lock.release()
  waiter.cancel()
  assert.equal(lock.owner, waiter)
  yield* waitAllBlocked()
  assert.equal(waiter.outcome?.status, 'cancelled')
  assert.equal(lock.locked, false)
})

it('with releases when its body ends, fails or is cancelled, and gives its result', function* () {
  const lock = new Lock()
  assert.equal(yield* lock.with(() => 42), 42)
  const error = yield* caught(
    lock.with(() => {
      throw new Error('boom')
    }),
  )
  assert.equal((error as Error).message, 'boom')
  yield* caught(timeout(5, lock.with(sleep(100))))
  assert.equal(lock.locked, false)
})

it('a race that another wait wins leaves the line', function* () {
  const lock = new Lock()
  const holder = spawn(lock.with(() => sleep(10)))
  yield* waitAllBlocked()
  yield* race([lock.acquire(), sleep(1)])
  yield* holder
  assert.equal(lock.locked, false)
})

it('a race that the lock wins makes the racing task its owner', function* () {
  const lock = new Lock()
  const holder = spawn(lock.with(() => sleep(1)))
  yield* waitAllBlocked()
  yield* race([lock.acquire(), sleep(10)])
  assert.equal(lock.locked, true)
  lock.release()
  yield* holder
})

it('a release by another than the owner is a UsageError that names both, and changes nothing', function* () {
  const lock = new Lock({ name: 'account' })
  const owner = spawn(
    function* () {
      using _ = yield* lock.acquire()
      yield* sleep(1)
    },
    { name: 'owner' },
  )
  yield* waitAllBlocked()
  const thief = spawn(() => caught(() => lock.release()), { name: 'thief' })
  const error = (yield* thief) as UsageError
  assert.equal(error.code, 'FIBRIL_USAGE')
  assert.match(error.message, /^task thief #\d+ called release\(\) on lock "account", which is held by task owner #\d+/)
  assert.equal(lock.owner, owner)
})

it('a release of a free lock is a UsageError', function* () {
  const lock = new Lock({ name: 'account' })
  assert.throws(() => lock.release(), { code: 'FIBRIL_USAGE', message: /lock "account", which nobody holds/ })
})

it('an async function that leaves its task with a lock is told why it may not release it', async () => {
  const lock = new Lock()
  const task = run(async () => {
    lock.tryAcquire()
    await null
    lock.release()
  })
  const error = await caught(task.join())
  assert.match((error as Error).message, /held by task .*async functions are outside after their first await/)
})

it('acquiring again what one holds is a UsageError that says what to use', function* () {
  const lock = new Lock()
  using _ = yield* lock.acquire()
  const error = (yield* caught(lock.acquire())) as Error
  assert.ok(error instanceof UsageError)
  assert.match(error.message, /ReentrantLock/)
  assert.equal(lock.tryAcquire(), false)
})

it('code outside tasks may hold it, and only such code may release it then', async () => {
  const lock = new Lock({ name: 'account' })
  const held = await lock.acquire()
  assert.equal(lock.locked, true)
  assert.equal(lock.owner, null)
  const error = await caught(run(() => lock.release()).join())
  assert.match((error as Error).message, /which is held by code outside any task/)
  const next = run(lock.with(() => 'next'))
  held[Symbol.dispose]()
  assert.equal(await next, 'next')
  assert.equal(lock.tryAcquire(), true)
  lock.release()
})

test('a report of a deadlock says who holds what, and the circle', () => {
  const error = (() => {
    try {
      new TestHost({ shuffle: false }).runSync(function* () {
        const left = new Lock({ name: 'left' })
        const right = new Lock({ name: 'right' })
        const both = (first: Lock, second: Lock) =>
          function* () {
            using _ = yield* first.acquire()
            yield* yieldNow()
            using __ = yield* second.acquire()
          }
        spawn(both(left, right), { name: 'ada' })
        spawn(both(right, left), { name: 'bob' })
      })
      return null
    } catch (error) {
      return error
    }
  })()
  assert.ok(error instanceof DeadlockError, String(error))
  assert.match(error.message, /task ada #\d+ has waited 0 ms for lock "right" \(held by task bob #\d+\)/)
  assert.match(error.message, /in a circle: /)
})

it('a wait for a lock whose owner has ended says so', function* () {
  const lock = new Lock({ name: 'lost' })
  const careless = spawn(function* careless() {
    yield* lock.acquire()
  })
  yield* careless
  const waiter = spawn(lock.acquire())
  yield* waitAllBlocked()
  assert.equal(waiter.reason, 'lock "lost", whose owner ended without releasing it')
  assert.match(lock.stats().owner ?? '', /^task careless #\d+$/)
  waiter.cancel()
})

test('a lock is handed through a hundred thousand waiters, one step each', () => {
  const n = 100_000
  const steps = countSteps(() => {
    new TestHost({ shuffle: false }).runSync(function* () {
      const lock = new Lock()
      yield* lock.acquire()
      let served = 0
      for (let i = 0; i < n; i++) {
        spawn(function* () {
          yield* lock.acquire()
          if (served++ !== i) assert.fail(`${i} was served out of turn`)
          lock.release()
        })
      }
      yield* waitAllBlocked()
      assert.equal(lock.stats().waiting, n)
      lock.release()
      yield* waitAllBlocked()
      assert.equal(served, n)
      assert.equal(lock.locked, false)
    })
  })
  assert.ok(steps <= 2 * n + 10, `${steps} steps`)
})

test('half of a hundred thousand waiters, cancelled here and there, leave no trace', () => {
  const n = 100_000
  new TestHost({ shuffle: false }).runSync(function* () {
    const lock = new Lock()
    yield* lock.acquire()
    let served = 0
    const waiters = Array.from({ length: n }, () =>
      spawn(function* () {
        using _ = yield* lock.acquire()
        served++
      }),
    )
    yield* waitAllBlocked()
    for (let i = 0; i < n; i += 2) waiters[i]?.cancel()
    assert.equal(lock.stats().waiting, n / 2)
    lock.release()
    yield* waitAllBlocked()
    assert.equal(served, n / 2)
  })
})
