import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  all,
  type Body,
  BrokenError,
  FibrilError,
  fn,
  type Operation,
  run,
  sleep,
  spawn,
  timeout,
  UsageError,
} from '../../src/core/index.ts'
import { ConnectError, type Server } from '../../src/net/index.ts'
import {
  LeakError,
  type SimHost,
  SimNetwork,
  type SimNetworkOptions,
  type SimStream,
  TestHost,
  waitAllBlocked,
} from '../../src/testing/index.ts'
import { Random } from '../../src/testing/random.ts'
import { it } from '../support/it.ts'
import { codeOf, failure } from '../support/sim.ts'

interface Pair {
  readonly network: SimNetwork
  readonly a: SimHost
  readonly b: SimHost
  /** The end at `a` of a connection to `b`, and the other end. */
  readonly here: SimStream
  readonly there: SimStream
  readonly host: TestHost
}

/** A test with two hosts and a connection between them, whose ends are gone afterwards. */
function withPair(title: string, options: SimNetworkOptions, body: (pair: Pair) => Body<void>): void {
  it(title, function* (host) {
    const network = new SimNetwork(options)
    const [a, b] = [network.host('a'), network.host('b')]
    const [here, there] = yield* connected(a, b)
    yield* body({ network, a, b, here, there, host })
    here.destroy()
    there.destroy()
  })
}

/** Both ends of a new connection. */
const connected = fn(function* (a: SimHost, b: SimHost) {
  const server = yield* b.listen({ port: 0 })
  const [here, there] = yield* all([a.connect({ host: b.name, port: server.port }), server.accept()])
  server.close()
  return [here, there] as const
})

// -- time

it('a connection takes a round trip, and what is written half of one, to the millisecond', function* (host) {
  const network = new SimNetwork({ latencyMs: 10 })
  const server = yield* network.host('b').listen({ port: 80 })
  const accepting = spawn(function* () {
    const there = yield* server.accept()
    const acceptedAt = host.now()
    const text = String(yield* there.readExactly(5))
    const readAt = host.now()
    yield* there.close()
    return { acceptedAt, text, readAt }
  })
  using here = yield* network.host('a').connect({ host: 'b', port: 80 })
  assert.equal(host.now(), 20)
  yield* sleep(100)
  yield* here.write('hello')
  assert.deepEqual(yield* accepting, { acceptedAt: 30, text: 'hello', readAt: 130 })
  assert.equal(yield* here.read(), null)
  assert.equal(host.now(), 140)
  server.close()
})

it('a host is at no distance from itself', function* (host) {
  const network = new SimNetwork({ latencyMs: 10 })
  const a = network.host('a')
  const server = yield* a.listen({ port: 80 })
  for (const name of ['a', 'localhost', '127.0.0.1', undefined]) {
    const connecting = name === undefined ? a.connect({ port: 80 }) : a.connect({ host: name, port: 80 })
    const [here, there] = yield* all([connecting, server.accept()])
    yield* here.write('x')
    assert.equal(String(yield* there.read()), 'x')
    here.destroy()
    there.destroy()
  }
  assert.equal(host.now(), 0)
  server.close()
})

withPair('what takes no time arrives before anybody knows that all are blocked', { latencyMs: 0 }, function* (pair) {
  const { here, there, host } = pair
  yield* here.write('ping')
  yield* waitAllBlocked()
  assert.equal(there.stats().unread, 4)
  assert.equal(host.now(), 0)
})

test('a network is driven by hand, too', async () => {
  const host = new TestHost({ autojump: false })
  const got: string[] = []
  const task = run(
    function* () {
      const network = new SimNetwork({ latencyMs: 10 })
      const [here, there] = yield* connected(network.host('a'), network.host('b'))
      yield* here.write('x')
      got.push(String(yield* there.read()))
      here.destroy()
      there.destroy()
    },
    { loop: host.loop },
  )
  host.advance(39)
  assert.deepEqual([got, task.state], [[], 'parked'])
  host.advance(1)
  assert.deepEqual([got, task.state], [['x'], 'ended'])
})

withPair('a link can be slower than the others, in both directions', { latencyMs: 1 }, function* (pair) {
  const { network, a, b, here, there, host } = pair
  network.link(a, b, { latencyMs: 500 })
  const start = host.now()
  yield* here.write('x')
  yield* there.read()
  assert.equal(host.now() - start, 500)
  yield* there.write('x')
  yield* here.read()
  assert.equal(host.now() - start, 1000)
  const [one, other] = yield* connected(a, network.host('c'))
  assert.equal(host.now() - start, 1003)
  one.destroy()
  other.destroy()
})

withPair(
  'connections between two hosts share the bandwidth of one direction, first come, first served',
  { latencyMs: 5, bandwidth: 1000 },
  function* ({ a, b, here, there, host }) {
    const [here2, there2] = yield* connected(a, b)
    const start = host.now()
    const times = spawn(function* () {
      const timed = function* (stream: SimStream) {
        yield* stream.readExactly(200)
        return host.now() - start
      }
      return yield* all([fn(timed)(there), fn(timed)(there2), fn(timed)(here)])
    })
    here.tryWrite(Buffer.alloc(200))
    yield* here.flush()
    here2.tryWrite(Buffer.alloc(200))
    there.tryWrite(Buffer.alloc(200))
    assert.deepEqual(yield* times, [205, 405, 205])
    here2.destroy()
    there2.destroy()
  },
)

withPair(
  'bandwidth lets a long write come bit by bit',
  { latencyMs: 0, bandwidth: 10_000, maxPiece: 100 },
  function* (pair) {
    const { here, there, host } = pair
    const start = host.now()
    yield* here.write(Buffer.alloc(5000))
    for (let got = 0; got < 5000; ) {
      got += ((yield* there.read()) as Buffer).length
      // A piece has come when all of it has; it has 100 bytes at most.
      const elapsed = host.now() - start
      assert.ok(Math.abs(elapsed * 10 - got) <= 100, `${got} bytes after ${elapsed} ms`)
    }
    assert.ok(Math.abs(host.now() - start - 500) < 1e-6)
  },
)

// -- chance

it.many('bytes of one connection stay in order, whatever the jitter, the loss and the pieces', function* () {
  const network = new SimNetwork({ latencyMs: 1, jitterMs: 50, loss: 0.05, maxPiece: 50 })
  const [here, there] = yield* connected(network.host('a'), network.host('b'))
  const text = Array.from({ length: 300 }, (_, i) => `line ${i}\n`).join('')
  const writer = spawn(function* () {
    for (let start = 0; start < text.length; start += 97) {
      yield* here.write(text.slice(start, start + 97))
      if (start % 2 === 0) yield* sleep(7)
    }
    yield* here.close()
  })
  let got = ''
  for (let chunk: Buffer | null; (chunk = yield* there.read()) !== null; ) got += chunk
  assert.equal(got, text)
  there.destroy()
  yield* writer
})

it('connections overtake each other by jitter', function* () {
  const network = new SimNetwork({ latencyMs: 1, jitterMs: 20, seed: 1 })
  const pairs = yield* all(Array.from({ length: 20 }, () => connected(network.host('a'), network.host('b'))))
  const order: number[] = []
  const readers = pairs.map(([, there], i) =>
    spawn(function* () {
      yield* there.read()
      order.push(i)
    }),
  )
  for (const [here] of pairs) {
    yield* here.write('x')
    yield* here.flush()
  }
  yield* all(readers)
  assert.notDeepEqual(
    order,
    pairs.map((_, i) => i),
  )
  for (const pair of pairs) for (const stream of pair) stream.destroy()
})

it('what is lost comes later by the time it takes to send it again, and so does what is behind it', function* (host) {
  const network = new SimNetwork({ latencyMs: 1, seed: 1, fragment: 0 })
  const [here, there] = yield* connected(network.host('a'), network.host('b'))
  network.link(network.host('a'), network.host('b'), { loss: 0.5 })
  const start = host.now()
  const delays: number[] = []
  for (let i = 0; i < 100; i++) {
    const before = host.now()
    yield* here.write('x')
    yield* there.read()
    delays.push(host.now() - before)
  }
  const kinds = [...new Set(delays)].sort((a, b) => a - b)
  assert.deepEqual(kinds.slice(0, 3), [1, 201, 601])
  const lost = delays.filter((ms) => ms > 1).length
  assert.ok(lost > 30 && lost < 70, `${lost} of 100 were lost`)
  assert.equal(
    host.now() - start,
    delays.reduce((sum, ms) => sum + ms),
  )
  here.destroy()
  there.destroy()
})

test('reads are not messages: what is written is cut and joined at random', async () => {
  let [cut, joined, whole] = [0, 0, 0]
  for (let seed = 1; seed <= 50; seed++) {
    await new TestHost({ seed }).run(function* () {
      const network = new SimNetwork()
      const [here, there] = yield* connected(network.host('a'), network.host('b'))
      const reader = spawn(function* () {
        for (let chunk: Buffer | null; (chunk = yield* there.read()) !== null; ) {
          if (chunk.length < 10) cut++
          else if (chunk.length > 10) joined++
          else whole++
        }
      })
      for (let i = 0; i < 4; i++) {
        yield* here.write('0123456789')
        yield* here.flush()
      }
      yield* here.close()
      yield* reader
      there.destroy()
    })
  }
  assert.ok(cut > 20 && joined > 20 && whole > 20, `${cut} cut, ${joined} joined, ${whole} whole`)
})

// -- the seed

/** Some traffic under jitter, partitions and resets; gives the log. */
function busy(seed: number): Promise<string> {
  return new TestHost({ seed }).run(function* () {
    const network = new SimNetwork({ latencyMs: 2, jitterMs: 30, loss: 0.1, retransmitMs: 300 })
    const [a, b] = [network.host('a'), network.host('b')]
    const server = yield* b.listen({ port: 80 })
    const serving = spawn(
      server.serve(function* (connection) {
        for (let line: string | null; (line = yield* connection.readLine()) !== null; )
          yield* connection.write(`${line}\n`)
      }),
    )
    const clients = Array.from({ length: 5 }, (_, i) =>
      spawn(function* () {
        for (let turn = 0; turn < 10; turn++) {
          try {
            using connection = yield* a.connect({ host: 'b', port: 80 })
            yield* connection.write(`${i}:${turn}\n`)
            yield* timeout(200, connection.readLine())
          } catch {
            yield* sleep(10)
          }
        }
      }),
    )
    yield* sleep(100)
    network.partition([a], [b])
    yield* sleep(400)
    network.heal()
    network.reset(a, b)
    yield* all(clients)
    yield* server.stop()
    yield* serving
    return network.log.join('\n')
  })
}

test('the same seed gives the same run, byte for byte; another gives another', async () => {
  const log = await busy(7)
  assert.equal(await busy(7), log)
  assert.notEqual(await busy(8), log)
  for (const kind of ['connect', 'accept', 'send', 'arrive', 'end', 'partition', 'heal', 'time out', 'reset'])
    assert.match(log, new RegExp(`^[\\d.]+ ms: .* ${kind}`, 'm'), kind)
})

test('a failure tells the seed, also where there was only one task', async () => {
  const run = new TestHost({ seed: 42 }).run(function* () {
    new SimNetwork()
    yield* sleep(1)
    throw new Error('boom')
  })
  await assert.rejects(run, (error: Error) => /boom/.test(error.message) && /SEED=42 replays/.test(error.stack ?? ''))
})

test('two networks of one run are not each other’s copies, and a seed that is given is kept', async () => {
  await new TestHost({ seed: 42 }).run(() => {
    assert.notEqual(new SimNetwork().seed, new SimNetwork().seed)
    assert.equal(new SimNetwork({ seed: 5 }).seed, 5)
  })
})

// -- partitions

withPair(
  'a partition holds what is sent and what is on the way, until it is healed',
  { latencyMs: 10 },
  function* (pair) {
    const { network, a, b, here, there, host } = pair
    yield* here.write('on the way, ')
    yield* here.flush()
    yield* sleep(5)
    network.partition([a], [b])
    yield* here.write('held')
    yield* sleep(1000)
    assert.equal(there.stats().bytesRead, 0)
    network.heal()
    const healed = host.now()
    assert.equal(String(yield* there.readExactly(16)), 'on the way, held')
    assert.equal(host.now() - healed, 10)
    yield* there.write('back')
    assert.equal(String(yield* here.readExactly(4)), 'back')
    // Time that has passed before the heal does not count later.
    yield* sleep(100_000)
    assert.equal(network.stats().timedOut, 0)
  },
)

withPair(
  'who waits for an acknowledgement too long gives up; the peer learns of it when it sends',
  { latencyMs: 10, retransmitMs: 5000 },
  function* ({ network, a, b, here, there, host }) {
    network.partition([a], [b])
    yield* sleep(100)
    const start = host.now()
    yield* here.write('lost')
    const error = yield* failure(here.read())
    assert.ok(error instanceof BrokenError)
    assert.equal(codeOf(error), 'ETIMEDOUT')
    assert.equal(host.now() - start, 5000)
    assert.match(String(yield* failure(here.write('x'))), /ETIMEDOUT/)
    assert.equal(network.stats().timedOut, 1)

    const reader = spawn(failure(there.read()))
    network.heal()
    yield* sleep(100_000)
    assert.equal(reader.state, 'parked', 'nobody has told it')
    yield* there.write('are you there?')
    assert.equal(codeOf(yield* reader), 'ECONNRESET')
  },
)

withPair('an idle connection outlives a partition', { retransmitMs: 1000 }, function* ({ network, a, b, here, there }) {
  network.partition([a])
  yield* sleep(1_000_000)
  network.heal([b], [a])
  yield* here.write('still there')
  assert.equal(String(yield* there.readExactly(11)), 'still there')
})

withPair(
  'an acknowledgement that is held counts as none: a partition just after delivery breaks the sender',
  { latencyMs: 10, retransmitMs: 1000 },
  function* ({ network, a, b, here, there }) {
    yield* here.write('delivered')
    assert.equal(String(yield* there.readExactly(9)), 'delivered')
    network.partition([a], [b])
    assert.equal(codeOf(yield* failure(here.read())), 'ETIMEDOUT')
  },
)

withPair(
  'a one-way partition lets requests through, and holds the answers',
  { retransmitMs: 1000 },
  function* ({ network, a, b, here, there }) {
    network.partition([b], [a], { oneWay: true })
    yield* here.write('request')
    assert.equal(String(yield* there.readExactly(7)), 'request')
    yield* there.write('answer')
    const [mine, theirs] = yield* all([failure(here.read()), failure(there.read())])
    assert.deepEqual([codeOf(mine), codeOf(theirs)], ['ETIMEDOUT', 'ETIMEDOUT'])
  },
)

withPair('a reset that a partition swallows is not sent again', { latencyMs: 10 }, function* (pair) {
  const { network, a, b, here, there } = pair
  network.partition([a], [b])
  here.reset()
  network.heal()
  const reader = spawn(failure(there.read()))
  yield* sleep(1000)
  assert.equal(reader.state, 'parked')
  yield* there.write('x')
  assert.equal(codeOf(yield* reader), 'ECONNRESET')
})

withPair(
  'an acknowledgement that still comes begins the wait for the next anew',
  { latencyMs: 10, retransmitMs: 1000 },
  function* ({ network, a, b, here, host }) {
    yield* here.write('acknowledged')
    yield* here.flush()
    yield* sleep(15)
    network.partition([a], [b], { oneWay: true })
    const start = host.now()
    yield* here.write('lost')
    assert.equal(codeOf(yield* failure(here.read())), 'ETIMEDOUT')
    assert.equal(host.now() - start, 5 + 1000)
  },
)

it('groups are cut from each other, not within; one cut is healed without the others', function* () {
  const network = new SimNetwork({ latencyMs: 1, retransmitMs: 100 })
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => network.host(name)) as [SimHost, SimHost, SimHost, SimHost]
  const servers = yield* all([a, b, c, d].map((host) => host.listen({ port: 80 })))
  const reach = fn(function* (from: SimHost, to: SimHost) {
    try {
      const stream = yield* from.connect({ host: to.name, port: 80 })
      stream.destroy()
      return true
    } catch (error) {
      assert.equal(codeOf(error), 'ETIMEDOUT')
      return false
    }
  })
  network.partition([a, b])
  assert.deepEqual(yield* all([reach(a, b), reach(c, d), reach(a, c), reach(d, b)]), [true, true, false, false])
  network.partition([c], [d])
  network.heal([a, b], [c])
  assert.deepEqual(yield* all([reach(a, c), reach(c, b), reach(a, d), reach(c, d)]), [true, true, false, false])
  network.heal()
  assert.deepEqual(yield* all([reach(a, d), reach(c, d)]), [true, true])
  for (const server of servers) server.close()
})

it('a connection that is asked for during a partition is made after it, if that is in time', function* (host) {
  const network = new SimNetwork({ latencyMs: 10, retransmitMs: 1000 })
  const [a, b] = [network.host('a'), network.host('b')]
  const server = yield* b.listen({ port: 80 })
  network.partition([a], [b])
  const error = yield* failure(a.connect({ host: 'b', port: 80 }))
  assert.ok(error instanceof ConnectError)
  assert.equal(error.systemCode, 'ETIMEDOUT')
  assert.equal(host.now(), 1000)
  const connecting = spawn(a.connect({ host: 'b', port: 80 }))
  yield* sleep(500)
  network.heal()
  const stream = yield* connecting
  assert.equal(host.now(), 1520)
  stream.destroy()
  server.close()
})

withPair('a reset breaks the connections between two hosts, and no other', {}, function* (pair) {
  const { network, a, b, here, there } = pair
  const [other, far] = yield* connected(a, network.host('c'))
  yield* here.write('come')
  yield* there.readExactly(4)
  assert.equal(network.reset(b, a), 1)
  for (const stream of [here, there]) assert.equal(codeOf(yield* failure(stream.read())), 'ECONNRESET')
  yield* other.write('x')
  assert.equal(String(yield* far.read()), 'x')
  assert.equal(network.reset(a, b), 0)
  other.destroy()
  far.destroy()
})

it.many(
  'whatever befalls hosts and links, a reader gets what its writer wrote, up to some point, and nothing is left of it',
  function* (host) {
    const random = new Random(host.seed)
    const network = new SimNetwork({
      latencyMs: random.below(20),
      jitterMs: random.below(20),
      loss: random.below(2) / 10,
      window: 1 + random.below(2000),
      retransmitMs: 2000,
    })
    const hosts = ['a', 'b', 'c'].map((name) => network.host(name))
    const any = (): SimHost => hosts[random.below(3)] as SimHost
    const text = Array.from({ length: 2000 }, (_, i) => `${i},`).join('')
    /** What the network does to a side is a `BrokenError`, what it does itself a `ClosedError`, and so on. */
    const expected = (error: unknown): void => assert.ok(error instanceof FibrilError, String(error))
    const reading = fn(function* (server: Server<SimStream>) {
      try {
        using there = yield* timeout(5000, server.accept())
        let got = ''
        for (let chunk: Buffer | null; (chunk = yield* there.read()) !== null; ) {
          got += chunk
          assert.ok(text.startsWith(got), 'out of order')
          if (random.chance(0.1)) yield* sleep(random.below(200))
        }
      } catch (error) {
        expected(error)
      }
    })
    const transfer = fn(function* (from: SimHost, to: SimHost) {
      try {
        const server = yield* to.listen({ port: 0 })
        const reader = spawn(reading(server))
        try {
          using here = yield* from.connect({ host: to.name, port: server.port })
          for (let start = 0; start < text.length; start += 500) yield* here.write(text.slice(start, start + 500))
        } finally {
          yield* reader
          server.close()
        }
      } catch (error) {
        expected(error)
      }
    })
    const transfers = Array.from({ length: 12 }, (_, i) =>
      spawn(function* () {
        yield* sleep(i * 300)
        yield* transfer(any(), any())
      }),
    )
    for (let i = 0; i < 60; i++) {
      yield* sleep(random.below(200))
      const blow = random.below(8)
      if (blow === 0) network.partition([any()], [any()], { oneWay: random.chance(0.5) })
      else if (blow <= 2) network.heal()
      else if (blow === 3) network.reset(any(), any())
      else if (blow === 4) any().pause()
      else if (blow <= 6) any().resume()
      else if (random.chance(0.3)) any().restart()
    }
    network.heal()
    for (const each of hosts) each.resume()
    // Who waits for a peer that crashed without a word would wait for ever.
    yield* sleep(20_000)
    for (const each of hosts) each.restart()
    yield* all(transfers)
    assert.equal(network.stats().connections, 0)
  },
  { seeds: 50 },
)

// -- what it tells

test('a connection that is left open is a leak of the test, with its name and where it was made', async () => {
  const run = new TestHost().run(function* forgetful() {
    const network = new SimNetwork()
    const server = yield* network.host('b').listen({ port: 80 })
    yield* network.host('a').connect({ host: 'b', port: 80 })
    yield* server.accept()
  })
  await assert.rejects(run, (error: LeakError) => {
    assert.ok(error instanceof LeakError)
    assert.deepEqual(
      error.leaks.map(({ kind, name }) => `${kind} ${name}`),
      ['listener sim b:80', 'connection sim a:49152 → b:80', 'connection sim b:80 → a:49152'],
    )
    for (const { madeAt } of error.leaks) assert.match(madeAt ?? '', /^\s+at .*forgetful.*sim-network\.test/)
    return true
  })
})

it('what is on the way when the run ends is no leak', function* () {
  const network = new SimNetwork({ latencyMs: 100 })
  const [here, there] = yield* connected(network.host('a'), network.host('b'))
  yield* here.write('x')
  yield* here.close()
  there.reset()
  assert.ok(network.stats().connections === 0 || network.stats().packetsInFlight > 0)
})

withPair('its figures are plain and frozen', { latencyMs: 10 }, function* ({ network, a, here, there }) {
  yield* here.write('12345')
  yield* here.flush()
  assert.ok(Object.isFrozen(network.stats()))
  const { packetsInFlight, ...stats } = network.stats()
  assert.ok(packetsInFlight > 0)
  assert.deepEqual(stats, {
    hosts: 2,
    connections: 1,
    bytesInFlight: 5,
    connected: 1,
    refused: 0,
    reset: 0,
    timedOut: 0,
    bytesSent: 5,
    bytesArrived: 0,
  })
  yield* there.readExactly(5)
  assert.equal(network.stats().bytesArrived, 5)
  assert.equal(network.stats().bytesInFlight, 0)
  assert.deepEqual(a.stats(), { name: 'a', state: 'up', connections: 1, listening: [] })
})

withPair('its log has the last events, as data and as text', { logged: 3, fragment: 0 }, function* (pair) {
  const { network, here, there } = pair
  yield* here.write('12345')
  yield* there.readExactly(5)
  const last = network.log.at(-1)
  assert.deepEqual({ ...last }, { at: 4, kind: 'arrive', from: 'a:49152', to: 'b:32768', bytes: 5 })
  assert.equal(String(last), '4 ms: a:49152 → b:32768 arrive 5')
  assert.equal(network.log.length, 3)
})

test('what cannot be meant is refused at the call', async () => {
  assert.throws(() => new SimNetwork(), UsageError)
  await new TestHost().run(() => {
    assert.throws(() => new SimNetwork({ latencyMs: -1 }), /latencyMs is -1/)
    assert.throws(() => new SimNetwork({ loss: 1 }), UsageError)
    assert.throws(() => new SimNetwork({ window: 0 }), UsageError)
    assert.throws(() => new SimNetwork({ window: 10.5 }), /window is 10.5: give a whole number/)
    assert.throws(() => new SimNetwork({ seed: 0.5 }), UsageError)
    const network = new SimNetwork()
    const [a, b] = [network.host('a'), network.host('b')]
    assert.throws(() => network.link(a, b, { bandwidth: 0 }), UsageError)
    assert.throws(() => a.connect({ host: 'b' }), UsageError)
    assert.throws(() => a.listen({ port: 65_536 }), UsageError)
    assert.throws(() => network.host('localhost'), UsageError)
    assert.equal(network.host('a'), a)
  })
})

// Over 250 ms: ten thousand of anything are not free.
it('carries ten thousand connections at a time', function* (host) {
  const network = new SimNetwork({ latencyMs: 5 })
  const server = yield* network.host('server').listen({ port: 80, backlog: 10_000 })
  const serving = spawn(
    server.serve(function* (connection) {
      const line = yield* connection.readLine()
      yield* sleep(1000)
      yield* connection.write(`${line}\n`)
    }),
  )
  const client = network.host('client')
  const ask: (i: number) => Operation<void> = fn(function* (i: number) {
    using connection = yield* client.connect({ host: 'server', port: 80 })
    yield* connection.write(`${i}\n`)
    assert.equal(yield* connection.readLine(), String(i))
  })
  const asking = spawn(all(Array.from({ length: 10_000 }, (_, i) => ask(i))))
  yield* sleep(500)
  yield* waitAllBlocked()
  assert.equal(network.stats().connections, 10_000)
  yield* asking
  assert.ok(host.now() < 1100)
  yield* server.stop()
  yield* serving
  yield* sleep(100)
  assert.equal(network.stats().connections, 0)
})
