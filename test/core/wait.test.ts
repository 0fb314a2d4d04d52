import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  asOperation,
  BusyError,
  currentTask,
  Future,
  fn,
  type Operation,
  run,
  sleep,
  spawn,
  type Task,
  timeoutOr,
  UsageError,
  wait,
} from '../../src/core/index.ts'
import { waitAllBlocked } from '../../src/testing/index.ts'
import { it } from '../support/it.ts'
import { ending, endingText } from './ending.ts'
import { ManualHost } from './manual-host.ts'

/** A promise, and how to settle it. */
function open<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (error: unknown) => void } {
  let resolve: (value: T) => void = () => {}
  let reject: (error: unknown) => void = () => {}
  const promise = new Promise<T>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}

it('a promise gives its value, or throws its reason', function* () {
  assert.equal(yield* wait(Promise.resolve(1)), 1)
  const boom = new Error('boom')
  try {
    yield* wait(Promise.reject(boom))
    assert.fail('not thrown')
  } catch (error) {
    assert.equal(error, boom)
  }
  const later = open<string>()
  spawn(function* () {
    yield* sleep(5)
    later.resolve('later')
  })
  assert.equal(yield* wait(later.promise), 'later')
})

it('whatever can be waited for can be given: operations, tasks, futures, lists and records', function* (host) {
  const task = spawn(function* () {
    yield* sleep(3)
    return 'task'
  })
  const future = new Future<string>()
  future.resolve('future')
  const op = sleep(1)
  assert.equal(wait(op), op)
  assert.equal(yield* wait(task), 'task')
  assert.equal(yield* wait(future), 'future')
  assert.deepEqual(yield* wait([Promise.resolve(1), 2]), [1, 2])
  assert.deepEqual(yield* wait({ a: Promise.resolve(1), b: sleep(1) }), { a: 1, b: undefined })
  const slow = spawn(() => sleep(50))
  const waiting = spawn(wait(slow))
  yield* waitAllBlocked()
  assert.equal(host.loop.stats().externals, 0, 'a task is nothing outside')
  assert.equal(waiting.reason, `the end of ${slow}`)
})

it('a thing that says by asOperation how it is waited for is not waited for as a promise', function* (host) {
  const thing = {
    [asOperation]: () => sleep(5),
    then: () => assert.fail('asked as a promise'),
  }
  yield* wait(thing as unknown as PromiseLike<void>)
  yield* wait([thing, thing])
  assert.equal(host.now(), 10)
})

it('what cannot be waited for is a UsageError', function* () {
  for (const source of [null, undefined, 1, 'text', true, Symbol('s')]) {
    assert.throws(() => wait(source as never), UsageError)
  }
})

it('a promise is something outside for as long as it is waited for', function* (host) {
  const { promise, resolve } = open<void>()
  const externals = () => host.loop.stats().externals
  const first = spawn(wait(promise))
  const second = spawn(wait(promise))
  while (externals() < 2) yield* sleep(0)
  first.cancel()
  assert.equal(externals(), 1)
  resolve()
  yield* second
  assert.equal(externals(), 0)
  yield* ending(first)
})

it('a promise that settles after its wait was cancelled is ignored, also if it fails', function* () {
  for (const settle of ['resolve', 'reject'] as const) {
    const late = open<string>()
    const task = spawn(function* () {
      try {
        yield* wait(late.promise)
      } finally {
        yield* sleep(5)
      }
    })
    yield* waitAllBlocked()
    task.cancel('why')
    late[settle]('late')
    assert.equal(yield* endingText(task), 'cancelled: why')
  }
})

it('the same wait may be used again after a cancel, and the stale promise does not end it', function* () {
  const settles: ((value: string) => void)[] = []
  const op = wait(() => new Promise<string>((resolve) => settles.push(resolve)))
  const first = spawn(op)
  yield* waitAllBlocked()
  first.cancel()
  yield* ending(first)
  const second = spawn(op)
  yield* waitAllBlocked()
  settles[0]?.('stale')
  yield* wait(Promise.resolve())
  yield* waitAllBlocked()
  assert.equal(second.state, 'parked')
  settles[1]?.('fresh')
  assert.equal(yield* second, 'fresh')
  // And after a good end.
  const third = spawn(op)
  yield* waitAllBlocked()
  settles[2]?.('third')
  assert.equal(yield* third, 'third')
})

it('one wait in two tasks is a BusyError for the second; the first is unharmed', function* () {
  const { promise, resolve } = open<string>()
  const op = wait(promise)
  const first = spawn(op)
  yield* waitAllBlocked()
  const outcome = yield* ending(spawn.detached(op))
  assert.ok(outcome.status === 'failed' && outcome.error instanceof BusyError)
  resolve('value')
  assert.equal(yield* first, 'value')
})

// -- the form with a signal

it('a function is given a signal, which a cancel aborts, at once and once', function* () {
  const log: string[] = []
  const { promise } = open<void>()
  const task = spawn(
    wait((signal) => {
      log.push(`aborted: ${signal.aborted}`)
      signal.addEventListener('abort', () => log.push('abort'))
      return promise
    }),
  )
  yield* waitAllBlocked()
  assert.deepEqual(log, ['aborted: false'])
  task.cancel()
  assert.deepEqual(log, ['aborted: false', 'abort'])
  yield* ending(task)
  assert.deepEqual(log, ['aborted: false', 'abort'])
})

it('a function is called when the wait begins, anew each time, and its signal is not aborted by a good end', function* () {
  const signals: AbortSignal[] = []
  const op = wait((signal) => {
    signals.push(signal)
    return Promise.resolve(signals.length)
  })
  assert.equal(signals.length, 0)
  assert.equal(yield* op, 1)
  assert.equal(yield* op, 2)
  assert.notEqual(signals[0], signals[1])
  assert.ok(signals.every((signal) => !signal.aborted))
})

it('a timeout aborts the signal', function* () {
  const signals: AbortSignal[] = []
  const op = wait((signal) => {
    signals.push(signal)
    return new Promise<string>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  })
  assert.equal(yield* timeoutOr(5, 'too late', op), 'too late')
  assert.equal(signals[0]?.aborted, true)
  yield* wait(Promise.resolve())
})

it('a function that throws, or gives no promise, fails the wait and leaves nothing', function* (host) {
  const boom = new Error('boom')
  const throws = wait(() => {
    throw boom
  })
  const gives = wait((() => 5) as never)
  for (let i = 0; i < 2; i++) {
    assert.deepEqual(yield* ending(spawn.detached(throws)), { status: 'failed', error: boom })
    const outcome = yield* ending(spawn.detached(gives))
    assert.ok(outcome.status === 'failed' && outcome.error instanceof UsageError)
  }
  assert.equal(host.loop.stats().externals, 0)
})

it('a function that cancels its own task is unwound, and its signal aborted', function* (host) {
  const signals: AbortSignal[] = []
  const { promise, resolve } = open<string>()
  const task = spawn(function* () {
    const self = currentTask() as Task<unknown>
    yield* wait((signal) => {
      signals.push(signal)
      self.cancel('from inside')
      return promise
    })
  })
  assert.equal(yield* endingText(task), 'cancelled: from inside')
  assert.equal(signals[0]?.aborted, true)
  assert.equal(host.loop.stats().externals, 0)
  resolve('late')
  yield* wait(promise)
})

// -- thenables

const thenable = <T>(then: (ok: (value: T) => void, no: (error: unknown) => void) => void) =>
  ({ then }) as unknown as PromiseLike<T>

it('a thenable may call back at once, twice, or throw: only the first counts', function* (host) {
  const cases: [PromiseLike<unknown>, string][] = [
    [thenable((ok) => ok('at once')), 'done: at once'],
    [thenable((_, no) => no(new Error('at once'))), 'failed: at once'],
    [
      thenable((ok, no) => {
        ok('first')
        ok('second')
        no(new Error('third'))
      }),
      'done: first',
    ],
    [
      thenable(() => {
        throw new Error('thrown')
      }),
      'failed: thrown',
    ],
    [
      thenable((ok) => {
        ok('before it threw')
        throw new Error('thrown')
      }),
      'done: before it threw',
    ],
    [
      thenable((ok) => {
        queueMicrotask(() => {
          ok('later')
          ok('again')
        })
      }),
      'done: later',
    ],
  ]
  for (const [source, expected] of cases) {
    assert.equal(yield* endingText(spawn.detached(wait(source))), expected)
    assert.equal(yield* endingText(spawn.detached(() => source)), expected, 'as a body')
  }
  yield* wait(Promise.resolve())
  assert.equal(host.loop.stats().externals, 0)
})

it('a thenable that calls back twice, the second time in a later wait, does not end that', function* () {
  const oks: ((value: string) => void)[] = []
  const op = wait(thenable<string>((ok) => void oks.push(ok)))
  const first = spawn(op)
  yield* waitAllBlocked()
  oks[0]?.('first')
  assert.equal(yield* first, 'first')
  const second = spawn(op)
  yield* waitAllBlocked()
  oks[0]?.('stale')
  yield* waitAllBlocked()
  assert.equal(second.state, 'parked')
  oks[1]?.('second')
  assert.equal(yield* second, 'second')
})

it('a `then` getter that throws fails the wait', function* () {
  const hostile = {
    get then(): never {
      throw new Error('getter')
    },
  }
  const outcome = yield* endingText(spawn.detached(() => wait(hostile as never)))
  assert.equal(outcome, 'failed: getter')
})

// -- await

test('an operation may be awaited outside of tasks: it stands in line from then on', async () => {
  const host = new ManualHost()
  const log: string[] = []
  const future = new Future<string>()
  // From a task's code, so that the loop is current.
  run(
    function* () {
      future.wait().then((value) => log.push(value))
      yield* sleep(1)
      future.resolve('value')
    },
    { loop: host.loop },
  )
  host.advance()
  await undefined
  await undefined
  await undefined
  assert.deepEqual(log, ['value'])
})

it('async bodies may await operations', async () => {
  const f = fn(function* (n: number) {
    yield* sleep(5)
    return n * 2
  })
  const op: Operation<number> = f(2)
  assert.equal(await op, 4)
  await assert.rejects(async () => {
    await fn(function* () {
      yield* sleep(1)
      throw new Error('boom')
    })()
  }, /boom/)
})
