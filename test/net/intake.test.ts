import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import net from 'node:net'
import { all, fn, type Operation, wait } from '../../src/core/index.ts'
import { connect, listen, type StreamOptions } from '../../src/net/index.ts'
import { interceptConnections, isIntercepted } from '../../src/net/intake.ts'
import { Socket } from '../../src/net/socket.ts'
import { SocketWire } from '../../src/net/socket-wire.ts'
import { it } from '../support/it.ts'
import { streamConformance } from './stream-conformance.ts'

const options = { allowHalfOpen: true, pauseOnConnect: true }

/** Two connected sockets of node, paused, and the server that accepted the second. */
const nodePair = fn(function* () {
  const server = net.createServer(options).listen(0, '127.0.0.1')
  yield* wait(once(server, 'listening'))
  const { port } = server.address() as net.AddressInfo
  const here = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true }).pause()
  const [[there]] = (yield* all([wait(once(server, 'connection')), wait(once(here, 'connect'))])) as [
    [net.Socket],
    unknown,
  ]
  server.close()
  return { server, here, there }
})

// Where handles are not what they are in node, sockets are read by 'data'.
const openPair: (options?: StreamOptions) => Operation<readonly [Socket, Socket]> = fn(function* (options = {}) {
  const { here, there } = yield* nodePair()
  const wired = (socket: net.Socket) => new Socket(new SocketWire(socket, false), {}, options)
  return [wired(here), wired(there)] as const
})

streamConformance('tcp without an intake', openPair)

it('what one socket has read does not change when another reads', function* () {
  using server = yield* listen({ port: 0 })
  using a = yield* connect({ port: server.port })
  using b = yield* server.accept()
  using c = yield* connect({ port: server.port })
  using d = yield* server.accept()
  yield* all([a.write('aaaa'), b.write('bbbb'), c.write('cccc'), d.write('dddd')])
  const chunks = []
  for (const socket of [a, b, c, d]) chunks.push(yield* socket.peek(4))
  yield* all([a.write('1111'), b.write('2222'), c.write('3333'), d.write('4444')])
  for (const socket of [a, b, c, d]) yield* socket.readExactly(8)
  assert.deepEqual(chunks.map(String), ['bbbb', 'aaaa', 'dddd', 'cccc'])
})

it('a connection that was intercepted belongs to its server, which closes after it', function* () {
  const server = net.createServer(options).listen(0, '127.0.0.1')
  yield* wait(once(server, 'listening'))
  interceptConnections(server, () => assert.fail('somebody wants to see a socket'))
  const arrived = once(server, 'connection')
  const published: unknown[] = []
  const note = (message: unknown) => published.push((message as { socket: unknown }).socket)
  subscribe('net.server.socket', note)
  const here = net.connect({ port: (server.address() as net.AddressInfo).port, host: '127.0.0.1' })
  const [there] = (yield* wait(arrived)) as [net.Socket]
  assert.ok(isIntercepted(there))
  unsubscribe('net.server.socket', note)
  assert.deepEqual(
    published.filter((socket) => socket === there),
    [there],
  )
  const closed = once(server, 'close')
  const count = (): Promise<number> =>
    new Promise((resolve) => server.getConnections((_, connections) => resolve(connections)))
  assert.equal(yield* wait(count()), 1)
  server.close()
  there.destroy()
  here.destroy()
  yield* wait(closed)
  assert.equal(yield* wait(count()), 0)
})

it('a connection whose handle is not what it is in node comes as always', function* () {
  const server = net.createServer(options).listen(0, '127.0.0.1')
  yield* wait(once(server, 'listening'))
  const { _handle: handle } = server as unknown as { _handle: { onconnection: (...args: unknown[]) => void } }
  const taken: unknown[] = []
  handle.onconnection = (...args) => taken.push(args)
  server.on('connection', () => assert.fail('it was taken for one'))
  interceptConnections(server, () => assert.fail('it was taken for a handle'))
  handle.onconnection(0, {})
  handle.onconnection(0, { useUserBuffer() {}, reading: true })
  handle.onconnection(-24, undefined)
  assert.equal(taken.length, 3)
  server.close()
})

it('a server whose handle is not what it is in node is left as it is', () => {
  const strange = new net.Server()
  interceptConnections(strange, () => assert.fail())
  Object.assign(strange, { _handle: {} })
  interceptConnections(strange, () => assert.fail())
  assert.deepEqual((strange as unknown as { _handle: object })._handle, {})
})

it('a socket that was closed still has its name', function* () {
  using server = yield* listen({ port: 0 })
  const client = yield* connect({ port: server.port })
  const accepted = yield* server.accept()
  client.destroy()
  accepted.destroy()
  yield* wait(new Promise((resolve) => setImmediate(resolve)))
  const { port } = client.local
  assert.ok(port !== undefined && port !== server.port)
  assert.equal(client.name, `tcp 127.0.0.1:${port} → 127.0.0.1:${server.port}`)
  assert.equal(accepted.name, `tcp 127.0.0.1:${server.port} → 127.0.0.1:${port}`)
})
