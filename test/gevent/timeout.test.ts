import assert from 'node:assert/strict'
import { Event, getcurrent, Queue, sleep, spawn, Timeout, withTimeout } from '../../src/gevent/index.ts'
import { all, DeadlockError, shield, TimeoutError, timeout } from '../../src/index.ts'
import { it } from '../support/it.ts'

it('start raises the timeout itself in the task that started it, where it waits', function* (host) {
  const limit = Timeout.startNew(10)
  let raised: unknown
  try {
    yield* sleep(1000)
  } catch (error) {
    raised = error
  } finally {
    limit.close()
  }
  assert.equal(raised, limit)
  assert.ok(limit instanceof TimeoutError)
  assert.equal(limit.code, 'FIBRIL_TIMEOUT')
  assert.equal(host.now(), 10)
  assert.match(String(limit.task), /^task .* #\d+$/)
})

it('none, null and Infinity never raise; 0 raises in the next turn', function* () {
  for (const none of [null, undefined, Infinity]) {
    const limit = Timeout.startNew(none)
    assert.equal(limit.pending, false)
    yield* sleep(100_000)
    limit.close()
  }
  const now = Timeout.startNew(0)
  try {
    yield* sleep(1000)
    assert.fail('it did not raise')
  } catch (error) {
    assert.equal(error, now)
  }
  assert.throws(() => new Timeout(Number.NaN), { code: 'FIBRIL_USAGE' })
})

it('a timeout that was closed raises nothing, also if it came due while its task ran', function* () {
  const limit = Timeout.startNew(10)
  assert.equal(limit.pending, true)
  limit.close()
  assert.equal(limit.pending, false)
  yield* sleep(50)
  // Due while the task is ready: closed before it waits again.
  const event = new Event()
  const other = Timeout.startNew(10)
  spawn(function* () {
    yield* sleep(10)
    event.set()
  })
  try {
    yield* event.wait()
  } catch {}
  other.close()
  yield* sleep(5)
})

it('a timeout that is pending cannot be started again; one that was cancelled can', function* () {
  const limit = Timeout.startNew(10)
  assert.throws(() => limit.start(), /started already/)
  limit.cancel()
  limit.start()
  limit.cancel()
})

it('an exception of its own, a class or a text in place of itself', function* () {
  const own = new RangeError('own')
  for (const [exception, expected] of [
    [own, /^RangeError: own$/],
    [TypeError, /^TypeError/],
    ['too slow for me', /^Timeout: too slow for me$/],
  ] as const) {
    const limit = Timeout.startNew(5, exception)
    try {
      yield* sleep(1000)
      assert.fail('it did not raise')
    } catch (error) {
      assert.match(String(error), expected)
    } finally {
      limit.close()
    }
  }
})

it('with: false suppresses its own timeout only; the one around it goes through', function* (host) {
  assert.equal(yield* new Timeout(5, false).with(() => sleep(1000)), undefined)
  assert.equal(host.now(), 5)
  const outer = new Timeout(5)
  let raised: unknown
  try {
    yield* outer.with(() => new Timeout(50, false).with(() => sleep(1000)))
  } catch (error) {
    raised = error
  }
  assert.equal(raised, outer)
  assert.equal(yield* new Timeout(50, false).with(() => 'in time'), 'in time')
})

it('with: no catch inside the block sees it, and finally blocks run', function* () {
  const order: string[] = []
  const limit = new Timeout(5)
  try {
    yield* limit.with(function* () {
      try {
        yield* sleep(1000)
      } catch {
        order.push('swallowed')
      } finally {
        order.push('cleanup')
      }
    })
  } catch (error) {
    order.push(error === limit ? 'its own' : 'another')
  }
  assert.deepEqual(order, ['cleanup', 'its own'])
})

it('using closes a timeout', function* () {
  {
    using limit = Timeout.startNew(5)
    assert.equal(limit.pending, true)
  }
  yield* sleep(10)
})

it('withTimeout gives the value, the Timeout, or timeoutValue; not for the timeout of another', function* () {
  assert.equal(yield* withTimeout(5, () => 'quick'), 'quick')
  assert.equal(yield* withTimeout(5, () => sleep(1000), { timeoutValue: 'late' }), 'late')
  try {
    yield* withTimeout(5, () => sleep(1000))
    assert.fail('it did not raise')
  } catch (error) {
    assert.ok(error instanceof Timeout)
  }
  const outer = new Timeout(1)
  try {
    yield* outer.with(() => withTimeout(5, () => sleep(1000), { timeoutValue: 'late' }))
    assert.fail('it did not raise')
  } catch (error) {
    assert.equal(error, outer)
  }
})

it('a timeout is held back by a shield, and works under all and inside timeout of the core', function* (host) {
  const limit = Timeout.startNew(5)
  try {
    yield* shield(() => sleep(20))
    assert.equal(host.now(), 20)
    yield* sleep(1000)
    assert.fail('it did not raise')
  } catch (error) {
    assert.equal(error, limit)
  }
  const second = Timeout.startNew(5)
  try {
    yield* timeout(1000, () => all([() => sleep(500), () => sleep(700)]))
    assert.fail('it did not raise')
  } catch (error) {
    assert.equal(error, second)
  }
  assert.equal(host.now(), 25)
})

it('a deadlock names what a greenlet waits for in a Timeout block', function* () {
  const queue = new Queue()
  try {
    yield* new Timeout(null).with(() => queue.get())
    assert.fail('it gave something')
  } catch (error) {
    assert.ok(error instanceof DeadlockError)
    assert.match(error.message, /an item of a queue of 0/)
  }
  assert.equal(getcurrent().dead, false)
})

it.many('in any order of steps a Timeout is raised once, in its own task', function* () {
  const raised: number[] = []
  const tasks = [3, 5, 5, 7].map((ms, i) =>
    spawn(function* () {
      const limit = Timeout.startNew(ms)
      try {
        yield* sleep(5)
        yield* sleep(100)
      } catch (error) {
        assert.equal(error, limit)
        raised.push(i)
      } finally {
        limit.close()
      }
    }),
  )
  for (const task of tasks) yield* task.get()
  assert.deepEqual(raised.sort(), [0, 1, 2, 3])
})
