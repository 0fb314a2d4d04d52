import assert from 'node:assert/strict'
import { CancelledError } from '../../src/index.ts'
import { Deferred, Failure } from '../../src/twisted/index.ts'
import { it } from '../support/it.ts'
import { failureNow } from './fired.ts'

class Base extends Error {}
class Derived extends Base {}

it('check gives the first kind that matches, by class, base class, class name or code; else null', () => {
  const failure = new Failure(new Derived('x'))
  assert.equal(failure.check(TypeError, Base), Base)
  assert.equal(failure.check('TypeError', 'Derived'), 'Derived')
  assert.equal(failure.check('Base'), 'Base')
  assert.equal(failure.check(TypeError, 'RangeError'), null)
  assert.equal(new Failure(new CancelledError(null, undefined, null)).check('FIBRIL_CANCELLED'), 'FIBRIL_CANCELLED')
  assert.equal(new Failure('text').check(String), String)
})

it('trap gives the kind that matches, or throws the error itself', () => {
  const error = new Derived('x')
  assert.equal(new Failure(error).trap(Base), Base)
  assert.throws(
    () => new Failure(error).trap(TypeError),
    (thrown) => thrown === error,
  )
})

it('a trap that does not match in an errback passes the error on to the next', () => {
  const deferred = new Deferred<void>()
  deferred.addErrback((failure) => failure.trap(TypeError))
  deferred.errback(new Derived('passes'))
  assert.equal(failureNow(deferred).type, Derived)
})

it('raiseException throws the error', () => {
  const error = new Error('x')
  assert.throws(
    () => new Failure(error).raiseException(),
    (thrown) => thrown === error,
  )
})

it('a Failure of a Failure is of the same error', () => {
  const error = new Error('x')
  assert.equal(new Failure(new Failure(error)).value, error)
})

it('its message, type and text are those of the error, also of what is none', () => {
  assert.equal(new Failure(new RangeError('far')).getErrorMessage(), 'far')
  assert.equal(String(new Failure(new RangeError('far'))), 'RangeError: far')
  assert.equal(String(new Failure('text')), 'String: text')
  assert.equal(String(new Failure(null)), 'Object: null')
})

it('the traceback of what a callback threw has the place where it was caught between callback and firer', () => {
  const deferred = new Deferred<number>()
  deferred.addCallback(thrower)
  firer(deferred)
  const failure = failureNow(deferred)
  assert.match(
    failure.getTraceback(),
    /^Error: oops\n +at inner .*\n +at thrower .*\n--- <exception caught here> ---\n +at firer /,
  )
  assert.match(failure.getBriefTraceback(), /^Error: oops\n +at inner .*$/)
  let written = ''
  failure.printTraceback({ write: (text) => (written += text) })
  assert.equal(written, `${failure.getTraceback()}\n`)
})

it('the traceback of an error that was made by hand has no such line', () => {
  assert.doesNotMatch(new Failure(new Error('x')).getTraceback(), /caught here/)
})

function thrower(): never {
  return inner()
}

function inner(): never {
  throw new Error('oops')
}

function firer(deferred: Deferred<number>): void {
  deferred.callback(1)
}
