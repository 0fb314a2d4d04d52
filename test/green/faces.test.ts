import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { test } from 'node:test'
import * as http from '../../src/green/http/index.ts'
import * as green from '../../src/green/index.ts'
import {
  all,
  ConnectionPool,
  CorrelatorPool,
  fromNode,
  fromWeb,
  type Lease,
  LostRequestError,
  MemoryServer,
  memoryPair,
  type Net,
  netOf,
  openCorrelator,
  run,
  type Stream,
  spawn,
  thingOf,
  toNode,
  toWeb,
} from '../../src/green/index.ts'
import * as netHttp from '../../src/net/http/index.ts'
import * as net from '../../src/net/index.ts'
import * as offload from '../../src/offload/index.ts'
import * as sync from '../../src/sync/index.ts'
import { SimNetwork } from '../../src/testing/index.ts'
import { byHand, type Call, itByHand } from './api-by-hand.ts'

test('all that tasks use of sync, net, offload and HTTP has its name for green code as well', () => {
  // For authors of clients and of transports; what pools share; and what `iterate` goes through.
  const others =
    'Heap WorkerPool BufferedStream WireWait codeName describeSystemError formatAddress own Items items inheritedFlags moduleUrl stoppables'.split(
      ' ',
    )
  const missing = [sync, net, offload].flatMap((face) => Object.keys(face)).filter((name) => !(name in green))
  assert.deepEqual(missing.sort(), others.sort())
  assert.deepEqual(Object.keys(netHttp).sort(), Object.keys(http).sort())
})

itByHand('a face is called in words what the thing behind it is', function* (call) {
  const task = spawn(
    byHand(function* (call) {
      yield* call(green.sleep, 1)
    }),
  )
  assert.equal(String(task), String(thingOf(task)))
  assert.match(String(task), /^task green #\d+$/)
  yield* call([task, 'join'])
  assert.equal(String(new green.Condition({ name: 'change' })), String(new sync.Condition({ name: 'change' })))
})

itByHand('a scope that is supervised is told of each task as it ends, by its face', function* (call) {
  const told: unknown[] = []
  const failing = byHand(function* (call): Generator<unknown, void, unknown> {
    yield* call(green.sleep, 1)
    throw new Error('alone')
  })
  let task: unknown
  yield* call(green.scope, (scope: green.Scope) => {
    scope.supervise((ended) => told.push([ended === task, ended.outcome?.status]))
    task = scope.spawn(failing)
  })
  assert.deepEqual(told, [[true, 'failed']])
})

/** Serves a memory server by lines: \`answer\` gives the reply to each. */
function* serving(
  call: Call,
  server: MemoryServer,
  answer: (line: string) => string,
): Generator<unknown, void, unknown> {
  yield* call(
    [server, 'serve'],
    byHand(function* (call, socket: Stream) {
      for (let line: unknown; (line = yield* call([socket, 'readLine'])) !== null; )
        yield* call([socket, 'write'], `${answer(line as string)}\n`)
    }),
  )
}
const serveBy = (server: MemoryServer, answer: (line: string) => string) =>
  spawn(byHand((call) => serving(call, server, answer)))

// -- Connection pools

itByHand('a pool lends connections to bodies that park, and its hooks may park as well', function* (call) {
  const server = new MemoryServer()
  serveBy(server, (line) => `${line}!`)
  const told: string[] = []
  const pool = new ConnectionPool<Stream>({
    name: 'greeter',
    max: 2,
    connect: byHand(function* (call) {
      yield* call(green.sleep, 1)
      return server.connect()
    }),
    reset: byHand(function* (call, _stream: Stream) {
      yield* call(green.sleep, 1)
      told.push('reset')
    }),
    close: byHand(function* (call, stream: Stream) {
      yield* call([stream, 'close'])
      told.push('closed')
    }),
  })
  const greet = byHand(function* (call, name: string) {
    return yield* call(
      [pool, 'use'],
      byHand(function* (call, stream: Stream, lease: Lease<Stream>) {
        assert.equal(lease.connection, stream)
        yield* call([stream, 'write'], `hello ${name}\n`)
        return yield* call([stream, 'readLine'])
      }),
    )
  })
  const tasks = ['Ada', 'Grace', 'Barbara'].map((name) => spawn(greet, name))
  const greetings = yield* call(all, tasks as never)
  assert.deepEqual(greetings, ['hello Ada!', 'hello Grace!', 'hello Barbara!'])
  assert.equal(pool.stats().created, 2)

  const lease = (yield* call([pool, 'acquire'])) as Lease<Stream>
  assert.equal(lease.connection.closed, false)
  lease.release()
  const own = yield* call([pool, 'current'])
  assert.equal(yield* call([pool, 'current']), own)
  ;(own as Lease<Stream>).release()
  assert.equal(thingOf(pool) instanceof net.ConnectionPool, true)
  yield* call([pool, 'close'])
  assert.deepEqual(told.sort(), ['closed', 'closed', 'reset', 'reset', 'reset', 'reset', 'reset'].sort())
  yield* call([server, 'stop'])
})

itByHand('a pool closes what fails to validate, and gives another', function* (call) {
  let made = 0
  const pool = new ConnectionPool<number>({
    connect: () => ++made,
    close: () => {},
    validate: byHand(function* (call, connection: number) {
      yield* call(green.sleep, 1)
      return connection > 1
    }),
    validateAfterIdleMs: 0,
  })
  const number = (connection: number) => connection
  assert.equal(yield* call([pool, 'use'], number), 1)
  yield* call(green.sleep, 5)
  assert.equal(yield* call([pool, 'use'], number), 2)
  yield* call([pool, 'close'])
})

itByHand('a body of a pool that is cancelled leaves nothing lent', function* (call) {
  const pool = new ConnectionPool<number>({ max: 1, connect: () => 1, close: () => {} })
  const task = spawn.detached(
    byHand(function* (call) {
      yield* call(
        [pool, 'use'],
        byHand(function* (call) {
          yield* call(green.sleep, 1e6)
        }),
      )
    }),
  )
  yield* call(green.sleep, 1)
  assert.equal(pool.stats().leased, 1)
  const waiting = spawn.detached(byHand((call) => call([pool, 'acquire']) as never))
  yield* call(green.sleep, 1)
  waiting.cancel()
  task.cancel()
  yield* call(green.allSettled, [task, waiting])
  assert.deepEqual([pool.stats().leased, pool.waiting], [0, 0])
  yield* call([pool, 'close'])
})

// -- Correlators

const byLines = {
  withId: (text: string, id: number) => `${id} ${text}`,
  idOf: (line: string) => Number.parseInt(line, 10),
  resultOf: (line: string) => line.slice(line.indexOf(' ') + 1),
}
const channelOver = (stream: Stream) => ({
  stream,
  receive: byHand(function* (this: unknown, call) {
    return (yield* call([stream, 'readLine'])) as string | null
  }),
  send: byHand(function* (call, line: string) {
    yield* call([stream, 'write'], `${line}\n`)
  }),
  close: byHand(function* (call) {
    yield* call([stream, 'close'])
  }),
})

itByHand('a correlator gives each request its own reply, over a channel that parks', function* (call) {
  const [here, there] = memoryPair()
  spawn(
    byHand(function* (call) {
      const asked = [yield* call([there, 'readLine']), yield* call([there, 'readLine'])]
      for (const line of asked.reverse()) yield* call([there, 'write'], `${line}!\n`)
      yield* call([there, 'readLine'])
      yield* call([there, 'close'])
    }),
  )
  const client = openCorrelator(channelOver(here), byLines)
  const ask = byHand(function* (call, text: string) {
    return yield* call([client, 'request'], text)
  })
  const replies = yield* call(all, ['one', 'two'].map((text) => spawn(ask, text)) as never)
  assert.deepEqual(replies, ['one!', 'two!'])
  assert.deepEqual([client.alive, client.load, client.stats().replies], [true, 0, 2])
  const last = spawn.detached(ask, 'three')
  const [outcome] = (yield* call(green.allSettled, [last])) as [{ error?: unknown }]
  assert.ok(outcome.error instanceof LostRequestError)
  assert.ok((yield* call([client, 'lost'])) instanceof green.BrokenError)
  yield* call([client, 'close'])
})

itByHand('a pool of correlators opens connections as the load demands', function* (call) {
  const server = new MemoryServer()
  serveBy(server, (line) => `${line}?`)
  const pool = new CorrelatorPool<string, string>({
    max: 2,
    connect: byHand(function* (call) {
      yield* call(green.sleep, 1)
      return openCorrelator(channelOver(server.connect()), byLines)
    }) as never,
  })
  const ask = byHand(function* (call, text: string) {
    return yield* call([pool, 'request'], text)
  })
  assert.deepEqual(yield* call(all, ['a', 'b', 'c'].map((text) => spawn(ask, text)) as never), ['a?', 'b?', 'c?'])
  assert.ok(pool.stats().connections.length <= 2)
  yield* call([pool, 'close'])
  yield* call([server, 'stop'])
})

// -- Where connections come from

itByHand('a host of a simulated network is a net for green code', function* (call, host) {
  const network = new SimNetwork({ seed: 1 })
  const [a, b]: Net[] = ['a', 'b'].map((name) => netOf(network.host(name))) as never
  const server = (yield* call((a as Net).listen, { port: 80, host: 'a' })) as green.Server
  spawn(
    byHand(function* (call) {
      yield* call(
        [server, 'serve'],
        byHand(function* (call, socket: Stream) {
          yield* call([socket, 'write'], 'hello\n')
        }),
      )
    }),
  )
  const socket = (yield* call((b as Net).connect, { port: 80, host: 'a' })) as Stream
  assert.equal(yield* call([socket, 'readLine']), 'hello')
  socket.destroy()
  yield* call([server, 'stop'])
  void host
})

itByHand('streams of the platform are streams for green code, and the other way', function* (call) {
  const lines = fromNode(Readable.from([Buffer.from('one\ntwo\n')], { objectMode: false }))
  assert.deepEqual([yield* call([lines, 'readLine']), yield* call([lines, 'readLine'])], ['one', 'two'])
  assert.equal(yield* call([lines, 'readLine']), null)
  lines.destroy()
  const web = fromWeb(new Blob(['three\n']).stream() as never)
  assert.equal(yield* call([web, 'readLine']), 'three')
  web.destroy()
  const [here, there] = memoryPair()
  yield* call([there, 'write'], 'four')
  yield* call([there, 'end'])
  const { readable, writable } = toWeb(here)
  assert.equal(yield* call(green.wait, new Response(readable as never).text()), 'four')
  yield* call(green.wait, writable.close())
  const [left, right] = memoryPair()
  const node = toNode(left)
  node.end('five\n')
  node.resume()
  assert.deepEqual([yield* call([right, 'readLine']), yield* call([right, 'readLine'])], ['five', null])
  yield* call([right, 'close'])
  yield* call(green.wait, finished(node))
})

// -- HTTP. Not under a TestHost: fetch and node's servers have a clock of their own.

/** Serves \`handler\` while \`client\` runs, with the server's url. */
async function overHttp(
  handler: http.HttpHandler,
  client: (call: Call, url: string, server: http.HttpServer) => Generator<unknown, void, unknown>,
  options: Partial<http.HttpServeOptions> = {},
): Promise<void> {
  await run(
    byHand(function* (call) {
      let asking: green.Task<unknown> | null = null
      yield* call(http.serveHttp, handler, {
        port: 0,
        ...options,
        onListen(server: http.HttpServer) {
          // Not in the scope of the server, which waits for all that is in it.
          asking = spawn.detached(
            byHand(function* (call) {
              try {
                yield* client(call, `http://127.0.0.1:${server.port}`, server)
              } finally {
                yield* call([server, 'stop'])
              }
            }),
          )
        },
      })
      yield* call(green.join, asking)
    }),
  )
}

test('a handler of HTTP blocks, and so does who asks', async () => {
  const handler = byHand(function* (call, request: http.HttpRequest, response: http.HttpResponse) {
    if (request.path === '/lines') {
      for (let line: unknown; (line = yield* call([request.body, 'readLine'])) !== null; )
        yield* call([response, 'write'], `${line}!\n`)
      return
    }
    yield* call(green.sleep, 1)
    response.status = 201
    assert.equal(response.setHeader('x-name', request.query.get('name') ?? ''), response)
    yield* call([response, 'json'], { got: yield* call([request.body, 'json']), status: response.status })
  })
  await overHttp(handler, function* (call, url, server) {
    const made = (yield* call(http.fetchUrl, `${url}/?name=Ada`, {
      method: 'POST',
      body: '[1]',
    })) as http.FetchedResponse
    assert.deepEqual([made.status, made.ok, made.headers.get('x-name')], [201, true, 'Ada'])
    assert.deepEqual(yield* call([made.body, 'json']), { got: [1], status: 201 })
    const [here, there] = memoryPair()
    yield* call([there, 'write'], 'one\ntwo\n')
    yield* call([there, 'end'])
    const echoed = (yield* call(http.fetchUrl, `${url}/lines`, { method: 'POST', body: here })) as http.FetchedResponse
    assert.equal(yield* call([echoed.body.stream, 'readLine']), 'one!')
    assert.equal(yield* call([echoed.body, 'text']), 'two!\n')
    assert.equal(server.stats().accepted, 2)
    here.destroy()
  })
})

test('a handler that fails is answered for, and told of with the request', async () => {
  const told: string[] = []
  const handler = byHand(function* (call, request: http.HttpRequest): Generator<unknown, void, unknown> {
    yield* call(green.sleep, 1)
    throw request.path === '/lost' ? new http.HttpError(404, 'lost') : new Error('secret')
  })
  await overHttp(
    handler,
    function* (call, url) {
      const lost = (yield* call(http.fetchUrl, `${url}/lost`)) as http.FetchedResponse
      assert.deepEqual([lost.status, yield* call([lost.body, 'text'])], [404, 'lost\n'])
      const failed = (yield* call(http.fetchUrl, url)) as http.FetchedResponse
      assert.equal(failed.status, 500)
      assert.doesNotMatch((yield* call([failed.body, 'text'])) as string, /secret/)
    },
    { onError: (error, request) => told.push(`${request?.name}: ${(error as Error).message}`) },
  )
  assert.deepEqual(told, ['GET /: secret'])
})

test('a web handler may block, also as a listener of a server of node', async () => {
  const answer = byHand(function* (call, request: Request) {
    const text = (yield* call(green.wait, request.text())) as unknown as string
    return Response.json({ length: text.length })
  })
  const server = createServer(http.httpHandler(http.webHandler(answer as never)))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const response = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: 'hello' })
  assert.deepEqual(await response.json(), { length: 5 })
  server.close()
})
