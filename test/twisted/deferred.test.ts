import assert from 'node:assert/strict'
import {
  AlreadyCalledError,
  Deferred,
  Failure,
  fail,
  getDebugging,
  setDebugging,
  succeed,
} from '../../src/twisted/index.ts'
import { it } from '../support/it.ts'
import { failureNow, isPending, resultNow } from './fired.ts'

const boom = (): never => {
  throw new Error('boom')
}

// -- adding callbacks (upstream: DeferredTests.testImmediateSuccess and its neighbours)

it('callbacks run inside callback(), each with what the one before gave', () => {
  const seen: unknown[] = []
  const deferred = new Deferred<number>()
  const end = deferred
    .addCallback((n) => {
      seen.push(n)
      return n + 1
    })
    .addCallback((n) => {
      seen.push(n)
    })
  assert.equal(deferred.called, false)
  deferred.callback(1)
  assert.deepEqual(seen, [1, 2])
  assert.equal(deferred.called, true)
  assert.equal(resultNow(end), undefined)
})

it('a callback that is added to a Deferred that has fired runs at once', () => {
  const seen: number[] = []
  succeed(5).addCallback((n) => seen.push(n))
  assert.deepEqual(seen, [5])
})

it('callbacks get extra arguments after the result', () => {
  const seen: unknown[] = []
  const note = (...args: unknown[]): void => {
    seen.push(args)
  }
  succeed(1).addCallback(note, 'a', 2)
  succeed(1).addBoth(note, 'b')
  const failure = new Failure(new Error('no'))
  fail(failure).addErrback(note, 'c')
  fail(failure).addCallbacks(note, note, ['d'], ['e'])
  succeed(2).addCallbacks(note, note, ['f'], ['g'])
  assert.deepEqual(seen, [
    [1, 'a', 2],
    [1, 'b'],
    [failure, 'c'],
    [failure, 'e'],
    [2, 'f'],
  ])
})

it('addCallbacks takes null for an errback and for arguments', () => {
  assert.equal(resultNow(succeed(1).addCallbacks((n) => n + 1, null, null, null)), 2)
  const passed = fail(new Error('passes')).addCallbacks(() => 1, null)
  assert.equal(failureNow(passed).getErrorMessage(), 'passes')
})

it('each way of adding gives the same Deferred back', () => {
  const deferred = new Deferred<number>()
  const all: unknown[] = [
    deferred.addCallback(String),
    deferred.addErrback(String),
    deferred.addBoth(String),
    deferred.addCallbacks(String, String),
  ]
  for (const each of all) assert.equal(each, deferred)
  deferred.callback(1)
})

it('what is no function is refused where it is added', () => {
  const deferred = new Deferred<number>()
  assert.throws(() => deferred.addCallback('nope' as never), { code: 'FIBRIL_USAGE' })
  assert.throws(() => deferred.addErrback(undefined as never), { code: 'FIBRIL_USAGE' })
  deferred.callback(1)
})

// -- two lanes (seed: defer-9 to defer-11)

it('a callback that throws, or returns a Failure, makes the next errback run; an errback that returns goes back to callbacks', () => {
  const path: string[] = []
  const step = (name: string, result: unknown) => () => {
    path.push(name)
    if (result instanceof Error) throw result
    return result
  }
  const deferred = new Deferred<unknown>()
  deferred
    .addCallbacks(step('c1', new Error('one')), step('e1', 0))
    .addCallbacks(step('c2', 0), step('e2', 'fine'))
    .addCallbacks(step('c3', new Failure(new Error('two'))), step('e3', 0))
    .addCallback(step('c4', 0))
    .addErrback(step('e5', new Error('three')))
    .addErrback(step('e6', 'end'))
    .addCallback(step('c7', 'done'))
  deferred.callback(0)
  assert.deepEqual(path, ['c1', 'e2', 'c3', 'e5', 'e6', 'c7'])
})

it('the errback of a pair does not see what its callback throws', () => {
  const seen: Failure[] = []
  const deferred = succeed(1).addCallbacks(boom, (failure) => seen.push(failure))
  assert.equal(seen.length, 0)
  assert.equal(failureNow(deferred).getErrorMessage(), 'boom')
})

it('returning the Failure that an errback was given raises it again', () => {
  const failure = failureNow(fail(new RangeError('same')).addErrback((failure) => failure))
  assert.equal(failure.type, RangeError)
})

it('addBoth runs on either side', () => {
  const seen: unknown[] = []
  for (const deferred of [succeed(1), fail<number>(new Error('no'))])
    deferred.addBoth((result) => void seen.push(result instanceof Failure))
  assert.deepEqual(seen, [false, true])
})

it('anything that JavaScript can throw goes through the errbacks as it is', () => {
  for (const thrown of ['text', undefined, null, 0, { odd: true }]) {
    const failure = failureNow(
      succeed(1).addCallback(() => {
        throw thrown
      }),
    )
    assert.equal(failure.value, thrown)
  }
})

// -- firing

it('callback() and errback() never throw what callbacks throw', () => {
  const deferred = new Deferred<number>()
  deferred.addCallback(boom)
  deferred.callback(1)
  failureNow(deferred)
})

it('callback(Failure) is the same as errback', () => {
  const deferred = new Deferred<number>()
  deferred.callback(new Failure(new Error('as errback')))
  assert.equal(failureNow(deferred).getErrorMessage(), 'as errback')
})

it('errback() wraps an error; without one it throws NoCurrentExceptionError', () => {
  const deferred = new Deferred<number>()
  assert.throws(() => deferred.errback(), { code: 'FIBRIL_NO_CURRENT_EXCEPTION' })
  assert.throws(() => new Failure(), { code: 'FIBRIL_NO_CURRENT_EXCEPTION' })
  const error = new TypeError('wrapped')
  deferred.errback(error)
  assert.equal(failureNow(deferred).value, error)
})

it('a Deferred given to callback() is waited for, one given to errback() is refused', () => {
  const inner = new Deferred<number>()
  const outer = new Deferred<number>()
  outer.callback(inner)
  assert.ok(isPending(outer))
  inner.callback(3)
  assert.equal(resultNow(outer), 3)
  assert.equal(resultNow(succeed(succeed('flat'))), 'flat')
  const other = new Deferred<number>()
  assert.throws(() => other.errback(outer), { code: 'FIBRIL_USAGE' })
  other.callback(1)
})

it('firing twice is an AlreadyCalledError for whoever does: callback and errback, in any order', () => {
  for (const first of ['callback', 'errback'] as const) {
    for (const second of ['callback', 'errback'] as const) {
      const deferred = new Deferred<Error>()
      deferred[first](new Error('first'))
      assert.throws(() => deferred[second](new Error('second')), AlreadyCalledError)
      deferred.addErrback(() => {})
    }
  }
})

it('with debugging on the AlreadyCalledError tells where it was made and first fired; off, it does not', () => {
  const was = getDebugging()
  try {
    setDebugging(true)
    const deferred = madeHere()
    firedHere(deferred)
    assert.throws(
      () => deferred.callback(2),
      (error: Error) => {
        assert.match(error.message, /\nC: .*\n.*madeHere[\s\S]*\nI: .*\n.*firedHere/)
        return true
      },
    )
    setDebugging(false)
    assert.throws(
      () => deferred.callback(2),
      (error: Error) => !error.message.includes('firedHere'),
    )
  } finally {
    setDebugging(was)
  }
})

function madeHere(): Deferred<number> {
  return new Deferred<number>()
}

function firedHere(deferred: Deferred<number>): void {
  deferred.callback(1)
}

// -- re-entrancy

it('a callback that a running one adds to the same Deferred runs after it has returned, at the end of the chain', () => {
  const called: number[] = []
  const deferred = new Deferred<void>()
  deferred.addCallback(() => {
    called.push(1)
    deferred.addCallback(() => void called.push(3))
    assert.deepEqual(called, [1])
  })
  deferred.addCallback(() => void called.push(2))
  deferred.callback()
  assert.deepEqual(called, [1, 2, 3])
})

it('the same holds for one that fails', () => {
  const called: number[] = []
  const deferred = new Deferred<void>()
  deferred.addCallback(() => {
    called.push(1)
    deferred.addErrback(() => void called.push(3))
    return boom()
  })
  deferred.addErrback((failure) => {
    called.push(2)
    return failure
  })
  deferred.callback()
  assert.deepEqual(called, [1, 2, 3])
})

// -- chaining by return

it('a returned Deferred that has not fired holds the chain until it has', () => {
  const inner = new Deferred<string>()
  const outer = succeed(1).addCallback(() => inner)
  assert.ok(isPending(outer))
  inner.callback('late')
  assert.equal(resultNow(outer), 'late')
})

it('the result of a returned Deferred is taken from it: later callbacks on it see undefined', () => {
  const inner = succeed('taken') as Deferred<unknown>
  assert.equal(resultNow(succeed(1).addCallback(() => inner)), 'taken')
  assert.equal(resultNow(inner), undefined)
  const later = new Deferred<unknown>()
  const outer = succeed(1).addCallback(() => later)
  const seen: unknown[] = []
  later.addCallback((value) => seen.push(value))
  later.callback('also taken')
  assert.equal(resultNow(outer), 'also taken')
  assert.deepEqual(seen, [undefined])
})

it('the callbacks that an inner Deferred has run before the outer goes on', () => {
  const order: unknown[] = []
  const inner = new Deferred<string>()
  const middle = succeed('x').addCallback(() => inner)
  middle.addCallback((value) => {
    order.push(`middle ${value}`)
    return value + value
  })
  const outer = succeed('y').addCallback(() => middle)
  outer.addCallback((value) => void order.push(`outer ${value}`))
  inner.callback('orange')
  assert.deepEqual(order, ['middle orange', 'outer orangeorange'])
})

it('chaining is transitive', () => {
  const first = new Deferred<string>()
  const second = new Deferred<void>()
  const third = new Deferred<void>()
  const result = third.addCallback(() => second.addCallback(() => first))
  second.callback()
  third.callback()
  assert.ok(isPending(result))
  first.callback('end')
  assert.equal(resultNow(result), 'end')
})

it('nested Deferreds with callbacks of their own hand on what these make of the result', () => {
  const inner = new Deferred<string>()
  const outer = succeed('outer').addCallback(() =>
    succeed('inner')
      .addCallback(() => inner.addCallback((result) => [result]))
      .addCallback((list) => [...list, ...list]),
  )
  assert.ok(isPending(outer))
  inner.callback('withers')
  assert.deepEqual(resultNow(outer), ['withers', 'withers'])
})

it('a failure of a returned Deferred goes to the errbacks of the outer, from a callback and from an errback', () => {
  const inner = new Deferred<number>()
  const outer = succeed(1).addCallback(() => inner)
  inner.errback(new Error('inner'))
  assert.equal(failureNow(outer).getErrorMessage(), 'inner')
  const mended = fail(new Error('first')).addErrback(() => succeed('mended'))
  assert.equal(resultNow(mended), 'mended')
})

it('a promise, and anything else with a then, that a callback returns is waited for', function* () {
  const one = yield* succeed(1).addCallback(async (n) => n + 1)
  const two = yield* succeed(1).addCallback(() => ({
    then: (resolve: (value: string) => void) => resolve('thenable'),
  }))
  assert.deepEqual([one, two], [2, 'thenable'])
  const failed = succeed(1).addCallback(() => Promise.reject(new Error('rejected')))
  const failure = yield* failed.addErrback((failure) => failure.getErrorMessage())
  assert.equal(failure, 'rejected')
})

it('a then that throws when it is read, or called, is a failure and not a crash', () => {
  const unreadable = Object.defineProperty({}, 'then', { get: boom })
  assert.equal(failureNow(succeed(1).addCallback(() => unreadable)).getErrorMessage(), 'boom')
  assert.equal(failureNow(succeed(1).addCallback(() => ({ then: boom }))).getErrorMessage(), 'boom')
})

it('a callback that returns its own Deferred makes it fail, and does not hang', () => {
  const deferred: Deferred<unknown> = new Deferred<void>().addCallback((): unknown => deferred)
  ;(deferred as Deferred<void>).callback()
  assert.match(failureNow(deferred).getErrorMessage(), /waits for its own/)
})

it('Deferreds that would wait for one another in a circle fail, or can at least be cancelled', () => {
  const [a, b] = [new Deferred<unknown>(), new Deferred<unknown>()]
  a.addCallback(() => b)
  b.addCallback(() => a)
  a.callback(0)
  b.callback(0)
  assert.match(failureNow(a).getErrorMessage(), /waits for its own/)

  const all = Array.from({ length: 1000 }, () => new Deferred<unknown>())
  for (const [i, deferred] of all.entries()) deferred.addCallback(() => all[(i + 1) % all.length])
  for (const deferred of all) deferred.callback(0)
  all[0]?.cancel()
  assert.ok(isPending(all[0] as Deferred<unknown>))
})

it('chainDeferred fires another with the result or failure, and leaves none', () => {
  const source = new Deferred<number>()
  const target = new Deferred<number>()
  const rest = source.chainDeferred(target)
  source.callback(7)
  assert.equal(resultNow(target), 7)
  assert.equal(resultNow(rest), undefined)
  const failing = new Deferred<number>()
  const failed = new Deferred<number>()
  failing.chainDeferred(failed)
  failing.errback(new Error('passed on'))
  assert.equal(failureNow(failed).getErrorMessage(), 'passed on')
})

// -- pause

it('pause counts: callbacks run when it was unpaused as often', () => {
  const seen: number[] = []
  const deferred = new Deferred<number>()
  deferred.addCallback((n) => void seen.push(n))
  deferred.pause()
  deferred.pause()
  deferred.callback(1)
  deferred.unpause()
  assert.deepEqual(seen, [])
  deferred.unpause()
  assert.deepEqual(seen, [1])
  assert.throws(() => deferred.unpause(), { code: 'FIBRIL_USAGE' })
})

it('unpausing before it has fired lets it fire', () => {
  const deferred = new Deferred<number>()
  deferred.pause()
  deferred.unpause()
  deferred.callback(4)
  assert.equal(resultNow(deferred), 4)
})

it('a paused Deferred with a result that a callback returns is waited for', () => {
  const paused = succeed('held')
  paused.pause()
  const outer = succeed(0).addCallback(() => paused)
  assert.ok(isPending(outer))
  paused.unpause()
  assert.equal(resultNow(outer), 'held')
})

it('a paused outer does not keep an inner one from running its later callbacks', () => {
  const inner = new Deferred<number>()
  const outer = succeed(0).addCallback(() => inner)
  outer.pause()
  inner.callback(1)
  assert.equal(resultNow(inner as Deferred<unknown>), undefined)
  assert.ok(isPending(outer))
  outer.unpause()
  assert.equal(resultNow(outer), 1)
})

it('a callback may pause its own Deferred', () => {
  const seen: number[] = []
  const deferred = new Deferred<void>()
  deferred.addCallback(() => deferred.pause()).addCallback(() => void seen.push(1))
  deferred.callback()
  assert.deepEqual(seen, [])
  deferred.unpause()
  assert.deepEqual(seen, [1])
})

it('its text says in which state it is, and where it was made', () => {
  const deferred = madeHere()
  assert.match(String(deferred), /^a Deferred made at madeHere .*, which has not fired$/)
  const outer = succeed(1).addCallback(() => deferred)
  assert.match(String(outer), /which waits for a Deferred made at madeHere/)
  deferred.callback(1)
  assert.match(String(outer), /which has fired$/)
})
