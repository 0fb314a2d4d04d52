import assert from 'node:assert/strict'
import { all, currentTask, race, run, sleep, spawn, timeout, wait } from '../../src/index.ts'
import { waitAllBlocked } from '../../src/testing/index.ts'
import { CancelledError, Deferred, fail, succeed } from '../../src/twisted/index.ts'
import { it } from '../support/it.ts'
import { failureNow, isPending, resultNow } from './fired.ts'

it('a task waits for a Deferred by yield*, with the result at that place of the chain, which it leaves there', function* () {
  const deferred = new Deferred<number>()
  const task = spawn(function* () {
    return yield* deferred.addCallback((n) => n * 2)
  })
  yield* waitAllBlocked()
  deferred.callback(21)
  assert.equal(yield* task, 42)
  assert.equal(yield* deferred, 42)
  assert.equal(resultNow(deferred), 42)
})

it('a failure is thrown into the task, with the error itself', function* () {
  const error = new RangeError('x')
  const deferred = new Deferred<number>()
  const task = spawn(function* () {
    try {
      return yield* deferred
    } catch (thrown) {
      return thrown
    }
  })
  yield* waitAllBlocked()
  deferred.errback(error)
  assert.equal(yield* task, error)
  try {
    yield* fail(error)
    assert.fail('it failed')
  } catch (thrown) {
    assert.equal(thrown, error)
  }
})

it('await gives the result, or throws the error; any number may await', async () => {
  const deferred = new Deferred<number>()
  const both = Promise.all([deferred, deferred, (async () => (await deferred) + 1)()])
  deferred.callback(1)
  assert.deepEqual(await both, [1, 1, 2])
  await assert.rejects(async () => await fail(new RangeError('y')), RangeError)
})

it('wait, all and race of the engine take Deferreds', function* () {
  assert.equal(yield* wait(succeed(1)), 1)
  const later = new Deferred<string>()
  spawn(function* () {
    yield* sleep(5)
    later.callback('b')
  })
  assert.deepEqual(yield* all([succeed('a'), later]), ['a', 'b'])
  const never = new Deferred<string>()
  assert.equal(yield* race([never, succeed('first')]), 'first')
  assert.equal(failureNow(never).type, CancelledError)
})

it('the reason of the wait tells where the Deferred was made', function* () {
  const deferred = new Deferred<void>()
  const task = spawn(function* () {
    yield* deferred
  })
  yield* waitAllBlocked()
  assert.match(task.reason ?? '', /^a Deferred made at .*deferred-wait\.test.*, which has not fired$/)
  deferred.callback()
  yield* task
})

it.many('when the last task that waits is cancelled, so is the Deferred; not before', function* () {
  let cancelled = 0
  const deferred = new Deferred<void>(() => cancelled++)
  const body = function* () {
    yield* deferred
  }
  const [one, two] = [spawn(body), spawn(body)]
  yield* waitAllBlocked()
  one.cancel()
  assert.equal(cancelled, 0)
  assert.ok(isPending(deferred))
  two.cancel()
  assert.equal(cancelled, 1)
  assert.equal(failureNow(deferred).type, CancelledError)
})

it('10^5 tasks wait for one Deferred, all but one are cancelled, and the last gets the result, in linear time', function* () {
  const deferred = new Deferred<string>()
  let got = 0
  const body = function* () {
    yield* deferred
    got++
  }
  const tasks = Array.from({ length: 100_000 }, () => spawn(body))
  yield* waitAllBlocked()
  for (const task of tasks.slice(1)) task.cancel()
  yield* waitAllBlocked()
  assert.ok(deferred.callbacks.length < 1000, 'those that are gone are swept out')
  deferred.callback('to the last')
  yield* waitAllBlocked()
  assert.equal(got, 1)
})

it('a cancelled wait leaves nothing unhandled behind, whatever the Deferred fails with', function* (host) {
  const failing = new Deferred<void>((deferred) => deferred.errback(new Error('of the canceller')))
  const task = spawn(function* () {
    yield* failing
  })
  yield* waitAllBlocked()
  task.cancel()
  yield* waitAllBlocked()
  assert.ok(failing.called)
  assert.deepEqual(host.takeUnhandled(), [])
})

it('a timeout around the wait cancels the Deferred', function* () {
  let cancelled = 0
  const deferred = new Deferred<void>(() => cancelled++)
  try {
    yield* timeout(5, wait(deferred))
    assert.fail('no timeout')
  } catch (error) {
    assert.equal((error as { code?: string }).code, 'FIBRIL_TIMEOUT')
  }
  assert.equal(cancelled, 1)
})

it.many('a task that was woken by a Deferred keeps the result, although it is cancelled then', function* () {
  const deferred = new Deferred<string>()
  let got: string | null = null
  const task = spawn(function* () {
    got = yield* deferred
    yield* sleep(1)
    got = 'went on'
  })
  yield* waitAllBlocked()
  deferred.callback('mine')
  task.cancel()
  yield* waitAllBlocked()
  assert.equal(got, 'mine')
})

it('callbacks run outside of the task that waits', function* () {
  const deferred = new Deferred<void>()
  const seen: unknown[] = []
  deferred.addCallback(() => void seen.push(currentTask()?.name ?? null))
  const task = spawn(
    function* () {
      yield* deferred
    },
    { name: 'waiter' },
  )
  yield* waitAllBlocked()
  deferred.callback()
  yield* task
  assert.equal(seen.length, 1)
  assert.notEqual(seen[0], 'waiter')
})

it('a Deferred can be waited for on a loop of its own, outside of tests', async () => {
  const deferred = new Deferred<number>()
  const task = run(function* () {
    return yield* deferred
  })
  setTimeout(() => deferred.callback(3), 1)
  assert.equal(await task, 3)
})
