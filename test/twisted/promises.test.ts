import assert from 'node:assert/strict'
import {
  CancelledError,
  Deferred,
  type Failure,
  fail,
  fromPromise,
  succeed,
  toPromise,
} from '../../src/twisted/index.ts'
import { it } from '../support/it.ts'
import { failureNow, isPending, resultNow } from './fired.ts'

it('fromPromise fires with what the promise settles to', function* () {
  assert.equal(yield* fromPromise(Promise.resolve(1)), 1)
  const failure = yield* fromPromise(Promise.reject(new RangeError('x'))).addBoth((result) => [result])
  assert.equal((failure[0] as Failure).type, RangeError)
})

it('cancelling it fails it at once, aborts the signal, and ignores what the promise settles to', function* () {
  let signal: AbortSignal | null = null
  let settle: (value: string) => void = () => {}
  const promise = new Promise<string>((resolve) => {
    settle = resolve
  })
  const deferred = fromPromise((given) => {
    signal = given
    return promise
  })
  deferred.cancel()
  assert.equal(failureNow(deferred).type, CancelledError)
  assert.equal((signal as AbortSignal | null)?.aborted, true)
  settle('late')
  yield* succeed(promise)
})

it('a function that throws in place of promising is a failure', () => {
  const deferred = fromPromise(() => {
    throw new RangeError('x')
  })
  assert.equal(failureNow(deferred).type, RangeError)
})

it('toPromise takes the result and the failure out of the Deferred', async () => {
  const result = succeed('taken')
  assert.equal(await toPromise(result), 'taken')
  assert.equal(resultNow(result), undefined)
  await assert.rejects(toPromise(fail(new RangeError('x'))), RangeError)
})

it('aborting the signal of toPromise cancels the Deferred, and rejects with its failure', async () => {
  const abort = new AbortController()
  let cancelled = 0
  const deferred = new Deferred<void>(() => cancelled++)
  const promise = toPromise(deferred, { signal: abort.signal })
  assert.ok(isPending(deferred))
  abort.abort()
  await assert.rejects(promise, CancelledError)
  const late = new Deferred<void>(() => cancelled++)
  await assert.rejects(toPromise(late, { signal: AbortSignal.abort() }), CancelledError)
  assert.equal(cancelled, 2)
})
