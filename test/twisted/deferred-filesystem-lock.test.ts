import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { advance } from '../../src/testing/index.ts'
import {
  AlreadyTryingToLockError,
  CancelledError,
  DeferredFilesystemLock,
  TimeoutError,
} from '../../src/twisted/index.ts'
import { it } from '../support/it.ts'
import { failureNow, isPending, resultNow } from './fired.ts'

const path = (): string => `${mkdtempSync(`${tmpdir()}/fibril-lock-`)}/lock`

it('a free lock is locked at once, by one at a time', () => {
  const name = path()
  const [one, two] = [new DeferredFilesystemLock(name), new DeferredFilesystemLock(name)]
  assert.equal(resultNow(one.deferUntilLocked()), undefined)
  assert.ok(one.locked && one.clean)
  assert.equal(two.lock(), false)
  one.unlock()
  assert.ok(two.lock())
  two.unlock()
  assert.throws(() => two.unlock(), { code: 'FIBRIL_USAGE' })
})

it('it tries again every second', function* () {
  const name = path()
  const [holder, waiting] = [new DeferredFilesystemLock(name), new DeferredFilesystemLock(name)]
  holder.lock()
  const deferred = waiting.deferUntilLocked(5000)
  yield* advance(1500)
  holder.unlock()
  assert.ok(isPending(deferred))
  yield* advance(500)
  assert.equal(resultNow(deferred), undefined)
  waiting.unlock()
})

it('it gives up after its time', function* (host) {
  const name = path()
  const [holder, waiting] = [new DeferredFilesystemLock(name), new DeferredFilesystemLock(name)]
  holder.lock()
  const deferred = waiting.deferUntilLocked(2500)
  yield* advance(2500)
  assert.equal(failureNow(deferred).type, TimeoutError)
  assert.equal(host.loop.stats().timers, 0)
  assert.equal(waiting.locked, false)
  holder.unlock()
})

it('a second call while the first is trying is an AlreadyTryingToLockError; after it, it may be called again', function* () {
  const name = path()
  const [holder, waiting] = [new DeferredFilesystemLock(name), new DeferredFilesystemLock(name)]
  holder.lock()
  const deferred = waiting.deferUntilLocked()
  assert.equal(failureNow(waiting.deferUntilLocked()).type, AlreadyTryingToLockError)
  deferred.cancel()
  assert.equal(failureNow(deferred).type, CancelledError)
  holder.unlock()
  assert.equal(resultNow(waiting.deferUntilLocked()), undefined)
  waiting.unlock()
})

it('a cancel stops the attempts, or locks it if it is free by then', function* (host) {
  const name = path()
  const [holder, waiting] = [new DeferredFilesystemLock(name), new DeferredFilesystemLock(name)]
  holder.lock()
  const given = waiting.deferUntilLocked(9000)
  holder.unlock()
  given.cancel()
  assert.equal(resultNow(given), undefined)
  assert.equal(host.loop.stats().timers, 0)
  waiting.unlock()
})

it('a lock that was left by a process that is gone is taken over, and is not clean', () => {
  const name = path()
  const gone = execFileSync(process.execPath, ['-p', 'process.pid'], { encoding: 'utf8' }).trim()
  symlinkSync(gone, name)
  const lock = new DeferredFilesystemLock(name)
  assert.ok(lock.lock())
  assert.equal(lock.clean, false)
  lock.unlock()
})

it('a place where nothing can be written fails the Deferred', () => {
  const lock = new DeferredFilesystemLock('/nowhere/at/all/lock')
  assert.equal(failureNow(lock.deferUntilLocked()).check('ENOENT'), 'ENOENT')
})
