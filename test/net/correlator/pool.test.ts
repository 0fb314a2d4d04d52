import assert from 'node:assert/strict'
import {
  all,
  type Body,
  BrokenError,
  ClosedError,
  sleep,
  spawn,
  type Task,
  TimeoutError,
  yieldNow,
} from '../../../src/index.ts'
import {
  AcquireTimeoutError,
  ConnectError,
  type Correlator,
  type CorrelatorOptions,
  CorrelatorPool,
  type CorrelatorPoolOptions,
  LostRequestError,
  openCorrelator,
} from '../../../src/net/index.ts'
import { waitAllBlocked } from '../../../src/testing/index.ts'
import { Random } from '../../../src/testing/random.ts'
import { it } from '../../support/it.ts'
import { ended } from '../../sync/cancel-everywhere.ts'
import { caught } from '../../sync/caught.ts'
import { byId, type JsonChannel, jsonPair, type Message } from './json-channel.ts'

/** Peers that answer when told, or after as many milliseconds as the text ends with. */
class Peers {
  readonly open: JsonChannel<Message, Message>[] = []
  /** What each has got. */
  readonly got: string[][] = []
  connects = 0
  /** What the next connects fail with. */
  readonly refusals: unknown[] = []

  pool(
    options: Partial<CorrelatorPoolOptions<string, string>> = {},
    each: Partial<CorrelatorOptions<string, string, number, Message, Message>> = {},
  ): CorrelatorPool<string, string> {
    return new CorrelatorPool<string, string>({
      name: 'peers',
      connect: () => this.connect(each),
      onError() {},
      ...options,
    })
  }

  connect(each: Partial<CorrelatorOptions<string, string, number, Message, Message>> = {}): Correlator<string, string> {
    this.connects++
    if (this.refusals.length > 0) throw this.refusals.shift()
    const [here, there] = jsonPair()
    const got: string[] = []
    this.open.push(there)
    this.got.push(got)
    spawn.detached(() => this.serve(there, got))
    return openCorrelator(here, { ...byId, ...each })
  }

  private *serve(there: JsonChannel<Message, Message>, got: string[]): Body<void> {
    try {
      for (let ask: Message | null; (ask = yield* there.receive()) !== null; ) {
        const message = ask
        got.push(message.text)
        spawn(function* () {
          yield* sleep(Number(/\d+$/.exec(message.text)?.[0] ?? 0))
          if (!there.stream.closed) yield* there.send(message)
        })
      }
    } catch (error) {
      if (!(error instanceof ClosedError || error instanceof BrokenError)) throw error
    }
    this.open.splice(this.open.indexOf(there), 1)
    there.stream.destroy()
  }
}

/** Spawns requests so that they are made in this order. */
function* ask(pool: CorrelatorPool<string, string>, ...texts: string[]): Body<Task<string>[]> {
  const tasks: Task<string>[] = []
  for (const text of texts) {
    tasks.push(spawn.detached(pool.request(text)))
    yield* waitAllBlocked()
  }
  return tasks
}

it('a request goes to the connection with the fewest in flight; another is opened when all are busy', function* () {
  const peers = new Peers()
  const pool = peers.pool({ max: 3 })
  const tasks = yield* ask(pool, 'a 10', 'b 10', 'c 50', 'd 50', 'e 50')
  assert.equal(peers.connects, 3)
  // While the second connection was being opened, its request went to the first.
  assert.deepEqual(peers.got.map((texts) => texts.length).sort(), [1, 2, 2])
  yield* all(tasks.map((task) => task.join()))
  yield* pool.close()
  yield* waitAllBlocked()
  assert.deepEqual(peers.open, [])
})

it('requests one after the other need one connection', function* () {
  const peers = new Peers()
  const pool = peers.pool()
  for (let i = 0; i < 5; i++) assert.equal(yield* pool.request('a 1'), 'a 1')
  assert.equal(peers.connects, 1)
  yield* pool.close()
})

it('no request waits for a connection that is down while another is up', function* (host) {
  const peers = new Peers()
  const pool = peers.pool({ max: 2, backoff: { baseMs: 1000, jitter: 'none' } })
  yield* all(['a 5', 'b 5', 'c 5'].map((text) => pool.request(text)))
  yield* pool.request('d')
  assert.equal(pool.stats().connections.length, 2)
  peers.refusals.push(new BrokenError('refused'))
  peers.open[0]?.stream.reset()
  yield* waitAllBlocked()
  const start = host.now()
  yield* all(Array.from({ length: 10 }, (_, i) => pool.request(`text ${i}`)))
  assert.equal(host.now() - start, 9)
  yield* pool.close()
})

it('a lost connection fails what was sent, and what was not goes elsewhere', function* () {
  const peers = new Peers()
  const pool = peers.pool({ max: 1 }, { maxInFlight: 2 })
  const tasks = yield* ask(pool, 'a 100', 'b 100', 'c', 'd')
  assert.equal(pool.stats().waiting, 2)
  peers.open[0]?.stream.reset()
  for (const i of [0, 1]) {
    const error = yield* caught((tasks[i] as Task<string>).join())
    assert.ok(error instanceof LostRequestError && error.sent)
  }
  assert.equal(yield* tasks[2] as Task<string>, 'c')
  assert.equal(yield* tasks[3] as Task<string>, 'd')
  assert.equal(peers.connects, 2)
  yield* pool.close()
  yield* sleep(100)
})

it('a request that waits to be sent when its connection is lost goes over another', function* () {
  const peers = new Peers()
  const deaf = jsonPair({ highWaterMark: 10 })
  let first = true
  const pool = new CorrelatorPool<string, string>({
    max: 1,
    connect() {
      if (!first) return peers.connect()
      first = false
      return openCorrelator(deaf[0], byId)
    },
    onError() {},
  })
  // The peer does not read: the third waits to write, the fourth for the third.
  const [a, b, c, d] = (yield* ask(pool, 'a', 'b', 'c', 'd')) as [
    Task<string>,
    Task<string>,
    Task<string>,
    Task<string>,
  ]
  deaf[1].stream.reset()
  assert.equal(yield* c, 'c')
  assert.equal(yield* d, 'd')
  for (const task of [a, b]) {
    const error = yield* caught(task.join())
    assert.ok(error instanceof LostRequestError && error.sent)
  }
  yield* pool.close()
})

it('a connection that is handed over as the pool is closed is closed, too', function* () {
  for (let turns = 0; turns < 12; turns++) {
    const peers = new Peers()
    const pool = peers.pool()
    const asking = spawn.detached(pool.request('a'))
    for (let turn = 0; turn < turns; turn++) yield* yieldNow()
    yield* pool.close()
    yield* ended(asking)
    yield* waitAllBlocked()
    assert.deepEqual(peers.open, [])
  }
})

it('a free place goes to the first in line, on whatever connection it is', function* () {
  const peers = new Peers()
  const pool = peers.pool({ max: 2 }, { maxInFlight: 1 })
  const order: string[] = []
  const tasks = yield* ask(pool, 'a 30', 'b 10')
  for (const text of ['c 5', 'd 50', 'e 5']) {
    tasks.push(
      spawn(function* () {
        const reply = yield* pool.request(text)
        order.push(reply)
        return reply
      }),
    )
    yield* waitAllBlocked()
  }
  assert.equal(tasks[4]?.reason, 'a connection of pool "peers" with room')
  tasks[3]?.cancel()
  yield* all([0, 1, 2, 4].map((i) => (tasks[i] as Task<string>).join()))
  assert.deepEqual(order, ['c 5', 'e 5'])
  assert.equal(pool.stats().waiting, 0)
  yield* pool.close()
})

it('a server that is down is tried again after pauses, and who waits is told why in the end', function* (host) {
  const peers = new Peers()
  peers.refusals.push(...Array.from({ length: 3 }, () => new BrokenError('refused')))
  const pool = peers.pool({ acquireTimeoutMs: 250, backoff: { baseMs: 100, jitter: 'none' } })
  const error = (yield* caught(pool.request('a'))) as AcquireTimeoutError
  assert.ok(error instanceof AcquireTimeoutError)
  assert.match(error.message, /The last connect failed: refused/)
  assert.equal(host.now(), 250)
  assert.ok((yield* caught(pool.request('b', { timeoutMs: 10 }))) instanceof TimeoutError)
  assert.equal(host.now(), 260)
  // 0, 100, 300, and then at 700.
  yield* sleep(240)
  assert.equal(yield* pool.request('c'), 'c')
  assert.equal(host.now(), 700)
  yield* pool.close()
})

it('a request whose time is over when its turn comes leaves its place to others', function* () {
  const pool = new Peers().pool({ max: 1 }, { maxInFlight: 1 })
  assert.equal(yield* pool.request('a'), 'a')
  assert.ok((yield* caught(pool.request('b', { timeoutMs: 0 }))) instanceof TimeoutError)
  assert.equal(yield* pool.request('c', { timeoutMs: 10 }), 'c')
  yield* pool.close()
})

it('a message without a reply goes out over a connection with room, and takes no place once it has left', function* () {
  const peers = new Peers()
  const pool = peers.pool({ max: 1 }, { maxInFlight: 1 })
  const [first] = yield* ask(pool, 'a 10')
  const telling = spawn(pool.send('told'))
  yield* waitAllBlocked()
  assert.deepEqual([pool.stats().waiting, peers.got[0]], [1, ['a 10']])
  yield* first as Task<string>
  yield* telling
  assert.equal(yield* pool.request('b'), 'b')
  assert.deepEqual(peers.got[0], ['a 10', 'told', 'b'])
  yield* pool.close()
})

it('a message without a reply waits for a connection no longer than it may, or not at all if it is cancelled', function* (host) {
  const peers = new Peers()
  const pool = peers.pool({ max: 1 }, { maxInFlight: 1 })
  const [first] = yield* ask(pool, 'a 100')
  const start = host.now()
  assert.ok((yield* caught(pool.send('late', { timeoutMs: 10 }))) instanceof TimeoutError)
  assert.equal(host.now() - start, 10)
  const telling = spawn(pool.send('never'))
  yield* waitAllBlocked()
  telling.cancel()
  yield* first as Task<string>
  assert.equal(yield* pool.request('b'), 'b')
  assert.deepEqual(peers.got[0], ['a 100', 'b'])
  yield* pool.close()
})

it('failing fast tells all who wait at once', function* () {
  const peers = new Peers()
  peers.refusals.push(new BrokenError('refused'))
  const pool = peers.pool({ failFast: true, backoff: { baseMs: 100, jitter: 'none' } })
  const tasks = yield* ask(pool, 'a')
  assert.ok((yield* caught((tasks[0] as Task<string>).join())) instanceof ConnectError)
  assert.ok((yield* caught(pool.request('b'))) instanceof ConnectError)
  yield* sleep(100)
  assert.equal(yield* pool.request('c'), 'c')
  yield* pool.close()
})

it('closing waits for replies as long as the grace, and refuses what comes', function* (host) {
  const peers = new Peers()
  const pool = peers.pool({ max: 1 })
  const [quick, slow] = (yield* ask(pool, 'quick 10', 'slow 1000')) as [Task<string>, Task<string>]
  const closing = spawn(pool.close({ grace: 100 }))
  yield* waitAllBlocked()
  assert.ok((yield* caught(pool.request('more'))) instanceof ClosedError)
  yield* closing
  assert.equal(host.now(), 100)
  assert.equal(yield* quick, 'quick 10')
  assert.ok((yield* caught(slow.join())) instanceof ClosedError)
  yield* pool.close()
  yield* sleep(1000)
})

it.many(
  'requests, cancels, lost connections and a close, in every order',
  function* (host) {
    const random = new Random(host.seed)
    const peers = new Peers()
    const pool = peers.pool(
      { max: 1 + random.below(3), acquireTimeoutMs: 50, backoff: { baseMs: 1, seed: host.seed } },
      { maxInFlight: 1 + random.below(3), timeoutMs: 30 },
    )
    const known = ['FIBRIL_TIMEOUT', 'FIBRIL_CLOSED', 'FIBRIL_BROKEN']
    const tasks = Array.from({ length: 40 }, (_, i) =>
      spawn(function* () {
        yield* sleep(random.below(20))
        const text = `text ${i} ${random.below(8)}`
        try {
          assert.equal(yield* pool.request(text), text)
        } catch (error) {
          if (!known.includes((error as { code: string }).code)) throw error
        }
      }),
    )
    for (let i = 0; i < 10; i++) {
      yield* sleep(random.below(4))
      if (random.below(3) === 0) peers.refusals.push(new BrokenError('refused'))
      if (random.below(2) === 0) peers.open[random.below(peers.open.length)]?.stream.reset()
      tasks[random.below(tasks.length)]?.cancel()
    }
    peers.refusals.length = 0
    if (random.below(2) === 0) {
      // The storm is over.
      yield* sleep(100)
      assert.equal(yield* pool.request('calm'), 'calm')
    } else yield* sleep(random.below(30))
    yield* pool.close({ grace: random.below(10) })
    assert.equal(pool.stats().waiting, 0)
    assert.equal(pool.stats().pool.size, 0)
    for (const task of tasks) if (!task.cancelled) yield* task
    yield* sleep(10)
    assert.deepEqual(peers.open, [])
  },
  { seeds: 60 },
)
