import assert from 'node:assert/strict'
import { sleep } from '../../../src/core/index.ts'
import {
  Clock,
  Deferred,
  deferLater,
  deferOperation,
  type Failure,
  fail,
  Reactor,
  react,
  reactor,
  SystemExit,
  succeed,
} from '../../../src/twisted/index.ts'
import { it } from '../../support/it.ts'
import { LoggedErrors } from '../logged-errors.ts'

/** Runs `main`; gives the exit code. */
function codeOf(main: (reactor: Reactor, ...argv: string[]) => unknown, argv: string[] = []): Deferred<number> {
  const code = new Deferred<number>()
  react(main, argv, { reactor: new Reactor(), exit: (result) => code.callback(result) })
  return code
}

it('react runs main with the reactor and argv, and exits with 0 when what it gave has fired', function* () {
  const heard: unknown[] = []
  const code = yield* codeOf(
    (reactor, ...argv) => {
      heard.push(...argv)
      return deferLater(reactor, 10).addCallback(() => heard.push('done'))
    },
    ['a', 'b'],
  )
  assert.deepEqual([code, heard], [0, ['a', 'b', 'done']])
})

it('react takes a main that is done at once, and one that is a promise', function* () {
  assert.equal(yield* codeOf(() => succeed('ok')), 0)
  assert.equal(yield* codeOf(() => 'ok'), 0)
  assert.equal(yield* codeOf(() => Promise.resolve()), 0)
})

it('react logs a failure and exits with 1', function* () {
  using errors = new LoggedErrors()
  for (const main of [
    () => fail(new Error('no')),
    () => {
      throw new Error('no')
    },
    () => Promise.reject(new Error('no')),
  ]) {
    assert.equal(yield* codeOf(main), 1)
    assert.deepEqual(errors.take(), ['main function encountered error no'])
  }
})

it('react exits with the code of a SystemExit, and logs none', function* () {
  assert.equal(yield* codeOf(() => fail(new SystemExit(23))), 23)
  assert.equal(yield* codeOf(() => fail(new SystemExit(0))), 0)
  assert.equal(yield* codeOf(() => fail(new SystemExit(1))), 1)
})

it('react stops the reactor once, whoever else does', function* () {
  const code = yield* codeOf((reactor) => {
    const done = new Deferred<void>()
    reactor.callLater(1, () => {
      reactor.stop()
      done.callback()
    })
    return done
  })
  assert.equal(code, 0)
})

it('a main that goes on after the reactor was stopped by another does not keep it', function* () {
  const done = new Deferred<void>()
  const code = yield* codeOf((reactor) => {
    reactor.callLater(1, () => reactor.stop())
    return done
  })
  assert.equal(code, 0)
  done.callback()
})

it('deferLater calls with its arguments, fires with the result, and with undefined where there is nothing to call', () => {
  const clock = new Clock()
  const heard: unknown[] = []
  deferLater(clock, 10, (a: number, b: number) => a + b, 1, 2).addCallback((sum) => heard.push(sum))
  deferLater(clock, 10).addCallback((nothing) => heard.push(nothing))
  deferLater(clock, 10, () => {
    throw new Error('no')
  }).addErrback((failure: Failure) => heard.push(failure.getErrorMessage()))
  clock.advance(9)
  assert.deepEqual(heard, [])
  clock.advance(1)
  assert.deepEqual(heard, [3, undefined, 'no'])
})

it('cancelling a deferLater takes the call back', () => {
  const clock = new Clock()
  const heard: unknown[] = []
  const deferred = deferLater(clock, 10, () => heard.push('no'))
  deferred.addErrback((failure: Failure) => heard.push(failure.check('CancelledError')))
  deferred.cancel()
  assert.deepEqual([heard, clock.getDelayedCalls().length], [['CancelledError'], 0])
})

it('deferOperation runs an operation as a task: its result, its failure, its cancel', function* () {
  assert.equal(yield* deferOperation(() => sleep(5)), undefined)
  const failing = deferOperation(() => {
    throw new Error('no')
  })
  assert.equal(yield* failing.addErrback((failure: Failure) => failure.getErrorMessage()), 'no')
  const long = deferOperation(() => sleep(1_000_000))
  yield* sleep(1)
  long.cancel()
  assert.equal(yield* long.addErrback((failure: Failure) => failure.check('CancelledError')), 'CancelledError')
  assert.equal(reactor.now(), 6)
})
