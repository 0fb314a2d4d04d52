import assert from 'node:assert/strict'
import { describe } from 'node:test'
import { sleep as sleepOf, TimeoutError, UsageError } from '../../src/core/index.ts'
import {
  coroutine,
  type Future,
  LifoQueue,
  PriorityQueue,
  Queue,
  QueueEmpty,
  QueueFull,
  sleep,
} from '../../src/tornado/index.ts'
import { it } from '../support/it.ts'
import { failure } from './support.ts'

describe('Queue', () => {
  it('put and get are done at once where they can be', function* () {
    const queue = new Queue<string>(1)
    assert.equal(queue.put('a').done(), true)
    assert.equal(queue.full(), true)
    const second = queue.put('b')
    assert.equal(second.done(), false)
    assert.equal(queue.get().result(), 'a')
    yield* second
    assert.equal(queue.getNowait(), 'b')
    assert.equal(queue.empty(), true)
  })

  it('getters and putters are served in the order in which they called, not in which they wait', function* () {
    const queue = new Queue<number>()
    const first = queue.get()
    const second = queue.get()
    queue.putNowait(1)
    queue.putNowait(2)
    assert.deepEqual([yield* second, yield* first], [2, 1])
    const bounded = new Queue<string>(1)
    bounded.putNowait('x')
    const puts = [bounded.put('y'), bounded.put('z')]
    const got: string[] = []
    for (let i = 0; i < 3; i++) got.push(yield* bounded.get())
    assert.deepEqual(got, ['x', 'y', 'z'])
    for (const put of puts) yield* put
  })

  it('maxsize: not a number is a TypeError, negative a RangeError, a fraction is rounded up, 0 is no limit', function* () {
    assert.throws(() => new Queue(null as never), TypeError)
    assert.throws(() => new Queue(Number.NaN), TypeError)
    assert.throws(() => new Queue(-1), RangeError)
    const queue = new Queue<number>(1.3)
    assert.equal(queue.maxsize, 2)
    queue.putNowait(1)
    queue.putNowait(2)
    assert.throws(() => queue.putNowait(3), QueueFull)
    const unbounded = new Queue<number>()
    for (let i = 0; i < 1000; i++) unbounded.putNowait(i)
    assert.equal(unbounded.qsize(), 1000)
    assert.equal(unbounded.full(), false)
    yield* sleepOf(0)
  })

  it('getNowait on an empty one is QueueEmpty', function* () {
    assert.throws(() => new Queue().getNowait(), QueueEmpty)
    yield* sleepOf(0)
  })

  it('a get that timed out, or was cancelled, takes nothing, and leaves no trace', function* (host) {
    const queue = new Queue<number>()
    const late = yield* failure(queue.get(10))
    assert.ok(late instanceof TimeoutError)
    assert.equal(host.now(), 10)
    const cancelled = queue.get()
    const waiting = queue.get()
    cancelled.cancel()
    queue.putNowait(1)
    assert.equal(yield* waiting, 1)
    assert.equal(queue.qsize(), 0)
    yield* failure(cancelled)
  })

  it('a put that timed out puts nothing', function* () {
    const queue = new Queue<number>(1)
    queue.putNowait(1)
    assert.ok((yield* failure(queue.put(2, 5))) instanceof TimeoutError)
    assert.equal(queue.getNowait(), 1)
    assert.equal(queue.empty(), true)
  })

  it('time 0 is at once', function* (host) {
    const queue = new Queue<number>()
    assert.ok((yield* failure(queue.get(0))) instanceof TimeoutError)
    assert.equal(host.now(), 0)
    queue.putNowait(1)
    assert.equal(yield* queue.get(0), 1)
  })

  it('join waits until all is done; taskDone too often is a UsageError', function* () {
    const queue = new Queue<number>()
    assert.equal(queue.join().done(), true)
    queue.putNowait(1)
    queue.putNowait(2)
    const joined = queue.join()
    assert.ok((yield* failure(queue.join(1))) instanceof TimeoutError)
    yield* queue.get()
    queue.taskDone()
    assert.equal(joined.done(), false)
    yield* queue.get()
    queue.taskDone()
    yield* joined
    assert.throws(() => queue.taskDone(), UsageError)
  })

  it.many('producers and consumers lose nothing under any schedule', function* () {
    const queue = new Queue<number>(3)
    const got: number[] = []
    const consumer = coroutine(function* () {
      for (;;) {
        got.push(yield* queue.get())
        yield null
        queue.taskDone()
      }
    })
    const producer = coroutine(function* (from: number) {
      for (let i = 0; i < 50; i++) yield queue.put(from + i)
    })
    const consumers = [consumer(), consumer(), consumer()]
    const producers = [producer(0), producer(100)]
    for (const each of producers) yield* each
    yield* queue.join()
    for (const each of consumers) each.cancel()
    for (const each of consumers) yield* failure(each as Future<unknown>)
    assert.equal(new Set(got).size, 100)
  })

  it('a million buffered items, and a hundred thousand getters that wait', function* () {
    const queue = new Queue<number>()
    for (let i = 0; i < 1_000_000; i++) queue.putNowait(i)
    let sum = 0
    yield* coroutine(function* () {
      for (let i = 0; i < 1_000_000; i++) sum += yield* queue.get()
    })()
    assert.equal(sum, 499_999_500_000)
    const getters = Array.from({ length: 100_000 }, () => queue.get())
    for (let i = 0; i < 100_000; i++) queue.putNowait(i)
    yield* sleepOf(1)
    assert.equal(
      getters.every((getter, i) => getter.result() === i),
      true,
    )
  })

  it('is iterated in async code', async () => {
    const queue = new Queue<number>()
    for (const item of [1, 2, 3]) queue.putNowait(item)
    const seen: number[] = []
    for await (const item of queue) if (seen.push(item) === 3) break
    assert.deepEqual(seen, [1, 2, 3])
  })
})

describe('PriorityQueue and LifoQueue', () => {
  it('a PriorityQueue gives the smallest first: numbers, texts, lists item by item', function* () {
    const drain = <T>(queue: Queue<T>): T[] => Array.from({ length: queue.qsize() }, () => queue.getNowait())
    const numbers = new PriorityQueue<number>()
    for (const n of [10, 9, 100, -1]) numbers.putNowait(n)
    assert.deepEqual(drain(numbers), [-1, 9, 10, 100])
    const pairs = new PriorityQueue<[number, string]>()
    for (const pair of [
      [1, 'medium'],
      [0, 'high'],
      [10, 'low'],
      [1, 'a'],
    ] as [number, string][])
      pairs.putNowait(pair)
    assert.deepEqual(
      drain(pairs).map(([, name]) => name),
      ['high', 'a', 'medium', 'low'],
    )
    const reversed = new PriorityQueue<string>(0, (a, b) => b.localeCompare(a))
    for (const text of ['b', 'c', 'a']) reversed.putNowait(text)
    assert.deepEqual(drain(reversed), ['c', 'b', 'a'])
    yield* sleepOf(0)
  })

  it('a LifoQueue gives the newest first; both keep the limits', function* () {
    const stack = new LifoQueue<number>(2)
    stack.putNowait(1)
    stack.putNowait(2)
    const third = stack.put(3)
    assert.equal(stack.getNowait(), 2)
    yield* third
    assert.deepEqual([stack.getNowait(), stack.getNowait()], [3, 1])
    const urgent = new PriorityQueue<number>(1)
    urgent.putNowait(5)
    assert.throws(() => urgent.putNowait(1), QueueFull)
    yield* sleep(1)
  })
})
