// A pool in every order: cancelled at each wait, in random programs beside a model, and explored in its races.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { all, type Body, Future, fn, sleep, spawn, type Task, timeoutOr, yieldNow } from '../../../src/index.ts'
import { ConnectionPool, type Lease, memoryPair } from '../../../src/net/index.ts'
import { explore, TestHost, waitAllBlocked } from '../../../src/testing/index.ts'
import { Random } from '../../../src/testing/random.ts'
import { cancelEverywhere } from '../../sync/cancel-everywhere.ts'
import { inManyOrders } from '../../sync/in-many-orders.ts'
import { type Fake, FakeServer } from './fake-connections.ts'

/** What must hold whenever nothing is under way. */
function settled(pool: ConnectionPool<Fake>, server: FakeServer): void {
  const { leased, waiting, connecting, checking, idle, size } = pool.stats()
  assert.deepEqual({ leased, waiting, connecting, checking }, { leased: 0, waiting: 0, connecting: 0, checking: 0 })
  assert.equal(idle, size)
  assert.equal(server.open.length, size, 'no connection is lost')
}

/** A request that takes turns of the loop, and no time. */
const ask = function* (fake: Fake, turns = 2): Body<void> {
  assert.ok(fake.open && !fake.busy, `connection ${fake.id} is clean`)
  fake.busy = true
  for (let turn = 0; turn < turns; turn++) yield* yieldNow()
  fake.busy = false
}

inManyOrders(
  'a pool loses no connection and lends none that is amid a request, whoever is cancelled',
  function* () {
    const pools: { pool: ConnectionPool<Fake>; server: FakeServer }[] = []
    const hooks = {
      *validate(fake: Fake) {
        yield* ask(fake, 1)
        return true
      },
      *reset(fake: Fake) {
        yield* ask(fake, 1)
      },
    }
    for (const options of [
      { max: 1 },
      { max: 2 },
      { max: 2, validateAfterIdleMs: 0, ...hooks },
      { max: 1, min: 1, reset: hooks.reset },
    ]) {
      yield* cancelEverywhere(() => {
        const server = new FakeServer()
        const pool = server.pool({ idleMs: Infinity, acquireTimeoutMs: Infinity, ...options })
        pools.push({ pool, server })
        return {
          bodies: [
            function* () {
              for (let i = 0; i < 2; i++) yield* pool.use((fake) => ask(fake))
            },
            function* () {
              const lease = yield* pool.acquire()
              try {
                yield* ask(lease.connection)
              } finally {
                lease.release()
              }
            },
            function* () {
              for (let i = 0; i < 2; i++) yield* ask((yield* pool.current()).connection, 1)
            },
            function* () {
              using lease = yield* pool.acquire()
              yield* ask(lease.connection)
              lease.discard()
            },
          ],
          check: () => settled(pool, server),
        }
      })
    }
    for (const { pool, server } of pools) {
      yield* pool.close()
      assert.deepEqual(server.open, [])
    }
  },
  5,
)

type Fate = 'waits' | 'holds' | 'done' | 'cancelled'

/** Who holds and who waits, told without any waiting. */
class Model {
  readonly fates: Fate[] = []
  readonly waiting: number[] = []
  readonly holding: number[] = []
  private readonly max: number

  constructor(max: number) {
    this.max = max
  }

  acquire(): void {
    this.waiting.push(this.fates.length)
    this.fates.push('waits')
    this.settle()
  }

  end(id: number, fate: Fate): void {
    if (!['waits', 'holds'].includes(this.fates[id] as string)) return
    this.fates[id] = fate
    for (const list of [this.waiting, this.holding]) if (list.includes(id)) list.splice(list.indexOf(id), 1)
    this.settle()
  }

  private settle(): void {
    while (this.waiting.length > 0 && this.holding.length < this.max) {
      const id = this.waiting.shift() as number
      this.holding.push(id)
      this.fates[id] = 'holds'
    }
  }
}

const OPERATIONS = 100_000

// It may take a second or two: a hundred thousand operations, each compared.
test(`${OPERATIONS} random acquires, releases, discards and cancels do what the model does, and lose no connection`, () => {
  let operations = 0
  while (operations < OPERATIONS) {
    const host = new TestHost({ maxSteps: 1e9 })
    host.runSync(function* () {
      const random = new Random(host.seed)
      const max = 1 + random.below(5)
      const server = new FakeServer()
      const pool = server.pool({ max, idleMs: Infinity, acquireTimeoutMs: Infinity, isUsable: (fake) => !fake.busy })
      const model = new Model(max)
      const tasks: Task<void>[] = []
      const ends: Future<'release' | 'discard' | 'dirty'>[] = []
      const bias = 6 + random.below(8)
      for (let i = 0; i < 2000; i++, operations++) {
        const dice = random.below(20)
        if (dice < bias || tasks.length === 0) {
          const end = new Future<'release' | 'discard' | 'dirty'>()
          ends.push(end)
          tasks.push(spawn(hold(pool, end, random.below(2) === 0)))
          yield* waitAllBlocked()
          model.acquire()
        } else {
          // Mostly those that are still there.
          const alive = random.below(4) === 0 ? random.below(tasks.length) : pick(random, model)
          if (dice < 17) {
            ends[alive]?.tryResolve((['release', 'release', 'discard', 'dirty'] as const)[random.below(4)] as 'release')
            if (model.fates[alive] === 'waits') {
              yield* waitAllBlocked()
              continue
            }
            model.end(alive, 'done')
          } else {
            tasks[alive]?.cancel()
            model.end(alive, 'cancelled')
          }
          yield* waitAllBlocked()
          drainResolved(model, ends)
        }
        const { leased, waiting, size, idle } = pool.stats()
        assert.deepEqual([leased, waiting], [model.holding.length, model.waiting.length])
        assert.equal(server.open.length, size)
        assert.equal(size, leased + idle)
        for (const id of model.holding) assert.equal(tasks[id]?.reason, String(ends[id]), 'the first in line has it')
      }
      for (const task of tasks) task.cancel()
      yield* waitAllBlocked()
      settled(pool, server)
      yield* pool.close()
      assert.deepEqual(server.open, [])
    })
  }
})

const hold = fn(function* hold(
  pool: ConnectionPool<Fake>,
  end: Future<'release' | 'discard' | 'dirty'>,
  byUse: boolean,
) {
  const finish = (lease: Lease<Fake>, how: string): void => {
    if (how === 'discard') lease.discard()
    if (how === 'dirty') lease.connection.busy = true
  }
  if (byUse) {
    return yield* pool.use(function* (fake, lease) {
      assert.ok(!fake.busy && fake.open)
      finish(lease, yield* end)
    })
  }
  using lease = yield* pool.acquire()
  assert.ok(!lease.connection.busy && lease.connection.open)
  finish(lease, yield* end)
})

function pick(random: Random, model: Model): number {
  const alive = [...model.holding, ...model.waiting]
  return alive.length === 0 ? 0 : (alive[random.below(alive.length)] as number)
}

/** Whoever was told to end while it waited ends as soon as it holds. */
function drainResolved(model: Model, ends: { readonly settled: boolean }[]): void {
  for (let again = true; again; ) {
    again = false
    for (const id of [...model.holding]) {
      if (!ends[id]?.settled) continue
      model.end(id, 'done')
      again = true
    }
  }
}

// A second or so: a thousand schedules, each of tens of milliseconds of virtual time.
test('releases, timeouts, cancels and a close that meet in one moment leave nothing behind', async () => {
  await explore(
    function* (host: TestHost) {
      const random = new Random(host.seed)
      const server = new FakeServer()
      server.connectMs = random.below(3)
      server.closeMs = random.below(3)
      if (random.below(3) === 0) server.refusals.push(new Error('refused'))
      const pool = server.pool({
        max: 1 + random.below(2),
        min: random.below(2),
        acquireTimeoutMs: 1 + random.below(6),
        idleMs: 2,
        maxAgeMs: 4 + random.below(5),
        hookTimeoutMs: 4,
        validateAfterIdleMs: 1,
        validate: (fake) => !fake.busy,
        failFast: random.below(2) === 0,
        backoff: { baseMs: 1, seed: host.seed },
        seed: host.seed,
        onError() {},
      })
      const known = ['FIBRIL_TIMEOUT', 'FIBRIL_CLOSED', 'FIBRIL_BROKEN']
      const worker = function* (): Body<void> {
        try {
          yield* pool.use((fake) => fake.request(1 + random.below(3)))
          yield* timeoutOr(
            2,
            null,
            pool.use((fake) => fake.request(random.below(4))),
          )
          yield* (yield* pool.current()).connection.request(1)
        } catch (error) {
          if (!known.includes((error as { code: string }).code)) throw error
        }
      }
      const workers = [1, 2, 3, 4].map(() => spawn(worker))
      yield* sleep(1 + random.below(8))
      workers[0]?.cancel()
      yield* sleep(random.below(3))
      const closing = spawn(pool.close({ grace: random.below(10) }))
      if (random.below(3) === 0) workers[1]?.cancel()
      yield* closing
      assert.deepEqual(server.open, [])
      const { size, leased, waiting, state } = pool.stats()
      assert.deepEqual({ size, leased, waiting, state }, { size: 0, leased: 0, waiting: 0, state: 'closed' })
    },
    { runs: 1000 },
  )
})

inManyOrders('over streams: each has its own answers, whatever is cancelled amid a request', function* () {
  const open = new Set<object>()
  const pool = new ConnectionPool({
    max: 3,
    connect() {
      const [here, there] = memoryPair()
      open.add(here)
      spawn(function* () {
        for (let line: string | null; (line = yield* there.readLine()) !== null; ) {
          yield* sleep(line.length)
          yield* there.write(`${line}!\n`)
        }
        there.destroy()
      })
      return here
    },
    *close(stream) {
      yield* stream.close()
      open.delete(stream)
    },
  })
  const asking = Array.from({ length: 30 }, (_, i) =>
    spawn(function* () {
      for (const question of [`a${i}`, `bb${i}`, `ccc${i}`]) {
        yield* pool.use(function* (stream) {
          yield* stream.write(`${question}\n`)
          assert.equal(yield* stream.readLine(), `${question}!`)
        })
      }
    }),
  )
  for (let i = 0; i < 30; i += 3) {
    yield* sleep(5)
    asking[i]?.cancel()
  }
  yield* all(asking.filter((task) => !task.cancelled))
  yield* pool.close()
  assert.equal(open.size, 0)
})
