import assert from 'node:assert/strict'
import {
  Full,
  Greenlet,
  GreenletExit,
  Group,
  LoopExit,
  Pool,
  PoolFull,
  sleep,
  spawn,
  withTimeout,
} from '../../src/gevent/index.ts'
import { it } from '../support/it.ts'
import { heard } from './heard.ts'

function* slowly(n: number) {
  yield* sleep(n)
  return n * n
}

function* picky(n: number) {
  yield* sleep(1)
  if (n === 2) throw new Error(`not ${n}`)
  return n
}

it('a group holds greenlets until they end; join is over when it became empty once', function* () {
  const group = new Group()
  assert.equal(yield* group.join(), true)
  const greenlets = [group.spawn(slowly, 5), group.spawn(slowly, 10)]
  const stranger = spawn(slowly, 20)
  group.add(stranger)
  assert.equal(group.size, 3)
  assert.equal(group.discard(stranger), true)
  assert.equal(group.discard(stranger), false)
  assert.equal(group.has(greenlets[0] as Greenlet), true)
  assert.equal([...group].length, 2)
  assert.equal(yield* group.join({ timeout: 1 }), false)
  assert.equal(yield* group.join(), true)
  assert.equal(group.size, 0)
  yield* stranger.join()
})

it('join with raiseError throws what one of them failed with', function* () {
  heard()
  const group = new Group()
  group.spawn(picky, 2)
  group.spawn(picky, 1)
  try {
    yield* group.join({ raiseError: true })
    assert.fail('it was silent')
  } catch (error) {
    assert.equal((error as Error).message, 'not 2')
  }
})

it('kill goes on until the group is empty, also for greenlets that come meanwhile; its timeout is silent', function* (host) {
  const group = new Group()
  group.spawn(function* () {
    try {
      yield* sleep(1000)
    } finally {
      group.spawn(slowly, 1000)
      yield* sleep(10)
    }
  })
  yield* sleep(1)
  assert.equal(yield* group.kill(undefined, { timeout: 1 }), undefined)
  assert.equal(group.size, 2)
  yield* group.kill()
  assert.equal(group.size, 0)
  assert.ok(host.now() < 20)
  const one = group.spawn(slowly, 1000)
  yield* group.killone(one)
  assert.ok(one.value instanceof GreenletExit)
})

it('spawn of a pool waits while that is full', function* (host) {
  const pool = new Pool(2)
  assert.equal(pool.freeCount(), 2)
  yield* pool.spawn(slowly, 10)
  yield* pool.spawn(slowly, 20)
  assert.equal(pool.full(), true)
  const third = yield* pool.spawn(slowly, 1)
  assert.equal(host.now(), 10)
  assert.ok(third instanceof Greenlet)
  assert.equal(yield* pool.waitAvailable(), 1)
  yield* pool.join()
  assert.equal(pool.freeCount(), 2)
})

it('add with block: false raises PoolFull, which is a Full; so does a timeout', function* () {
  const pool = new Pool(1)
  yield* pool.spawn(slowly, 10)
  for (const options of [{ block: false }, { timeout: 2 }]) {
    try {
      yield* pool.start(new Greenlet(slowly, 1), options)
      assert.fail('there was room')
    } catch (error) {
      assert.ok(error instanceof PoolFull)
      assert.ok(error instanceof Full)
    }
  }
  yield* pool.join()
  yield* pool.add(spawn(slowly, 1))
  yield* pool.join()
})

it('a pool of 0 never starts anything, a negative one is a RangeError', function* () {
  const pool = new Pool(0)
  assert.equal(yield* withTimeout(5, () => pool.spawn(slowly, 1), { timeoutValue: 'never' }), 'never')
  assert.throws(() => new Pool(-1), RangeError)
})

it('apply runs in the pool, and inline in a greenlet of the pool; a nested spawn().get() is a LoopExit with the wait graph', function* () {
  const pool = new Pool(1)
  assert.equal(yield* pool.apply(slowly, 3), 9)
  assert.equal(yield* pool.apply(() => pool.apply(slowly, 2)), 4)
  try {
    yield* pool.apply(function* outer() {
      return yield* (yield* pool.spawn(slowly, 1)).get()
    })
    assert.fail('it ended')
  } catch (error) {
    assert.ok(error instanceof LoopExit)
    assert.match(error.message, /outer #\d+ has waited .* for a semaphore \(0 free\)/)
  }
  yield* pool.kill()
})

it('applyAsync gives a greenlet at once, and calls back with the value', function* () {
  const pool = new Pool(1)
  const told: number[] = []
  const first = pool.applyAsync(slowly, [3], (value) => told.push(value))
  assert.equal(yield* first.get(), 9)
  yield* sleep(1)
  assert.deepEqual(told, [9])
})

it('map gives results in the order of the arguments; its first failure is thrown, and the others go on', function* () {
  heard()
  const pool = new Pool(2)
  assert.deepEqual(yield* pool.map(slowly, [5, 1, 3]), [25, 1, 9])
  assert.deepEqual(yield* pool.mapAsync(slowly, [2, 1]).get(), [4, 1])
  const done: number[] = []
  try {
    yield* pool.map(
      function* (n: number) {
        const value = yield* picky(n)
        yield* sleep(5)
        done.push(value)
      },
      [1, 2, 3, 4],
    )
    assert.fail('it was silent')
  } catch (error) {
    assert.equal((error as Error).message, 'not 2')
  }
  yield* sleep(50)
  assert.deepEqual(done.sort(), [1, 3, 4])
})

it('imap throws the error of an item at its turn, and the iteration continues', function* () {
  heard()
  for (const pool of [new Pool(2), new Group()]) {
    const map = pool.imap(picky, [1, 2, 3])
    assert.deepEqual(yield* map.next(), { value: 1, done: false })
    try {
      yield* map.next()
      assert.fail('it was silent')
    } catch (error) {
      assert.equal((error as Error).message, 'not 2')
    }
    assert.deepEqual(yield* map.next(), { value: 3, done: false })
    assert.equal((yield* map.next()).done, true)
    assert.equal((yield* map.next()).done, true)
  }
})

it('imapUnordered gives results as they come', function* () {
  const seen: number[] = []
  yield* new Group().imapUnordered(slowly, [9, 1, 5]).forEach((n) => void seen.push(n))
  assert.deepEqual(seen, [1, 25, 81])
})

it('an error of the source is thrown after what came before it, and ends the map', function* () {
  function* source() {
    yield 1
    throw new Error('the source broke')
  }
  for (const method of ['imap', 'imapUnordered'] as const) {
    const map = new Pool(3)[method](slowly, source())
    const seen: unknown[] = []
    for (let i = 0; i < 3; i++) {
      try {
        seen.push((yield* map.next()).value)
      } catch (error) {
        seen.push((error as Error).message)
      }
    }
    assert.deepEqual(seen.sort(), [1, 'the source broke', undefined])
  }
})

it('maxsize bounds the results that are finished and unread', function* () {
  let begun = 0
  const map = new Pool(10).imapUnordered(
    (n: number) => {
      begun++
      return n
    },
    Array.from({ length: 20 }, (_, n) => n),
    { maxsize: 3 },
  )
  yield* map.next()
  yield* sleep(5)
  assert.equal(begun, 4)
  assert.equal((yield* map.toArray()).length, 19)
  assert.throws(() => new Pool(1).imap(slowly, [], { maxsize: 0 }), RangeError)
})

it('a map that is closed or cancelled begins nothing more, and what runs for it is killed', function* () {
  const pool = new Pool(2)
  const map = pool.imap(slowly, [1, 1000, 1000, 1000])
  assert.deepEqual(yield* map.next(), { value: 1, done: false })
  map.close()
  assert.equal((yield* map.next()).done, true)
  yield* pool.join()
  const mapping = spawn(() => pool.map(slowly, [1000, 1000, 1000]))
  yield* sleep(1)
  yield* mapping.kill()
  yield* pool.join()
  assert.equal(pool.freeCount(), 2)
})

it('for await reads a map in code that awaits', async () => {
  const seen: number[] = []
  for await (const n of new Pool(2).imap(slowly, [3, 1])) seen.push(n)
  assert.deepEqual(seen, [9, 1])
})

it.many('in any order of steps a pool runs as many as it has room for, and all of them', function* () {
  const pool = new Pool(3)
  let inside = 0
  let most = 0
  yield* pool.map(
    function* () {
      most = Math.max(most, ++inside)
      yield* sleep(1)
      inside--
    },
    Array.from({ length: 20 }),
  )
  assert.equal(most, 3)
})

it('a hundred thousand items are mapped in linear time', function* () {
  let sum = 0
  yield* new Pool(100)
    .imapUnordered(
      (n: number) => n,
      Array.from({ length: 100_000 }, (_, n) => n),
    )
    .forEach((n) => {
      sum += n
    })
  assert.equal(sum, 4_999_950_000)
})
