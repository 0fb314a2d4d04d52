import assert from 'node:assert/strict'
import {
  all,
  BrokenError,
  CancelledError,
  ClosedError,
  fn,
  type Operation,
  sleep,
  spawn,
  UsageError,
} from '../../src/core/index.ts'
import { ConnectError, ListenError, type Net, net } from '../../src/net/index.ts'
import {
  type SimHost,
  SimNetwork,
  type SimNetworkOptions,
  type SimStream,
  waitAllBlocked,
} from '../../src/testing/index.ts'
import { it } from '../support/it.ts'
import { codeOf, failure } from '../support/sim.ts'

/** Two hosts of a new network. */
function twoHosts(options?: SimNetworkOptions): { network: SimNetwork; a: SimHost; b: SimHost } {
  const network = new SimNetwork(options)
  return { network, a: network.host('a'), b: network.host('b') }
}

/** Both ends of a new connection. */
const connected = fn(function* (a: SimHost, b: SimHost) {
  const server = yield* b.listen({ port: 0 })
  const [here, there] = yield* all([a.connect({ host: b.name, port: server.port }), server.accept()])
  server.close()
  return [here, there] as const
})

const echo = fn(function* (stream: SimStream) {
  for (let line: string | null; (line = yield* stream.readLine()) !== null; ) yield* stream.write(`${line}\n`)
})

// -- any network

/** Code that is given its network. */
const conversation = fn(function* (server: Net, client: Net, host: string) {
  const listening = yield* server.listen({ port: 0, host })
  const serving = spawn(listening.serve((connection) => connection.write('hello\n')))
  const connection = yield* client.connect({ host, port: listening.port })
  const said = [
    yield* connection.readLine(),
    yield* connection.readLine(),
    connection.remote.port === listening.port,
    connection.local.port === listening.port,
  ]
  yield* connection.close()
  yield* listening.stop()
  yield* serving
  return said
})

it('code that is given its network runs over a simulated one and over the real one alike', function* () {
  const { a, b } = twoHosts()
  const expected = ['hello', null, true, false]
  assert.deepEqual(yield* conversation(b, a, 'b'), expected)
  assert.deepEqual(yield* conversation(net, net, '127.0.0.1'), expected)
})

it('listens and serves in one', function* () {
  const { a, b } = twoHosts()
  const serving = spawn(
    b.serve(echo, {
      port: 80,
      onListen(server) {
        spawn(function* () {
          using connection = yield* a.connect({ host: 'b', port: 80 })
          yield* connection.write('x\n')
          assert.equal(yield* connection.readLine(), 'x')
          yield* server.stop()
        })
      },
    }),
  )
  yield* serving
})

// -- connecting

it('who cannot be connected to is told as by a platform', function* (host) {
  const { network, a, b } = twoHosts({ latencyMs: 10, retransmitMs: 500 })
  const attempts: [Operation<unknown>, string, number][] = [
    [a.connect({ host: 'b', port: 80 }), 'ECONNREFUSED', 20],
    [a.connect({ host: 'nowhere', port: 80 }), 'ENOTFOUND', 0],
    [a.connect({ port: 80 }), 'ECONNREFUSED', 0],
    [a.connect({ path: '/run/x.sock' }), 'ENOENT', 0],
  ]
  for (const [attempt, code, ms] of attempts) {
    const start = host.now()
    const error = yield* failure(attempt)
    assert.ok(error instanceof ConnectError)
    assert.equal(error.systemCode, code)
    assert.match(error.message, /^task .* could not connect to .*: .*\./)
    assert.equal(host.now() - start, ms)
  }
  b.crash()
  const start = host.now()
  assert.equal(codeOf(yield* failure(a.connect({ host: 'b', port: 80 }))), 'ETIMEDOUT')
  assert.equal(host.now() - start, 500)
  assert.equal(codeOf(yield* failure(b.connect({ host: 'a', port: 80 }))), 'EHOSTDOWN')
  assert.equal(network.stats().connections, 0)
  assert.equal(network.stats().refused, 3)
})

it('an attempt to connect takes no longer than its timeoutMs', function* (test) {
  const network = new SimNetwork()
  const [a, b] = [network.host('a'), network.host('b')]
  network.partition([a], [b])
  assert.equal(codeOf(yield* failure(a.connect({ host: 'b', port: 80, timeoutMs: 500 }))), 'ETIMEDOUT')
  assert.equal(test.now(), 500)
})

it('a host that crashes while it connects gives that up', function* () {
  const { network, a, b } = twoHosts({ latencyMs: 10 })
  const server = yield* b.listen({ port: 80 })
  const connecting = spawn(failure(a.connect({ host: 'b', port: 80 })))
  yield* sleep(15)
  a.crash()
  assert.equal(codeOf(yield* connecting), 'EHOSTDOWN')
  a.restart()
  yield* sleep(100)
  assert.equal(server.stats().waiting, 0)
  assert.equal(network.stats().connections, 0)
  server.close()
})

it('a Unix socket is its host’s own', function* (host) {
  const { a, b } = twoHosts()
  const server = yield* a.listen({ path: '/run/app.sock' })
  assert.equal(server.name, 'sim a /run/app.sock')
  const [here, there] = yield* all([a.connect({ path: '/run/app.sock' }), server.accept()])
  assert.deepEqual([here.local, here.name], [{ path: '/run/app.sock' }, 'sim a /run/app.sock'])
  yield* here.write('x')
  assert.equal(String(yield* there.read()), 'x')
  assert.equal(codeOf(yield* failure(b.connect({ path: '/run/app.sock' }))), 'ENOENT')
  assert.equal(host.now(), 0)
  here.destroy()
  there.destroy()
  server.close()
})

it('a connection that is opened in a handler is closed with it, unless it is detached', function* () {
  const { network, a, b } = twoHosts()
  const kept: SimStream[] = []
  const server = yield* b.listen({ port: 80 })
  const serving = spawn(
    server.serve(function* (connection) {
      if ((yield* connection.readLine()) !== 'relay') return
      yield* b.connect({ host: 'b', port: 80 })
      kept.push(yield* b.connect({ host: 'b', port: 80, detached: true }))
    }),
  )
  const client = yield* a.connect({ host: 'b', port: 80 })
  yield* client.write('relay\n')
  assert.equal(yield* client.readLine(), null)
  yield* client.close()
  yield* sleep(10)
  assert.deepEqual([kept[0]?.closed, network.stats().connections], [false, 1])
  kept[0]?.destroy()
  yield* server.stop()
  yield* serving
})

// -- listening

it('what cannot be listened on is told as by a platform', function* () {
  const { a, b } = twoHosts()
  const server = yield* a.listen({ port: 80, host: 'a' })
  const other = yield* b.listen({ port: 80, host: '0.0.0.0' })
  for (const [options, code] of [
    [{ port: 80 }, 'EADDRINUSE'],
    [{ port: 81, host: '10.0.0.1' }, 'EADDRNOTAVAIL'],
    [{ port: 81, host: 'b' }, 'EADDRNOTAVAIL'],
  ] as const) {
    const error = yield* failure(a.listen(options))
    assert.ok(error instanceof ListenError)
    assert.equal(error.systemCode, code)
    assert.match(error.message, /^task .* could not listen on a:8\d: /)
  }
  server.close()
  const again = yield* a.listen({ port: 80 })
  assert.deepEqual(a.stats().listening, ['a:80'])
  again.close()
  other.close()
  a.crash()
  assert.equal(codeOf(yield* failure(a.listen({ port: 80 }))), 'EHOSTDOWN')
})

it('port 0 is one that is free, and a loopback address is for the host alone', function* () {
  const { a, b } = twoHosts()
  const servers = yield* all([b.listen({ port: 0 }), b.listen({ port: 0 }), b.listen({ port: 80, host: '127.0.0.1' })])
  assert.notEqual(servers[0].port, servers[1].port)
  assert.equal(codeOf(yield* failure(a.connect({ host: 'b', port: 80 }))), 'ECONNREFUSED')
  const own = yield* b.connect({ port: 80 })
  own.destroy()
  for (const server of servers) server.close()
})

it('connections wait to be accepted, up to the backlog; more are turned away', function* () {
  const { a, b } = twoHosts()
  const server = yield* b.listen({ port: 80, backlog: 2 })
  const clients = yield* all([1, 2, 3].map(() => a.connect({ host: 'b', port: 80 })))
  yield* sleep(10)
  assert.deepEqual([server.stats().waiting, server.stats().refused], [2, 1])
  assert.equal(yield* clients[2]!.read(), null)
  const accepted = yield* all([server.accept(), server.accept()])
  assert.deepEqual(
    accepted.map(({ remote }) => remote),
    clients.slice(0, 2).map(({ local }) => local),
  )
  server.close()
  for (const stream of [...clients, ...accepted]) stream.destroy()
})

it('who closes a listener drops what nobody has accepted, and what comes a moment too late', function* () {
  const { network, a, b } = twoHosts({ latencyMs: 10 })
  const server = yield* b.listen({ port: 80 })
  const early = yield* a.connect({ host: 'b', port: 80 })
  yield* sleep(10)
  const late = spawn(a.connect({ host: 'b', port: 80 }))
  yield* sleep(15)
  server.close()
  assert.equal(yield* early.read(), null)
  assert.equal(codeOf(yield* failure((yield* late).read())), 'ECONNRESET')
  assert.ok((yield* failure(server.accept())) instanceof ClosedError)
  early.destroy()
  ;(yield* late).destroy()
  yield* sleep(20)
  assert.equal(network.stats().connections, 0)
})

// -- cancel

it.many('each wait can be cancelled, and leaves nothing behind', function* () {
  const { network, a, b } = twoHosts({ latencyMs: 10, window: 1000 })
  const server = yield* b.listen({ port: 80 })
  const cancelled = fn(function* (operation: Operation<unknown>, ms: number, reason: RegExp) {
    const task = spawn(operation)
    yield* sleep(ms)
    assert.match(task.reason ?? '', reason)
    task.cancel()
    assert.ok((yield* failure(task.join())) instanceof CancelledError)
  })
  // Before the other side knows, before this side does, and before the other side knows that this one does.
  for (const ms of [5, 15]) {
    yield* cancelled(a.connect({ host: 'b', port: 80 }), ms, /a connection to b:80/)
    yield* sleep(100)
    assert.deepEqual([network.stats().connections, server.stats().waiting], [0, 0])
  }
  yield* cancelled(server.accept(), 1, /sim b:80: a connection/)
  const [here, there] = yield* all([a.connect({ host: 'b', port: 80 }), server.accept()])
  yield* cancelled(there.readLine(), 1, /b:80 → a:\d+: a line/)
  assert.ok(here.tryWrite(Buffer.alloc(300_000)))
  yield* sleep(10_000)
  yield* cancelled(here.write('x'), 1, /a:\d+ → b:80: the peer to take some/)
  yield* cancelled(here.flush(), 1, /bytes to leave/)
  yield* cancelled(here.end(), 1, /the end to leave/)
  yield* cancelled(here.close(), 1, /the end to leave/)
  assert.equal(here.closed, true)
  there.destroy()
  server.close()
  yield* sleep(100)
  assert.equal(network.stats().connections, 0)
})

// -- crashes

it('a crash is silent: who sends to a host that is down gives up after a while', function* (host) {
  const { network, a, b } = twoHosts({ latencyMs: 10, retransmitMs: 1000 })
  const [here, there] = yield* connected(a, b)
  b.crash()
  assert.deepEqual([b.state, network.log.at(-1)?.kind], ['down', 'crash'])
  assert.equal(codeOf(yield* failure(there.read())), 'EHOSTDOWN')
  const reader = spawn(failure(here.read()))
  yield* sleep(100_000)
  assert.equal(reader.state, 'parked', 'nobody has told it')
  const start = host.now()
  yield* here.write('x')
  assert.equal(codeOf(yield* reader), 'ETIMEDOUT')
  assert.equal(host.now() - start, 1000)
})

it('a host that is up again answers by a reset who sends to what it has forgotten', function* (host) {
  const { network, a, b } = twoHosts({ latencyMs: 10, retransmitMs: 1000 })
  const [here] = yield* connected(a, b)
  const [before] = yield* connected(a, b)
  yield* before.write('x')
  yield* before.flush()
  b.crash()
  yield* sleep(500)
  b.restart()
  const start = host.now()
  assert.equal(codeOf(yield* failure(before.read())), 'ECONNRESET')
  assert.equal(host.now() - start, 20)
  const reader = spawn(failure(here.read()))
  yield* sleep(5000)
  assert.equal(reader.state, 'parked', 'it has sent nothing')
  yield* here.write('x')
  assert.equal(codeOf(yield* reader), 'ECONNRESET')
  assert.equal(network.stats().connections, 0)
})

it('what was on the way when a host crashed still arrives', function* () {
  const { a, b } = twoHosts({ latencyMs: 10 })
  const [here, there] = yield* connected(a, b)
  yield* here.write('last words')
  yield* here.flush()
  a.crash()
  assert.equal(String(yield* there.readExactly(10)), 'last words')
  there.destroy()
})

it('but not what a partition holds: nobody is there to send it again', function* () {
  const { network, a, b } = twoHosts({ latencyMs: 10 })
  const [here, there] = yield* connected(a, b)
  network.partition([a], [b])
  yield* here.write('lost')
  yield* here.flush()
  a.restart()
  network.heal()
  const reader = spawn(failure(there.read()))
  yield* sleep(1000)
  assert.equal(reader.state, 'parked')
  there.destroy()
  assert.ok((yield* reader) instanceof ClosedError)
})

it('nor what a partition catches on the way', function* () {
  const { network, a, b } = twoHosts({ latencyMs: 10 })
  const [here, there] = yield* connected(a, b)
  yield* here.write('lost')
  yield* here.flush()
  a.crash()
  network.partition([a], [b])
  yield* sleep(100)
  network.heal()
  yield* sleep(100)
  assert.equal(there.stats().bytesRead, 0)
  there.destroy()
})

it('a crash cancels the tasks of its host and ends its servers; both may be there again after', function* () {
  const { a, b } = twoHosts({ latencyMs: 10 })
  const cleaned: string[] = []
  const service = fn(function* () {
    try {
      yield* b.serve(echo, { port: 80 })
    } finally {
      cleaned.push(b.state)
    }
  })
  const first = b.spawn(service(), { name: 'service' })
  yield* sleep(1)
  // A task of nobody's that serves there ends by itself.
  const other = spawn(b.serve(echo, { port: 81 }))
  const client = yield* a.connect({ host: 'b', port: 80 })
  b.crash()
  const error = yield* failure(first.join())
  assert.ok(error instanceof CancelledError)
  assert.match(error.message, /service.*the host b has crashed/)
  yield* other
  assert.deepEqual(cleaned, ['down'])
  assert.throws(() => b.spawn(service()), UsageError)

  b.restart()
  assert.equal(b.state, 'up')
  const second = b.spawn(service())
  yield* client.write('lost\n')
  assert.equal(codeOf(yield* failure(client.readLine())), 'ECONNRESET')
  const again = yield* a.connect({ host: 'b', port: 80 })
  yield* again.write('here\n')
  assert.equal(yield* again.readLine(), 'here')
  again.destroy()
  second.cancel()
  yield* failure(second.join())
})

// -- pauses

it('a paused host takes nothing and sends nothing, and its peers wait', function* (host) {
  const { network, a, b } = twoHosts({ latencyMs: 10, retransmitMs: 1000, window: 1000 })
  const server = yield* b.listen({ port: 80 })
  const [here, there] = yield* all([a.connect({ host: 'b', port: 80 }), server.accept()])
  b.pause()
  assert.equal(b.state, 'paused')
  const accepting = spawn(server.accept())
  const second = yield* a.connect({ host: 'b', port: 80 })
  yield* here.write(Buffer.alloc(5000, 'x'))
  yield* there.write('y')
  // Its system acknowledges, so nobody gives up; but it takes no more than the window.
  yield* sleep(100_000)
  assert.equal(accepting.state, 'parked')
  assert.equal(network.stats().bytesArrived, 1000)
  assert.deepEqual([there.stats().bytesRead, here.stats().bytesRead], [0, 0])

  b.resume()
  const start = host.now()
  assert.equal(String(yield* here.read()), 'y')
  assert.equal(host.now() - start, 10)
  assert.equal((yield* there.readExactly(5000))?.length, 5000)
  const third = yield* accepting
  assert.equal(third.remote.port, second.local.port)
  assert.equal(network.stats().timedOut, 0)
  for (const stream of [here, there, second, third]) stream.destroy()
  server.close()
})

it('what a paused host does to its connections takes effect afterwards, in order', function* () {
  const { a, b } = twoHosts({ latencyMs: 10 })
  const server = yield* a.listen({ port: 80 })
  const [here, there] = yield* connected(a, b)
  const [doomed, survivor] = yield* connected(a, b)
  b.pause()
  yield* there.write('last')
  const closing = spawn(there.close())
  const connecting = spawn(b.connect({ host: 'a', port: 80 }))
  doomed.reset()
  yield* sleep(1000)
  assert.equal(here.stats().bytesRead, 0)
  assert.deepEqual([closing.state, connecting.state], ['parked', 'parked'])
  const surviving = spawn(failure(survivor.read()))
  yield* waitAllBlocked()
  assert.equal(surviving.state, 'parked', 'it has not heard of the reset')
  b.resume()
  yield* closing
  assert.equal(String(yield* here.readExactly(4)), 'last')
  assert.equal(yield* here.read(), null)
  assert.ok((yield* surviving) instanceof BrokenError)
  for (const stream of [here, yield* connecting, yield* server.accept()]) stream.destroy()
  server.close()
})

it('what has come to a paused host can be read afterwards, also if its connection has broken since', function* () {
  const network = new SimNetwork({ latencyMs: 10, maxPiece: 3 })
  const [a, b] = [network.host('a'), network.host('b')]
  const server = yield* b.listen({ port: 80, highWaterMark: 4 })
  const [here, there] = yield* all([a.connect({ host: 'b', port: 80 }), server.accept()])
  b.pause()
  yield* here.write('0123456789')
  yield* here.flush()
  here.reset()
  yield* sleep(100)
  b.resume()
  assert.equal(String(yield* there.readExactly(10)), '0123456789')
  assert.equal(codeOf(yield* failure(there.read())), 'ECONNRESET')
  server.close()
})

it('who waits on a paused host for what it has not heard of yet is told when it crashes', function* () {
  const { network, a, b } = twoHosts({ latencyMs: 10 })
  const server = yield* b.listen({ port: 80 })
  const [here, there] = yield* connected(b, a)
  const connecting = spawn(failure(a.connect({ host: 'b', port: 80 })))
  const reading = spawn(failure(there.read()))
  yield* sleep(5)
  a.pause()
  here.reset()
  yield* sleep(100)
  assert.deepEqual([connecting.state, reading.state], ['parked', 'parked'])
  a.crash()
  assert.equal(codeOf(yield* connecting), 'EHOSTDOWN')
  assert.equal(codeOf(yield* reading), 'EHOSTDOWN')
  const accepted = yield* server.accept()
  assert.equal(network.stats().connections, 1)
  accepted.destroy()
  server.close()
})

it('pausing twice, resuming a host that is up and crashing one that is down change nothing', function* () {
  const { network, a, b } = twoHosts()
  a.resume()
  a.pause()
  a.pause()
  a.crash()
  a.crash()
  a.resume()
  a.pause()
  assert.equal(a.state, 'down')
  a.restart()
  b.restart()
  assert.deepEqual(
    network.log.map(({ kind, from }) => `${kind} ${from}`),
    ['pause a', 'crash a', 'restart a', 'crash b', 'restart b'],
  )
  yield* sleep(1)
})
