import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { test } from 'node:test'
import { serveProxy } from '../../examples/proxy/proxy.ts'
import { type Body, BrokenError, Future, fn, type Operation, spawn, type Task, wait } from '../../src/core/index.ts'
import { connect, type Handler, listen, type Server, type Socket } from '../../src/net/index.ts'
import { it } from '../support/it.ts'
import { portIn, withProgram } from '../support/program.ts'

interface Bench {
  /** The proxy, which listens. */
  readonly proxy: Server<Socket>
  readonly log: string[]
}

/** A test with a proxy to some upstreams, each of which runs its handler; null is one that is dead. */
function withProxy(
  title: string,
  handlers: readonly (Handler<Socket> | null)[],
  body: (bench: Bench) => Body<void>,
  options: { readonly idleMs?: number; readonly maxConnections?: number } = {},
): void {
  it(title, function* () {
    const servers: Server<Socket>[] = []
    const tasks: Task<void>[] = []
    for (const handler of handlers) {
      const server = yield* listen({ port: 0 })
      servers.push(server)
      if (handler === null) server.close()
      else tasks.push(spawn(server.serve(handler)))
    }
    const log: string[] = []
    const listening = new Future<Server<Socket>>('the proxy to listen')
    const proxying = spawn(
      serveProxy({
        port: 0,
        upstreams: servers.map(({ port }) => ({ host: '127.0.0.1', port })),
        log: (line) => log.push(line),
        onListen: (server) => listening.resolve(server),
        ...options,
      }),
    )
    const proxy = yield* listening
    yield* body({ proxy, log })
    yield* proxy.stop()
    yield* proxying
    for (const server of servers) yield* server.stop({ grace: 0 })
    for (const task of tasks) yield* task
  })
}

const echo: Handler<Socket> = function* (socket) {
  for (let bytes: Buffer | null; (bytes = (yield* socket.read()) as Buffer | null) !== null; )
    yield* socket.write(bytes)
}

const name = (text: string): Handler<Socket> =>
  function* (socket) {
    yield* socket.write(`${text}\n`)
    yield* socket.read()
  }

/** What the operation fails with. */
const failure = fn(function* (operation: Operation<unknown>) {
  try {
    yield* operation
  } catch (error) {
    return error
  }
  return null
})

const turn = fn(function* () {
  yield* wait(new Promise<void>((resolve) => setImmediate(resolve)))
})

withProxy('bytes go both ways, and the end of one side is passed on, not that of both', [echo], function* ({ proxy }) {
  using client = yield* connect({ port: proxy.port })
  yield* client.write('hello')
  assert.equal(String(yield* client.readExactly(5)), 'hello')
  yield* client.write('and good bye')
  yield* client.end()
  assert.equal(String(yield* client.readExactly(12)), 'and good bye')
  assert.equal(yield* client.read(), null)
})

withProxy(
  'the end of the upstream is passed on, and the client may go on talking',
  [
    function* (socket) {
      yield* socket.write('go on')
      yield* socket.end()
      const heard = yield* socket.readExactly(4)
      assert.equal(String(heard), 'more')
    },
  ],
  function* ({ proxy, log }) {
    using client = yield* connect({ port: proxy.port })
    assert.equal(String(yield* client.readExactly(5)), 'go on')
    assert.equal(yield* client.read(), null)
    yield* client.write('more')
    yield* client.end()
    while (proxy.stats().connections > 0) yield* turn()
    assert.deepEqual(log, [])
  },
)

withProxy('upstreams take turns', [name('a'), name('b'), name('c')], function* ({ proxy }) {
  const names: (string | null)[] = []
  for (let i = 0; i < 6; i++) {
    using client = yield* connect({ port: proxy.port })
    names.push(yield* client.readLine())
  }
  assert.deepEqual(names, ['a', 'b', 'c', 'a', 'b', 'c'])
})

withProxy(
  'an upstream that is dead is passed over, and the log says so',
  [null, name('b')],
  function* ({ proxy, log }) {
    for (let i = 1; i <= 3; i++) {
      using client = yield* connect({ port: proxy.port })
      assert.equal(yield* client.readLine(), 'b')
    }
    assert.ok(log.length >= 2)
    for (const line of log) assert.match(line, /127\.0\.0\.1:\d+ is passed over: .*nobody listens there.*ECONNREFUSED/)
  },
)

withProxy('if all are dead the client is hung up on, and the log says why', [null, null], function* ({ proxy, log }) {
  using client = yield* connect({ port: proxy.port })
  assert.ok((yield* failure(client.read())) instanceof BrokenError)
  assert.equal(log.length, 3)
  assert.match(log[2]!, /: no upstream accepts$/)
})

withProxy(
  'a reset by the upstream reaches the client as one',
  [
    function* (socket) {
      yield* socket.read()
      socket.reset()
    },
  ],
  function* ({ proxy, log }) {
    using client = yield* connect({ port: proxy.port })
    yield* client.write('hello')
    const error = yield* failure(client.read())
    assert.ok(error instanceof BrokenError)
    assert.match(log[0]!, /reset the connection/)
  },
)

const resetSeen: unknown[] = []
withProxy(
  'a reset by the client reaches the upstream as one',
  [
    function* (socket) {
      yield* socket.write('hello')
      resetSeen.push(yield* failure(socket.read()))
    },
  ],
  function* ({ proxy }) {
    const client = yield* connect({ port: proxy.port })
    yield* client.readExactly(5)
    client.reset()
    while (proxy.stats().connections > 0 || resetSeen.length === 0) yield* turn()
    assert.ok(resetSeen[0] instanceof BrokenError)
  },
)

const resetWhileBusy: unknown[] = []
withProxy(
  'a reset by a client is heard also while the upstream takes nothing from it',
  [
    function* (socket) {
      resetWhileBusy.push(yield* failure(socket.peerEnd()))
    },
  ],
  function* ({ proxy, log }) {
    const client = yield* connect({ port: proxy.port })
    // Until the upstream and the system have as much as they take; what the proxy has then is not so much that it stops reading.
    const piece = Buffer.alloc(16_000)
    for (let sent = 0, idle = 0; idle < 20; ) {
      const [side] = [...proxy.sockets]
      const { bytesRead, unread } = side?.stats() ?? { bytesRead: 0, unread: 0 }
      yield* turn()
      if (bytesRead < sent) continue
      idle = unread > 0 ? idle + 1 : 0
      if (unread > 0) continue
      yield* client.write(piece)
      sent += piece.length
    }
    client.reset()
    while (proxy.stats().connections > 0) yield* turn()
    assert.match(log[0]!, /reset the connection/)
    assert.deepEqual(resetWhileBusy, [])
  },
)

withProxy(
  'a connection on which nothing moves is ended; the log says why',
  [echo],
  function* ({ proxy, log }) {
    using client = yield* connect({ port: proxy.port })
    yield* client.write('hello')
    assert.equal(String(yield* client.readExactly(5)), 'hello')
    assert.ok((yield* failure(client.read())) instanceof BrokenError)
    assert.match(log[0]!, /nothing has moved for 20 ms/)
  },
  { idleMs: 20 },
)

withProxy(
  'more clients than are allowed wait until one has left',
  [echo],
  function* ({ proxy }) {
    using first = yield* connect({ port: proxy.port })
    using second = yield* connect({ port: proxy.port })
    yield* second.write('second')
    yield* first.write('first')
    assert.equal(String(yield* first.readExactly(5)), 'first')
    assert.equal(proxy.stats().connections, 1)
    yield* first.close()
    assert.equal(String(yield* second.readExactly(6)), 'second')
  },
  { maxConnections: 1 },
)

const MB = 1 << 20
const TOTAL = 100 * MB
/** So that each piece can be told from the others. */
const piece = (n: number): Buffer => Buffer.alloc(65_536, `${n} `)

// Slow: that many bytes pass three sockets.
withProxy(
  '100 MB pass to a client who is slow, and never more than a few hundred kB are kept',
  [
    function* (socket) {
      for (let n = 0; n < TOTAL / 65_536; n++) yield* socket.write(piece(n))
    },
  ],
  function* ({ proxy }) {
    using client = yield* connect({ port: proxy.port })
    let kept = 0
    for (let n = 0; n < TOTAL / 65_536; n++) {
      const expected = piece(n)
      const bytes = (yield* client.readExactly(expected.length)) as Buffer
      assert.ok(expected.equals(bytes), `piece ${n} is another`)
      // The sender is quicker than that.
      yield* turn()
      yield* turn()
      for (const socket of proxy.sockets) kept = Math.max(kept, socket.stats().unread + socket.stats().unsent)
    }
    assert.equal(yield* client.read(), null)
    assert.ok(kept > 0 && kept <= 4 * 65_536, `${kept} bytes were kept`)
  },
)

// Slow: it starts a process.
test('the proxy as a program: it serves, logs, and on SIGINT ends with exit code 0', async () => {
  const upstream = net.createServer((socket) => socket.pipe(socket))
  upstream.listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  const { port } = upstream.address() as net.AddressInfo
  await withProgram('proxy/main', ['1', `127.0.0.1:${port}`], async ({ said, child, ended }) => {
    const proxy = portIn(await said())
    const client = net.connect(proxy, '127.0.0.1')
    client.write('hello')
    assert.equal(String((await once(client, 'data'))[0]), 'hello')
    assert.match(await said(), /127\.0\.0\.1:1 is passed over/)
    const hungUp = once(client.resume(), 'end')
    child.kill('SIGINT')
    await hungUp
    assert.deepEqual(await ended, [0, null])
  })
  upstream.close()
})

test('the proxy says how it is to be called', async () => {
  for (const args of [[], ['nonsense']]) {
    await withProgram('proxy/main', args, async ({ said, ended }) => {
      assert.match(await said(), /^Usage:/)
      assert.deepEqual(await ended, [2, null])
    })
  }
})
