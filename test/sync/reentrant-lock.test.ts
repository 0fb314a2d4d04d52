import assert from 'node:assert/strict'
import { run, spawn, timeout } from '../../src/index.ts'
import { ReentrantLock } from '../../src/sync/index.ts'
import { waitAllBlocked } from '../../src/testing/index.ts'
import { it } from '../support/it.ts'
import { caught } from './caught.ts'

it.many('its owner may acquire it again, and it is free after as many releases', function* () {
  const lock = new ReentrantLock()
  for (let i = 0; i < 3; i++) yield* lock.acquire()
  assert.equal(lock.tryAcquire(), true)
  const waiter = spawn(lock.with(() => 'in'))
  for (let i = 0; i < 4; i++) {
    yield* waitAllBlocked()
    assert.equal(waiter.state, 'parked')
    lock.release()
  }
  assert.equal(yield* waiter, 'in')
  assert.equal(lock.locked, false)
})

it.many('another task waits, and does not inherit how often it was acquired', function* () {
  const lock = new ReentrantLock()
  yield* lock.acquire()
  yield* lock.acquire()
  const waiter = spawn(function* () {
    yield* lock.acquire()
    lock.release()
    return lock.locked
  })
  yield* waitAllBlocked()
  lock.release()
  lock.release()
  assert.equal(yield* waiter, false)
})

it('one release too many is a UsageError', function* () {
  const lock = new ReentrantLock()
  yield* lock.acquire()
  lock.release()
  assert.throws(() => lock.release(), { code: 'FIBRIL_USAGE' })
})

it('nested blocks that hold it release it once each, however they end', function* () {
  const lock = new ReentrantLock()
  const error = yield* caught(
    lock.with(function* () {
      yield* lock.with(() => {
        throw new Error('boom')
      })
    }),
  )
  assert.equal((error as Error).message, 'boom')
  assert.equal(lock.locked, false)
})

it('outside tasks it is a plain lock', async () => {
  const lock = new ReentrantLock()
  await lock.acquire()
  assert.equal(lock.tryAcquire(), false)
  const error = await caught(run(timeout(5, lock.acquire())).join())
  assert.equal((error as { code?: string }).code, 'FIBRIL_TIMEOUT')
  lock.release()
  assert.equal(lock.locked, false)
})
