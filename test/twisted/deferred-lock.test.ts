import assert from 'node:assert/strict'
import { CancelledError, Deferred, DeferredLock, DeferredSemaphore } from '../../src/twisted/index.ts'
import { it } from '../support/it.ts'
import { failureNow, isPending, resultNow } from './fired.ts'

const MANY = 100_000

it('acquire fires with the lock itself, at once if it is free, and in line otherwise', () => {
  const lock = new DeferredLock()
  assert.equal(resultNow(lock.acquire()), lock)
  assert.equal(lock.locked, true)
  const order: number[] = []
  for (const n of [1, 2]) lock.acquire().addCallback(() => void order.push(n))
  assert.deepEqual(order, [])
  lock.release()
  assert.deepEqual(order, [1])
  assert.equal(lock.locked, true)
  lock.release()
  lock.release()
  assert.deepEqual(order, [1, 2])
  assert.equal(lock.locked, false)
})

it('releasing what is not held is refused', () => {
  assert.throws(() => new DeferredLock().release(), { code: 'FIBRIL_USAGE' })
  assert.throws(() => new DeferredSemaphore(2).release(), { code: 'FIBRIL_USAGE' })
})

it('run holds the lock until what the function gives has come, or has failed', () => {
  const lock = new DeferredLock()
  const gate = new Deferred<string>()
  const first = lock.run((text) => gate.addCallback((end) => text + end), 'be')
  const second = lock.run(() => {
    throw new RangeError('x')
  })
  assert.ok(isPending(second))
  gate.callback('gin')
  assert.equal(resultNow(first), 'begin')
  assert.equal(failureNow(second).type, RangeError)
  assert.equal(lock.locked, false)
})

it('a waiter that is cancelled leaves the line; after it holds the lock a cancel does nothing', () => {
  const lock = new DeferredLock()
  const holder = lock.acquire()
  const [cancelled, next] = [lock.acquire(), lock.acquire()]
  cancelled.cancel()
  assert.equal(failureNow(cancelled).type, CancelledError)
  holder.cancel()
  assert.equal(lock.locked, true)
  lock.release()
  assert.equal(resultNow(next), lock)
  lock.release()
  assert.deepEqual(lock.stats(), { locked: false, waiting: 0 })
})

it('using releases it at the end of the block, also after an error', async () => {
  const lock = new DeferredLock()
  await assert.rejects(async () => {
    using held = await lock.acquire()
    assert.ok(held.locked)
    throw new Error('in the block')
  }, /in the block/)
  assert.equal(lock.locked, false)
})

it('a task waits for a lock by yield*', function* () {
  const semaphore = new DeferredSemaphore(1)
  const held = yield* semaphore.acquire()
  assert.equal(held.tokens, 0)
  held.release()
})

it('a semaphore has so many holders at a time, first in, first out', () => {
  const semaphore = new DeferredSemaphore(3)
  const order: number[] = []
  for (const n of [1, 2, 3, 4, 5]) semaphore.acquire().addCallback(() => void order.push(n))
  assert.deepEqual(order, [1, 2, 3])
  assert.deepEqual(semaphore.stats(), { tokens: 0, limit: 3, waiting: 2 })
  semaphore.release()
  assert.deepEqual(order, [1, 2, 3, 4])
  for (let i = 0; i < 4; i++) semaphore.release()
  assert.equal(semaphore.tokens, 3)
  assert.throws(() => semaphore.release(), { code: 'FIBRIL_USAGE' })
})

it('a semaphore of less than one token, or of no whole number, is refused', () => {
  for (const bad of [0, -1, 1.5, Number.NaN]) assert.throws(() => new DeferredSemaphore(bad), { code: 'FIBRIL_USAGE' })
})

it('a semaphore waiter that is cancelled leaves the line', () => {
  const semaphore = new DeferredSemaphore(1)
  const order: string[] = []
  semaphore.acquire().addCallback(() => void order.push('first'))
  const cancelled = semaphore.acquire()
  semaphore.acquire().addCallback(() => void order.push('third'))
  cancelled.cancel()
  failureNow(cancelled)
  semaphore.release()
  assert.deepEqual(order, ['first', 'third'])
})

it('10^5 waiters that release at once are handed the lock in turn, in a constant stack', () => {
  for (const lock of [new DeferredLock(), new DeferredSemaphore(1)]) {
    let served = 0
    const first = lock.acquire()
    for (let i = 0; i < MANY; i++) {
      lock.acquire().addCallback((held) => {
        served++
        held.release()
      })
    }
    first.addCallback((held) => held.release())
    assert.equal(served, MANY)
  }
})

it('10^5 runs in line, which end at once, run in a constant stack', () => {
  const lock = new DeferredLock()
  const gate = new Deferred<void>()
  let served = 0
  lock.run(() => gate)
  let last: Deferred<unknown> | null = null
  for (let i = 0; i < MANY; i++) last = lock.run(() => void served++)
  gate.callback()
  assert.equal(served, MANY)
  assert.equal(resultNow(last as Deferred<unknown>), undefined)
  assert.equal(lock.locked, false)
})
