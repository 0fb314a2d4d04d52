import assert from 'node:assert/strict'
import {
  AsyncResult,
  ConcurrentObjectUseError,
  Event,
  type Greenlet,
  getHub,
  idle,
  iwait,
  joinall,
  LoopExit,
  Queue,
  Semaphore,
  sleep,
  spawn,
  spawnLater,
  Waiter,
  wait,
} from '../../src/gevent/index.ts'
import { spawn as spawnTask } from '../../src/index.ts'
import { it } from '../support/it.ts'
import { heard } from './heard.ts'

const later = <T>(ms: number, value: T) => spawnLater(ms, () => value)
const failing = (ms: number, message: string) =>
  spawnLater(ms, () => {
    throw new Error(message)
  })

it('joinall gives those that have ended, in the order in which they did; those that had ended first, in the order given', function* () {
  const tasks = [later(20, 'a'), later(5, 'b'), later(10, 'c')]
  assert.deepEqual(
    (yield* joinall(tasks)).map((g) => g.value),
    ['b', 'c', 'a'],
  )
  assert.deepEqual(
    (yield* joinall(tasks)).map((g) => g.value),
    ['a', 'b', 'c'],
  )
  assert.deepEqual(yield* joinall([]), [])
})

it('joinall stops at its timeout, and at its count', function* (host) {
  const tasks = [later(20, 'a'), later(5, 'b'), later(10, 'c')]
  assert.equal((yield* joinall(tasks, { timeout: 12 })).length, 2)
  assert.equal(host.now(), 12)
  const more = [later(20, 'a'), later(5, 'b'), later(10, 'c')]
  assert.deepEqual(
    (yield* joinall(more, { count: 1 })).map((g) => g.value),
    ['b'],
  )
  yield* joinall([...tasks, ...more])
})

it('joinall with raiseError throws the earliest failure at once, without it none', function* (host) {
  heard()
  const tasks = [failing(20, 'late'), failing(10, 'early'), later(30, 'c')]
  assert.equal((yield* joinall([failing(1, 'x')])).length, 1)
  try {
    yield* joinall(tasks, { raiseError: true })
    assert.fail('it was silent')
  } catch (error) {
    assert.equal((error as Error).message, 'early')
  }
  assert.equal(host.now(), 10)
  yield* joinall(tasks)
})

it('wait gives objects of any kind in the order in which they are ready; failed greenlets are given, not thrown', function* () {
  heard()
  const event = new Event()
  const result = new AsyncResult()
  const semaphore = new Semaphore(0)
  const bad = failing(5, 'bad')
  const timers = getHub().loop
  timers.timer(10).start(() => event.set())
  timers.timer(15).start(() => semaphore.release())
  timers.timer(20).start(() => result.set(1))
  assert.deepEqual(yield* wait([result, semaphore, event, bad] as (typeof event)[]), [bad, event, semaphore, result])
})

it('wait without objects waits until the loop has nothing left: true, or false after its timeout', function* (host) {
  later(20, 'a').link(() => later(10, 'b'))
  assert.equal(yield* wait(null, { timeout: 5 }), false)
  assert.equal(yield* wait(), true)
  assert.equal(host.now(), 30)
  const never = new Event()
  const stuck = spawn(() => never.wait())
  assert.equal(yield* wait(), true)
  never.set()
  yield* stuck.join()
})

it('iwait gives objects as they are ready, and unlinks the rest when it is closed, cancelled or timed out', function* () {
  const links = (tasks: Greenlet[]) =>
    tasks.map((g) => ((g as unknown as { observer: unknown }).observer === null ? 0 : 1))
  const tasks = [later(10, 1), later(20, 2), later(30, 3)] as Greenlet[]
  const seen: unknown[] = []
  for (const ready = iwait(tasks); ; ) {
    const step = yield* ready.next()
    seen.push(step.value?.value)
    ready.close()
    break
  }
  assert.deepEqual(links(tasks), [0, 0, 0])
  yield* iwait(tasks, { timeout: 15 }).forEach((g) => void seen.push(g.value))
  assert.deepEqual(links(tasks), [0, 0, 0])
  const waiting = spawn(() => joinall(tasks))
  yield* sleep(1)
  assert.equal(links(tasks).at(-1), 1)
  yield* waiting.kill()
  assert.deepEqual(links(tasks), [0, 0, 0])
  yield* iwait(tasks, { count: 2 }).forEach(function* (g) {
    yield* sleep(1)
    seen.push(g.value)
  })
  assert.deepEqual(seen, [1, 1, 2, 1, 2])
  yield* joinall(tasks)
})

it(
  'sleep(0) lets all that is ready run once, in turn',
  function* () {
    const order: string[] = []
    const talk = (name: string) =>
      spawn(function* () {
        for (const n of [1, 2, 3]) {
          order.push(`${name}${n}`)
          yield* sleep(0)
        }
      })
    yield* joinall([talk('a'), talk('b')])
    assert.deepEqual(order, ['a1', 'b1', 'a2', 'b2', 'a3', 'b3'])
  },
  { shuffle: false },
)

it(
  'sleepers of the same time wake in the order in which they fell asleep',
  function* () {
    const order: number[] = []
    const tasks = [0, 1, 2, 3, 4, 5].map((n) =>
      spawn(function* () {
        yield* sleep(10)
        order.push(n)
      }),
    )
    yield* joinall(tasks)
    assert.deepEqual(order, [0, 1, 2, 3, 4, 5])
  },
  { shuffle: false },
)

it('idle waits until all that is ready has run', function* () {
  let steps = 0
  spawn(function* () {
    for (; steps < 10; steps++) yield* sleep(0)
  })
  yield* idle()
  assert.equal(steps, 10)
})

it('a Waiter keeps what it was given before somebody asks, and serves one greenlet', function* () {
  const waiter = new Waiter<number>()
  assert.equal(waiter.ready(), false)
  waiter.switch(1)
  assert.equal(waiter.successful(), true)
  assert.equal(yield* waiter.get(), 1)
  waiter.clear()
  waiter.throw(new Error('thrown'))
  assert.match(String(waiter.exception), /thrown/)
  const other = new Waiter<string>()
  const first = spawn(function* first() {
    return yield* other.get()
  })
  yield* sleep(1)
  try {
    yield* other.get()
    assert.fail('two may wait')
  } catch (error) {
    assert.ok(error instanceof ConcurrentObjectUseError)
    assert.match(error.message, /already used by task first #\d+/)
  }
  other.switch('for the first')
  assert.equal(yield* first.get(), 'for the first')
})

it('LoopExit is thrown into the main task where it waits, and can be caught; it tells who waits for what', function* () {
  const queue = new Queue()
  const stuck = spawn(function* reader() {
    yield* queue.get()
  })
  for (let again = 0; again < 2; again++) {
    try {
      yield* stuck.join()
      assert.fail('it ended')
    } catch (error) {
      assert.ok(error instanceof LoopExit)
      assert.equal(error.code, 'FIBRIL_DEADLOCK')
      assert.match(error.message, /^This operation would block forever/)
      assert.match(error.message, /reader #\d+ has waited .* for an item of a queue of 0/)
      assert.match(error.message, /for the end of greenlet reader #\d+ \(held by task reader #\d+\)/)
    }
  }
  assert.equal(stuck.dead, false)
  queue.put('x')
  yield* stuck.kill()
})

it('a timer masks a deadlock while it counts, and not with ref: false', function* () {
  const queue = new Queue<string>()
  const timer = getHub().loop.timer(5)
  timer.start(() => queue.putNowait('from the timer'))
  assert.equal(yield* queue.get(), 'from the timer')
  const ignored = getHub().loop.timer(1e9, 0, { ref: false })
  ignored.start(() => {})
  try {
    yield* queue.get()
    assert.fail('it gave something')
  } catch (error) {
    assert.match(String(error), /a timer of 1000000000 ms does not count/)
  }
  ignored.close()
})

it('greenlets, tasks of the core and promises wait for one another', function* () {
  const g = later(5, 'greenlet')
  const task = spawnTask(function* () {
    return `task of ${yield* g}`
  })
  const waiting = spawn(async () => `promise of ${await g} and ${await task}`)
  assert.equal(yield* waiting.get(), 'promise of greenlet and task of greenlet')
})

it('a hundred thousand objects are waited for in linear time, also if the wait is left early', function* () {
  const tasks = Array.from({ length: 100_000 }, (_, i) => spawn(() => sleep(i % 7)))
  assert.equal((yield* joinall(tasks, { count: 10 })).length, 10)
  assert.equal((yield* joinall(tasks)).length, 100_000)
})
