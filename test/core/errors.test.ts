import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  BrokenError,
  BusyError,
  CancelledError,
  ClosedError,
  DeadlockError,
  FibrilError,
  InternalError,
  TimeoutError,
  UnhandledError,
  UsageError,
} from '../../src/core/index.ts'

const all: [name: string, code: string, error: FibrilError][] = [
  ['CancelledError', 'FIBRIL_CANCELLED', new CancelledError(null, undefined, null)],
  ['TimeoutError', 'FIBRIL_TIMEOUT', new TimeoutError(5, 'it')],
  ['ClosedError', 'FIBRIL_CLOSED', new ClosedError('closed')],
  ['BrokenError', 'FIBRIL_BROKEN', new BrokenError('broken')],
  ['BusyError', 'FIBRIL_BUSY', new BusyError('busy')],
  ['UsageError', 'FIBRIL_USAGE', new UsageError('usage')],
  ['DeadlockError', 'FIBRIL_DEADLOCK', new DeadlockError('deadlock', [])],
  ['UnhandledError', 'FIBRIL_UNHANDLED', new UnhandledError({} as never, 'unhandled', 1)],
  ['InternalError', 'FIBRIL_INTERNAL', new InternalError('internal')],
]

for (const [name, code, error] of all) {
  test(`${name}: an Error with a stable code, known by its brand`, () => {
    assert.ok(error instanceof Error && error instanceof FibrilError)
    assert.equal(error.name, name)
    assert.equal(error.code, code)
    assert.ok(String(error).startsWith(`${name}: `))
    assert.ok(error.stack?.startsWith(`${name}: `) || error.stack?.startsWith('Error: '), error.stack)
    assert.ok(FibrilError.is(error))
    assert.deepEqual(
      Object.keys(error).filter((key) => key === 'name'),
      [],
    )
    // Another copy of the package knows it too.
    assert.ok(Symbol.for('fibril.error') in error)
  })
}

test('codes are all different', () => {
  assert.equal(new Set(all.map(([, code]) => code)).size, all.length)
})

test('what is no error of Fibril is not taken for one', () => {
  for (const value of [null, undefined, 1, 'FIBRIL_TIMEOUT', {}, new Error('x'), { code: 'FIBRIL_TIMEOUT' }]) {
    assert.equal(FibrilError.is(value), false)
  }
})

test('causes are kept', () => {
  const cause = new Error('cause')
  assert.equal(new ClosedError('x', { cause }).cause, cause)
  assert.equal(new BrokenError('x', { cause }).cause, cause)
  assert.equal(new UnhandledError({} as never, 'x', cause).cause, cause)
  assert.equal(new CancelledError(null, cause, null).cause, cause)
  assert.ok(!('cause' in new CancelledError(null, 'text', null)))
  assert.ok(!('cause' in new ClosedError('x')))
})

test('messages say what happened, by whom, and why', () => {
  assert.equal(
    new CancelledError(null, undefined, null).message,
    'the operation was cancelled by code outside any task',
  )
  assert.equal(
    new CancelledError(null, 'bored', null).message,
    'the operation was cancelled by code outside any task: bored',
  )
  assert.equal(new TimeoutError(5, 'fetchUser').message, 'fetchUser did not end within 5 ms')
  assert.match(new InternalError('x').message, /bug in Fibril: please report it/)
  for (const reason of [Symbol('s'), Object.create(null), null, 0, () => {}]) {
    assert.equal(new CancelledError(null, reason, null).reason, reason)
  }
})
