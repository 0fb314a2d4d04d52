import assert from 'node:assert/strict'
import net from 'node:net'
import tls from 'node:tls'
import { all, type Body, BrokenError, fn, type Operation, spawn, wait } from '../../../src/core/index.ts'
import {
  CertificateError,
  connectTls,
  LimitError,
  listenTls,
  type Server,
  serveTls,
  TlsCertificates,
  TlsError,
  type TlsSocket,
} from '../../../src/net/index.ts'
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

/** The name in the certificate that a client is shown, which is for `servername` if it is not a stranger's. */
const shown = fn(function* (server: Server<TlsSocket>, servername: string) {
  const accepting = spawn(server.accept())
  using client = yield* connectTls({ port: server.port, servername, ca, rejectUnauthorized: false })
  using accepted = yield* accepting
  assert.equal(accepted.servername, net.isIP(servername) ? null : servername)
  return client.peerCertificate?.subject.match(/CN=(.*)/)?.[1]
})

it('a client is shown the certificate for the name that it asks for', function* () {
  const names = { 'alpha.test': identity('alpha'), '*.beta.test': identity('beta') }
  using server = yield* listenTls({ port: 0, certificates: { ...identity('server'), names } })
  assert.equal(yield* shown(server, 'alpha.test'), 'alpha.test')
  assert.equal(yield* shown(server, 'Alpha.TEST'), 'alpha.test')
  assert.equal(yield* shown(server, 'one.beta.test'), 'beta.test')
  for (const name of ['beta.test', 'one.two.beta.test', 'other.test', '127.0.0.1'])
    assert.equal(yield* shown(server, name), 'localhost')
})

it('which one that is can be up to a function, now or later', function* () {
  const context = tls.createSecureContext(identity('beta'))
  const answers: { readonly [name: string]: () => ReturnType<Exclude<typeof names, undefined>> } = {
    'options.test': () => identity('alpha'),
    'context.test': () => context,
    'later.test': () => Promise.resolve(context),
    'null-later.test': () => Promise.resolve(null),
  }
  const names = (
    name: string,
  ): PromiseLike<tls.SecureContext | null> | tls.SecureContext | tls.SecureContextOptions | null =>
    (answers[name]?.() as tls.SecureContext) ?? null
  using server = yield* listenTls({ port: 0, certificates: { ...identity('server'), names } })
  assert.equal(yield* shown(server, 'options.test'), 'alpha.test')
  assert.equal(yield* shown(server, 'context.test'), 'beta.test')
  assert.equal(yield* shown(server, 'later.test'), 'beta.test')
  assert.equal(yield* shown(server, 'null-later.test'), 'localhost')
  assert.equal(yield* shown(server, 'nobody.test'), 'localhost')
})

it('a function that fails to choose fails that handshake only, with its error as the cause', function* () {
  const boom = new Error('boom')
  const names = (name: string): null => {
    if (name === 'throw.test') throw boom
    return null
  }
  using server = yield* listenTls({ port: 0, certificates: { ...identity('server'), names } })
  for (const later of [false, true]) {
    const accepting = spawn(failure(server.accept()))
    const error = yield* failure(connectTls({ port: server.port, servername: 'throw.test', ca }))
    assert.ok(error instanceof TlsError)
    const refused = yield* accepting
    assert.ok(refused instanceof TlsError)
    assert.equal(refused.cause, boom, `${later}`)
  }
  assert.equal(yield* shown(server, 'fine.test'), 'localhost')
})

it('certificates are renewed while it listens; connections that are there are not touched', function* () {
  const certificates = new TlsCertificates(identity('expired'))
  using server = yield* listenTls({ port: 0, certificates })
  const accepting = spawn(server.accept())
  using old = yield* connectTls({ port: server.port, ca, rejectUnauthorized: false })
  using peer = yield* accepting
  assert.equal(old.authorizationError, 'CERT_HAS_EXPIRED')

  certificates.renew({ ...identity('server'), names: { 'alpha.test': identity('alpha') } })
  const next = spawn(server.accept())
  using client = yield* connectTls({ port: server.port, ca })
  ;(yield* next).destroy()
  assert.equal(client.authorized, true)
  assert.equal(yield* shown(server, 'alpha.test'), 'alpha.test')
  yield* peer.write('still here\n')
  assert.equal(yield* old.readLine(), 'still here')
})

it('certificates that cannot be used are refused at once, and a renewal by them changes nothing', function* () {
  const { cert } = identity('server')
  const { key } = identity('client')
  const bad = [
    { cert, key },
    { cert: 'garbage', key },
    { ...identity('server'), names: { 'a.test': { cert, key } } },
  ]
  const certificates = new TlsCertificates(identity('server'))
  using server = yield* listenTls({ port: 0, certificates })
  for (const options of bad) {
    assert.throws(() => new TlsCertificates(options), CertificateError)
    assert.throws(
      () => certificates.renew(options),
      (error) => {
        assert.ok(error instanceof CertificateError)
        assert.equal(error.code, 'FIBRIL_CERTIFICATE')
        assert.match(error.message, /^the certificate (of this server|for the name a\.test) cannot be used: /)
        assert.equal((error.cause as { code?: string }).code, error.tlsCode)
        return true
      },
    )
    assert.ok((yield* failure(listenTls({ port: 0, certificates: options }))) instanceof CertificateError)
  }
  assert.equal(yield* shown(server, 'alpha.test'), 'localhost')
})

it('without a protocol in common both sides say so', function* () {
  using server = yield* listenTls({ port: 0, certificates: identity('server'), alpn: ['h2'] })
  const accepting = spawn(failure(server.accept()))
  const errors = [yield* failure(connectTls({ port: server.port, ca, alpn: ['spdy'] })), yield* accepting]
  for (const error of errors) {
    assert.ok(error instanceof TlsError)
    assert.match(error.message, /compare their `alpn`/)
  }
})

it('without a version in common both sides say so', function* () {
  using server = yield* listenTls({ port: 0, certificates: { ...identity('server'), minVersion: 'TLSv1.3' } })
  const accepting = spawn(failure(server.accept()))
  const errors = [yield* failure(connectTls({ port: server.port, ca, maxVersion: 'TLSv1.2' })), yield* accepting]
  for (const error of errors) {
    assert.ok(error instanceof TlsError)
    assert.match(error.message, /no version or cipher of TLS in common/)
  }
})

for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
  it(`${maxVersion}: a client that is to show a certificate does, or is refused`, function* () {
    const certificates = { ...identity('server'), ca }
    using server = yield* listenTls({ port: 0, certificates, clientCertificate: 'required' })
    const connect = (options: object): Operation<TlsSocket> =>
      connectTls({ port: server.port, ca, maxVersion, ...options })

    const [client, accepted] = yield* all([connect(identity('client')), server.accept()])
    assert.equal(accepted.protocol, maxVersion)
    assert.equal(accepted.authorized, true)
    assert.match(accepted.peerCertificate?.subject ?? '', /CN=test client/)
    client.destroy()
    accepted.destroy()

    for (const [options, code, said] of [
      [{}, 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE', /have it given `cert` and `key`/],
      [identity('stranger'), 'DEPTH_ZERO_SELF_SIGNED_CERT', /signed by itself/],
    ] as const) {
      const accepting = spawn(failure(server.accept()))
      // With TLS 1.3 the client is done before the server has seen its certificate, and hears of it when it reads.
      const error = yield* failure(
        fn(function* () {
          using socket = yield* connect(options)
          yield* socket.read()
        })(),
      )
      const refusal = yield* accepting
      assert.ok(refusal instanceof TlsError)
      assert.equal(refusal.tlsCode, code)
      assert.match(refusal.message, said)
      assert.ok(error instanceof BrokenError, `${error}`)
    }
  })
}

it('a client that is asked for a certificate may have none, or a bad one', function* () {
  const certificates = { ...identity('server'), ca }
  using server = yield* listenTls({ port: 0, certificates, clientCertificate: 'requested' })
  for (const [options, authorized, error] of [
    [{}, false, 'NO_CERTIFICATE'],
    [identity('stranger'), false, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    [identity('client'), true, null],
  ] as const) {
    const [client, accepted] = yield* all([connectTls({ port: server.port, ca, ...options }), server.accept()])
    assert.equal(accepted.authorized, authorized)
    assert.equal(accepted.authorizationError, error)
    client.destroy()
    accepted.destroy()
  }
})

it('a resumed session without a certificate is not authorized', function* () {
  const certificates = { ...identity('server'), ca }
  using server = yield* listenTls({ port: 0, certificates, clientCertificate: 'requested' })
  let session: Buffer | undefined
  for (let i = 0; i < 2; i++) {
    const client = tls.connect({ port: server.port, host: '127.0.0.1', ca, ...(session && { session }) })
    client.on('session', (ticket) => (session = ticket))
    using accepted = yield* server.accept()
    assert.equal(accepted.authorized, false)
    assert.equal(accepted.authorizationError, 'NO_CERTIFICATE')
    yield* accepted.write('x')
    yield* wait(new Promise((resolve) => client.once('data', resolve)))
    assert.equal(client.isSessionReused(), i === 1)
    client.destroy()
  }
})

it('an accept by hand that is cancelled amid a handshake leaves nothing of that connection', function* () {
  using server = yield* listenTls({ port: 0, certificates: identity('server') })
  const accepting = spawn(server.accept())
  const silent = net.connect(server.port, '127.0.0.1')
  const closed = new Promise((resolve) => silent.resume().once('close', resolve))
  while (!/handshake/.test(accepting.reason ?? '')) yield* turn()
  accepting.cancel()
  yield* wait(closed)
})

it('handshakes count towards the limit of connections, and give their place up', function* () {
  using server = yield* listenTls({ port: 0, certificates: identity('server'), handshakeMs: 50 })
  const errors: unknown[] = []
  const serving = spawn(
    server.serve(
      function* (socket) {
        yield* socket.write('hello\n')
        yield* socket.readLine()
      },
      { maxConnections: 2, onError: (error) => errors.push(error) },
    ),
  )
  const [one, two] = [net.connect(server.port, '127.0.0.1'), net.connect(server.port, '127.0.0.1')]
  while (server.stats().connections < 2) yield* turn()
  assert.match(serving.reason ?? '', /one of 2 connections to end/)
  using client = yield* connectTls({ port: server.port, ca, handshakeMs: 10_000 })
  assert.equal(yield* client.readLine(), 'hello')
  assert.deepEqual(
    errors.map((error) => (error as TlsError).tlsCode),
    ['HANDSHAKE_TIMEOUT', 'HANDSHAKE_TIMEOUT'],
  )
  const { accepted, ungreeted, failed } = server.stats()
  assert.deepEqual({ accepted, ungreeted, failed }, { accepted: 3, ungreeted: 2, failed: 0 })
  client.destroy()
  for (const peer of [one, two]) peer.destroy()
  yield* server.stop()
  yield* serving
})

it('a stop drops handshakes that are under way, and lets handlers finish', function* (host) {
  const server = yield* listenTls({ port: 0, certificates: identity('server') })
  const serving = spawn(
    server.serve(function* (socket) {
      while ((yield* socket.readLine()) !== null);
      yield* socket.write('bye\n')
    }),
  )
  using client = yield* connectTls({ port: server.port, ca })
  const silent = net.connect(server.port, '127.0.0.1')
  const closed = new Promise((resolve) => silent.resume().once('close', resolve))
  while (server.stats().connections < 2) yield* turn()
  yield* waitAllBlocked()
  const before = host.now()
  yield* server.stop({ grace: 5000 })
  yield* serving
  assert.ok(host.now() - before < 5000)
  assert.equal(yield* client.readLine(), 'bye')
  assert.equal(yield* client.readLine(), null)
  assert.equal(server.stats().ungreeted, 0)
  yield* wait(closed)
})

it('a cancel of who serves leaves nothing of a handshake that is under way', function* () {
  const server = yield* listenTls({ port: 0, certificates: identity('server') })
  const serving = spawn(server.serve(function* () {}))
  const silent = net.connect(server.port, '127.0.0.1')
  const closed = new Promise((resolve) => silent.resume().once('close', resolve))
  while (server.stats().connections < 1) yield* turn()
  serving.cancel()
  yield* wait(closed)
})

it('serveTls listens and serves in one, with the limits of any stream', function* () {
  let server: Server<TlsSocket> | null = null
  const errors: unknown[] = []
  const serving = spawn(
    serveTls(
      function* (socket) {
        for (let line: string | null; (line = yield* socket.readLine()) !== null; ) yield* socket.write(`${line}!\n`)
      },
      {
        port: 0,
        certificates: identity('server'),
        maxLine: 10,
        lingerMs: 20,
        onListen: (listening) => (server = listening),
        onError: (error) => errors.push(error),
      },
    ),
  )
  while (server === null) yield* turn()
  const { port, stop } = server as Server<TlsSocket>
  using client = yield* connectTls({ port, ca })
  yield* client.write('hello\n')
  assert.equal(yield* client.readLine(), 'hello!')
  yield* client.write('hello hello hello\n')
  assert.equal(yield* client.readLine(), null)
  assert.ok(errors[0] instanceof LimitError)
  const { bytesRead, bytesWritten } = (server as Server<TlsSocket>).stats()
  assert.deepEqual([bytesRead, bytesWritten], [24, 7])
  yield* stop.call(server)
  yield* serving
})

/** Lets the platform have a turn. */
const turn = fn(function* (): Body<void> {
  yield* wait(new Promise<void>((resolve) => setImmediate(resolve)))
})
