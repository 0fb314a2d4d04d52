import assert from 'node:assert/strict'
import { advance } from '../../src/testing/index.ts'
import { CancelledError, Deferred, Failure, type IReactorTime, TimeoutError } from '../../src/twisted/index.ts'
import { it } from '../support/it.ts'
import { failureNow, isPending, resultNow } from './fired.ts'

it('after its time a Deferred is cancelled: callbacks added before see CancelledError, those added after TimeoutError', function* () {
  const seen: unknown[] = []
  const note = (failure: Failure): Failure => {
    seen.push(failure.type)
    return failure
  }
  const deferred = new Deferred<void>().addErrback(note).addTimeout(10).addErrback(note)
  yield* advance(9)
  assert.deepEqual(seen, [])
  yield* advance(1)
  assert.deepEqual(seen, [CancelledError, TimeoutError])
  const { value } = failureNow(deferred)
  assert.equal((value as TimeoutError).ms, 10)
})

it('it gives the Deferred itself, to be chained on', () => {
  const deferred = new Deferred<number>()
  assert.equal(deferred.addTimeout(10), deferred)
  deferred.callback(1)
})

it('a result or a failure in time is left alone, and stops the timer', function* (host) {
  const one = new Deferred<number>()
  one.addTimeout(10)
  one.callback(5)
  const two = new Deferred<number>()
  two.addTimeout(10)
  two.errback(new RangeError('own'))
  assert.equal(host.loop.stats().timers, 0)
  assert.equal(resultNow(one), 5)
  assert.equal(failureNow(two).type, RangeError)
})

it('onTimeoutCancel makes the result of what the cancel led to; without a timeout it is not called', function* () {
  const late = new Deferred<string>().addTimeout(10, null, (result, ms) => [result instanceof Failure, ms])
  const early = new Deferred<string>()
  early.addTimeout(10, null, () => assert.fail('it came in time'))
  early.callback('early')
  yield* advance(10)
  assert.deepEqual(resultNow(late), [true, 10])
  assert.equal(resultNow(early), 'early')
})

it('a canceller that fires a value wins over the timeout', function* () {
  const deferred = new Deferred<string>((cancelled) => cancelled.callback('partial')).addTimeout(10)
  yield* advance(10)
  assert.equal(resultNow(deferred), 'partial')
})

it('a canceller that fails with an error of its own keeps that error', function* () {
  const deferred = new Deferred<string>((cancelled) => cancelled.errback(new RangeError('own'))).addTimeout(10)
  yield* advance(10)
  assert.equal(failureNow(deferred).type, RangeError)
})

it('a canceller that throws does not defeat the timeout', function* () {
  const deferred = new Deferred<string>(() => {
    throw new Error('canceller failed')
  }).addTimeout(10)
  yield* advance(10)
  assert.equal(failureNow(deferred).type, TimeoutError)
})

it('an errback before it that deals with the cancel makes the timeout a success', function* () {
  const deferred = new Deferred<string>().addErrback(() => 'instead').addTimeout(10)
  yield* advance(10)
  assert.equal(resultNow(deferred), 'instead')
})

it('a cancel of somebody else stays a CancelledError, and stops the timer', function* (host) {
  const deferred = new Deferred<string>().addTimeout(10)
  deferred.cancel()
  assert.equal(host.loop.stats().timers, 0)
  assert.equal(failureNow(deferred).type, CancelledError)
})

it('a Deferred that a callback before it returned is within the time', function* () {
  const inner = new Deferred<string>()
  const outer = new Deferred<void>()
  const timed = outer.addCallback(() => inner).addTimeout(10)
  outer.callback()
  yield* advance(9)
  assert.ok(isPending(timed))
  yield* advance(1)
  assert.equal(failureNow(timed).type, TimeoutError)
})

it('the time is that of the clock that it is given', () => {
  const calls: (() => void)[] = []
  const clock: IReactorTime = {
    callLater: (ms, f, ...args) => {
      assert.equal(ms, 7)
      calls.push(() => f(...args))
      return { active: () => false, cancel: () => {} }
    },
  }
  const deferred = new Deferred<void>().addTimeout(7, clock)
  calls[0]?.()
  assert.equal(failureNow(deferred).type, TimeoutError)
})
