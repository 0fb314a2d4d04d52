import assert from 'node:assert/strict'
import {
  AsyncResult,
  BoundedSemaphore,
  DummySemaphore,
  Event,
  type Greenlet,
  joinall,
  RLock,
  Semaphore,
  sleep,
  spawn,
  Timeout,
} from '../../src/gevent/index.ts'
import { it } from '../support/it.ts'

it('Event.wait is true when it is set, false after its timeout', function* (host) {
  const event = new Event()
  assert.equal(yield* event.wait(5), false)
  assert.equal(host.now(), 5)
  const g = spawn(() => event.wait())
  yield* sleep(1)
  event.set()
  assert.equal(yield* g.get(), true)
  assert.equal(event.isSet(), true)
})

it('an event that is set does not make anybody wait: no other task runs', function* () {
  const event = new Event()
  event.set()
  let ran = false
  const g = spawn(() => {
    ran = true
  })
  assert.equal(yield* event.wait(), true)
  assert.equal(ran, false)
  yield* g.join()
})

it('set followed at once by clear wakes all who wait, with true', function* () {
  const event = new Event()
  const waiters = [1, 2, 3].map(() => spawn(() => event.wait(100)))
  yield* sleep(1)
  event.set()
  event.clear()
  assert.deepEqual(
    (yield* joinall(waiters)).map((g) => g.value),
    [true, true, true],
  )
  assert.equal(yield* event.wait(1), false)
})

it(
  'who comes late to an event wakes after those that wait already',
  function* () {
    const event = new Event()
    const order: string[] = []
    const waiter = (name: string) =>
      spawn(function* () {
        yield* event.wait()
        order.push(name)
      })
    const early = waiter('early')
    yield* sleep(1)
    event.set()
    yield* joinall([early, waiter('late')])
    assert.deepEqual(order, ['early', 'late'])
  },
  { shuffle: false },
)

it('AsyncResult: get raises the stored error or a Timeout, wait gives the value or undefined', function* () {
  const result = new AsyncResult<number>()
  assert.equal(yield* result.wait(1), undefined)
  assert.throws(() => result.getNowait(), Timeout)
  assert.throws(() => result.get({ block: false }), Timeout)
  try {
    yield* result.get({ timeout: 1 })
    assert.fail('it gave a value')
  } catch (error) {
    assert.ok(error instanceof Timeout)
  }
  const waiters = [spawn(() => result.get()), spawn(() => result.wait())]
  yield* sleep(1)
  result.set(7)
  assert.deepEqual(
    (yield* joinall(waiters)).map((g) => g.value),
    [7, 7],
  )
  assert.equal(yield* result, 7)
  const failed = new AsyncResult<number>()
  failed.setException(RangeError)
  assert.equal(yield* failed.wait(), undefined)
  assert.ok(failed.exception instanceof RangeError)
  assert.throws(() => failed.getNowait(), RangeError)
})

it('a second set silently gives another value; cancel says false', function* () {
  const result = new AsyncResult<number>()
  result.set(1)
  result.set(2)
  assert.equal(yield* result.get(), 2)
  assert.equal(result.cancel(), false)
  assert.equal(result.cancelled(), false)
})

it('rawlinks of events and results are called when they are set, also if they are', function* () {
  const told: string[] = []
  const event = new Event()
  const result = new AsyncResult()
  event.rawlink(() => told.push('event'))
  const never = () => told.push('never')
  event.rawlink(never)
  event.unlink(never)
  result.rawlink(() => told.push('result'))
  event.set()
  result.set(1)
  yield* sleep(1)
  event.rawlink(() => told.push('event again'))
  yield* sleep(1)
  assert.deepEqual(told, ['event', 'result', 'event again'])
})

it(
  'Semaphore: FIFO; false after the timeout, and for block: false; it grows by more releases than there were',
  function* () {
    const semaphore = new Semaphore(1)
    assert.equal(yield* semaphore.acquire(), true)
    assert.equal(yield* semaphore.acquire({ timeout: 5 }), false)
    assert.equal(yield* semaphore.acquire({ block: false }), false)
    const order: number[] = []
    const waiters = [1, 2, 3].map((n) =>
      spawn(function* () {
        yield* semaphore.acquire()
        order.push(n)
        semaphore.release()
      }),
    )
    yield* sleep(1)
    semaphore.release()
    yield* joinall(waiters)
    assert.deepEqual(order, [1, 2, 3])
    assert.equal(semaphore.release(), 2)
    assert.equal(semaphore.counter, 2)
    assert.throws(() => new Semaphore(-1), RangeError)
  },
  { shuffle: false },
)

it('a released permit goes to whoever has waited longest: a releaser that acquires again does not overtake', function* () {
  const semaphore = new Semaphore(0)
  const order: string[] = []
  const waiter = spawn(function* () {
    yield* semaphore.acquire()
    order.push('waiter')
    semaphore.release()
  })
  yield* sleep(1)
  semaphore.release()
  yield* semaphore.acquire()
  order.push('releaser')
  yield* waiter.join()
  assert.deepEqual(order, ['waiter', 'releaser'])
})

it('Semaphore.wait takes no permit; rawlink is called when one is free', function* () {
  const semaphore = new Semaphore(0)
  const told: number[] = []
  semaphore.rawlink((s) => told.push(s.counter))
  const waiter = spawn(() => semaphore.wait())
  yield* sleep(1)
  semaphore.release()
  assert.equal(yield* waiter.get(), 1)
  yield* sleep(1)
  assert.deepEqual(told, [1])
  assert.equal(semaphore.locked(), false)
})

it('BoundedSemaphore refuses to grow; DummySemaphore keeps nobody waiting', function* () {
  const bounded = new BoundedSemaphore(1)
  assert.throws(() => bounded.release(), RangeError)
  assert.equal(yield* bounded.with(() => bounded.counter), 0)
  assert.equal(bounded.counter, 1)
  const dummy = new DummySemaphore()
  assert.equal(yield* dummy.acquire(), true)
  dummy.release()
  assert.equal(yield* dummy.with(() => 'in'), 'in')
})

it('RLock: its owner may acquire it again, others wait, and only the owner releases', function* () {
  const lock = new RLock()
  yield* lock.acquire()
  yield* lock.acquire()
  const other = spawn(function* () {
    assert.throws(() => lock.release(), { code: 'FIBRIL_USAGE' })
    assert.equal(yield* lock.acquire({ timeout: 1 }), false)
    yield* lock.acquire()
    lock.release()
    return 'had it'
  })
  yield* sleep(5)
  lock.release()
  yield* sleep(1)
  assert.equal(lock.locked(), true)
  lock.release()
  assert.equal(yield* other.get(), 'had it')
  assert.throws(() => lock.release(), /un-acquired/)
})

it.many('a cancelled acquire loses no permit', function* () {
  const semaphore = new Semaphore(0)
  const waiters = [1, 2, 3].map(() => spawn(() => semaphore.acquire()))
  yield* sleep(1)
  semaphore.release()
  const [first] = waiters as [Greenlet<boolean>]
  first.kill()
  yield* first.join()
  const given = first.value === true ? 1 : 0
  yield* sleep(1)
  assert.equal(waiters.filter((g) => g.value === true).length + semaphore.counter, 1)
  assert.ok(given <= 1)
  semaphore.release(3)
  yield* joinall(waiters)
})

it('a hundred thousand waiters on one semaphore and one event go on in linear time', function* () {
  const semaphore = new Semaphore(1)
  const event = new Event()
  let most = 0
  let inside = 0
  const tasks = Array.from({ length: 100_000 }, () =>
    spawn(function* () {
      yield* event.wait()
      yield* semaphore.acquire()
      most = Math.max(most, ++inside)
      inside--
      semaphore.release()
    }),
  )
  yield* sleep(1)
  event.set()
  for (const task of tasks) yield* task.join()
  assert.equal(most, 1)
})
