import assert from 'node:assert/strict'
import { CancelledError, fn, sleep as sleepOf, spawn } from '../../src/core/index.ts'
import { coroutine, Future, futureSetResultUnlessCancelled, InvalidStateError, sleep } from '../../src/tornado/index.ts'
import { it } from '../support/it.ts'
import { failure, logged } from './support.ts'

it(
  'done callbacks run in a later turn, never at once, in their order, with the future',
  function* () {
    const future = new Future<number>('answer')
    const order: string[] = []
    future.addDoneCallback((done) => order.push(`first ${done.result()}`))
    future.addDoneCallback((done) => order.push(`second ${done === future}`))
    future.setResult(42)
    order.push('caller')
    future.addDoneCallback(() => order.push('late'))
    assert.deepEqual(order, ['caller'])
    yield* sleepOf(1)
    assert.deepEqual(order, ['caller', 'first 42', 'second true', 'late'])
  },
  { shuffle: false },
)

it('a callback that was removed is not called; one that fails is logged, and the others run', function* () {
  const future = new Future<number>()
  const called: string[] = []
  const removed = (): void => void called.push('removed')
  future.addDoneCallback(removed)
  future.addDoneCallback(removed)
  future.addDoneCallback(function broken() {
    throw new Error('boom')
  })
  future.addDoneCallback(() => void called.push('other'))
  assert.equal(future.removeDoneCallback(removed), 2)
  const lines = yield* logged(
    fn(function* () {
      future.setResult(1)
      yield* sleepOf(1)
    }),
  )
  assert.deepEqual(called, ['other'])
  assert.deepEqual(lines, ['Exception in callback broken: boom'])
})

it('result and exception of one that is not done are InvalidStateErrors, and so is settling it twice', function* () {
  const future = new Future<number>('answer')
  assert.throws(() => future.result(), InvalidStateError)
  assert.throws(() => future.exception(), /whether the future "answer" fails is not known yet/)
  future.setResult(1)
  assert.throws(() => future.setResult(2), InvalidStateError)
  assert.throws(() => future.setException(new Error('x')), { code: 'FIBRIL_TORNADO_INVALID_STATE' })
  assert.equal(future.result(), 1)
  assert.equal(future.exception(), null)
  yield* future
})

it('an exception is thrown by result, and to who waits', function* () {
  const future = new Future<number>()
  const waiting = spawn(() => failure(future))
  yield* sleepOf(1)
  future.setException(new Error('no'))
  assert.equal((yield* waiting).message, 'no')
  assert.throws(() => future.result(), /no/)
  assert.equal((future.exception() as Error).message, 'no')
})

it('cancel makes one without a coroutine cancelled at once, and only once', function* () {
  const future = new Future<number>()
  assert.equal(future.cancel('enough'), true)
  assert.equal(future.cancelled(), true)
  assert.equal(future.done(), true)
  assert.equal(future.cancel(), false)
  const error = yield* failure(future)
  assert.ok(error instanceof CancelledError)
  assert.equal(error.reason, 'enough')
  futureSetResultUnlessCancelled(future, 1)
  const other = new Future<number>()
  futureSetResultUnlessCancelled(other, 1)
  assert.equal(other.result(), 1)
})

it('cancelling who waits cancels what it waits for, if nobody else does', function* () {
  const alone = sleep(1000)
  const first = coroutine(function* () {
    yield alone
  })()
  first.cancel()
  yield* failure(first)
  yield* sleepOf(1)
  assert.equal(alone.cancelled(), true)

  const shared = sleep(10)
  const second = coroutine(function* () {
    yield shared
  })()
  const third = coroutine(function* () {
    yield shared
    return 'slept'
  })()
  second.cancel()
  yield* failure(second)
  assert.equal(yield* third, 'slept')

  const plain = new Future<number>()
  const fourth = coroutine(function* () {
    yield plain
  })()
  fourth.cancel()
  yield* failure(fourth)
  assert.equal(plain.done(), false, 'what nobody computes is left alone')
})

it('a hundred thousand callbacks of one future', function* () {
  const future = new Future<number>()
  let called = 0
  for (let i = 0; i < 100_000; i++) future.addDoneCallback(() => called++)
  future.setResult(1)
  yield* sleepOf(1)
  assert.equal(called, 100_000)
})
