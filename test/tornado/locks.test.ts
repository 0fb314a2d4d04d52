import assert from 'node:assert/strict'
import { describe } from 'node:test'
import { sleep as sleepOf, TimeoutError, UsageError } from '../../src/core/index.ts'
import {
  BadYieldError,
  BoundedSemaphore,
  Condition,
  coroutine,
  Event,
  Lock,
  Semaphore,
  sleep,
} from '../../src/tornado/index.ts'
import { it } from '../support/it.ts'
import { failure } from './support.ts'

describe('Condition', () => {
  it('notify wakes the first n who wait, notifyAll all; nobody is no matter', function* () {
    const condition = new Condition()
    condition.notify()
    condition.notifyAll()
    const order: number[] = []
    const waiters = [0, 1, 2, 3].map((i) =>
      coroutine(function* () {
        assert.equal(yield* condition.wait(), true)
        order.push(i)
      })(),
    )
    condition.notify(2)
    yield* sleepOf(1)
    assert.deepEqual(order.sort(), [0, 1])
    condition.notifyAll()
    for (const waiter of waiters) yield* waiter
    assert.equal(order.length, 4)
  })

  it('is false on timeout; notify skips those whose time is over', function* () {
    const condition = new Condition()
    const late = condition.wait(5)
    const waiting = condition.wait()
    yield* sleepOf(10)
    assert.equal(yield* late, false)
    condition.notify()
    assert.equal(yield* waiting, true)
  })

  it('twenty thousand timeouts leave nothing behind', function* () {
    const condition = new Condition()
    const waits = Array.from({ length: 20_000 }, () => condition.wait(1))
    yield* sleepOf(2)
    assert.equal(condition.waiters.size, 0)
    assert.equal(
      waits.every((wait) => wait.result() === false),
      true,
    )
  })

  it('a notification in the callback of another is for the next', function* () {
    const condition = new Condition()
    const order: string[] = []
    const first = condition.wait()
    first.addDoneCallback(() => {
      order.push('first')
      condition.notify()
    })
    const second = condition.wait()
    second.addDoneCallback(() => void order.push('second'))
    condition.notify()
    yield* second
    yield* sleepOf(1)
    assert.deepEqual(order, ['first', 'second'])
  })
})

describe('Event', () => {
  it('set wakes all who wait, also if clear follows at once', function* () {
    const event = new Event()
    const waiting = [event.wait(), event.wait()]
    event.set()
    event.clear()
    for (const wait of waiting) yield* wait
    assert.equal(event.isSet(), false)
    event.set()
    assert.equal(event.wait().done(), true)
  })

  it('a wait that timed out is a TimeoutError, and leaves', function* () {
    const event = new Event()
    assert.ok((yield* failure(event.wait(5))) instanceof TimeoutError)
    event.set()
    yield* event.wait(0)
  })
})

describe('Semaphore, BoundedSemaphore, Lock', () => {
  it(
    'hand over first in, first out, directly: who comes later cannot push in',
    function* () {
      const lock = new Lock()
      const held = yield* lock.acquire()
      const order: string[] = []
      const waiter = lock.acquire()
      waiter.addDoneCallback(() => void order.push('waiter'))
      lock.release()
      const late = lock.acquire()
      late.addDoneCallback(() => void order.push('late'))
      assert.equal(waiter.done(), true)
      yield* waiter
      assert.equal(late.done(), false)
      lock.release()
      yield* late
      yield* sleepOf(1)
      assert.deepEqual(order, ['waiter', 'late'])
      assert.ok(Symbol.dispose in held)
      lock.release()
    },
    { shuffle: false },
  )

  it('released too often: a Semaphore grows, a BoundedSemaphore and a Lock refuse', function* () {
    const semaphore = new Semaphore(1)
    semaphore.release()
    assert.equal(semaphore.acquire().done(), true)
    assert.equal(semaphore.acquire().done(), true)
    assert.throws(() => new BoundedSemaphore(1).release(), UsageError)
    assert.throws(() => new Lock().release(), /release unlocked lock/)
    assert.throws(() => new Semaphore(-1), RangeError)
    yield* sleepOf(0)
  })

  it('an acquire that timed out, or was cancelled, takes no permit', function* () {
    const semaphore = new Semaphore(0)
    assert.ok((yield* failure(semaphore.acquire(5))) instanceof TimeoutError)
    const cancelled = semaphore.acquire()
    const waiting = semaphore.acquire()
    cancelled.cancel()
    yield* failure(cancelled)
    semaphore.release()
    yield* waiting
    assert.equal(semaphore.acquire().done(), false)
    semaphore.release()
  })

  it('using releases at the end of the block, however that ends', function* () {
    const semaphore = new BoundedSemaphore(1)
    const holder = coroutine(function* (fails: boolean) {
      using held = yield* semaphore.acquire()
      assert.ok(held)
      yield sleep(1)
      if (fails) throw new Error('failed')
    })
    const [first, second, third] = [holder(false), holder(true), holder(false)] as const
    yield* first
    assert.equal((yield* failure(second)).message, 'failed')
    yield* third
    assert.equal(semaphore.acquire().done(), true)
  })

  it('using the lock itself says what to write; yielding it is a BadYieldError', function* () {
    const lock = new Lock()
    assert.throws(() => {
      // @ts-expect-error: it is no Disposable
      using held = lock
      assert.ok(held)
    }, /using held = yield\* lock.acquire\(\)/)
    const yielding = coroutine(function* () {
      yield lock
    })
    assert.ok((yield* failure(yielding())) instanceof BadYieldError)
  })

  it('a hundred thousand waiters of a lock', function* () {
    const lock = new Lock()
    let count = 0
    const waiter = coroutine(function* () {
      using held = yield* lock.acquire()
      count += held ? 1 : 0
      yield null
    })
    const waiters = Array.from({ length: 100_000 }, () => waiter())
    for (const each of waiters) yield* each
    assert.equal(count, 100_000)
  })
})
