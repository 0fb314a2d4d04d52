import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runInNewContext } from 'node:vm'
import { DeadlockError, FibrilError, TimeoutError } from '../../src/core/index.ts'
import { decodeThrown } from '../../src/offload/revive-error.ts'
import { encodeThrown } from '../../src/offload/wire-error.ts'

/** What the other side gets. */
const sent = (thrown: unknown): Received => decodeThrown(structuredClone(encodeThrown(thrown))) as Received
type Received = Error & Record<'code' | 'errors' | 'ms' | 'graph', unknown>

test('an error arrives with its name, message, stack, code and plain properties', () => {
  const error = Object.assign(new TypeError('bad'), { code: 'E_BAD', details: { at: [1, 2] } })
  const there = sent(error)
  assert.ok(there instanceof TypeError)
  assert.notEqual(there, error)
  assert.deepEqual(
    { name: there.name, message: there.message, stack: there.stack, code: there.code },
    { name: 'TypeError', message: 'bad', stack: error.stack, code: 'E_BAD' },
  )
  assert.deepEqual({ ...there }, { code: 'E_BAD', details: { at: [1, 2] } })
})

test('an error of a class that the other side lacks arrives as the nearest one that it has', () => {
  class Mine extends RangeError {
    override name = 'Mine'
  }
  const there = sent(new Mine('out'))
  assert.ok(there instanceof RangeError)
  assert.equal(there.name, 'Mine')
  assert.equal(String(there), 'Mine: out')
  assert.deepEqual(Object.keys(there), [])
})

test('causes and the errors of an AggregateError go along', () => {
  const there = sent(new AggregateError([new RangeError('one'), 2], 'several', { cause: new Error('why') }))
  assert.ok(there instanceof AggregateError)
  assert.ok((there.errors as unknown[])[0] instanceof RangeError)
  assert.equal((there.errors as unknown[])[1], 2)
  assert.equal((there.cause as Error).message, 'why')
})

test('an error that causes itself does not go on for ever', () => {
  const error = new Error('round')
  error.cause = error
  let depth = 0
  for (let there: unknown = sent(error); there instanceof Error; there = there.cause) depth++
  assert.ok(depth < 20)
})

test('errors of Fibril keep their class and code', () => {
  const there = sent(new TimeoutError(5, 'it'))
  assert.ok(there instanceof TimeoutError)
  assert.ok(FibrilError.is(there))
  assert.equal(there.ms, 5)
  assert.equal(there.code, 'FIBRIL_TIMEOUT')
  const edge = { task: 't', reason: 'r', sinceMs: 1, holders: [], spawnedAt: null }
  assert.deepEqual(sent(new DeadlockError('stuck', [edge])).graph, [edge])
})

test('an error of another context, and a DOMException, are errors', () => {
  const foreign = sent(runInNewContext('new TypeError("elsewhere")'))
  assert.ok(foreign instanceof TypeError)
  const abort = sent(new DOMException('gone', 'AbortError'))
  assert.ok(abort instanceof Error)
  assert.deepEqual([abort.name, abort.message], ['AbortError', 'gone'])
})

test('properties that cannot be sent are left out', () => {
  const there = sent(
    Object.assign(new Error('x'), { callback: () => {}, map: new Map(), symbol: Symbol('s'), ok: null }),
  )
  assert.deepEqual(Object.keys(there), ['ok'])
})

test('values that are thrown arrive as they are, or in words', () => {
  for (const value of [42, 'text', null, undefined, 7n]) assert.equal(sent(value), value)
  assert.deepEqual(sent({ status: 404 }), { status: 404 })
  assert.equal(sent(Symbol('s')), 'Symbol(s)')
  assert.equal(sent({ toString: () => 'in words', close() {} }), 'in words')
  assert.equal(sent(Object.create(null, { f: { value: () => {}, enumerable: true } })), '[object Object]')
})

test('a stack that others have spoilt is sent as text', () => {
  const error = new Error('x')
  Object.assign(error, { stack: { frames: 3 } })
  assert.equal(typeof sent(error).stack, 'string')
})
