import assert from 'node:assert/strict'
import type net from 'node:net'
import tls from 'node:tls'
import {
  type Body,
  BrokenError,
  fn,
  type Operation,
  race,
  sleep,
  spawn,
  UsageError,
  wait,
  yieldNow,
} from '../../../src/core/index.ts'
import { ConnectError, connectTls, listen, listenTls, TlsError, type TlsServerOptions } from '../../../src/net/index.ts'
import { waitAllBlocked } from '../../../src/testing/index.ts'
import { it } from '../../support/it.ts'
import { ca, identity } from './certificates.ts'

/** What the operation fails with. */
const failure = fn(function* (operation: Operation<unknown>) {
  try {
    yield* operation
  } catch (error) {
    return error
  }
  return null
})

/** Runs `body` against a TLS server that says hello; gives what the server was told of. */
const withServer = fn(function* (options: Partial<TlsServerOptions>, body: (port: number) => Body<unknown>) {
  const errors: unknown[] = []
  const server = yield* listenTls({ port: 0, certificates: identity('server'), ...options })
  const serving = spawn(
    server.serve(
      function* (socket) {
        yield* socket.write('hello\n')
      },
      { onError: (error) => errors.push(error) },
    ),
  )
  yield* body(server.port)
  yield* server.stop()
  yield* serving
  return errors
})

it('both sides know what they have agreed on', function* () {
  using server = yield* listenTls({ port: 0, certificates: identity('server'), alpn: ['h2', 'http/1.1'] })
  const accepting = spawn(server.accept())
  using client = yield* connectTls({ host: 'localhost', port: server.port, ca, alpn: ['http/1.1'] })
  using accepted = yield* accepting
  for (const socket of [client, accepted]) {
    assert.equal(socket.protocol, 'TLSv1.3')
    assert.match(socket.cipher ?? '', /^TLS_/)
    assert.equal(socket.alpn, 'http/1.1')
    assert.equal(socket.servername, 'localhost')
    assert.match(socket.name, /^tls over tcp \S+ → \S+$/)
  }
  assert.match(client.peerCertificate?.subject ?? '', /CN=localhost/)
  assert.equal(client.authorized, true)
  assert.equal(client.authorizationError, null)
  assert.equal(accepted.peerCertificate, null)
  assert.equal(accepted.authorized, false)
  assert.deepEqual(accepted.remote, client.local)
  assert.equal(server.name, `tls over tcp 127.0.0.1:${server.port}`)
})

it('an address must be in the certificate, and is not asked for as a name', function* () {
  using server = yield* listenTls({ port: 0, certificates: identity('server') })
  const accepting = spawn(server.accept())
  using client = yield* connectTls({ port: server.port, ca })
  using accepted = yield* accepting
  assert.equal(client.authorized, true)
  assert.equal(accepted.servername, null)
  assert.equal(accepted.alpn, null)
})

const untrusted: readonly [string, Partial<TlsServerOptions>, object, string, RegExp][] = [
  ['has expired', { certificates: identity('expired') }, { ca }, 'CERT_HAS_EXPIRED', /has expired.*renewed/],
  [
    'is for other names',
    { certificates: identity('other') },
    { ca },
    'ERR_TLS_CERT_ALTNAME_INVALID',
    /other\.test.*servername/,
  ],
  ['is from an unknown authority', {}, {}, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', /give the certificate of its authority/],
  [
    'is signed by itself',
    { certificates: identity('stranger') },
    { ca },
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    /signed by itself.*`ca`/,
  ],
]

for (const [what, server, client, code, message] of untrusted) {
  it(`a certificate that ${what} is refused, with its code and what to do`, function* () {
    yield* withServer(server, function* (port) {
      const task = spawn(failure(connectTls({ host: 'localhost', port, ...client })), { name: 'caller' })
      const error = yield* task
      assert.ok(error instanceof TlsError && error instanceof BrokenError)
      assert.equal(error.code, 'FIBRIL_BROKEN')
      assert.equal(error.tlsCode, code)
      assert.equal((error.cause as { code?: string }).code, code)
      assert.match(error.message, new RegExp(`^task caller #${task.id} could not make tls over tcp .* safe: .*${code}`))
      assert.match(error.message, message)
    })
  })
}

it('a certificate that is not in order can be accepted knowingly', function* () {
  yield* withServer({ certificates: identity('expired') }, function* (port) {
    using socket = yield* connectTls({ port, ca, rejectUnauthorized: false })
    assert.equal(socket.authorized, false)
    assert.equal(socket.authorizationError, 'CERT_HAS_EXPIRED')
    assert.equal(yield* socket.readLine(), 'hello')
  })
})

it('the check of the name can be replaced', function* () {
  yield* withServer({ certificates: identity('other') }, function* (port) {
    const asked: string[] = []
    const checkServerIdentity = (name: string): undefined => void asked.push(name)
    using socket = yield* connectTls({ host: 'localhost', port, ca, checkServerIdentity })
    assert.equal(socket.authorized, true)
    assert.deepEqual(asked, ['localhost'])
  })
})

it('a context that was made once serves many', function* () {
  const secureContext = tls.createSecureContext({ ca })
  yield* withServer({}, function* (port) {
    for (let i = 0; i < 2; i++) {
      using socket = yield* connectTls({ port, secureContext })
      assert.equal(yield* socket.readLine(), 'hello')
    }
  })
})

it('a server that speaks plain is an error that says so', function* () {
  using server = yield* listen({ port: 0 })
  const serving = spawn(
    server.serve(function* (socket) {
      yield* socket.write('220 mail.example.com ESMTP\r\n')
      yield* socket.read()
    }),
  )
  const error = yield* failure(connectTls({ port: server.port, ca }))
  assert.ok(error instanceof TlsError)
  assert.equal(error.tlsCode, 'ERR_SSL_WRONG_VERSION_NUMBER')
  assert.match(error.message, /the peer does not speak TLS/)
  yield* server.stop()
  yield* serving
})

it('a server that closes amid the handshake, or resets, is an error', function* () {
  using server = yield* listen({ port: 0 })
  for (const way of ['close', 'reset'] as const) {
    const connecting = spawn(failure(connectTls({ port: server.port, ca })))
    const socket = yield* server.accept()
    yield* socket.read()
    if (way === 'close') yield* socket.close()
    else socket.reset()
    const error = yield* connecting
    assert.ok(error instanceof TlsError, `${error}`)
    assert.equal(error.tlsCode, 'ECONNRESET')
  }
})

it('a server that does not answer is given up after `handshakeMs`', function* (host) {
  using server = yield* listen({ port: 0 })
  const connecting = spawn(failure(connectTls({ port: server.port, ca, handshakeMs: 50 })))
  using socket = yield* server.accept()
  yield* waitAllBlocked()
  assert.match(connecting.reason ?? '', /^tls over tcp .*: the handshake$/)
  const error = yield* connecting
  assert.ok(error instanceof TlsError)
  assert.equal(error.tlsCode, 'HANDSHAKE_TIMEOUT')
  assert.match(error.message, /within 50 ms; `handshakeMs` allows more/)
  assert.ok(host.now() >= 50)
  while ((yield* socket.read()) !== null);
})

it('a refusal is what it is without TLS', function* () {
  const server = yield* listen({ port: 0 })
  server.close()
  const error = yield* failure(connectTls({ port: server.port, ca }))
  assert.ok(error instanceof ConnectError)
  assert.equal(error.systemCode, 'ECONNREFUSED')
})

it('over a Unix socket there is no name to take from the address', function* () {
  assert.ok((yield* failure(connectTls({ path: '/nonexistent', ca }))) instanceof UsageError)
})

it.many(
  'an attempt can be cancelled at any point, and leaves nothing behind',
  function* () {
    using server = yield* listenTls({ port: 0, certificates: identity('server') })
    const serving = spawn(server.serve(function* () {}))
    for (let turns = 0; turns < 40; turns += 3) {
      const task = spawn(connectTls({ port: server.port, ca }))
      for (let i = 0; i < turns && task.state !== 'ended'; i++)
        yield* turns % 2 === 0 ? yieldNow() : wait(new Promise(setImmediate))
      task.cancel()
      if ((yield* failure(task.join())) === null) (yield* task).destroy()
    }
    assert.equal(yield* race([sleep(0), connectTls({ port: server.port, ca })]), undefined)
    yield* server.stop()
    yield* serving
  },
  { seeds: 5 },
)

it('an end that was not said in TLS is a BrokenError, after what had come', function* () {
  const node = tls.createServer(identity('server'))
  node.listen(0, '127.0.0.1')
  yield* wait(new Promise((resolve) => node.once('listening', resolve)))
  const raws: net.Socket[] = []
  node.on('connection', (raw) => raws.push(raw))
  // What was written has left when the other end of the plain connection is closed behind the back of TLS.
  node.on('secureConnection', (socket) => socket.write('half of\nit', () => raws[0]?.destroySoon()))
  using socket = yield* connectTls({ port: (node.address() as net.AddressInfo).port, ca })
  assert.equal(yield* socket.readLine(), 'half of')
  const error = yield* failure(socket.readLine())
  assert.ok(error instanceof BrokenError)
  assert.match(error.message, /cut off/)
  assert.ok(error.cause instanceof TlsError)
  assert.equal(error.cause.tlsCode, 'TRUNCATED')
  assert.equal(String(yield* socket.readExactly(2)), 'it')
  node.close()
})
