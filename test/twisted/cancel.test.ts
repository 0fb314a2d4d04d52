import assert from 'node:assert/strict'
import { spawn } from '../../src/index.ts'
import { CancelledError, Deferred, type Failure, succeed } from '../../src/twisted/index.ts'
import { it } from '../support/it.ts'
import { failureNow, isPending, resultNow } from './fired.ts'

it('without a canceller a cancelled Deferred fails with CancelledError, and one late result is ignored', () => {
  for (const late of ['callback', 'errback'] as const) {
    const deferred = new Deferred<Error>()
    deferred.cancel()
    assert.equal(failureNow(deferred).check(CancelledError), CancelledError)
    deferred[late](new Error('late'))
    assert.throws(() => deferred[late](new Error('later')), { code: 'FIBRIL_ALREADY_CALLED' })
  }
})

it('cancelling again changes nothing, before the late result and after it', () => {
  const deferred = new Deferred<number>()
  deferred.cancel()
  deferred.cancel()
  deferred.callback(1)
  deferred.cancel()
  assert.throws(() => deferred.callback(2), { code: 'FIBRIL_ALREADY_CALLED' })
  failureNow(deferred)
})

it('the canceller is called once, with the Deferred; if it does not fire that, it fails with CancelledError', () => {
  const cancelled: unknown[] = []
  const deferred = new Deferred<number>((given) => cancelled.push(given))
  deferred.cancel()
  deferred.cancel()
  assert.equal(cancelled.length, 1)
  assert.equal(cancelled[0], deferred)
  assert.equal(failureNow(deferred).type, CancelledError)
})

it('with a canceller no late result is ignored', () => {
  const deferred = new Deferred<number>(() => {})
  deferred.cancel()
  assert.throws(() => deferred.callback(1), { code: 'FIBRIL_ALREADY_CALLED' })
  failureNow(deferred)
})

it('what the canceller fires the Deferred with is its result', () => {
  const one = new Deferred<string>((deferred) => deferred.callback('partial'))
  one.cancel()
  assert.equal(resultNow(one), 'partial')
  const two = new Deferred<string>((deferred) => deferred.errback(new RangeError('own')))
  two.cancel()
  assert.equal(failureNow(two).type, RangeError)
})

it('a canceller that throws does not keep the Deferred from failing with CancelledError; what it threw is the cause', () => {
  const fault = new Error('canceller failed')
  const deferred = new Deferred<number>(() => {
    throw fault
  })
  deferred.cancel()
  const failure = failureNow(deferred)
  assert.equal(failure.type, CancelledError)
  assert.equal((failure.value as Error).cause, fault)
  deferred.callback(1)
})

it('a canceller that fires the Deferred and throws then has fired it', () => {
  const deferred = new Deferred<number>((given) => {
    given.callback(3)
    throw new Error('too late')
  })
  deferred.cancel()
  assert.equal(resultNow(deferred), 3)
})

it('cancelling one that has fired does nothing', () => {
  const fired = new Deferred<number>(() => assert.fail('nothing to cancel'))
  fired.callback(1)
  fired.cancel()
  assert.equal(resultNow(fired), 1)
  const failed = new Deferred<number>(() => assert.fail('nothing to cancel'))
  failed.errback(new Error('own'))
  failed.cancel()
  assert.equal(failureNow(failed).getErrorMessage(), 'own')
})

it('cancelling one that waits for another cancels that, and not its own canceller is called', () => {
  const inner = new Deferred<number>((deferred) => deferred.callback(9))
  const outer = new Deferred<void>(() => assert.fail('it has fired'))
  const result = outer.addCallback(() => inner)
  outer.callback()
  outer.cancel()
  assert.equal(resultNow(result), 9)
})

it('a cancel goes through 10^5 Deferreds that wait for one another in a constant stack', () => {
  const all = Array.from({ length: 100_000 }, () => new Deferred<unknown>())
  for (const [i, deferred] of all.entries()) if (i + 1 < all.length) deferred.addCallback(() => all[i + 1])
  for (const deferred of all.slice(0, -1)) deferred.callback(0)
  const [first] = all as [Deferred<unknown>]
  first.cancel()
  assert.equal(failureNow(first).type, CancelledError)
})

it('the CancelledError tells the reason, and who asked', function* () {
  const deferred = new Deferred<number>()
  yield* spawn(
    function* () {
      deferred.cancel('no time')
    },
    { name: 'impatient' },
  )
  const error = failureNow(deferred).value as CancelledError
  assert.equal(error.reason, 'no time')
  assert.match(error.message, /cancelled by task impatient #\d+: no time/)
})

it('cancelling a Deferred that waits for a task cancels the task, and waits for its cleanup', function* () {
  let cleaned = false
  const task = spawn.detached(function* () {
    try {
      yield* new Deferred<void>()
    } finally {
      cleaned = true
    }
  })
  const deferred = succeed(task)
  yield* succeed(spawn(function* () {}))
  deferred.cancel()
  assert.ok(isPending(deferred))
  const failure = yield* deferred.addBoth((result) => [result])
  assert.ok(cleaned)
  assert.equal((failure[0] as Failure).type, CancelledError)
})

it('cancelling a Deferred that waits for a promise lets go of it', function* () {
  let settle: (value: number) => void = () => {}
  const promise = new Promise<number>((resolve) => {
    settle = resolve
  })
  const deferred = succeed(promise)
  deferred.cancel()
  assert.equal(failureNow(deferred).type, CancelledError)
  settle(1)
  yield* succeed(promise)
})
