import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sleep, spawn } from '../../../src/core/index.ts'
import { LeakError } from '../../../src/testing/index.ts'
import {
  Deferred,
  deferLater,
  Factory,
  fail,
  log,
  Protocol,
  reactor,
  succeed,
  TCP4ServerEndpoint,
} from '../../../src/twisted/index.ts'
import {
  LoggedErrorsError,
  type RunTrialOptions,
  runTrial,
  TestCase,
  type TrialBody,
  TrialTimeoutError,
} from '../../../src/twisted/testing/index.ts'

/** What the test fails with; null if it passes. */
async function failureOf(body: TrialBody, options?: RunTrialOptions): Promise<Error | null> {
  try {
    await runTrial(body, options)
    return null
  } catch (error) {
    return error as Error
  }
}

/** What it leaves behind, as `kind name`. */
async function leaksOf(body: TrialBody): Promise<string[]> {
  const error = await failureOf(body)
  assert.ok(error instanceof LeakError, String(error?.stack))
  for (const { kind, madeAt } of error.leaks) {
    if (kind !== 'handle' && kind !== 'task') assert.match(String(madeAt), /run-trial\.test/)
  }
  return error.leaks.map(({ kind, name }) => `${kind} ${name}`)
}

test('a test that returns a Deferred is awaited, with its failure', async () => {
  let done = false
  await runTrial(() =>
    deferLater(reactor, 5).addCallback(() => {
      done = true
    }),
  )
  assert.equal(done, true)
  const error = await failureOf(() =>
    deferLater(reactor, 5).addCallback(() => {
      throw new Error('no')
    }),
  )
  assert.equal(error?.message, 'no')
})

test('a test may be a generator, an async function, or give an operation: each runs to its end', async () => {
  const heard: string[] = []
  await runTrial(function* () {
    heard.push(yield* deferLater(reactor, 1, () => 'yielded'))
  })
  await runTrial(async () => {
    await deferLater(reactor, 1)
    heard.push('async')
  })
  await runTrial(() => sleep(1))
  assert.deepEqual(heard, ['yielded', 'async'])
  const error = await failureOf(function* () {
    yield deferLater(reactor, 1)
    assert.equal(1, 2)
  })
  assert.ok(error instanceof assert.AssertionError)
})

test('a test that takes too long fails with the Deferreds that have not fired, where they were made and who waits', async () => {
  const error = await failureOf(
    function* () {
      yield new Deferred<void>()
    },
    { timeout: 20 },
  )
  assert.ok(error instanceof TrialTimeoutError)
  assert.match(error.message, /the test is still running after 20 ms; 2 Deferreds have not fired/)
  assert.match(error.message, /made at .*run-trial\.test/)
  assert.equal(error.unfired.length, 2)
})

test('a test that takes too long is cancelled, also where it ignores that, and harms nobody', async () => {
  const heard: string[] = []
  const error = await failureOf(
    function* () {
      try {
        yield new Deferred<void>()
      } finally {
        heard.push('cancelled')
        yield deferLater(reactor, 1)
        heard.push('cleaned up')
      }
    },
    { timeout: 20 },
  )
  assert.equal(error?.name, 'TrialTimeoutError')
  await runTrial(() => deferLater(reactor, 5))
  assert.equal(heard[0], 'cancelled')
})

test('a delayed call that is left behind fails the test, with what and where, and is taken back', async () => {
  const leaks = await leaksOf(() => {
    reactor.callLater(600_000, function late() {})
  })
  assert.deepEqual(leaks, ['DelayedCall late'])
  assert.deepEqual(reactor.getDelayedCalls(), [])
})

test('a call of callLater(0) is no leak: it is made before the test ends', async () => {
  const heard: string[] = []
  await runTrial(() => {
    reactor.callLater(0, () => heard.push('made'))
    reactor.callFromThread(() => heard.push('made'))
  })
  assert.deepEqual(heard, ['made', 'made'])
})

test('a Deferred that has not fired fails the test, with where it was made', async () => {
  const leaks = await leaksOf(() => {
    new Deferred<void>().addCallback(() => {})
  })
  assert.deepEqual(leaks, ['Deferred a Deferred'])
})

test('a port and a connection that are left open fail the test, and are closed', async () => {
  const factory = Factory.forProtocol(Protocol)
  let port = 0
  const leaks = await leaksOf(function* () {
    const listening = yield* new TCP4ServerEndpoint(reactor, 0, { interface: '127.0.0.1' }).listen(factory)
    port = listening.getHost().port as number
  })
  assert.deepEqual(leaks, [`selectable tcp 127.0.0.1:${port} (Factory(Protocol))`])
  assert.deepEqual(reactor.getSelectables(), [])
  await runTrial(function* () {
    const again = yield* new TCP4ServerEndpoint(reactor, port, { interface: '127.0.0.1' }).listen(factory)
    yield* again.stopListening()
  })
})

test('a task that is left behind fails the test, and is cancelled', async () => {
  const leaks = await leaksOf(() => {
    spawn.detached(() => sleep(1_000_000), { name: 'forgotten' })
  })
  assert.match(leaks.join(), /^task task forgotten #\d+$/)
})

test('an error that is logged fails the test, unless it is flushed', async () => {
  const error = await failureOf(() => log.err(new TypeError('no'), 'While testing:'))
  assert.ok(error instanceof LoggedErrorsError)
  assert.match(error.message, /an error was logged.*\nWhile testing:\nTypeError: no/)
  await runTrial((test) => {
    log.err(new TypeError('no'))
    log.err(new RangeError('nor this'))
    assert.equal(test.flushLoggedErrors(TypeError).length, 1)
    assert.deepEqual(
      test.flushLoggedErrors().map((failure) => failure.getErrorMessage()),
      ['nor this'],
    )
    assert.deepEqual(test.flushLoggedErrors(), [])
  })
})

test('a Deferred that fails and that nobody came for fails its own test, never the next one', async () => {
  const error = await failureOf(() => {
    fail(new Error('nobody came'))
  })
  assert.match(String(error?.message), /Unhandled error in Deferred:\nError: nobody came/)
  await runTrial(() => {})
  await runTrial((test) => {
    fail(new Error('expected'))
    assert.equal(test.flushLoggedErrors().length, 1)
  })
})

test('cleanups run after the test and tearDown, the last one first, each awaited, whatever fails', async () => {
  const heard: string[] = []
  class Case extends TestCase {
    override setUp(): void {
      heard.push('setUp')
      this.addCleanup(() => heard.push('of setUp'))
    }
    override tearDown(): void {
      heard.push('tearDown')
    }
  }
  const error = await failureOf(
    (test) => {
      test.addCleanup((what: string) => heard.push(what), 'first added')
      test.addCleanup(() => deferLater(reactor, 5).addCallback(() => heard.push('awaited')))
      test.addCleanup(() => {
        throw new Error('cleanup')
      })
      throw new Error('test')
    },
    { testCase: new Case() },
  )
  assert.deepEqual(heard, ['setUp', 'tearDown', 'awaited', 'first added', 'of setUp'])
  assert.ok(error instanceof AggregateError)
  assert.deepEqual(
    error.errors.map(({ message }) => message),
    ['test', 'cleanup'],
  )
})

test('when setUp fails, its cleanups run, but neither the test nor tearDown', async () => {
  const heard: string[] = []
  class Case extends TestCase {
    override setUp(): Deferred<never> {
      this.addCleanup(() => heard.push('cleanup'))
      return fail(new Error('setUp'))
    }
    override tearDown(): void {
      heard.push('tearDown')
    }
  }
  const error = await failureOf(() => heard.push('test'), { testCase: new Case() })
  assert.deepEqual([error?.message, heard], ['setUp', ['cleanup']])
})

test('tests run one at a time, however they are asked for', async () => {
  const heard: string[] = []
  await Promise.all([
    runTrial(() => deferLater(reactor, 10).addCallback(() => heard.push('first'))),
    runTrial(() => {
      heard.push('second')
    }),
  ])
  assert.deepEqual(heard, ['first', 'second'])
})

test('successResultOf gives the result that there is, and fails the test for none or a failure', () => {
  const t = new TestCase()
  assert.equal(t.successResultOf(succeed(42)), 42)
  assert.throws(() => t.successResultOf(new Deferred()), /but there is none yet/)
  assert.throws(() => t.successResultOf(fail(new Error('no'))), /but it has failed:\nError: no/)
})

test('failureResultOf gives the failure that there is, and fails the test for none, a result, or another kind', () => {
  const t = new TestCase()
  assert.equal(t.failureResultOf(fail(new RangeError('no'))).getErrorMessage(), 'no')
  assert.equal(t.failureResultOf(fail(new RangeError('no')), TypeError, RangeError).getErrorMessage(), 'no')
  assert.throws(() => t.failureResultOf(new Deferred()), /but there is none yet/)
  assert.throws(() => t.failureResultOf(succeed(42)), /but it has 42/)
  assert.throws(() => t.failureResultOf(fail(new RangeError('no')), TypeError), /a failure of TypeError was expected/)
})

test('assertNoResult leaves a Deferred as it is, and fails the test for a result, or for a failure, which it takes out', async () => {
  const t = new TestCase()
  const waiting = new Deferred<number>()
  t.assertNoResult(waiting)
  waiting.callback(42)
  assert.equal(t.successResultOf(waiting), 42)
  assert.throws(() => t.assertNoResult(succeed(42)), /but it has 42/)
  await runTrial((t) => assert.throws(() => t.assertNoResult(fail(new Error('no'))), /but it has Error: no/))
})

test('assertFailure fires with the error that was expected, and fails for a result or another one', () => {
  const t = new TestCase()
  const error = new RangeError('no')
  assert.equal(t.successResultOf(t.assertFailure(fail(error), RangeError)), error)
  t.failureResultOf(t.assertFailure(succeed(1), RangeError), 'FIBRIL_FAIL_TEST')
  t.failureResultOf(t.assertFailure(fail(error), TypeError), 'FIBRIL_FAIL_TEST')
})
