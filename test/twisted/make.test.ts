import assert from 'node:assert/strict'
import { fn, sleep, spawn } from '../../src/index.ts'
import {
  CancelledError,
  Deferred,
  ensureDeferred,
  execute,
  Failure,
  fail,
  maybeDeferred,
  NotACoroutineError,
  succeed,
} from '../../src/twisted/index.ts'
import { it } from '../support/it.ts'
import { failureNow, isPending, resultNow } from './fired.ts'

it('succeed and fail give Deferreds that have fired', () => {
  assert.equal(resultNow(succeed(5)), 5)
  assert.equal(resultNow(succeed()), undefined)
  assert.equal(failureNow(fail(new RangeError('x'))).type, RangeError)
  const failure = new Failure(new Error('x'))
  assert.equal(failureNow(fail(failure)), failure)
  assert.throws(() => fail(), { code: 'FIBRIL_NO_CURRENT_EXCEPTION' })
})

it('execute calls, and gives the result or what was thrown', () => {
  assert.equal(resultNow(execute((a: number, b: number) => a + b, 1, 2)), 3)
  assert.equal(failureNow(execute(JSON.parse, '{')).type, SyntaxError)
})

it('maybeDeferred gives a Deferred as it is, and one that has fired for a value, a Failure, or what was thrown', () => {
  const deferred = new Deferred<number>()
  assert.equal(
    maybeDeferred(() => deferred),
    deferred,
  )
  deferred.callback(1)
  assert.equal(resultNow(maybeDeferred((n: number) => n * 2, 4)), 8)
  assert.equal(failureNow(maybeDeferred(() => new Failure(new RangeError('x')))).type, RangeError)
  assert.equal(failureNow(maybeDeferred(JSON.parse, '{')).type, SyntaxError)
})

it('maybeDeferred runs a generator, a promise and an operation', function* () {
  const generator = maybeDeferred(function* () {
    return (yield* succeed(1)) + 1
  })
  assert.equal(yield* generator, 2)
  assert.equal(yield* maybeDeferred(async () => 3), 3)
  const rest = fn(function* (ms: number) {
    yield* sleep(ms)
    return ms
  })
  assert.equal(yield* maybeDeferred(rest, 4), 4)
})

it('ensureDeferred takes Deferreds, generators, promises, tasks and operations, and refuses all else', function* () {
  const deferred = succeed(1)
  assert.equal(ensureDeferred(deferred), deferred)
  const body = (function* (): Generator<unknown, string, unknown> {
    return `ran ${yield succeed(2)}`
  })()
  assert.equal(resultNow(ensureDeferred(body)), 'ran 2')
  assert.equal(yield* ensureDeferred(Promise.resolve(3)), 3)
  assert.equal(yield* ensureDeferred(sleep(1)), undefined)
  const task = spawn(function* () {
    yield* sleep(1)
    return 'of the task'
  })
  assert.equal(yield* ensureDeferred(task), 'of the task')
  for (const bad of [5, 'text', null, undefined, {}, () => {}])
    assert.throws(() => ensureDeferred(bad as never), NotACoroutineError)
})

it('cancelling what ensureDeferred made of an operation ends the operation, and then tells', function* () {
  let cleaned = false
  const work = fn(function* () {
    try {
      yield* sleep(1000)
    } finally {
      yield* sleep(5)
      cleaned = true
    }
  })
  const deferred = ensureDeferred(work())
  yield* sleep(1)
  deferred.cancel()
  assert.ok(isPending(deferred))
  const [result] = yield* deferred.addBoth((result) => [result])
  assert.ok(cleaned)
  assert.equal((result as unknown as Failure).type, CancelledError)
})
