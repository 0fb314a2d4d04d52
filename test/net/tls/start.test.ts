import assert from 'node:assert/strict'
import { all, BusyError, ClosedError, fn, type Operation, spawn, UsageError } from '../../../src/core/index.ts'
import { connect, listen, memoryPair, type Stream, startTls, TlsError, type TlsSocket } from '../../../src/net/index.ts'
import { waitAllBlocked } from '../../../src/testing/index.ts'
import { it } from '../../support/it.ts'
import { ca, identity } from './certificates.ts'

const certificates = identity('server')
const goAhead = '220 go ahead\n'

const asClient = (plain: Stream): Operation<TlsSocket> =>
  startTls(plain, { side: 'client', servername: 'localhost', ca })
const asServer = (plain: Stream, options = {}): Operation<TlsSocket> =>
  startTls(plain, { side: 'server', certificates, ...options })

/** What the operation fails with. */
const failure = fn(function* (operation: Operation<unknown>) {
  try {
    yield* operation
  } catch (error) {
    return error
  }
  return null
})

it.many(
  'a live connection becomes safe on both sides, over TCP and in memory',
  function* () {
    using server = yield* listen({ port: 0 })
    const pairs = [memoryPair(), yield* all([connect({ port: server.port }), server.accept()])] as const
    for (const [a, b] of pairs) {
      const serving = spawn(function* () {
        assert.equal(yield* b.readLine(), 'STARTTLS')
        using socket = yield* asServer(b, { goAhead })
        yield* socket.write(`you said ${yield* socket.readLine()}\n`)
        yield* socket.close()
      })
      yield* a.write('STARTTLS\n')
      assert.equal(yield* a.readLine(), '220 go ahead')
      using socket = yield* asClient(a)
      assert.equal(socket.authorized, true)
      assert.equal(socket.name, `tls over ${a.name}`)
      yield* socket.write('secret\n')
      assert.equal(yield* socket.readLine(), 'you said secret')
      assert.equal(yield* socket.readLine(), null)
      yield* serving
    }
  },
  { seeds: 5 },
)

it('what a client sends behind its request for TLS is refused, and the connection closed', function* () {
  const [a, b] = memoryPair()
  yield* a.write('STARTTLS\nRCPT TO: <victim>\n')
  assert.equal(yield* b.readLine(), 'STARTTLS')
  const task = spawn(failure(asServer(b, { goAhead })), { name: 'session' })
  const error = yield* task
  assert.ok(error instanceof TlsError)
  assert.equal(error.tlsCode, 'UNREAD_PLAINTEXT')
  assert.match(
    error.message,
    new RegExp(`^task session #${task.id} cannot start TLS on memory b: 18 bytes had come in plain`),
  )
  assert.equal(yield* a.readLine(), null, 'not even told to go ahead')
  assert.equal(b.closed, true)
  a.destroy()
})

it('a handshake that a client sends before it was told to go ahead is refused as well', function* () {
  const [a, b] = memoryPair()
  yield* a.write('STARTTLS\n')
  const client = spawn(failure(asClient(a)))
  assert.equal(yield* b.readLine(), 'STARTTLS')
  yield* waitAllBlocked()
  const error = yield* failure(asServer(b, { goAhead }))
  assert.ok(error instanceof TlsError && error.tlsCode === 'UNREAD_PLAINTEXT')
  assert.ok((yield* client) instanceof TlsError)
})

it('what comes after that, and is no handshake, never passes for what came in TLS', function* () {
  const [a, b] = memoryPair()
  const server = spawn(failure(asServer(b, { goAhead })))
  assert.equal(yield* a.readLine(), '220 go ahead')
  yield* a.write('RCPT TO: <victim>\n')
  const error = yield* server
  assert.ok(error instanceof TlsError)
  assert.match(error.message, /does not speak TLS/)
  a.destroy()
})

it('what a server sends behind its consent is refused by the client', function* () {
  const [a, b] = memoryPair()
  yield* b.write('220 go ahead\n250 forged\n')
  assert.equal(yield* a.readLine(), '220 go ahead')
  const error = yield* failure(asClient(a))
  assert.ok(error instanceof TlsError)
  assert.equal(error.tlsCode, 'UNREAD_PLAINTEXT')
  assert.equal(a.closed, true)
  assert.equal(yield* b.read(), null)
  b.destroy()
})

it('one port serves both: a handshake that has come already is used, anything else is refused', function* () {
  {
    const [a, b] = memoryPair()
    const client = spawn(asClient(a))
    while (b.stats().unread === 0) yield* waitAllBlocked()
    using socket = yield* asServer(b)
    using other = yield* client
    yield* other.write('hi\n')
    assert.equal(yield* socket.readLine(), 'hi')
  }
  const [a, b] = memoryPair()
  yield* a.write('GET / HTTP/1.1\r\n\r\n')
  const error = yield* failure(asServer(b))
  assert.ok(error instanceof TlsError && error.tlsCode === 'UNREAD_PLAINTEXT')
  a.destroy()
})

it('while another task waits on the stream it is busy, and neither is harmed', function* () {
  const [a, b] = memoryPair()
  const reader = spawn(b.readLine(), { name: 'reader' })
  yield* waitAllBlocked()
  const error = yield* failure(asServer(b))
  assert.ok(error instanceof BusyError)
  assert.match(error.message, /task reader #\d+ is waiting on it/)
  yield* a.write('line\n')
  assert.equal(yield* reader, 'line')
  a.destroy()
  b.destroy()
})

it('the plain stream is of no more use, but closing it closes the safe one', function* () {
  const [a, b] = memoryPair()
  const [client, server] = yield* all([asClient(a), asServer(b)])
  for (const use of [() => a.read(), () => a.readLine(), () => a.write('x'), () => a.tryWrite('x'), () => a.end()])
    assert.throws(use, (error) => error instanceof ClosedError && /it carries TLS/.test(error.message))
  assert.ok((yield* failure(asClient(a))) instanceof BusyError)
  yield* client.write('last')
  yield* a.close()
  assert.equal(client.closed, true)
  assert.equal(String(yield* server.readExactly(4)), 'last')
  assert.equal(yield* server.read(), null)
  {
    using stream = b
    stream.stats()
  }
  assert.equal(server.closed, true)
  yield* waitAllBlocked()
  assert.equal(a.closed && b.closed, true)
})

it('a server that is stopped ends the input of those that went over to TLS as well', function* () {
  const server = yield* listen({ port: 0 })
  const serving = spawn(
    server.serve(function* (plain) {
      const socket = yield* asServer(plain)
      while ((yield* socket.readLine()) !== null);
      yield* socket.write('bye\n')
    }),
  )
  using socket = yield* asClient(yield* connect({ port: server.port }))
  yield* socket.write('hello\n')
  yield* waitAllBlocked()
  const stopping = spawn(server.stop())
  assert.equal(yield* socket.readLine(), 'bye')
  assert.equal(yield* socket.readLine(), null)
  yield* stopping
  yield* serving
})

it('TLS can be spoken in TLS', function* () {
  const [a, b] = memoryPair()
  const [client, server] = yield* all([asClient(a), asServer(b)])
  const [inner, innerServer] = yield* all([asClient(client), asServer(server)])
  assert.equal(inner.name, 'tls over tls over memory a')
  yield* inner.write('deep\n')
  assert.equal(yield* innerServer.readLine(), 'deep')
  yield* inner.close()
  assert.equal(yield* innerServer.readLine(), null)
  innerServer.destroy()
})

it.many(
  'a cancel amid the handshake closes the connection',
  function* () {
    const [a, b] = memoryPair()
    const task = spawn(asServer(b, { goAhead }))
    yield* waitAllBlocked()
    assert.equal(task.reason, 'tls over memory b: the handshake')
    task.cancel()
    assert.equal(yield* a.readLine(), '220 go ahead')
    assert.equal(yield* a.read(), null)
    assert.equal(b.closed, true)
    a.destroy()
  },
  { seeds: 5 },
)

it('a peer that does nothing is given up', function* () {
  const [a, b] = memoryPair()
  const error = yield* failure(asServer(b, { handshakeMs: 50 }))
  assert.ok(error instanceof TlsError && error.tlsCode === 'HANDSHAKE_TIMEOUT')
  assert.equal(yield* a.read(), null)
  a.destroy()
})

it('a name to check the certificate for must be given, and a live stream', function* () {
  const [a, b] = memoryPair()
  assert.ok((yield* failure(startTls(a, { side: 'client', ca }))) instanceof UsageError)
  assert.equal(a.closed, false)
  a.destroy()
  assert.ok((yield* failure(asClient(a))) instanceof ClosedError)
  assert.ok((yield* failure(asClient({ name: 'mine' } as Stream))) instanceof UsageError)
  b.destroy()
})
