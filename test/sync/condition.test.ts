import assert from 'node:assert/strict'
import { test } from 'node:test'
import { race, sleep, spawn, type Task, timeout, yieldNow } from '../../src/index.ts'
import { Condition, Lock, ReentrantLock } from '../../src/sync/index.ts'
import { TestHost, waitAllBlocked } from '../../src/testing/index.ts'
import { it } from '../support/it.ts'
import { caught } from './caught.ts'
import { countSteps } from './count-steps.ts'

/** A task that waits on the condition, and notes that it holds the lock when it was woken. */
function waiterOn(condition: Condition, woken: string[], name: string): Task<void> {
  const task: Task<void> = spawn(
    function* () {
      using _ = yield* condition.lock.acquire()
      yield* condition.wait()
      assert.equal(condition.lock.owner, task)
      woken.push(name)
    },
    { name },
  )
  return task
}

it.many('wait lets go of the lock, and has it again when it returns', function* () {
  const condition = new Condition()
  const woken: string[] = []
  const waiter = waiterOn(condition, woken, 'waiter')
  yield* waitAllBlocked()
  assert.equal(condition.lock.locked, false)
  yield* condition.lock.acquire()
  condition.notify()
  yield* waitAllBlocked()
  assert.equal(waiter.state, 'parked', 'the notifier has the lock')
  condition.lock.release()
  yield* waiter
  assert.deepEqual(woken, ['waiter'])
  assert.equal(condition.lock.locked, false)
})

it.many('notify wakes those who have waited longest, notifyAll the rest', function* () {
  const condition = new Condition()
  const woken: string[] = []
  for (const name of ['a', 'b', 'c', 'd', 'e']) {
    waiterOn(condition, woken, name)
    yield* waitAllBlocked()
  }
  condition.notify()
  yield* waitAllBlocked()
  assert.deepEqual(woken, ['a'])
  condition.notify(2)
  yield* waitAllBlocked()
  assert.deepEqual(woken, ['a', 'b', 'c'])
  assert.equal(condition.stats().waiting, 2)
  condition.notifyAll()
  yield* waitAllBlocked()
  assert.deepEqual(woken, ['a', 'b', 'c', 'd', 'e'])
  condition.notifyAll()
})

it.many('waitFor looks at once, and again after each notification', function* () {
  const condition = new Condition()
  let stock = 0
  let looks = 0
  const buyer = spawn(function* () {
    using _ = yield* condition.lock.acquire()
    yield* condition.waitFor(() => ++looks > 0 && stock >= 2)
    stock -= 2
  })
  for (let i = 0; i < 3; i++) {
    yield* waitAllBlocked()
    using _ = yield* condition.lock.acquire()
    stock++
    condition.notify()
  }
  yield* buyer
  assert.deepEqual([stock, looks], [1, 3])
})

it('waiting without the lock is a UsageError that names its owner', function* () {
  const condition = new Condition({ name: 'changed' })
  const error = (yield* caught(condition.wait())) as Error & { code: string }
  assert.equal(error.code, 'FIBRIL_USAGE')
  assert.match(error.message, /called wait\(\) on lock "changed", which nobody holds/)
  const holder = spawn(condition.lock.with(() => sleep(1)))
  yield* waitAllBlocked()
  assert.match(((yield* caught(condition.wait())) as Error).message, /is held by task/)
  yield* holder
})

it.many('a cancelled wait has the lock again before its finally blocks run', function* () {
  const condition = new Condition()
  const log: string[] = []
  const waiter: Task<void> = spawn(function* () {
    yield* condition.lock.acquire()
    try {
      yield* condition.wait()
      log.push('never')
    } catch {
      log.push('never caught')
    } finally {
      log.push(condition.lock.owner === waiter ? 'cleanup with the lock' : 'cleanup without the lock')
      condition.lock.release()
    }
  })
  yield* waitAllBlocked()
  yield* condition.lock.acquire()
  waiter.cancel()
  yield* waitAllBlocked()
  assert.deepEqual(log, [], 'somebody else has the lock')
  assert.equal(waiter.reason, 'a lock')
  condition.lock.release()
  yield* waitAllBlocked()
  assert.deepEqual(log, ['cleanup with the lock'])
  assert.equal(waiter.outcome?.status, 'cancelled')
  assert.equal(condition.lock.locked, false)
})

it.many('a wait that timed out has the lock again where the error is thrown', function* () {
  const condition = new Condition()
  const me: Task<void> = spawn(function* () {
    yield* condition.lock.acquire()
    const error = yield* caught(timeout(5, condition.wait()))
    assert.equal((error as { code?: string }).code, 'FIBRIL_TIMEOUT')
    assert.equal(condition.lock.owner, me)
    condition.lock.release()
  })
  yield* me
  assert.equal(condition.stats().waiting, 0)
})

it.many('a second cancel while it waits for the lock changes nothing', function* () {
  const condition = new Condition()
  const waiter = spawn(
    timeout(
      10,
      condition.lock.with(() => condition.wait()),
    ),
  )
  yield* waitAllBlocked()
  yield* condition.lock.acquire()
  waiter.cancel('first')
  yield* sleep(20)
  waiter.cancel('second')
  yield* waitAllBlocked()
  assert.equal(waiter.state, 'parked')
  condition.lock.release()
  yield* waitAllBlocked()
  assert.equal(waiter.outcome?.status, 'cancelled')
  assert.equal(condition.lock.locked, false)
})

it.many('a notified wait that is cancelled before it has the lock passes the notification on', function* () {
  const condition = new Condition()
  const woken: string[] = []
  const first = waiterOn(condition, woken, 'first')
  yield* waitAllBlocked()
  const second = waiterOn(condition, woken, 'second')
  yield* waitAllBlocked()
  yield* condition.lock.acquire()
  condition.notify()
  first.cancel()
  condition.lock.release()
  yield* second
  yield* waitAllBlocked()
  assert.deepEqual(woken, ['second'])
  assert.equal(first.outcome?.status, 'cancelled')
  assert.equal(condition.lock.locked, false)
})

it.many('a wait that was handed the lock before its cancel came has used its notification', function* () {
  const condition = new Condition()
  const woken: string[] = []
  const first = waiterOn(condition, woken, 'first')
  yield* waitAllBlocked()
  const second = waiterOn(condition, woken, 'second')
  yield* waitAllBlocked()
  condition.notify()
  first.cancel()
  yield* waitAllBlocked()
  assert.deepEqual(woken, ['first'])
  assert.equal(second.state, 'parked')
  condition.notify()
  yield* second
})

it.many('a race gives the lock back to the racing task, whoever wins', function* () {
  const condition = new Condition()
  const racer: Task<void> = spawn(function* () {
    using _ = yield* condition.lock.acquire()
    yield* race([condition.wait(), sleep(5)])
    assert.equal(condition.lock.owner, racer)
    const won = race([condition.wait(), sleep(1000)])
    yield* won
    assert.equal(condition.lock.owner, racer)
  })
  yield* sleep(10)
  condition.notify()
  yield* racer
  assert.equal(condition.lock.locked, false)
})

it('several conditions may share a lock', function* () {
  const lock = new Lock()
  const left = new Condition({ lock })
  const right = new Condition({ lock })
  const woken: string[] = []
  const waiters = [waiterOn(left, woken, 'left'), waiterOn(right, woken, 'right')]
  yield* waitAllBlocked()
  right.notify()
  yield* waitAllBlocked()
  assert.deepEqual(woken, ['right'])
  left.notify()
  for (const waiter of waiters) yield* waiter
})

it.many('with a ReentrantLock wait lets go of all, and has as much again', function* () {
  const lock = new ReentrantLock()
  const condition = new Condition({ lock })
  const waiter: Task<void> = spawn(function* () {
    using _ = yield* lock.acquire()
    using __ = yield* lock.acquire()
    yield* condition.wait()
    assert.equal(lock.owner, waiter)
    assert.equal(lock.depth, 2)
  })
  yield* waitAllBlocked()
  assert.equal(lock.locked, false)
  condition.notify()
  yield* waiter
  assert.equal(lock.locked, false)
})

it('code outside tasks may wait too', async () => {
  const condition = new Condition()
  const held = await condition.lock.acquire()
  const woken = condition.wait().then(() => condition.lock.locked)
  const again = await condition.lock.acquire()
  condition.notify()
  again[Symbol.dispose]()
  assert.equal(await woken, true)
  held[Symbol.dispose]()
  assert.equal(condition.lock.locked, false)
})

it('every wait says what it waits for, and stats are frozen plain figures', function* () {
  const condition = new Condition({ name: 'changed' })
  const woken: string[] = []
  const waiter = waiterOn(condition, woken, 'waiter')
  yield* waitAllBlocked()
  assert.equal(waiter.reason, 'condition "changed"')
  assert.deepEqual(condition.stats(), { name: 'changed', waiting: 1 })
  assert.ok(Object.isFrozen(condition.stats()))
  using _ = yield* condition.lock.acquire()
  condition.notify()
  assert.equal(waiter.reason, 'lock "changed"')
})

it.many('producers and consumers lose nothing and wait for nothing that is there', function* () {
  const condition = new Condition()
  const { lock } = condition
  const items: number[] = []
  const got: number[] = []
  for (let c = 0; c < 3; c++) {
    spawn(function* () {
      for (let i = 0; i < 4; i++) {
        using _ = yield* lock.acquire()
        yield* condition.waitFor(() => items.length > 0)
        got.push(items.shift() as number)
        yield* yieldNow()
      }
    })
  }
  for (let p = 0; p < 2; p++) {
    spawn(function* () {
      for (let i = 0; i < 6; i++) {
        using _ = yield* lock.acquire()
        items.push(p * 6 + i)
        condition.notify()
        yield* yieldNow()
      }
    })
  }
  yield* sleep(1)
  assert.deepEqual(
    got.sort((a, b) => a - b),
    Array.from({ length: 12 }, (_, i) => i),
  )
})

test('notifyAll on a hundred thousand waiters wakes one at a time, each with the lock', () => {
  const n = 100_000
  const steps = countSteps(() => {
    new TestHost({ shuffle: false }).runSync(function* () {
      const condition = new Condition()
      let served = 0
      for (let i = 0; i < n; i++) {
        spawn(function* () {
          using _ = yield* condition.lock.acquire()
          yield* condition.wait()
          if (served++ !== i) assert.fail(`${i} was served out of turn`)
        })
      }
      yield* waitAllBlocked()
      assert.equal(condition.stats().waiting, n)
      condition.notifyAll()
      yield* waitAllBlocked()
      assert.equal(served, n)
    })
  })
  assert.ok(steps <= 2 * n + 10, `${steps} steps`)
})
