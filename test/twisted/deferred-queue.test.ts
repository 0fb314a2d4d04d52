import assert from 'node:assert/strict'
import { spawn, timeout, wait } from '../../src/index.ts'
import { waitAllBlocked } from '../../src/testing/index.ts'
import {
  CancelledError,
  type Deferred,
  DeferredQueue,
  QueueOverflow,
  QueueUnderflow,
  succeed,
} from '../../src/twisted/index.ts'
import { it } from '../support/it.ts'
import { failureNow, isPending, resultNow } from './fired.ts'

const MANY = 1_000_000

it('items go to whoever waits, at once, first in, first out; without waiters they are held', () => {
  const queue = new DeferredQueue<number>()
  const seen: number[] = []
  const note = (item: number): void => void seen.push(item)
  queue.get().addCallback(note)
  queue.get().addCallback(note)
  for (const item of [1, 2, 3, 4]) queue.put(item)
  assert.deepEqual(seen, [1, 2])
  queue.get().addCallback(note)
  queue.get().addCallback(note)
  assert.deepEqual(seen, [1, 2, 3, 4])
})

it('put beyond size is a QueueOverflow where it is called, get beyond backlog a QueueUnderflow', () => {
  const queue = new DeferredQueue<number>({ size: 1, backlog: 1 })
  const first = queue.get()
  assert.throws(() => queue.get(), QueueUnderflow)
  queue.put(1)
  queue.put(2)
  assert.throws(() => queue.put(3), QueueOverflow)
  assert.equal(resultNow(first), 1)
  assert.deepEqual(queue.stats(), { items: 1, waiting: 0, size: 1, backlog: 1 })
})

it('size 0 takes only what somebody waits for, backlog 0 gives only what is held', () => {
  const rendezvous = new DeferredQueue<number>({ size: 0 })
  assert.throws(() => rendezvous.put(1), QueueOverflow)
  const waiting = rendezvous.get()
  rendezvous.put(2)
  assert.equal(resultNow(waiting), 2)
  const eager = new DeferredQueue<number>({ backlog: 0 })
  assert.throws(() => eager.get(), QueueUnderflow)
  eager.put(1)
  assert.equal(resultNow(eager.get()), 1)
})

it('limits that are no whole numbers are refused', () => {
  for (const bad of [-1, 1.5, Number.NaN, '3' as never]) {
    assert.throws(() => new DeferredQueue({ size: bad }), { code: 'FIBRIL_USAGE' })
    assert.throws(() => new DeferredQueue({ backlog: bad }), { code: 'FIBRIL_USAGE' })
  }
  assert.equal(new DeferredQueue({ size: null, backlog: null }).size, Infinity)
})

it('a cancelled get leaves the line, and no item is lost to it', () => {
  const queue = new DeferredQueue<string>({ backlog: 2 })
  const [cancelled, waiting] = [queue.get(), queue.get()]
  cancelled.cancel()
  assert.equal(failureNow(cancelled).type, CancelledError)
  const third = queue.get()
  queue.put('a')
  queue.put('b')
  assert.deepEqual([resultNow(waiting), resultNow(third)], ['a', 'b'])
})

it('cancelling a get that has its item does nothing', () => {
  const queue = new DeferredQueue<string>()
  queue.put('held')
  const got = queue.get()
  got.cancel()
  assert.equal(resultNow(got), 'held')
})

it('a task whose get is cut short by a timeout loses no item', function* () {
  const queue = new DeferredQueue<string>()
  try {
    yield* timeout(5, wait(queue.get()))
    assert.fail('nothing was put')
  } catch {}
  queue.put('kept')
  assert.equal(yield* queue.get(), 'kept')
})

it('an item that is a promise or a Deferred is waited for', function* () {
  const queue = new DeferredQueue<PromiseLike<string> | Deferred<string>>()
  queue.put(Promise.resolve('promised'))
  queue.put(succeed('deferred'))
  assert.deepEqual([yield* queue.get(), yield* queue.get()], ['promised', 'deferred'])
})

it('10^6 items that were put first are drained by a callback that gets the next one, in a constant stack', () => {
  const queue = new DeferredQueue<number>()
  for (let i = 0; i < MANY; i++) queue.put(i)
  let next = 0
  const take = (item: number): void => {
    assert.ok(item === next++)
    if (next < MANY) queue.get().addCallback(take)
  }
  queue.get().addCallback(take)
  assert.equal(next, MANY)
})

it('a callback that gets before items come is served as they are put', () => {
  const queue = new DeferredQueue<number>()
  let sum = 0
  const take = (item: number): void => {
    sum += item
    if (item < 99_999) queue.get().addCallback(take)
  }
  queue.get().addCallback(take)
  for (let i = 0; i < 100_000; i++) queue.put(i)
  assert.equal(sum, (100_000 * 99_999) / 2)
})

it('two queues whose callbacks feed one another, 10^5 times, run in a constant stack', () => {
  const [ping, pong] = [new DeferredQueue<number>(), new DeferredQueue<number>()]
  let last = 0
  const serve = (from: DeferredQueue<number>, to: DeferredQueue<number>): void => {
    from.get().addCallback((n) => {
      last = n
      if (n === 100_000) return
      serve(from, to)
      to.put(n + 1)
    })
  }
  serve(ping, pong)
  serve(pong, ping)
  ping.put(0)
  assert.equal(last, 100_000)
  ping.put(100_000)
  pong.put(100_000)
})

it('10^5 waiters are served, and every other one cancelled, in linear time', () => {
  const queue = new DeferredQueue<number>()
  const all = Array.from({ length: 100_000 }, () => queue.get())
  let cancelled = 0
  for (let i = 0; i < all.length; i += 2) {
    all[i]?.addErrback(() => void cancelled++)
    all[i]?.cancel()
  }
  assert.equal(cancelled, 50_000)
  for (let i = 0; i < 50_000; i++) queue.put(i)
  assert.equal(resultNow(all[99_999] as Deferred<number>), 49_999)
  assert.deepEqual([queue.stats().waiting, queue.stats().items], [0, 0])
})

it.many('tasks that share a queue get each item once, whoever is cancelled', function* () {
  const queue = new DeferredQueue<number>()
  const got: number[] = []
  const tasks = Array.from({ length: 6 }, () =>
    spawn(function* () {
      const item = yield* queue.get()
      got.push(item)
    }),
  )
  const [first, , third] = tasks
  spawn(function* () {
    first?.cancel()
    third?.cancel()
  })
  for (let i = 0; i < 4; i++) queue.put(i)
  yield* waitAllBlocked()
  const rest = queue.stats().items
  assert.equal(got.length + rest, 4)
  assert.equal(new Set(got).size, got.length)
  for (const task of tasks) task.cancel()
})

it('a waiter that is no longer there is not pending', () => {
  const queue = new DeferredQueue<number>()
  const waiting = queue.get()
  assert.ok(isPending(waiting))
  waiting.cancel()
  failureNow(waiting)
  assert.equal(queue.stats().waiting, 0)
})
