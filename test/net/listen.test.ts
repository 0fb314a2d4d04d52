import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Body,
  BrokenError,
  ClosedError,
  fn,
  type Operation,
  sleep,
  spawn,
  UsageError,
  wait,
  yieldNow,
} from '../../src/core/index.ts'
import { connect, ListenError, listen, type Server, type Socket, serve } from '../../src/net/index.ts'
import { Opening } from '../../src/net/opening.ts'
import { SocketListener } from '../../src/net/socket-listener.ts'
import { waitAllBlocked } from '../../src/testing/index.ts'
import { it } from '../support/it.ts'

/** What the operation fails with. */
const failure = fn(function* (operation: Operation<unknown>) {
  try {
    yield* operation
  } catch (error) {
    return error
  }
  return null
})

it('listens on a free port if asked for none, on this machine only', function* () {
  using server = yield* listen({ port: 0 })
  assert.ok(server.port > 0)
  assert.equal(server.name, `tcp 127.0.0.1:${server.port}`)
  assert.deepEqual(server.address, { host: '127.0.0.1', port: server.port })
})

it('what node refuses at once is an error as well, and nothing holds the loop afterwards', function* (host) {
  const error = yield* failure(listen({ handle: {} }))
  assert.ok(error instanceof ListenError)
  assert.match(error.message, /could not listen on the handle: /)
  assert.equal(host.loop.stats().externals, 0)
  yield* sleep(1000)
  assert.equal(host.now(), 1000)
})

it('an opening that throws holds the loop no longer, and is given up', function* (host) {
  class Failing extends Opening<never, string> {
    readonly givenUp: string[] = []
    override get reason(): string {
      return 'something to open'
    }
    protected override open(): void {
      this.begin('handle')
      throw new Error('no')
    }
    protected override giveUp(handle: string): void {
      this.givenUp.push(handle)
    }
  }
  const opening = new Failing()
  for (const attempts of [1, 2]) {
    assert.equal(((yield* failure(opening)) as Error).message, 'no')
    assert.equal(opening.givenUp.length, attempts)
    assert.equal(host.loop.stats().externals, 0)
  }
})

it('a port that is taken is an error that says so, and keeps the code of the system', function* () {
  using server = yield* listen({ port: 0 })
  const task = spawn(failure(listen({ port: server.port })), { name: 'second' })
  const error = yield* task
  assert.ok(error instanceof ListenError)
  assert.equal(error.code, 'FIBRIL_LISTEN')
  assert.equal(error.systemCode, 'EADDRINUSE')
  assert.equal((error.cause as NodeJS.ErrnoException).code, 'EADDRINUSE')
  assert.match(
    error.message,
    new RegExp(`task second #${task.id} could not listen on 127.0.0.1:${server.port}: another`),
  )
})

it('an address that is not here is an error, one that cannot be is refused at the call', function* () {
  const error = yield* failure(listen({ port: 0, host: '192.0.2.1' }))
  assert.ok(error instanceof ListenError)
  assert.equal(error.systemCode, 'EADDRNOTAVAIL')
  for (const port of [-1, 65_536, 1.5, Number.NaN]) assert.throws(() => listen({ port }), UsageError)
  assert.throws(() => listen({}), UsageError)
})

it('closing frees the port, and wakes who accepts', function* () {
  const server = yield* listen({ port: 0 })
  const accepting = spawn(failure(server.accept()))
  yield* waitAllBlocked()
  assert.equal(accepting.reason, `${server.name}: a connection`)
  server.close()
  assert.ok((yield* accepting) instanceof ClosedError)
  using again = yield* listen({ port: server.port })
  assert.equal(again.port, server.port)
})

it('an accept that is cancelled leaves the connection to the next', function* () {
  using server = yield* listen({ port: 0 })
  const first = spawn(server.accept())
  yield* waitAllBlocked()
  first.cancel()
  yield* waitAllBlocked()
  using client = yield* connect({ port: server.port })
  using accepted = yield* server.accept()
  assert.deepEqual(accepted.remote, client.local)
  assert.deepEqual(accepted.local, client.remote)
  assert.equal(accepted.name, `tcp 127.0.0.1:${server.port} → 127.0.0.1:${client.local.port}`)
})

it('listening can be cancelled', function* () {
  const listening = spawn(listen({ port: 0, host: 'localhost' }))
  while (listening.state !== 'parked') yield* yieldNow()
  assert.match(listening.reason ?? '', /localhost:0 to listen on/)
  listening.cancel()
})

it('connections that nobody accepts wait unread, so many and no more', function* () {
  using server = yield* listen({ port: 0, backlog: 2 })
  const clients: Socket[] = []
  for (let i = 0; i < 4; i++) clients.push(yield* connect({ port: server.port }))
  const last = clients.slice(2).map((client) => spawn(client.read()))
  for (const task of last) assert.equal(yield* task, null)
  assert.equal(server.stats().waiting, 2)
  assert.equal(server.stats().refused, 2)
  yield* clients[0]!.write('hello')
  using accepted = yield* server.accept()
  assert.equal(String(yield* accepted.read()), 'hello')
  for (const client of clients) client.destroy()
})

it('connections that nobody accepted are closed with the server', function* () {
  const server = yield* listen({ port: 0 })
  using client = yield* connect({ port: server.port })
  while (server.stats().waiting === 0) yield* turn()
  server.close()
  assert.equal(yield* client.read(), null)
})

it('a connection that was reset before it was accepted harms nobody', function* () {
  using server = yield* listen({ port: 0 })
  const gone = yield* connect({ port: server.port })
  while (server.stats().waiting === 0) yield* turn()
  gone.reset()
  yield* waitAllBlocked()
  using accepted = yield* server.accept()
  const error = yield* failure(accepted.read())
  assert.ok(error === null || error instanceof BrokenError)
  using client = yield* connect({ port: server.port })
  using next = yield* server.accept()
  yield* client.write('fine')
  assert.equal(String(yield* next.read()), 'fine')
})

it('an accept that fails says why, and the next one works', function* () {
  const node = net.createServer({ allowHalfOpen: true, pauseOnConnect: true }).listen(0, '127.0.0.1')
  yield* wait(once(node, 'listening'))
  const listener = new SocketListener(node, {})
  const fail = (): boolean => node.emit('error', Object.assign(new Error('accept EMFILE'), { code: 'EMFILE' }))
  const accepting = spawn(failure(listener.accept()))
  yield* waitAllBlocked()
  fail()
  const errors = [yield* accepting]
  fail()
  errors.push(yield* failure(listener.accept()))
  for (const error of errors) {
    assert.ok(error instanceof BrokenError)
    assert.match(error.message, /could not accept a connection: .*ulimit -n.* \(EMFILE\)/)
    assert.equal((error.cause as NodeJS.ErrnoException).code, 'EMFILE')
  }
  using client = yield* connect({ port: listener.address.port as number })
  using accepted = yield* listener.accept()
  assert.deepEqual(accepted.remote, client.local)
  listener.close()
})

it('listens on the path of a Unix socket', function* () {
  const folder = mkdtempSync(join(tmpdir(), 'fibril-'))
  try {
    const path = join(folder, 'socket')
    using server = yield* listen({ path })
    assert.equal(server.name, `unix ${path}`)
    assert.throws(() => server.port, UsageError)
    using client = yield* connect({ path })
    using accepted = yield* server.accept()
    yield* client.write('hello\n')
    assert.equal(yield* accepted.readLine(), 'hello')
    assert.equal(client.name, `unix ${path}`)
    accepted.reset()
    assert.equal(yield* client.read(), null)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

/** A folder for sockets, which is gone afterwards. */
function withFolder(title: string, body: (folder: string) => Body<void>): void {
  it(title, function* () {
    const folder = mkdtempSync(join(tmpdir(), 'fibril-'))
    try {
      yield* body(folder)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
}

withFolder('a Unix socket has its mode from the first moment on', function* (folder) {
  const path = join(folder, 'socket')
  const mask = process.umask()
  using server = yield* listen({ path, mode: 0o600 })
  assert.equal(statSync(path).mode & 0o777, 0o600)
  assert.equal(process.umask(), mask)
  using open = yield* listen({ path: join(folder, 'open'), mode: 0o666 })
  assert.equal(statSync(String(open.address.path)).mode & 0o777, 0o666)
  assert.equal(server.address.path, path)
})

withFolder('a socket that a killed process left is an error that says so, or is replaced', function* (folder) {
  const path = join(folder, 'socket')
  {
    // Its file is removed when it closes; as it is not there any more, it stays.
    using left = yield* listen({ path: join(folder, 'first') })
    renameSync(String(left.address.path), path)
  }
  yield* turn()
  const task = spawn(failure(listen({ path })), { name: 'server' })
  const error = yield* task
  assert.ok(error instanceof ListenError)
  assert.equal(error.systemCode, 'EADDRINUSE')
  assert.match(
    error.message,
    new RegExp(`^task server #${task.id} could not listen on ${path}: a socket is there on which`),
  )
  assert.match(error.message, /replaceStale/)
  using server = yield* listen({ path, replaceStale: true })
  using client = yield* connect({ path })
  using accepted = yield* server.accept()
  assert.equal(accepted.closed || client.closed, false)
})

withFolder('a socket on which somebody listens, and a file that is none, are not replaced', function* (folder) {
  const path = join(folder, 'socket')
  using server = yield* listen({ path })
  const taken = yield* failure(listen({ path, replaceStale: true }))
  assert.ok(taken instanceof ListenError)
  assert.match(taken.message, /another socket listens there already/)
  using client = yield* connect({ path })
  while (server.stats().waiting < 2) yield* turn()
  const file = join(folder, 'file')
  writeFileSync(file, 'precious')
  const error = yield* failure(listen({ path: file, replaceStale: true }))
  assert.ok(error instanceof ListenError)
  assert.match(error.message, /a file is there that is no socket/)
  assert.ok(statSync(file).isFile())
  assert.equal(client.closed, false)
})

it('listens on what somebody else made: a server of node', function* () {
  const node = net.createServer().listen(0, '127.0.0.1')
  yield* wait(once(node, 'listening'))
  const { port } = node.address() as net.AddressInfo
  using server = yield* listen({ handle: node })
  assert.equal(server.port, port)
  using client = yield* connect({ port })
  using accepted = yield* server.accept()
  assert.deepEqual(accepted.remote, client.local)
  const error = yield* failure(listen({ fd: 9999 }))
  assert.ok(error instanceof ListenError)
  assert.match(error.message, /could not listen on file descriptor 9999/)
})

const noIpv6 = Object.values(networkInterfaces())
  .flat()
  .some((at) => at?.family === 'IPv6')
  ? false
  : 'this machine has no IPv6'

it(
  'IPv6 alone can be listened on',
  function* () {
    using six = yield* listen({ host: '::', port: 0, ipv6Only: true })
    using four = yield* listen({ host: '0.0.0.0', port: six.port })
    using client = yield* connect({ host: '::1', port: six.port })
    using accepted = yield* six.accept()
    assert.equal(client.remote.host, '::1')
    assert.equal(accepted.local.host, '::1')
    assert.equal(four.stats().waiting, 0)
  },
  { skip: noIpv6 },
)

it('serve listens and serves in one, and tells when it listens', function* () {
  let server: Server<Socket> | null = null
  const serving = spawn(
    serve(
      function* (socket) {
        yield* socket.write(String(yield* socket.readLine()).toUpperCase())
      },
      { port: 0, onListen: (listening) => (server = listening) },
    ),
  )
  while (server === null) yield* turn()
  const { port, stop } = server as Server<Socket>
  using client = yield* connect({ port })
  yield* client.write('hello\n')
  assert.equal(String(yield* client.readExactly(5)), 'HELLO')
  assert.equal(yield* client.read(), null)
  yield* stop.call(server)
  yield* serving
})

it('a connection that a handler opened, or a task below it, is closed with it', function* () {
  using target = yield* listen({ port: 0 })
  using server = yield* listen({ port: 0 })
  const opened: Socket[] = []
  const serving = spawn(
    server.serve(function* () {
      opened.push(yield* connect({ port: target.port }))
      opened.push(yield* spawn(connect({ port: target.port })))
      opened.push(yield* connect({ port: target.port, detached: true }))
      for (const socket of opened) yield* socket.write('last words\n')
    }),
  )
  const peers: Socket[] = []
  using client = yield* connect({ port: server.port })
  for (let i = 0; i < 3; i++) peers.push(yield* target.accept())
  assert.equal(yield* client.read(), null)
  assert.deepEqual(
    opened.map((socket) => socket.closed),
    [true, true, false],
  )
  opened[2]?.destroy()
  for (const peer of peers) {
    yield* peer.readLine()
    assert.equal(yield* peer.readLine(), null)
    peer.destroy()
  }
  yield* server.stop()
  yield* serving
})

it('small writes are not delayed by the system, and those of one turn leave in one piece', function* () {
  using server = yield* listen({ port: 0 })
  const chunks: string[] = []
  const peer = net.connect(server.port, '127.0.0.1')
  peer.on('data', (chunk) => chunks.push(chunk.toString()))
  using socket = yield* server.accept()
  for (let i = 0; i < 100; i++) yield* socket.write(`${i}\n`)
  yield* socket.write(Buffer.from('bytes\n'))
  yield* socket.write('€\n')
  yield* socket.close()
  yield* wait(once(peer, 'close'))
  assert.deepEqual(chunks, [`${Array.from({ length: 100 }, (_, i) => `${i}\n`).join('')}bytes\n€\n`])
})

/** Lets the platform have a turn. */
const turn = fn(function* (): Body<void> {
  yield* wait(new Promise<void>((resolve) => setImmediate(resolve)))
})
