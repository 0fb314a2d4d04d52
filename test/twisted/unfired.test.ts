import assert from 'node:assert/strict'
import { test } from 'node:test'
import { spawn } from '../../src/index.ts'
import { LeakError, TestHost, waitAllBlocked } from '../../src/testing/index.ts'
import { Deferred, inlineCallbacks, setDebugging, succeed, unfiredDeferreds } from '../../src/twisted/index.ts'
import { it } from '../support/it.ts'

test('a Deferred that a test leaves unfired is reported by the leak check of that test, with place and waiters', async () => {
  let cancelled = 0
  const leaky = new TestHost().run(function* leaky() {
    const lost = new Deferred<void>(() => cancelled++)
    lost.addCallback(() => {})
    succeed(0).addCallback(() => lost)
  })
  await assert.rejects(leaky, (error: LeakError) => {
    assert.ok(error instanceof LeakError)
    const [leak, ...others] = error.leaks
    assert.equal(others.length, 0)
    assert.equal(leak?.kind, 'Deferred')
    assert.match(leak?.reason ?? '', /^has not fired; there wait a Deferred made at .*, 1 callback$/)
    assert.match(leak?.madeAt ?? '', /unfired\.test/)
    return true
  })
  assert.equal(cancelled, 1, 'what is left is cancelled, so that it cannot disturb what comes next')
  await new TestHost().run(function* next() {})
})

test('one that was lost and has nobody who waits is reported too', async () => {
  const leaky = new TestHost().run(function* () {
    new Deferred<void>()
  })
  await assert.rejects(leaky, /Deferred: a Deferred \(has not fired\), made at /)
})

it('all that have not fired are listed with place and waiters', function* () {
  assert.deepEqual(unfiredDeferreds(), [])
  const base = new Deferred<void>()
  const body = inlineCallbacks(function* waiting() {
    yield* base
  })
  body()
  spawn(() => succeed(base), { name: 'later' })
  const task = spawn(
    function* () {
      yield* base
    },
    { name: 'waiter' },
  )
  yield* waitAllBlocked()
  const [first, second, ...others] = unfiredDeferreds()
  assert.equal(others.length, 0)
  assert.match(first?.madeAt ?? '', /unfired\.test/)
  assert.match([...(first?.waiters ?? [])].sort().join(), /^a Deferred made at .*,task waiter #\d+,waiting\(\)$/)
  assert.equal(first?.callbacks, 3)
  assert.deepEqual(second?.waiters, [])
  base.callback()
  assert.deepEqual(unfiredDeferreds(), [])
  yield* task
})

test('outside of tests they are kept account of while debugging is on', () => {
  setDebugging(true)
  try {
    const deferred = new Deferred<number>()
    const [only] = unfiredDeferreds()
    only?.cancel()
    assert.equal(unfiredDeferreds().length, 0)
    deferred.addErrback(() => {})
  } finally {
    setDebugging(false)
  }
  new Deferred<number>()
  assert.equal(unfiredDeferreds().length, 0)
})
