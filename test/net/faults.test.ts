/** What the world does to a service: real sockets, and peers that do not keep to any rule. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { all, type Body, BrokenError, fn, sleep, spawn, type Task, wait } from '../../src/core/index.ts'
import {
  connect,
  LimitError,
  listen,
  MemoryServer,
  type MemoryStream,
  type Server,
  type Socket,
  StreamTimeoutError,
} from '../../src/net/index.ts'
import { waitAllBlocked } from '../../src/testing/index.ts'
import { it } from '../support/it.ts'

interface Service {
  readonly server: Server<Socket>
  readonly serving: Task<void>
  /** What the server was told of, as class names. */
  readonly errors: string[]
  /** A raw peer, connected. */
  raw(): net.Socket
}

/** A test with an echo service for lines of at most 100 bytes, which at its end must still serve a client that was there all along. */
function withEcho(title: string, body: (service: Service) => Body<void>): void {
  it(title, function* () {
    const errors: string[] = []
    const server = yield* listen({ port: 0, maxLine: 100, lingerMs: 100 })
    const serving = spawn(
      server.serve(
        function* (socket) {
          for (let line: string | null; (line = yield* socket.readLine()) !== null; ) yield* socket.write(`${line}\n`)
        },
        { onError: (error) => errors.push((error as Error).name) },
      ),
    )
    const peers: net.Socket[] = []
    const raw = (): net.Socket => {
      const peer = net.connect(server.port, '127.0.0.1')
      peer.on('error', () => {})
      peers.push(peer)
      return peer
    }
    using good = yield* connect({ port: server.port })
    yield* good.write('before\n')
    assert.equal(yield* good.readLine(), 'before')
    try {
      yield* body({ server, serving, errors, raw })
      yield* good.write('after\n')
      assert.equal(yield* good.readLine(), 'after')
      while (server.stats().connections > 1) yield* turn()
    } finally {
      for (const peer of peers) peer.destroy()
    }
    yield* server.stop()
    yield* serving
  })
}

withEcho('a peer that sends garbage gets what a line-based service makes of it', function* ({ raw, errors }) {
  const peer = raw()
  // A newline every 90 bytes, among bytes that are no text; then too many without one.
  const garbage = Buffer.from(
    Array.from({ length: 5000 }, (_, i) => (i < 900 && i % 90 === 89 ? 10 : 128 + ((i * 31) & 127))),
  )
  peer.write(garbage)
  const reply = yield* readAll(peer)
  assert.equal(reply.toString().split('\n').length, 11)
  assert.deepEqual(errors, [LimitError.prototype.name])
})

withEcho('a line that never ends is cut off after so many bytes, not kept', function* ({ server, raw, errors }) {
  const peer = raw()
  yield* wait(once(peer, 'connect'))
  const chunk = Buffer.alloc(65_536, 'x')
  let peak = 0
  while (errors.length === 0) {
    peer.write(chunk)
    for (const socket of server.sockets) peak = Math.max(peak, socket.stats().unread)
    yield* turn()
  }
  assert.deepEqual(errors, ['LimitError'])
  assert.ok(peak <= 4 * 65_536, `${peak} bytes were kept`)
  peer.destroy()
})

withEcho('a peer that sends byte by byte is served like any other', function* ({ raw }) {
  const peer = raw()
  peer.setNoDelay(true)
  const reply = spawn(readAll(peer))
  for (const byte of Buffer.from('slow\r\nloris\n')) {
    peer.write(Buffer.of(byte))
    yield* turn()
  }
  peer.end()
  assert.equal(String(yield* reply), 'slow\nloris\n')
})

withEcho('lines that come in one packet are answered in one', function* ({ raw }) {
  const peer = raw()
  const chunks: Buffer[] = []
  peer.on('data', (chunk) => chunks.push(chunk))
  peer.end('1\n2\n3\n')
  yield* wait(once(peer, 'close'))
  assert.deepEqual(chunks.map(String), ['1\n2\n3\n'])
})

withEcho('a peer that vanishes amid a line is the end, not an error', function* ({ raw, errors }) {
  const peer = raw()
  peer.end('half a li')
  assert.equal((yield* readAll(peer)).length, 0)
  assert.deepEqual(errors, [])
})

withEcho(
  'a peer that resets amid everything is a BrokenError for its handler alone',
  function* ({ raw, errors, server }) {
    const peer = raw()
    peer.write('line\nhalf a li')
    yield* wait(once(peer, 'data'))
    peer.resetAndDestroy()
    while (server.stats().connections > 1) yield* turn()
    assert.deepEqual(errors, [BrokenError.prototype.name])
  },
)

withEcho('ten thousand connections, closed and reset, leave nothing behind', function* ({ server, raw }) {
  // Slow: so many real connections.
  for (let round = 0; round < 100; round++) {
    const peers = Array.from({ length: 100 }, raw)
    peers.forEach((peer, i) => {
      peer.once('connect', () => {
        if (i % 4 === 0) peer.resetAndDestroy()
        else if (i % 4 === 1) peer.end('hello\n')
        else if (i % 4 === 2) peer.write('half', () => peer.resetAndDestroy())
        else peer.destroy()
      })
      peer.resume()
    })
    yield* all(peers.map((peer) => wait(once(peer, 'close'))))
  }
  while (server.stats().connections > 1 || server.stats().waiting > 0) yield* turn()
  assert.equal(server.stats().accepted, 10_001)
})

withEcho('a peer that ends its side and stays is answered and let go', function* ({ server, errors }) {
  const peer = net.connect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true })
  peer.end('last\nhalf')
  const chunks: Buffer[] = []
  peer.on('data', (chunk) => chunks.push(chunk))
  yield* wait(once(peer, 'end'))
  assert.equal(Buffer.concat(chunks).toString(), 'last\n')
  while (server.stats().connections > 1) yield* turn()
  assert.deepEqual(errors, [])
  peer.destroy()
})

it('a peer that resets while it is written to is a BrokenError of its writer, with what was lost', function* () {
  using server = yield* listen({ port: 0 })
  const errors: unknown[] = []
  const serving = spawn(
    server.serve(
      function* (socket) {
        for (;;) yield* socket.write(Buffer.alloc(65_536))
      },
      { onError: (error) => errors.push(error) },
    ),
  )
  const peer = net.connect(server.port, '127.0.0.1').pause()
  yield* wait(once(peer, 'connect'))
  while (serving.children[0]?.state !== 'parked') yield* turn()
  peer.resetAndDestroy()
  while (errors.length === 0) yield* turn()
  const [error] = errors
  assert.ok(error instanceof BrokenError)
  assert.match(error.message, /cannot write to tcp .*(ECONNRESET|EPIPE).* \d+ bytes written before are lost/)
  yield* server.stop()
  yield* serving
})

/** A test with an echo service in memory, under virtual time, for a peer that takes all the time in the world. */
function withSlowPeer(
  title: string,
  body: (peer: MemoryStream, errors: unknown[], server: MemoryServer) => Body<void>,
): void {
  it(title, function* () {
    const server = new MemoryServer({ idleMs: 60_000, totalMs: 600_000 })
    const errors: unknown[] = []
    const serving = spawn(
      server.serve(
        function* (socket) {
          for (let line: string | null; (line = yield* socket.readLine()) !== null; ) yield* socket.write(`${line}\n`)
        },
        { onError: (error) => errors.push(error) },
      ),
    )
    yield* body(server.connect(), errors, server)
    yield* server.stop()
    yield* serving
  })
}

withSlowPeer('a peer that says nothing is let go after the time of idleness', function* (peer, errors) {
  yield* sleep(59_999)
  assert.equal(errors.length, 0)
  yield* sleep(1)
  assert.equal(yield* peer.read(), null)
  yield* waitAllBlocked()
  const [error] = errors
  assert.ok(error instanceof StreamTimeoutError)
  assert.equal(error.ms, 60_000)
  yield* peer.close()
})

withSlowPeer(
  'a peer that sends a byte now and then, and never a line, is let go when its time is over',
  function* (peer, errors, server) {
    // Both ends have the same limits.
    let bytes = 0
    let late: unknown
    try {
      for (; ; bytes++) {
        yield* sleep(55_000)
        yield* peer.write('x')
      }
    } catch (error) {
      late = error
    }
    assert.equal(bytes, 10)
    assert.ok(late instanceof StreamTimeoutError)
    assert.equal(late.ms, 600_000)
    yield* waitAllBlocked()
    assert.deepEqual(errors, [])
    assert.equal(server.stats().connections, 0)
    peer.destroy()
  },
)

it('to a peer that never reads, a gigabyte is not kept in memory', function* () {
  const chunk = Buffer.alloc(65_536)
  const count = 16_384
  let written = 0
  let peak = 0
  using server = yield* listen({ port: 0 })
  const serving = spawn(
    server.serve(function* (socket) {
      for (let i = 0; i < count; i++) {
        yield* socket.write(chunk)
        written++
        peak = Math.max(peak, socket.stats().unsent)
      }
    }),
  )
  const peer = net.connect(server.port, '127.0.0.1').pause()
  yield* wait(once(peer, 'connect'))
  while (serving.children.length === 0) yield* turn()
  yield* waitAllBlocked()
  const [handler] = serving.children
  assert.equal(handler?.state, 'parked')
  assert.match(handler?.reason ?? '', /the peer to take some/)
  assert.ok(written < count, 'the system would have taken it all')
  assert.ok(peak <= 2 * 65_536, `${peak} bytes were kept`)

  // When it reads after all, it gets everything.
  let received = 0
  peer.on('data', (data) => (received += data.length)).resume()
  yield* wait(once(peer, 'end'))
  assert.equal(received, count * chunk.length)
  peer.destroy()
  yield* server.stop()
  yield* serving
})

it('a peer that never reads does not hold up a stop for longer than the grace', function* () {
  const server = yield* listen({ port: 0 })
  const serving = spawn(
    server.serve(function* (socket) {
      for (;;) yield* socket.write(Buffer.alloc(65_536))
    }),
  )
  const peer = net.connect(server.port, '127.0.0.1').pause()
  peer.on('error', () => {})
  yield* wait(once(peer, 'connect'))
  while (serving.children.length === 0) yield* turn()
  yield* waitAllBlocked()
  yield* server.stop({ grace: 10 })
  yield* serving
  assert.equal(server.stats().connections, 0)
  peer.destroy()
})

/** Lets the platform have a turn. */
const turn = fn(function* (): Body<void> {
  yield* wait(new Promise<void>((resolve) => setImmediate(resolve)))
})

/** All that a raw peer is sent. */
const readAll = fn(function* (peer: net.Socket): Body<Buffer> {
  const chunks: Buffer[] = []
  peer.on('data', (chunk) => chunks.push(chunk))
  yield* wait(once(peer, 'close'))
  return Buffer.concat(chunks)
})
