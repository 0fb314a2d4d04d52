import assert from 'node:assert/strict'
import {
  CancelledError,
  Deferred,
  DeferredList,
  FirstError,
  fail,
  gatherResults,
  succeed,
} from '../../src/twisted/index.ts'
import { it } from '../support/it.ts'
import { failureNow, isPending, resultNow } from './fired.ts'

const several = (n: number): Deferred<number>[] => Array.from({ length: n }, () => new Deferred<number>())

it('a DeferredList fires when all have, with what became of each, in the order of the arguments', () => {
  const [a, b, c] = several(3) as [Deferred<number>, Deferred<number>, Deferred<number>]
  const list = new DeferredList([a, b, c], { consumeErrors: true })
  c.callback(3)
  b.errback(new RangeError('two'))
  assert.ok(isPending(list))
  a.callback(1)
  const [one, two, three] = resultNow(list)
  assert.deepEqual(
    [one, three],
    [
      [true, 1],
      [true, 3],
    ],
  )
  assert.ok(two !== undefined && !two[0])
  assert.equal(two[1].type, RangeError)
})

it('it takes Deferreds that have fired already', () => {
  assert.deepEqual(resultNow(new DeferredList([succeed(1), succeed(2)])), [
    [true, 1],
    [true, 2],
  ])
})

it('with fireOnOneCallback it fires with result and place of the first that succeeds', () => {
  const [a, b] = several(2) as [Deferred<number>, Deferred<number>]
  const list = new DeferredList([a, b], { fireOnOneCallback: true })
  b.callback(7)
  assert.deepEqual(resultNow(list), [7, 1])
  a.callback(0)
})

it('with fireOnOneErrback it fails with a FirstError: which one, and what', () => {
  const [a, b] = several(2) as [Deferred<number>, Deferred<number>]
  const list = new DeferredList([a, b], { fireOnOneErrback: true, consumeErrors: true })
  b.errback(new RangeError('first'))
  const error = failureNow(list).value as FirstError
  assert.ok(error instanceof FirstError)
  assert.equal(error.index, 1)
  assert.equal(error.subFailure.type, RangeError)
  assert.equal(error.cause, error.subFailure.value)
  a.callback(1)
  const fired = new DeferredList([succeed(1), fail<number>(new RangeError('already'))], {
    fireOnOneErrback: true,
    consumeErrors: true,
  })
  assert.equal(failureNow(fired).type, FirstError)
})

it('without consumeErrors each keeps its failure; with it, each goes on with undefined', () => {
  const [kept, consumed] = several(2) as [Deferred<number>, Deferred<number>]
  new DeferredList([kept])
  new DeferredList([consumed], { consumeErrors: true })
  kept.errback(new RangeError('kept'))
  consumed.errback(new RangeError('consumed'))
  assert.equal(failureNow(kept).type, RangeError)
  assert.equal(resultNow(consumed), undefined)
})

it('an empty list fires at once; with fireOnOneCallback it never does', () => {
  assert.deepEqual(resultNow(new DeferredList([])), [])
  assert.deepEqual(resultNow(new DeferredList([], { fireOnOneErrback: true })), [])
  const never = new DeferredList([], { fireOnOneCallback: true })
  assert.ok(isPending(never))
  never.cancel()
  failureNow(never)
})

it('cancelling it cancels all that have not fired, also when a canceller throws', () => {
  const faulty = new Deferred<number>(() => {
    throw new Error('canceller failed')
  })
  const [a] = several(1) as [Deferred<number>]
  const list = new DeferredList([faulty, succeed(1), a], { consumeErrors: true })
  list.cancel()
  assert.deepEqual(
    resultNow(list).map(([succeeded]) => succeeded),
    [false, true, false],
  )
})

it('one that has fired on its first result cancels nothing any more', () => {
  const [a, b] = several(2) as [Deferred<number>, Deferred<number>]
  const list = new DeferredList([a, b], { fireOnOneCallback: true })
  a.callback(1)
  list.cancel()
  assert.ok(isPending(b))
  b.callback(2)
})

it('gatherResults gives the results in order, or fails with the first failure', () => {
  assert.deepEqual(resultNow(gatherResults([succeed(1), succeed('two')])), [1, 'two'])
  const [a, b] = several(2) as [Deferred<number>, Deferred<number>]
  const gathered = gatherResults([a, b], { consumeErrors: true })
  b.errback(new RangeError('b'))
  const error = failureNow(gathered).value as FirstError
  assert.equal(error.index, 1)
  a.callback(1)
})

it('cancelling gatherResults cancels all', () => {
  const all = several(3)
  const gathered = gatherResults(all, { consumeErrors: true })
  gathered.cancel()
  assert.equal((failureNow(gathered).value as FirstError).subFailure.type, CancelledError)
  for (const deferred of all) assert.ok(deferred.called)
})

it('a list of 10^5 Deferreds takes linear time', () => {
  const all = several(100_000)
  const list = gatherResults(all)
  for (const [i, deferred] of all.entries()) deferred.callback(i)
  assert.equal(resultNow(list)[99_999], 99_999)
})
