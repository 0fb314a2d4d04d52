/** What the world does to a service in TLS: peers that do not keep to any rule, before, amid and after the handshake. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import tls from 'node:tls'
import { all, type Body, BrokenError, fn, sleep, spawn, type Task, wait } from '../../../src/core/index.ts'
import {
  connectTls,
  listenTls,
  type Server,
  TlsError,
  type TlsServerOptions,
  type TlsSocket,
} from '../../../src/net/index.ts'
import { it } from '../../support/it.ts'
import { ca, identity } from './certificates.ts'

interface Service {
  readonly server: Server<TlsSocket>
  /** What the server was told of. */
  readonly errors: unknown[]
  /** A raw peer, connected to it in plain. */
  raw(): net.Socket
}

/** A test with an echo service in TLS, which at its end must still serve a client that was there all along, and a new one. */
function withEcho(
  title: string,
  body: (service: Service) => Body<void>,
  options: Partial<TlsServerOptions> = {},
): void {
  it(title, function* () {
    const errors: unknown[] = []
    const certificates = { ...identity('server'), ca }
    const server = yield* listenTls({ port: 0, lingerMs: 100, certificates, ...options })
    const serving: Task<void> = spawn(
      server.serve(
        function* (socket) {
          for (let line: string | null; (line = yield* socket.readLine()) !== null; ) yield* socket.write(`${line}\n`)
        },
        { onError: (error) => errors.push(error) },
      ),
    )
    const peers: net.Socket[] = []
    const raw = (): net.Socket => {
      const peer = net.connect(server.port, '127.0.0.1')
      peer.on('error', () => {})
      peers.push(peer)
      return peer
    }
    const talk = fn(function* (socket: TlsSocket, line: string) {
      yield* socket.write(`${line}\n`)
      assert.equal(yield* socket.readLine(), line)
    })
    const client = { port: server.port, ca, handshakeMs: 60_000 }
    using good = yield* connectTls(client)
    yield* talk(good, 'before')
    try {
      yield* body({ server, errors, raw })
      yield* talk(good, 'after')
      using late = yield* connectTls(client)
      yield* talk(late, 'late')
      late.destroy()
      while (server.stats().connections > 1) yield* turn()
    } finally {
      for (const peer of peers) peer.destroy()
    }
    yield* server.stop()
    yield* serving
    assert.equal(server.stats().failed, errors.filter((error) => !(error instanceof TlsError)).length)
  })
}

/** The codes of what the server was told of, all of which must be errors of handshakes. */
function codes(errors: readonly unknown[]): (string | null)[] {
  return errors.map((error) => {
    assert.ok(error instanceof TlsError && error instanceof BrokenError)
    assert.match(error.message, /^task connection 127\.0\.0\.1:\d+ #\d+ could not make tls over tcp .* safe: /)
    assert.ok(error.cause instanceof Error || error.tlsCode === 'HANDSHAKE_TIMEOUT')
    return error.tlsCode
  })
}

withEcho('a peer that sends garbage, plain text or HTTP is told off, and harms nobody', function* ({ raw, errors }) {
  const said = ['\x80\xff\x00garbage'.repeat(100), 'EHLO me\r\n', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n', '\n']
  for (const text of said) {
    const peer = raw()
    peer.end(text, 'latin1')
    yield* closed(peer)
  }
  while (errors.length < said.length) yield* turn()
  assert.deepEqual(codes(errors), [
    'ERR_SSL_WRONG_VERSION_NUMBER',
    'ERR_SSL_WRONG_VERSION_NUMBER',
    'ERR_SSL_HTTP_REQUEST',
    'ECONNRESET',
  ])
  assert.match(String(errors[1]), /the peer does not speak TLS: check the port/)
  assert.match(String(errors[2]), /the peer speaks plain HTTP/)
})

withEcho('records that only look like a handshake are no better', function* ({ raw, errors }) {
  // A record of a handshake with nonsense in it; one that is longer than any may be; one that is cut off.
  const records = [
    Buffer.concat([Buffer.from([22, 3, 1, 0, 50]), Buffer.alloc(50, 7)]),
    Buffer.concat([Buffer.from([22, 3, 1, 255, 255]), Buffer.alloc(65_535)]),
    Buffer.from([22, 3, 1, 2, 0, 1, 0]),
  ]
  for (const record of records) {
    const peer = raw()
    peer.end(record)
    yield* closed(peer)
  }
  while (errors.length < records.length) yield* turn()
  assert.equal(codes(errors).at(-1), 'ECONNRESET')
})

withEcho('a peer that vanishes or resets amid the handshake leaves nothing', function* ({ raw, errors, server }) {
  const hello = yield* clientHello()
  for (const way of ['end', 'reset'] as const) {
    for (const length of [0, 1, 5, 100, hello.length]) {
      const peer = raw()
      yield* wait(once(peer, 'connect'))
      if (length > 0) yield* wait(new Promise((resolve) => peer.write(hello.subarray(0, length), resolve)))
      // The server has it, and if it was a whole one has answered.
      if (length === hello.length) yield* wait(once(peer, 'readable'))
      if (way === 'end') peer.destroy()
      else peer.resetAndDestroy()
      while (server.stats().connections > 1) yield* turn()
    }
  }
  assert.deepEqual(new Set(codes(errors)), new Set(['ECONNRESET']))
})

withEcho(
  'a peer that sends its handshake byte by byte is cut off in time',
  function* ({ raw, errors, server }) {
    const hello = yield* clientHello()
    const peer = raw()
    peer.setNoDelay(true)
    peer.resume()
    for (let i = 0; !peer.closed; i++) {
      peer.write(hello.subarray(i, i + 1))
      yield* sleep(40)
    }
    while (server.stats().connections > 1) yield* turn()
    assert.deepEqual(codes(errors), ['HANDSHAKE_TIMEOUT'])
  },
  { handshakeMs: 100 },
)

withEcho(
  'of two hundred handshakes at once one that is bad harms no other',
  function* ({ server, raw, errors }) {
    // Slow: two hundred handshakes cost some processor.
    const secureContext = tls.createSecureContext({ ca })
    const clients = Array.from({ length: 200 }, (_, i) =>
      fn(function* () {
        if (i === 100) {
          raw().end('garbage garbage garbage')
          return
        }
        using socket = yield* connectTls({ port: server.port, secureContext, handshakeMs: 60_000 })
        yield* socket.write(`${i}\n`)
        assert.equal(yield* socket.readLine(), `${i}`)
      })(),
    )
    yield* all(clients)
    while (errors.length === 0) yield* turn()
    assert.deepEqual(codes(errors), ['ERR_SSL_WRONG_VERSION_NUMBER'])
    assert.equal(server.stats().ungreeted, 1)
    assert.equal(server.stats().accepted, 201)
  },
  { handshakeMs: 60_000 },
)

withEcho(
  'a peer that breaks its records after the handshake is a BrokenError for its handler alone',
  function* ({ server, errors }) {
    const peer = net.connect(server.port, '127.0.0.1')
    const secure = tls.connect({ socket: peer, host: '127.0.0.1', ca })
    secure.on('error', () => {})
    yield* wait(once(secure, 'secureConnect'))
    secure.write('hello\n')
    yield* wait(once(secure, 'data'))
    // A record that was not made with the keys of this connection.
    peer.write(Buffer.concat([Buffer.from([23, 3, 3, 0, 32]), Buffer.alloc(32, 1)]))
    while (errors.length === 0) yield* turn()
    const [error] = errors
    assert.ok(error instanceof BrokenError && !(error instanceof TlsError))
    assert.ok(error.cause instanceof TlsError)
    assert.match(error.cause.tlsCode ?? '', /^ERR_SSL_/)
    secure.destroy()
  },
)

withEcho('a client cannot have the handshake made again', function* ({ server, errors }) {
  const client = tls.connect({ port: server.port, host: '127.0.0.1', ca, maxVersion: 'TLSv1.2' })
  yield* wait(once(client, 'secureConnect'))
  const failed = once(client, 'error')
  client.renegotiate({}, () => assert.fail('it was'))
  const [error] = yield* wait(failed)
  assert.match((error as NodeJS.ErrnoException).code ?? '', /NO_RENEGOTIATION/)
  client.destroy()
  while (server.stats().connections > 1) yield* turn()
  for (const error of errors) assert.ok(error instanceof BrokenError)
})

withEcho('a thousand resets amid everything leave nothing', function* ({ server, raw }) {
  // Slow: a thousand real connections.
  const hello = yield* clientHello()
  for (let round = 0; round < 10; round++) {
    const peers = Array.from({ length: 100 }, raw)
    peers.forEach((peer, i) => {
      peer.once('connect', () => {
        if (i % 4 === 0) peer.resetAndDestroy()
        else if (i % 4 === 1) peer.end(hello)
        else if (i % 4 === 2) peer.write(hello, () => peer.resetAndDestroy())
        else peer.end('garbage garbage')
      })
      peer.resume()
    })
    yield* all(peers.map(closed))
  }
  while (server.stats().connections > 1 || server.stats().waiting > 0) yield* turn()
  assert.equal(server.stats().accepted, 1001)
  assert.equal(server.stats().ungreeted, 1000)
})

/** What a client says first. */
const clientHello = fn(function* (): Body<Buffer> {
  const server = net.createServer().listen(0, '127.0.0.1')
  yield* wait(once(server, 'listening'))
  const client = tls.connect({ port: (server.address() as net.AddressInfo).port, host: '127.0.0.1' })
  client.on('error', () => {})
  const [socket] = yield* wait(once(server, 'connection'))
  const [hello] = yield* wait(once(socket, 'data'))
  client.destroy()
  socket.destroy()
  server.close()
  return hello
})

/** Waits until a raw peer is closed, in whatever way. */
const closed = fn(function* (peer: net.Socket): Body<void> {
  if (!peer.closed) yield* wait(new Promise<void>((resolve) => peer.resume().once('close', () => resolve())))
})

/** Lets the platform have a turn. */
const turn = fn(function* (): Body<void> {
  yield* wait(new Promise<void>((resolve) => setImmediate(resolve)))
})
