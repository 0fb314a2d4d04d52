import assert from 'node:assert/strict'
import {
  all,
  type Body,
  BrokenError,
  ClosedError,
  currentTask,
  DeadlockError,
  Future,
  race,
  scope,
  sleep,
  spawn,
  TimeoutError,
  timeoutOr,
  UsageError,
} from '../../../src/index.ts'
import { AcquireTimeoutError, ConnectError, ConnectionPool } from '../../../src/net/index.ts'
import { TestHost, waitAllBlocked } from '../../../src/testing/index.ts'
import { it } from '../../support/it.ts'
import { caught } from '../../sync/caught.ts'
import { type Fake, FakeServer } from './fake-connections.ts'

// -- lending

it('connections are opened when needed, and used again', function* () {
  const server = new FakeServer()
  const pool = server.pool()
  assert.equal(server.attempts.length, 0)
  const ids: number[] = []
  for (let i = 0; i < 3; i++) ids.push(yield* pool.use((fake) => fake.request()))
  assert.deepEqual(ids, [1, 1, 1])
  yield* pool.close()
  assert.deepEqual(server.open, [])
})

it.many('no more than max are open, and every task gets its turn', function* () {
  const server = new FakeServer()
  server.closeMs = 2
  server.connectMs = 3
  const pool = server.pool({ max: 3 })
  const results = yield* all(Array.from({ length: 20 }, () => pool.use((fake) => fake.request())))
  assert.equal(results.length, 20)
  assert.ok(server.connections.length <= 3)
  yield* pool.close()
})

it.many('who waits is served first come, first served, and a releaser cannot barge in', function* () {
  const pool = new FakeServer().pool({ max: 1 })
  const order: string[] = []
  const first = yield* pool.acquire()
  for (const name of ['a', 'b', 'c']) {
    spawn(function* () {
      const lease = yield* pool.acquire()
      order.push(name)
      yield* sleep(1)
      lease.release()
    })
    yield* waitAllBlocked()
  }
  first.release()
  const again = yield* pool.acquire()
  order.push('releaser')
  again.release()
  assert.deepEqual(order, ['a', 'b', 'c', 'releaser'])
  yield* pool.close()
})

it('a connection is handed over in the step in which it comes back', function* () {
  const pool = new FakeServer().pool({ max: 1 })
  const lease = yield* pool.acquire()
  const waiting = spawn(function* () {
    ;(yield* pool.acquire()).release()
  })
  yield* waitAllBlocked()
  assert.equal(pool.stats().waiting, 1)
  lease.release()
  assert.deepEqual([pool.stats().waiting, pool.stats().leased, pool.stats().idle], [0, 1, 0])
  assert.equal(waiting.state, 'ready')
  yield* waiting
  yield* pool.close()
})

it('the connection that was used last is lent first, so that the others can end', function* () {
  const server = new FakeServer()
  const pool = server.pool({ idleMs: 100 })
  const leases = yield* all([pool.acquire(), pool.acquire(), pool.acquire()])
  for (const lease of leases) lease.release()
  const last = leases[2]!.member.connection?.id
  for (let i = 0; i < 20; i++) {
    assert.equal(yield* pool.use((fake) => fake.id), last)
    yield* sleep(10)
  }
  assert.equal(pool.stats().size, 1)
  yield* pool.close()
})

it('a cancelled acquire leaves its line, and what was begun for it serves the next', function* () {
  const server = new FakeServer()
  server.connectMs = 10
  const pool = server.pool({ max: 1 })
  const waiting = spawn(pool.use((fake) => fake.request()))
  yield* sleep(5)
  waiting.cancel()
  assert.equal(pool.stats().waiting, 0)
  assert.equal(yield* pool.use((fake) => fake.request()), 1)
  assert.equal(server.attempts.length, 1)
  yield* pool.close()
})

it('an acquire in a race that another wins takes nothing', function* () {
  const pool = new FakeServer().pool({ max: 1 })
  const lease = yield* pool.acquire()
  assert.equal(yield* race([sleep(5), pool.acquire()]), undefined)
  assert.equal(pool.stats().waiting, 0)
  lease.release()
  assert.equal(pool.stats().idle, 1)
  yield* pool.close()
})

it('a lease is over once: a second release does nothing, and the connection is out of reach', function* () {
  const pool = new FakeServer().pool({ name: 'db' })
  const lease = yield* pool.acquire()
  assert.equal(lease.connection.id, 1)
  assert.equal(lease.holder, currentTask())
  lease.release()
  assert.throws(() => lease.connection, { code: 'FIBRIL_USAGE', message: /connection 1 of pool "db" is over/ })
  const other = yield* pool.acquire()
  lease.release()
  lease.discard()
  assert.equal(pool.stats().leased, 1)
  other.release()
  yield* pool.close()
})

it('a lease is released at the end of a `using` block', function* () {
  const pool = new FakeServer().pool()
  {
    using lease = yield* pool.acquire()
    assert.equal(pool.stats().leased, 1)
    yield* lease.connection.request()
  }
  assert.deepEqual([pool.stats().leased, pool.stats().idle], [0, 1])
  yield* pool.close()
})

it('a discarded connection is closed, with the fault, and another made', function* () {
  const server = new FakeServer()
  const faults: unknown[] = []
  const pool = server.pool({
    max: 1,
    close(fake, fault) {
      fake.open = false
      faults.push(fault)
    },
  })
  const lease = yield* pool.acquire()
  lease.discard('it smells')
  assert.equal(yield* pool.use((fake) => fake.id), 2)
  assert.deepEqual(faults, ['it smells'])
  yield* timeoutOr(
    5,
    null,
    pool.use((fake) => fake.request(1000)),
  )
  yield* pool.use(() => {})
  yield* pool.close()
  assert.deepEqual(faults.slice(1).map(String), [
    'BrokenError: connection 2 of a pool was left amid a request',
    'undefined',
  ])
})

// -- how a body ended

it.many('a connection whose body failed or was cancelled is not lent again', function* () {
  const server = new FakeServer()
  const pool = server.pool({ max: 1 })
  const error = yield* caught(
    pool.use(function* () {
      throw new Error('boom')
    }),
  )
  assert.match(String(error), /boom/)
  assert.equal(yield* pool.use((fake) => fake.request()), 2)
  const task = spawn(pool.use((fake) => fake.request(1000)))
  yield* sleep(1)
  task.cancel()
  assert.equal(yield* pool.use((fake) => fake.request()), 3)
  assert.equal(
    yield* timeoutOr(
      5,
      'late',
      pool.use((fake) => fake.request(1000)),
    ),
    'late',
  )
  assert.equal(yield* pool.use((fake) => fake.request()), 4)
  yield* pool.close()
})

it('`broken` says which errors leave a connection whole', function* () {
  const pool = new FakeServer().pool({ max: 1, broken: (error) => !(error instanceof RangeError) })
  for (const error of [new RangeError('no such row'), new TypeError('garbage')]) {
    yield* caught(
      pool.use(() => {
        throw error
      }),
    )
  }
  assert.equal(pool.stats().created, 1)
  assert.equal(yield* pool.use((fake) => fake.id), 2)
  yield* pool.close()
})

it('`isUsable` decides where it is given: after a failure, a cancel, and a success', function* () {
  const server = new FakeServer()
  const pool = server.pool({ max: 1, isUsable: (fake) => !fake.busy })
  yield* caught(
    pool.use(() => {
      throw new Error('not the fault of the connection')
    }),
  )
  yield* timeoutOr(
    5,
    'late',
    pool.use(() => sleep(1000)),
  )
  assert.equal(yield* pool.use((fake) => fake.request()), 1)
  yield* timeoutOr(
    5,
    'late',
    pool.use((fake) => fake.request(1000)),
  )
  assert.equal(yield* pool.use((fake) => fake.request()), 2)
  yield* pool.use((fake) => {
    fake.busy = true
  })
  assert.equal(yield* pool.use((fake) => fake.request()), 3)
  yield* pool.close()
})

it('a lease that a cancelled task releases in its cleanup is not lent again', function* () {
  const pool = new FakeServer().pool({ max: 1 })
  const task = spawn(function* () {
    using lease = yield* pool.acquire()
    yield* lease.connection.request(1000)
  })
  yield* sleep(5)
  task.cancel()
  assert.equal(yield* pool.use((fake) => fake.request()), 2)
  yield* pool.close()
})

it('a body may be a generator, async or plain function', function* () {
  const pool = new FakeServer().pool()
  assert.equal(
    yield* pool.use(function* (fake) {
      yield* sleep(1)
      return fake.id
    }),
    1,
  )
  assert.equal(yield* pool.use(async (fake) => fake.id), 1)
  assert.equal(yield* pool.use((fake) => fake.id), 1)
  assert.equal(yield* pool.use((fake, lease) => lease.connection === fake), true)
  yield* pool.close()
})

it('code outside any task may await a lease, which is nobody’s', async () => {
  const pool = new FakeServer().pool()
  const lease = await pool.acquire()
  assert.equal(lease.holder, null)
  assert.equal(lease.connection.id, 1)
  assert.deepEqual(pool.stats().leases, [{ task: null, heldMs: 0 }])
  lease.release()
  assert.equal(await pool.use((fake) => fake.id), 1)
  await pool.close()
})

// -- per task

it.many('current gives a task the same connection until it ends, and each child its own', function* () {
  const server = new FakeServer()
  const pool = server.pool()
  const ids: number[][] = []
  function* worker(depth: number): Body<void> {
    const mine: number[] = []
    ids.push(mine)
    for (let i = 0; i < 3; i++) {
      const lease = yield* pool.current()
      mine.push(yield* lease.connection.request())
    }
    if (depth > 0) yield* spawn(() => worker(depth - 1))
    const { connection } = yield* pool.current()
    mine.push(connection.id)
  }
  yield* all([spawn(() => worker(1)), spawn(() => worker(1))])
  assert.equal(ids.length, 4)
  for (const mine of ids) assert.equal(new Set(mine).size, 1, mine.join())
  assert.equal(new Set(ids.slice(0, 2).flat()).size, 2)
  yield* waitAllBlocked()
  assert.equal(pool.stats().leased, 0)
  assert.equal(pool.stats().idle, pool.stats().size)
  yield* pool.close()
})

it('a connection of current is closed if its task was cancelled, and validated if there is any doubt', function* () {
  const server = new FakeServer()
  const validated: number[] = []
  const pool = server.pool({
    max: 1,
    validateAfterIdleMs: Infinity,
    validate(fake) {
      validated.push(fake.id)
      return !fake.busy
    },
  })
  const cancelled = spawn(function* () {
    const { connection } = yield* pool.current()
    yield* connection.request(1000)
  })
  yield* sleep(5)
  cancelled.cancel()
  yield* caught(cancelled.join())
  const failed = yield* caught(
    scope(function* () {
      spawn(function* () {
        const { connection } = yield* pool.current()
        connection.busy = true
        throw new Error('amid a request')
      })
    }),
  )
  assert.match(String(failed), /amid a request/)
  assert.equal(yield* pool.use((fake) => fake.request()), 3)
  assert.deepEqual(validated, [2])
  yield* pool.close()
})

it('one that is discarded is replaced at the next call of current', function* () {
  const pool = new FakeServer().pool()
  yield* spawn(function* () {
    const lease = yield* pool.current()
    assert.equal(lease.connection.id, 1)
    lease.discard()
    assert.equal((yield* pool.current()).connection.id, 2)
  })
  yield* pool.close()
})

it('current needs a task', async () => {
  const pool = new FakeServer().pool()
  await sleep(1)
  assert.throws(() => pool.current(), { code: 'FIBRIL_USAGE' })
  await pool.close()
})

it('a task that ends and holds a lease is warned of, and the connection closed', function* (host) {
  const server = new FakeServer()
  const pool = server.pool({ name: 'db' })
  yield* spawn(
    function* () {
      yield* pool.acquire()
      yield* sleep(7)
    },
    { name: 'forgetful' },
  )
  yield* waitAllBlocked()
  assert.deepEqual(server.open, [])
  const [warning, ...more] = host.takeWarnings()
  assert.match(warning ?? '', /^task forgetful #\d+ ended and held a lease of connection 1 of pool "db", since 7 ms/)
  assert.match(warning ?? '', /pool\.test/)
  assert.deepEqual(more, [])
  assert.equal(pool.stats().leased, 0)
  yield* pool.close()
})

it('a detached lease outlives its task', function* () {
  const pool = new FakeServer().pool()
  const lease = yield* spawn(function* () {
    return (yield* pool.acquire()).detach()
  })
  assert.equal(lease.holder, null)
  assert.equal(yield* lease.connection.request(), 1)
  lease.release()
  assert.equal(pool.stats().idle, 1)
  yield* pool.close()
})

// -- hooks

it('a connection that was idle is validated before it is lent, and who waits keeps its place', function* () {
  const server = new FakeServer()
  const validated: number[] = []
  const pool = server.pool({
    max: 2,
    validateAfterIdleMs: 100,
    *validate(fake) {
      validated.push(fake.id)
      yield* sleep(1)
      return fake.alive
    },
  })
  yield* pool.use((fake) => fake.request())
  yield* sleep(50)
  yield* pool.use((fake) => fake.request())
  assert.deepEqual(validated, [])
  yield* sleep(100)
  yield* pool.use((fake) => fake.request())
  assert.deepEqual(validated, [1])
  yield* sleep(100)
  server.connections[0]!.alive = false
  assert.equal(yield* pool.use((fake) => fake.request()), 2)
  assert.equal(pool.stats().failures.validate, 1)
  assert.equal(server.open.length, 1)
  yield* pool.close()
})

it('a returned connection is reset before anybody else gets it; if that fails it is closed', function* () {
  const server = new FakeServer()
  const reset: number[] = []
  const errors: string[] = []
  const pool = server.pool({
    max: 1,
    *reset(fake) {
      yield* fake.request(2)
      reset.push(fake.id)
      if (reset.length === 2) throw new Error('no rollback')
    },
    onError: (error, during) => errors.push(`${during}: ${(error as Error).message}`),
  })
  yield* pool.use((fake) => fake.request())
  assert.equal(pool.stats().checking, 1)
  assert.equal(yield* pool.use((fake) => fake.request()), 1)
  assert.equal(yield* pool.use((fake) => fake.request()), 2)
  assert.deepEqual(errors, ['reset: no rollback'])
  yield* pool.close()
  assert.deepEqual(reset, [1, 1, 2])
})

it('a hook that takes for ever is given up, and the connection with it', function* (host) {
  const server = new FakeServer()
  const pool = server.pool({
    max: 1,
    hookTimeoutMs: 20,
    validateAfterIdleMs: 0,
    validate: (fake) => (fake.id === 1 ? (sleep(Infinity) as never) : true),
  })
  yield* pool.use((fake) => fake.request(0))
  yield* sleep(1)
  const start = host.now()
  assert.equal(yield* pool.use((fake) => fake.request(0)), 2)
  assert.equal(host.now() - start, 20)
  yield* pool.close()
})

it('a connection that breaks while idle is dropped', function* () {
  const server = new FakeServer()
  const breaks = new Future<void>('the cable to be cut')
  const errors: string[] = []
  const pool = server.pool({
    watch: (fake) => (fake.id === 1 ? breaks.wait() : sleep(Infinity)),
    onError: (error, during) => errors.push(`${during}: ${(error as Error).message}`),
  })
  yield* pool.use((fake) => fake.request())
  assert.equal(pool.stats().idle, 1)
  breaks.resolve()
  yield* waitAllBlocked()
  assert.deepEqual([pool.stats().size, server.open.length], [0, 0])
  assert.deepEqual(errors, ['idle: connection 1 of a pool broke: its watch ended'])
  assert.equal(yield* pool.use((fake) => fake.request()), 2)
  yield* pool.close()
})

it('one that breaks while it is lent stays with its holder, and is closed when it comes back', function* () {
  const server = new FakeServer()
  const breaks = new Future<void>()
  const faults: unknown[] = []
  const pool = server.pool({
    max: 1,
    watch: () => breaks.wait(),
    close(fake, fault) {
      fake.open = false
      faults.push(fault)
    },
  })
  const lease = yield* pool.acquire()
  breaks.resolve()
  yield* waitAllBlocked()
  assert.equal(yield* lease.connection.request(), 1)
  lease.release()
  yield* waitAllBlocked()
  assert.deepEqual(server.open, [])
  assert.ok(faults[0] instanceof BrokenError)
  yield* pool.close()
})

it('what connect spawns belongs to the connection: it ends with it, and its failure breaks it', function* () {
  const events: string[] = []
  const pool = new ConnectionPool<{ fail: Future<void> }>({
    max: 1,
    connect() {
      const connection = { fail: new Future<void>() }
      spawn(
        function* () {
          try {
            yield* connection.fail
            throw new BrokenError('the reader read nonsense')
          } finally {
            events.push('reader ended')
          }
        },
        { name: 'reader' },
      )
      return connection
    },
    close: (_, fault) => {
      events.push(`close: ${fault}`)
    },
  })
  yield* pool.use((connection) => connection.fail.resolve())
  yield* waitAllBlocked()
  assert.deepEqual(events.splice(0), ['reader ended', 'close: BrokenError: the reader read nonsense'])
  yield* pool.use(() => {})
  // The reader has begun.
  yield* waitAllBlocked()
  yield* pool.close()
  assert.deepEqual(events, ['close: undefined', 'reader ended'])
})

it('connections that are not needed end after idleMs, down to min; each ends at its age', function* (host) {
  const server = new FakeServer()
  const pool = server.pool({ min: 1, max: 4, idleMs: 100, maxAgeMs: 1000, seed: 1 })
  yield* waitAllBlocked()
  assert.equal(server.open.length, 1)
  yield* all(Array.from({ length: 4 }, () => pool.use((fake) => fake.request())))
  assert.equal(server.open.length, 4)
  yield* sleep(50)
  assert.equal(server.open.length, 4)
  yield* sleep(51)
  assert.equal(server.open.length, 1)
  const [survivor] = server.open
  yield* sleep(798)
  assert.equal(host.now(), 900)
  assert.equal(server.open[0], survivor)
  yield* sleep(101)
  assert.equal(server.open.length, 1)
  assert.notEqual(server.open[0], survivor)
  yield* pool.close()
})

it('a connection that is too old is not lent again', function* () {
  const server = new FakeServer()
  const pool = server.pool({ max: 1, maxAgeMs: 100 })
  yield* pool.use((fake) => fake.request(101))
  assert.equal(yield* pool.use((fake) => fake.request()), 2)
  yield* pool.close()
})

it('ages differ by chance, so that connections that began together do not end together', function* () {
  const server = new FakeServer()
  const pool = server.pool({ max: 10, maxAgeMs: 1000, idleMs: Infinity, seed: 3 })
  yield* all(Array.from({ length: 10 }, () => pool.use((fake) => fake.request())))
  const open: number[] = []
  yield* sleep(890)
  for (let i = 0; i < 12; i++) {
    open.push(server.open.length)
    yield* sleep(10)
  }
  assert.equal(open[0], 10)
  assert.equal(open.at(-1), 0)
  assert.ok(new Set(open).size > 4, open.join())
  yield* pool.close()
})

// -- failing to connect

it.many('a server that is down is not stormed: one at a time, after longer and longer pauses', function* (host) {
  const server = new FakeServer()
  server.connectMs = 1
  server.refusals.push(...Array.from({ length: 4 + 5 }, () => new BrokenError('refused')))
  const pool = server.pool({ max: 4, backoff: { baseMs: 100, jitter: 'none' } }, () => host.now())
  const results = yield* all(Array.from({ length: 12 }, () => pool.use((fake) => fake.request())))
  assert.equal(results.length, 12)
  // Four at first, none of which had known of the others; then the waiters' one scout.
  assert.deepEqual(server.attempts.slice(0, 9), [0, 0, 0, 0, 101, 302, 703, 1504, 3105])
  assert.deepEqual(server.attempts.slice(9), [6306, 6307, 6307, 6307])
  assert.equal(pool.stats().failures.connect, 9)
  yield* pool.close()
})

it('who waits in vain is told of the last failure, and of who holds what', function* (host) {
  const server = new FakeServer()
  const pool = server.pool({ name: 'db', max: 1, acquireTimeoutMs: 500, connectTimeoutMs: 50, backoff: { seed: 1 } })
  server.connectMs = 1000
  const error = yield* caught(spawn.detached(pool.acquire(), { name: 'asker' }).join())
  assert.ok(error instanceof AcquireTimeoutError && error instanceof TimeoutError)
  assert.equal(error.code, 'FIBRIL_TIMEOUT')
  assert.equal(host.now(), 500)
  assert.match(
    error.message,
    /^task asker #\d+ got no connection of pool "db" within 500 ms: 0 of at most 1 are leased/,
  )
  assert.match(error.message, /The last connect failed: connect did not end within 50 ms/)
  assert.ok(error.cause instanceof TimeoutError)
  server.connectMs = 0
  const holder = spawn(
    pool.use(() => sleep(5000)),
    { name: 'holder' },
  )
  yield* sleep(5000)
  assert.equal(pool.stats().leased, 1)
  const busy = (yield* caught(pool.acquire({ timeoutMs: 100 }))) as AcquireTimeoutError
  assert.equal(busy.ms, 100)
  assert.match(busy.message, /1 of at most 1 are leased, held by task holder #\d+ for \d+ ms; 0 more wait\. Release/)
  assert.equal(busy.cause, undefined)
  assert.equal(pool.stats().failures.timeouts, 2)
  holder.cancel()
  yield* pool.close()
})

it('failing fast tells all who wait, and who comes during the pause; then it tries again', function* (host) {
  const server = new FakeServer()
  server.refusals.push(new Error('refused 1'), new Error('refused 2'))
  const pool = server.pool({ max: 1, failFast: true, backoff: { baseMs: 100, jitter: 'none' } }, () => host.now())
  const asking = [1, 2, 3].map(() => spawn.detached(pool.use((fake) => fake.request())))
  const errors: Error[] = []
  for (const task of asking) errors.push((yield* caught(task.join())) as Error)
  assert.equal(new Set(errors).size, 3, 'each has its own')
  for (const error of errors) {
    assert.ok(error instanceof ConnectError)
    assert.match(error.message, /a pool cannot connect: refused 1\. It will not be tried again for 100 ms/)
    assert.match(String(error.cause), /refused 1/)
  }
  assert.equal(host.now(), 0)
  yield* sleep(40)
  assert.match(String(yield* caught(pool.acquire())), /for 60 ms/)
  assert.equal(server.attempts.length, 1)
  yield* sleep(60)
  assert.match(String(yield* caught(pool.acquire())), /refused 2/)
  yield* sleep(200)
  assert.equal(yield* pool.use((fake) => fake.request()), 1)
  yield* pool.close()
})

it('failing fast is not for those whom other connections will serve', function* (host) {
  const server = new FakeServer()
  const pool = server.pool({ max: 2, failFast: true })
  const holder = spawn(pool.use((fake) => fake.request(50)))
  yield* sleep(1)
  server.refusals.push(new BrokenError('too many connections'))
  assert.equal(yield* pool.use((fake) => fake.request()), 1)
  yield* holder
  assert.equal(host.now(), 51)
  yield* pool.close()
})

it('failing fast may be for certain errors only', function* () {
  const server = new FakeServer()
  server.refusals.push(new BrokenError('refused'), new BrokenError('wrong password'))
  const seen: number[] = []
  const pool = server.pool({
    failFast(error, failures) {
      seen.push(failures)
      return /password/.test(String(error))
    },
  })
  assert.match(String(yield* caught(pool.acquire())), /wrong password/)
  assert.deepEqual(seen, [1, 2])
  yield* pool.close()
})

it('a failed connect that nobody waits for is reported', function* (host) {
  const server = new FakeServer()
  server.refusals.push(new TypeError('no such function'))
  const pool = server.pool({ name: 'db', min: 1, backoff: { baseMs: 10 } })
  yield* sleep(50)
  assert.deepEqual(host.takeWarnings(), ['pool "db", connect: no such function'])
  assert.equal(pool.stats().idle, 1)
  yield* pool.close()
})

// -- closing

it.many('close waits for leases, refuses new acquires, and tells those who wait', function* (host) {
  const server = new FakeServer()
  const pool = server.pool({ name: 'db', max: 2 })
  const working = [1, 2].map(() => spawn(pool.use((fake) => fake.request(100))))
  yield* sleep(1)
  const waiting = spawn.detached(pool.acquire())
  yield* waitAllBlocked()
  const closing = spawn(pool.close())
  yield* waitAllBlocked()
  assert.ok((yield* caught(waiting.join())) instanceof ClosedError)
  assert.ok((yield* caught(pool.acquire())) instanceof ClosedError)
  assert.equal(pool.stats().state, 'closing')
  assert.match(closing.reason ?? '', /the 2 connections of pool "db" to be returned and closed/)
  yield* closing
  assert.equal(host.now(), 100)
  for (const task of working) assert.equal(typeof (yield* task), 'number')
  assert.equal(pool.stats().state, 'closed')
  assert.deepEqual(server.open, [])
  yield* pool.close()
})

it('after the grace leases are revoked', function* (host) {
  const server = new FakeServer()
  const pool = server.pool()
  const lease = yield* pool.acquire()
  yield* pool.close({ grace: 50 })
  assert.equal(host.now(), 50)
  assert.deepEqual(server.open, [])
  assert.throws(() => lease.connection, /was revoked/)
  lease.release()
  assert.equal(pool.stats().state, 'closed')
})

it.many('closing gives up what is connecting', function* (host) {
  const server = new FakeServer()
  server.connectMs = 1000
  const pool = server.pool({ min: 3 })
  if (host.seed % 2 === 0) yield* sleep(1)
  yield* pool.close()
  assert.ok(host.now() <= 1)
  assert.deepEqual(server.connections, [])
})

it('a close that is cancelled closes all the same; it only is not waited for', function* () {
  const server = new FakeServer()
  const pool = server.pool()
  const lease = yield* pool.acquire()
  const closing = spawn(pool.close())
  yield* waitAllBlocked()
  closing.cancel()
  yield* waitAllBlocked()
  assert.ok((yield* caught(pool.acquire())) instanceof ClosedError)
  lease.release()
  yield* waitAllBlocked()
  assert.equal(pool.stats().state, 'closed')
  assert.deepEqual(server.open, [])
})

it('a pool that was never used closes at once', function* (host) {
  const pool = new FakeServer().pool()
  yield* pool.close()
  assert.equal(host.now(), 0)
})

it('a failed close is a warning, and holds nobody up', function* (host) {
  const pool = new FakeServer().pool({
    close() {
      throw new Error('stuck')
    },
  })
  yield* pool.use(() => {})
  yield* pool.close()
  assert.deepEqual(host.takeWarnings(), ['a pool, close: stuck'])
  assert.equal(pool.stats().failures.close, 1)
})

// -- seeing

it('a deadlock among those who hold leases and wait for more names them', async () => {
  const host = new TestHost()
  let error: unknown
  let pool: ConnectionPool<Fake> | undefined
  try {
    await host.run(function* () {
      pool = new FakeServer().pool({ name: 'db', max: 2, acquireTimeoutMs: Infinity, idleMs: Infinity })
      const greedy = function* (): Body<void> {
        using _ = yield* pool!.acquire()
        yield* sleep(1)
        using __ = yield* pool!.acquire()
      }
      spawn(greedy, { name: 'left' })
      spawn(greedy, { name: 'right' })
    })
  } catch (thrown) {
    error = thrown
  }
  const deadlock = error instanceof AggregateError ? error.errors.find((e) => e instanceof DeadlockError) : error
  assert.ok(deadlock instanceof DeadlockError, String(error))
  const edges = deadlock.graph.filter(({ reason }) => reason === 'a connection of pool "db"')
  assert.equal(edges.length, 2)
  for (const { holders } of edges) assert.match(holders.join(), /task (left|right) #\d+,task (left|right) #\d+/)
})

it('figures tell who holds what, and since when', function* () {
  const pool = new FakeServer().pool({ name: 'db', max: 1 })
  const holder = spawn(
    pool.use(() => sleep(10)),
    { name: 'holder' },
  )
  yield* sleep(4)
  const waiter = spawn(pool.use((fake) => fake.request()))
  yield* waitAllBlocked()
  const stats = pool.stats()
  assert.ok(Object.isFrozen(stats))
  assert.deepEqual(stats, {
    name: 'db',
    state: 'open',
    size: 1,
    connecting: 0,
    idle: 0,
    checking: 0,
    leased: 1,
    leases: [{ task: String(holder), heldMs: 4 }],
    waiting: 1,
    created: 1,
    closed: 0,
    failures: { connect: 0, validate: 0, reset: 0, close: 0, idle: 0, timeouts: 0 },
    waits: { count: 1, totalMs: 0, longestMs: 0 },
    retryInMs: null,
  })
  assert.equal(waiter.reason, 'a connection of pool "db"')
  yield* waiter
  assert.deepEqual(pool.stats().waits, { count: 2, totalMs: 6, longestMs: 6 })
  yield* pool.close()
  assert.deepEqual([pool.stats().size, pool.stats().closed], [0, 1])
})

it('options that make no sense are refused', () => {
  const hooks = { connect: () => 1, close() {} }
  for (const options of [{ max: 0 }, { min: 3, max: 2 }, { idleMs: -1 }, { acquireTimeoutMs: Number.NaN }]) {
    assert.throws(() => new ConnectionPool({ ...hooks, ...options }), UsageError)
  }
  assert.throws(() => new ConnectionPool(hooks).acquire({ timeoutMs: -1 }), UsageError)
})
