import assert from 'node:assert/strict'
import { CancelledError, Deferred, FailureGroup, fail, race, succeed } from '../../src/twisted/index.ts'
import { it } from '../support/it.ts'
import { failureNow, isPending, resultNow } from './fired.ts'

it('race gives place and result of the first success, and cancels the others', () => {
  let cancelled = 0
  const others = [0, 1].map(() => new Deferred<string>(() => cancelled++))
  const winner = new Deferred<string>(() => assert.fail('the winner is not cancelled'))
  const first = race([others[0] as Deferred<string>, winner, others[1] as Deferred<string>])
  winner.callback('won')
  assert.deepEqual(resultNow(first), [1, 'won'])
  assert.equal(cancelled, 2)
})

it('a failure does not end it, as long as one may succeed', () => {
  const last = new Deferred<string>()
  const first = race([fail<string>(new Error('no')), last])
  assert.ok(isPending(first))
  last.callback('yes')
  assert.deepEqual(resultNow(first), [1, 'yes'])
})

it('if all fail, it fails with a FailureGroup in the order of the arguments', () => {
  const all = [0, 1, 2].map(() => new Deferred<string>())
  const first = race(all)
  for (const i of [2, 0, 1]) all[i]?.errback(new Error(`number ${i}`))
  const group = failureNow(first).value as FailureGroup
  assert.ok(group instanceof FailureGroup)
  assert.deepEqual(
    group.failures.map((failure) => failure.getErrorMessage()),
    ['number 0', 'number 1', 'number 2'],
  )
})

it('what a loser gives when it is cancelled, or later, is ignored', () => {
  const stubborn = new Deferred<string>((deferred) => deferred.callback('me too'))
  const late = new Deferred<string>()
  const first = race([stubborn, late, succeed('first')])
  assert.deepEqual(resultNow(first), [2, 'first'])
  late.callback('too late')
})

it('cancelling it cancels all', () => {
  let cancelled = 0
  const all = [0, 1, 2].map(() => new Deferred<string>(() => cancelled++))
  const first = race(all)
  first.cancel()
  assert.equal(cancelled, 3)
  const error = failureNow(first).value as FailureGroup
  assert.deepEqual(
    error.failures.map(({ type }) => type),
    [CancelledError, CancelledError, CancelledError],
  )
})

it('a race of none is refused', () => {
  assert.throws(() => race([]), { code: 'FIBRIL_USAGE' })
})
