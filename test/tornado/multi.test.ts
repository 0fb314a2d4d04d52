import assert from 'node:assert/strict'
import { describe } from 'node:test'
import { CancelledError, fn, sleep as sleepOf, TimeoutError, UsageError } from '../../src/core/index.ts'
import { asFuture, coroutine, Future, multi, sleep, WaitIterator, withTimeout } from '../../src/tornado/index.ts'
import { it } from '../support/it.ts'
import { failure, logged } from './support.ts'

const after = coroutine(function* <T>(ms: number, value: T) {
  yield sleep(ms)
  return value
})
const failing = coroutine(function* (ms: number, message: string) {
  yield sleep(ms)
  throw new Error(message)
})

describe('multi', () => {
  it('gives a list for a list, a record for a record, empty for empty; duplicates are allowed', function* () {
    assert.deepEqual(yield* multi([after(3, 'a'), after(1, 'b')]), ['a', 'b'])
    assert.deepEqual(yield* multi({ x: after(1, 1), y: Promise.resolve(2) }), { x: 1, y: 2 })
    assert.deepEqual(yield* multi([]), [])
    assert.deepEqual(yield* multi({}), {})
    const one = after(1, 'same')
    assert.deepEqual(yield* multi([one, one, one]), ['same', 'same', 'same'])
  })

  it('waits for all even if one failed, throws the first in argument order, and logs the others', function* (host) {
    const lines = yield* logged(
      fn(function* () {
        const error = yield* failure(multi([after(30, 1), failing(20, 'first'), failing(10, 'second')]))
        assert.equal(error.message, 'first')
        assert.equal(host.now(), 30)
      }),
    )
    assert.deepEqual(lines, ['Multiple exceptions in yield list: second'])
  })

  it('quietExceptions logs none, or none of some classes', function* () {
    class Quiet extends Error {}
    const quiet = coroutine(function* () {
      yield null
      throw new Quiet('q')
    })
    const lines = yield* logged(
      fn(function* () {
        yield* failure(multi([failing(1, 'a'), failing(1, 'b')], { quietExceptions: true }))
        yield* failure(multi([failing(1, 'a'), quiet(), failing(1, 'c')], { quietExceptions: [Quiet] }))
      }),
    )
    assert.deepEqual(lines, ['Multiple exceptions in yield list: c'])
  })

  it('failFast throws the first as it comes, and leaves the others alone', function* (host) {
    const slow = after(30, 'slow')
    const error = yield* failure(multi([slow, failing(10, 'fast')], { failFast: true }))
    assert.equal(error.message, 'fast')
    assert.equal(host.now(), 10)
    assert.equal(yield* slow, 'slow')
  })

  it('that is cancelled cancels the children for which nobody else waits', function* () {
    const children = [sleep(1000), sleep(1000)]
    const all = multi(children)
    all.cancel()
    assert.ok((yield* failure(all)) instanceof CancelledError)
    yield* sleepOf(1)
    assert.deepEqual(
      children.map((child) => child.cancelled()),
      [true, true],
    )
  })

  it('of 2,000 and of 100,000 children takes linear time', function* () {
    for (const count of [2000, 100_000]) {
      const children = Array.from({ length: count }, () => new Future<number>())
      const all = multi(children)
      for (const [i, child] of children.entries()) child.setResult(i)
      assert.equal((yield* all).length, count)
    }
  })
})

describe('withTimeout', () => {
  it('gives the result in time; past it a TimeoutError, and what it waits for goes on', function* (host) {
    assert.equal(yield* withTimeout(10, after(5, 'in time')), 'in time')
    const slow = after(20, 'slow')
    const error = yield* failure(withTimeout(10, slow))
    assert.ok(error instanceof TimeoutError)
    assert.equal(host.now(), 15)
    assert.equal(yield* slow, 'slow')
  })

  it('0 is at once for what is not done, and gives what is', function* (host) {
    assert.ok((yield* failure(withTimeout(0, new Future()))) instanceof TimeoutError)
    assert.equal(host.now(), 0)
    const done = new Future<number>()
    done.setResult(1)
    assert.equal(yield* withTimeout(0, done), 1)
  })

  it('a failure before it is thrown; a late one is logged, unless quiet or cancelled', function* () {
    assert.equal((yield* failure(withTimeout(10, failing(1, 'soon')))).message, 'soon')
    const lines = yield* logged(
      fn(function* () {
        yield* failure(withTimeout(1, failing(5, 'late')))
        yield* failure(withTimeout(1, failing(5, 'quiet'), true))
        yield* failure(withTimeout(1, failing(5, 'quiet too'), [Error]))
        const cancelled = sleep(1000)
        yield* failure(withTimeout(1, cancelled))
        cancelled.cancel()
        yield* sleepOf(10)
      }),
    )
    assert.equal(lines.length, 1)
    assert.match(lines[0] ?? '', /Exception in .* after timeout: late/)
  })

  it('takes promises too; asFuture is the same future for a future', function* () {
    assert.equal(yield* withTimeout(10, Promise.resolve('p')), 'p')
    const future = new Future<number>()
    assert.equal(asFuture(future), future)
    future.setResult(1)
  })
})

describe('WaitIterator', () => {
  it('gives futures as they are done, with their index or key', function* () {
    const list = new WaitIterator([after(3, 'c'), after(1, 'a'), after(2, 'b')])
    const seen: unknown[] = []
    while (!list.done()) seen.push([yield* list.next(), list.currentIndex])
    assert.deepEqual(seen, [
      ['a', 1],
      ['b', 2],
      ['c', 0],
    ])
    const record = new WaitIterator({ x: after(2, 1), y: after(1, 2) })
    assert.equal(yield* record.next(), 2)
    assert.equal(record.currentIndex, 'y')
    assert.equal(yield* record.next(), 1)
    assert.equal(record.done(), true)
  })

  it('gives those that are done already in the order of the arguments', function* () {
    const futures = [3, 1, 2].map((value) => {
      const future = new Future<number>()
      future.setResult(value)
      return future
    })
    const iterator = new WaitIterator(futures)
    const seen: number[] = []
    while (!iterator.done()) {
      seen.push(yield* iterator.next())
      assert.equal(iterator.currentFuture?.result(), seen.at(-1))
    }
    assert.deepEqual(seen, [3, 1, 2])
  })

  it('goes on after a failure; an empty one is done; next on a done one is a UsageError, and so is a second next', function* () {
    const iterator = new WaitIterator([failing(1, 'no'), after(2, 'yes')])
    assert.equal((yield* failure(iterator.next())).message, 'no')
    assert.equal(yield* iterator.next(), 'yes')
    assert.throws(() => iterator.next(), UsageError)
    assert.equal(new WaitIterator([]).done(), true)
    const two = new WaitIterator([after(1, 1), after(1, 2)])
    const waiting = two.next()
    assert.throws(() => two.next(), UsageError)
    yield* waiting
    yield* two.next()
  })

  it('gives a future that is there twice twice, and can be iterated in async code', async () => {
    const one = new Future<string>()
    const iterator = new WaitIterator([one, one])
    one.setResult('same')
    const seen: string[] = []
    for await (const value of iterator) seen.push(value)
    assert.deepEqual(seen, ['same', 'same'])
  })
})
