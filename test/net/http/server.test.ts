import assert from 'node:assert/strict'
import {
  all,
  CancelledError,
  currentTask,
  Future,
  fn,
  type Operation,
  sleep,
  spawn,
  type Task,
  UsageError,
  wait,
  yieldNow,
} from '../../../src/core/index.ts'
import { fetchUrl, HttpError, type HttpRequest, type HttpServer, serveHttp } from '../../../src/net/http/index.ts'
import { ListenError } from '../../../src/net/index.ts'
import { waitAllBlocked } from '../../../src/testing/index.ts'
import { it } from '../../support/it.ts'
import { open, RawClient } from './client.ts'

const failure = fn(function* (operation: Operation<unknown>) {
  try {
    yield* operation
  } catch (error) {
    return error
  }
  return null
})

/** Lets the platform have a turn. */
const turn = fn(function* () {
  yield* wait(new Promise<void>((resolve) => setImmediate(resolve)))
})

const until = fn(function* (condition: () => boolean) {
  while (!condition()) yield* turn()
})

const post = (body: string, more = ''): string =>
  `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${Buffer.byteLength(body)}\r\n${more}\r\n${body}`
const get = (path: string, more = ''): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n${more}\r\n`
/** The head of a chunked request. */
const chunked = 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n'
const statuses = (heard: string): string[] =>
  [...heard.matchAll(/HTTP\/1\.1 (\d+)/g)].map((match) => match[1] as string)

it('answers requests, each in a task that is named for it', function* () {
  const { server, url } = yield* open(function* (request, response) {
    yield* response.send(`${currentTask()?.name} ${request.path} ${request.query.get('a')}`)
  })
  const response = yield* fetchUrl(`${url}/path?a=b`)
  assert.equal(response.status, 200)
  assert.equal(yield* response.body.text(), 'GET /path?a=b /path b')
  assert.equal(server.stats().accepted, 1)
  assert.equal(server.stats().connections, 1)
  yield* server.stop()
  assert.deepEqual(server.stats(), {
    name: server.name,
    state: 'stopped',
    connections: 0,
    requests: 0,
    accepted: 1,
    refused: 0,
  })
})

it('a handler may be a generator, async or plain function, or give an operation', function* () {
  const handlers = [
    open(function* (_, response) {
      yield* response.send('generator')
    }),
    open(async (_, response) => {
      await response.send('async')
    }),
    open((_, response) => {
      response.message.end('plain')
    }),
    open((_, response) => response.send('operation')),
  ]
  const said: string[] = []
  for (const opening of handlers) {
    const { server, url } = yield* opening
    said.push(yield* (yield* fetchUrl(url)).body.text())
    yield* server.stop()
  }
  assert.deepEqual(said, ['generator', 'async', 'plain', 'operation'])
})

it('a body is read whole, as bytes, text or JSON', function* () {
  const { server, url } = yield* open(function* ({ path, body }, response) {
    if (path === '/bytes') yield* response.send(yield* body.bytes())
    if (path === '/text') yield* response.send(yield* body.text())
    if (path === '/json') yield* response.json({ got: yield* body.json() })
  })
  const ask = fn(function* (path: string, body: string) {
    const response = yield* fetchUrl(url + path, { method: 'POST', body })
    return [response.headers.get('content-type'), yield* response.body.text()]
  })
  assert.deepEqual(yield* ask('/bytes', 'träge€'), ['application/octet-stream', 'träge€'])
  assert.deepEqual(yield* ask('/text', 'träge€'), ['text/plain; charset=utf-8', 'träge€'])
  assert.deepEqual(yield* ask('/json', '[1,null]'), ['application/json', '{"got":[1,null]}'])
  assert.deepEqual(yield* ask('/text', ''), ['text/plain; charset=utf-8', ''])
  yield* server.stop()
})

it('a body comes the same however it was cut', function* () {
  const text = 'one\r\ntwo €\n\nend'
  const seen: unknown[] = []
  const { server } = yield* open(function* ({ body }, response) {
    const lines: (string | null)[] = []
    for (let line: string | null; (line = yield* body.readLine()) !== null; ) lines.push(line)
    seen.push([lines, String(yield* body.read())])
    yield* response.send('done\n')
  })
  const bytes = Buffer.from(text).toString('latin1')
  const client = new RawClient(server.port)
  for (let size = 1; size <= bytes.length; size++) {
    client.heard = ''
    client.say(chunked)
    for (let at = 0; at < bytes.length; at += size) {
      const piece = bytes.slice(at, at + size)
      client.say(`${piece.length.toString(16)}\r\n${piece}\r\n`)
      yield* turn()
    }
    client.say('0\r\n\r\n')
    yield* client.hears(/done/)
  }
  assert.equal(seen.length, bytes.length)
  for (const each of seen) assert.deepEqual(each, [['one', 'two €', ''], 'end'])
  client.destroy()
  yield* server.stop()
})

it('a body that is too large is answered by 413, and the connection goes on', function* () {
  const { server } = yield* open(
    function* ({ body }, response) {
      yield* response.send(`${yield* body.text()}\n`)
    },
    { maxBody: 8 },
  )
  const client = new RawClient(server.port)
  // Told in the head: refused before it is read.
  client.say(post('123456789'))
  yield* client.hears(/8 bytes/)
  client.heard = ''
  client.say(`${chunked}5\r\n12345\r\n5\r\n12345\r\n0\r\n\r\n`)
  yield* client.hears(/8 bytes/)
  assert.deepEqual(statuses(client.heard), ['413'])
  client.heard = ''
  client.say(post('12345678'))
  assert.match(yield* client.hears(/12345678/), /200 OK/)
  client.destroy()
  yield* server.stop()
})

it('what a handler does not read of a body is dropped, and the connection goes on', function* () {
  const { server } = yield* open(function* ({ body, path }, response) {
    if (path !== '/') yield* response.send('next\n')
    else yield* response.send(`${(yield* body.read(1))?.length}\n`)
  })
  const client = new RawClient(server.port)
  client.say(post('x'.repeat(1_000_000)))
  yield* client.hears(/1\n/)
  client.say(get('/next'))
  yield* client.hears(/next\n/)
  client.destroy()
  yield* server.stop()
})

it('a limit may be told for one body; what is no JSON is answered by 400; a body is taken once', function* () {
  const errors: unknown[] = []
  const { server, url } = yield* open(
    function* ({ path, body }, response) {
      if (path === '/json') yield* body.json()
      yield* body.bytes({ limit: path === '/small' ? 2 : 20 })
      if (path === '/twice') yield* body.text()
      yield* response.end()
    },
    { onError: (error) => errors.push(error), maxBody: 10 },
  )
  const status = fn(function* (path: string) {
    using response = yield* fetchUrl(url + path, { method: 'POST', body: 'no JSON at all' })
    return [response.status, yield* response.body.text()]
  })
  assert.deepEqual(yield* status('/'), [200, ''])
  assert.deepEqual(yield* status('/small'), [413, 'The body has more than 2 bytes.\n'])
  assert.deepEqual(yield* status('/json'), [413, 'The body has more than 10 bytes.\n'])
  assert.equal(errors.length, 0)
  assert.deepEqual(yield* status('/twice'), [500, 'The server has failed.\n'])
  assert.ok(errors[0] instanceof UsageError)
  yield* server.stop()

  const other = yield* open(function* ({ body }, response) {
    yield* response.json(yield* body.json())
  })
  using response = yield* fetchUrl(other.url, { method: 'POST', body: '{' })
  assert.deepEqual([response.status, yield* response.body.text()], [400, 'The body is no JSON.\n'])
  yield* other.server.stop()
})

it('a body that comes too slowly is answered by 408', function* () {
  const { server } = yield* open(
    function* ({ body }, response) {
      yield* response.send(yield* body.text())
    },
    { bodyMs: 20 },
  )
  const client = new RawClient(server.port)
  client.say('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345')
  assert.match(yield* client.hears(/within/), /408 Request Timeout[\s\S]*The body did not come within 20 ms/)
  client.destroy()
  yield* server.stop()
})

it('a handler that fails is answered by 500 without details, and reported; nobody else is harmed', function* () {
  const errors: string[] = []
  const { server, url } = yield* open(
    function* ({ path }, response) {
      response.setHeader('x-secret', '1')
      if (path === '/throw') throw new Error('secret')
      if (path === '/write') {
        yield* response.write('has not left')
        throw new Error('secret writer')
      }
      if (path === '/child') {
        spawn(function* () {
          yield* turn()
          throw new Error('secret child')
        })
        yield* sleep(Infinity)
      }
      yield* response.send('fine')
    },
    { onError: (error, request) => errors.push(`${request}: ${(error as Error).message}`) },
  )
  for (const path of ['/throw', '/child', '/write']) {
    const response = yield* fetchUrl(url + path)
    assert.equal(response.status, 500)
    assert.equal(response.headers.get('x-secret'), null)
    assert.equal(yield* response.body.text(), 'The server has failed.\n')
  }
  assert.equal(yield* (yield* fetchUrl(url)).body.text(), 'fine')
  assert.deepEqual(errors, ['GET /throw: secret', 'GET /child: secret child', 'GET /write: secret writer'])
  yield* server.stop()
})

it('a failure that nobody is told of is a warning; so is a hook that throws', function* (host) {
  for (const onError of [undefined, () => assert.fail('hook')]) {
    const { server, url } = yield* open(() => {
      throw new Error('boom')
    }, onError && { onError })
    assert.equal((yield* fetchUrl(url)).status, 500)
    yield* server.stop()
  }
  const warnings = host.takeWarnings()
  assert.equal(warnings.length, 2)
  assert.match(warnings[0] ?? '', /^GET \/: Error: boom\n +at /)
  assert.match(warnings[1] ?? '', /^GET \/: onError failed: AssertionError.*hook/)
})

it('a handler that fails after the head has the connection reset', function* () {
  const errors: unknown[] = []
  const { server, url } = yield* open(
    function* (_, response) {
      yield* response.write('half')
      yield* response.stream.flush()
      throw new Error('boom')
    },
    { onError: (error) => errors.push(error) },
  )
  const error = yield* failure(
    fn(function* () {
      const response = yield* fetchUrl(url)
      yield* response.body.text()
    })(),
  )
  assert.match(String(error), /BrokenError: .*GET http/)
  assert.equal((errors[0] as Error).message, 'boom')
  yield* server.stop()
})

it('an HttpError is the answer; a handler that says nothing has failed', function* () {
  const errors: string[] = []
  const { server, url } = yield* open(
    ({ path }) => {
      if (path === '/404') throw new HttpError(404, 'there is no such order')
      if (path === '/502') throw new HttpError(502)
    },
    { onError: (error) => errors.push((error as Error).message) },
  )
  const ask = fn(function* (path: string) {
    const response = yield* fetchUrl(url + path)
    return [response.status, yield* response.body.text()]
  })
  assert.deepEqual(yield* ask('/404'), [404, 'there is no such order\n'])
  assert.deepEqual(yield* ask('/502'), [502, 'Bad Gateway\n'])
  assert.deepEqual(yield* ask('/'), [500, 'The server has failed.\n'])
  assert.equal(errors[0], 'Bad Gateway')
  assert.match(errors[1] ?? '', /the handler of GET \/ ended without a response: .*response\.end/)
  yield* server.stop()
})

it('a client that goes away while its body is read has its task cancelled, and the cleanup awaited', function* () {
  const reasons: unknown[] = []
  let task: Task<unknown> | null = null
  const { server } = yield* open(function* ({ body }, response) {
    task = currentTask()
    try {
      yield* body.text()
      yield* response.end()
    } finally {
      yield* turn()
      reasons.push('cleaned up')
    }
  })
  const client = new RawClient(server.port)
  client.say('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345')
  yield* until(() => task !== null && /to read/.test((task as Task<unknown>).reason ?? ''))
  client.destroy()
  const error = yield* failure(task as unknown as Task<unknown> as never)
  assert.ok(error instanceof CancelledError)
  assert.match(error.message, /the client is gone/)
  assert.deepEqual(reasons, ['cleaned up'])
  yield* server.stop()
})

it('a client that goes away amid its response has its task cancelled', function* () {
  let task: Task<unknown> | null = null
  const { server } = yield* open(function* (_, response) {
    task = currentTask()
    for (;;) yield* response.write(Buffer.alloc(10_000))
  })
  const client = new RawClient(server.port)
  client.say(get('/'))
  yield* client.hears(/200 OK/)
  client.socket.pause()
  yield* until(() => /the peer to take some/.test((task as Task<unknown> | null)?.reason ?? ''))
  client.destroy()
  const error = yield* failure(task as unknown as Task<unknown> as never)
  assert.ok(error instanceof CancelledError)
  yield* server.stop()
})

it('requests that stand behind another one are cancelled with it, and answered in order otherwise', function* () {
  const gate = new Future<void>('the gate')
  const ended: string[] = []
  const { server } = yield* open(function* ({ path }, response) {
    try {
      if (path !== '/2') yield* gate
      if (path === '/4') yield* sleep(Infinity)
      yield* response.send(`${path}\n`)
    } finally {
      ended.push(path)
    }
  })
  const client = new RawClient(server.port)
  client.say(get('/1') + get('/2'))
  yield* until(() => server.stats().requests === 2)
  gate.resolve()
  assert.deepEqual((yield* client.hears(/\/2\n/)).match(/\/\d\n/g), ['/1\n', '/2\n'])
  yield* until(() => server.stats().requests === 0)
  ended.length = 0
  client.say(get('/4') + get('/4'))
  yield* until(() => server.stats().requests === 2)
  client.destroy()
  yield* until(() => server.stats().requests === 0)
  assert.deepEqual(ended, ['/4', '/4'])
  yield* server.stop()
})

it('HEAD gets the head alone; 204 has no body', function* () {
  const { server } = yield* open(function* ({ path }, response) {
    if (path === '/204') yield* response.send('', { status: 204 })
    else if (path === '/parts') {
      yield* response.write('not sent')
      yield* response.end()
    } else yield* response.send('not sent')
  })
  const client = new RawClient(server.port)
  const heads = ['/', '/parts'].map((path) => get(path).replace('GET', 'HEAD'))
  client.say(heads.join('') + get('/204') + get('/', 'Connection: close\r\n'))
  const heard = yield* client.hears(null)
  assert.deepEqual(statuses(heard), ['200', '200', '204', '200'])
  assert.equal(heard.match(/not sent/g)?.length, 1)
  assert.equal(heard.match(/Content-Length: 8/gi)?.length, 2)
  yield* server.stop()
})

it('a client that waits to send its body is told to when it is asked for, and not before', function* () {
  const { server } = yield* open(function* ({ path, body }, response) {
    if (path === '/unwanted') yield* response.send('no\n', { status: 401 })
    else yield* response.send(`${yield* body.text()}\n`)
  })
  const client = new RawClient(server.port)
  const expect = 'Expect: 100-continue\r\nContent-Length: 4\r\n'
  client.say(get('/', expect).replace('GET', 'POST'))
  assert.match(yield* client.hears(/100 Continue\r\n\r\n/), /^HTTP\/1\.1 100 Continue\r\n\r\n$/)
  client.say('body')
  assert.match(yield* client.hears(/body\n/), /200 OK/)
  assert.doesNotMatch(client.heard, /close/)
  client.heard = ''
  client.say(get('/unwanted', expect).replace('GET', 'POST'))
  const heard = yield* client.hears(null)
  assert.deepEqual(statuses(heard), ['401'])
  assert.match(heard, /Connection: close/i)
  yield* server.stop()
})

it('a request that takes too long is cancelled, cleaned up, and answered by 503', function* () {
  const errors: unknown[] = []
  const events: string[] = []
  const { server, url } = yield* open(
    function* (_, response) {
      try {
        yield* sleep(Infinity)
        yield* response.end()
      } finally {
        yield* turn()
        events.push('cleaned up')
      }
    },
    { requestMs: 20, onError: (error) => errors.push(error) },
  )
  const response = yield* fetchUrl(url)
  assert.equal(response.status, 503)
  assert.match(yield* response.body.text(), /took more than 20 ms/)
  assert.deepEqual(events, ['cleaned up'])
  assert.equal(errors.length, 1)
  yield* server.stop()
})

it('an upgraded connection is a stream for its own handler, what came with the request included', function* () {
  const { server } = yield* open((_, response) => response.send('not upgraded\n'), {
    *onUpgrade(request, stream) {
      yield* stream.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: ${request.headers.upgrade}\r\n\r\n`)
      for (let line: string | null; (line = yield* stream.readLine()) !== null; ) yield* stream.write(`${line}!\n`)
      yield* stream.write('bye\n')
    },
  })
  const client = new RawClient(server.port)
  client.say(`${get('/', 'Connection: Upgrade\r\nUpgrade: echo\r\n')}first\n`)
  assert.match(yield* client.hears(/first!\n/), /Upgrade: echo/)
  client.say('second\n')
  yield* client.hears(/second!\n/)
  assert.equal(server.stats().requests, 1)
  const stopping = spawn(server.stop())
  assert.match(yield* client.hears(null), /second!\nbye\n$/)
  yield* stopping

  const without = yield* open((_, response) => response.send('not upgraded\n'))
  const other = new RawClient(without.server.port)
  other.say(get('/', 'Connection: Upgrade\r\nUpgrade: echo\r\n'))
  yield* other.hears(/not upgraded/)
  other.destroy()
  yield* without.server.stop()
})

it('stopping closes idle connections at once, and lets what runs finish', function* () {
  const gate = new Future<void>('the gate')
  const slowGate = new Future<void>('the gate of the slow one')
  const { server, serving } = yield* open(function* ({ path }, response) {
    if (path === '/parts') yield* response.write('begun\n')
    if (path !== '/') yield* path === '/slow' ? slowGate : gate
    if (path === '/parts') yield* response.write('done\n')
    else yield* response.send('done\n')
  })
  const [idle, fresh, slow, parts] = [1, 2, 3, 4].map(() => new RawClient(server.port)) as [RawClient, ...RawClient[]]
  idle.say(get('/'))
  yield* idle.hears(/done/)
  slow?.say(get('/slow'))
  parts?.say(get('/parts'))
  yield* parts!.hears(/begun/)
  yield* until(() => server.stats().requests === 2 && server.stats().connections === 4)
  const stopping = spawn(server.stop({ grace: Infinity }))
  yield* idle.hears(null)
  yield* fresh!.hears(null)
  assert.equal(stopping.state, 'parked')
  assert.equal(server.stats().state, 'stopping')
  slow?.say(get('/late'))
  // The head of this one had left; its connection is closed all the same, whatever runs elsewhere.
  gate.resolve()
  assert.match(yield* parts!.hears(null), /done/)
  assert.equal(server.stats().requests, 1)
  slowGate.resolve()
  assert.match(yield* slow!.hears(null), /connection: close[\s\S]*done\n/i)
  yield* stopping
  yield* serving
  assert.match(String(yield* failure(fetchUrl(`http://127.0.0.1:${server.port}`))), /ECONNREFUSED/)
})

it('stopping with a linger answers who is just about to ask, and tells it that this was the last', function* () {
  const { server, serving } = yield* open((_, response) => response.send('done\n'))
  const clients = [new RawClient(server.port), new RawClient(server.port)] as const
  const [kept, fresh] = clients
  kept.say(get('/'))
  yield* kept.hears(/done/)
  yield* until(() => server.stats().connections === 2)
  const stopping = spawn(server.stop({ grace: Infinity, linger: 5000 }))
  yield* waitAllBlocked()
  assert.equal(server.stats().state, 'lingering')
  assert.match(String(yield* failure(fetchUrl(`http://127.0.0.1:${server.port}`))), /ECONNREFUSED/)
  assert.deepEqual(
    clients.map(({ closed }) => closed),
    [false, false],
  )
  for (const client of clients) client.say(get('/'))
  assert.match(yield* fresh.hears(null), /200 OK[\s\S]*connection: close[\s\S]*done\n$/i)
  assert.match(yield* kept.hears(null), /keep-alive[\s\S]*done[\s\S]*connection: close[\s\S]*done\n$/i)
  // Nobody is left to linger for.
  yield* stopping
  yield* serving
  assert.equal(server.stats().refused, 0)
})

it('a linger ends with the grace, with its cancel, and with a stop that has none', function* () {
  const ends: ((server: HttpServer) => Operation<void>)[] = [
    (server) => server.stop({ grace: 0, linger: 5000 }),
    fn(function* (server: HttpServer) {
      const patient = spawn(server.stop({ grace: Infinity, linger: 5000 }))
      yield* waitAllBlocked()
      patient.cancel()
    }),
    fn(function* (server: HttpServer) {
      spawn(server.stop({ grace: Infinity, linger: Infinity }))
      yield* waitAllBlocked()
      yield* server.stop()
    }),
  ]
  for (const end of ends) {
    const { server, serving } = yield* open((_, response) => response.send('done\n'))
    const idle = new RawClient(server.port)
    idle.say(get('/'))
    yield* idle.hears(/done/)
    yield* end(server)
    assert.match(yield* idle.hears(null), /keep-alive/)
    yield* serving
  }
})

it('after the grace who still runs is cancelled and answered by 503; a second stop may have less patience', function* () {
  const { server, serving } = yield* open(() => sleep(Infinity))
  const client = new RawClient(server.port)
  client.say(get('/'))
  yield* until(() => server.stats().requests === 1)
  const patient = spawn(server.stop({ grace: Infinity }))
  yield* waitAllBlocked()
  yield* server.stop({ grace: 0 })
  yield* patient
  yield* serving
  assert.deepEqual(statuses(yield* client.hears(null)), ['503'])
})

it('cancelling who serves cancels the requests, also one that has not begun', function* () {
  const { server, serving } = yield* open(() => sleep(Infinity))
  const [a, b] = [new RawClient(server.port), new RawClient(server.port)]
  a.say(get('/'))
  yield* until(() => server.stats().requests === 1)
  b.say(get('/'))
  // In the very turn in which it comes.
  while (server.stats().requests < 2) yield* turn()
  serving.cancel()
  assert.ok((yield* failure(serving.join())) instanceof CancelledError)
  assert.equal(server.stats().state, 'stopped')
  for (const client of [a, b]) {
    assert.match((yield* client.hears(null)).slice(0, 12), /^(HTTP\/1.1 503)?$/)
  }
})

it('so many requests at a time: others are told that the server is busy', function* () {
  const gate = new Future<void>('the gate')
  const { server, url } = yield* open(
    function* (_, response) {
      yield* gate
      yield* response.send('done')
    },
    { maxRequests: 2 },
  )
  const first = [spawn(fetchUrl(url)), spawn(fetchUrl(url))]
  yield* until(() => server.stats().requests === 2)
  const refused = yield* fetchUrl(url)
  assert.deepEqual([refused.status, yield* refused.body.text()], [503, 'The server is busy.\n'])
  assert.equal(server.stats().refused, 1)
  gate.resolve()
  for (const task of first) assert.equal(yield* (yield* task).body.text(), 'done')
  assert.equal((yield* fetchUrl(url)).status, 200)
  yield* server.stop()
})

it('garbage is answered by 400 and harms nobody else', function* () {
  const { server } = yield* open(function* ({ body }, response) {
    yield* response.send(`${yield* body.text()}\n`)
  })
  const good = new RawClient(server.port)
  good.say('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n12')
  yield* until(() => server.stats().requests === 1)
  for (const garbage of [
    '\0\xff\r\n\r\n',
    'GET\r\n\r\n',
    get('/', 'no header\r\n'),
    get('/').replace('1.1', '9.9'),
    get('/', `X: ${'x'.repeat(20_000)}\r\n`),
  ]) {
    const bad = new RawClient(server.port)
    bad.say(garbage)
    assert.match(yield* bad.hears(null), /^(HTTP\/1.1 4\d\d|$)/)
  }
  // A body that breaks the rules of chunks breaks the connection, and its request.
  const bad = new RawClient(server.port)
  bad.say(`${chunked}zz\r\n`)
  yield* bad.hears(null)
  yield* until(() => server.stats().requests === 1)
  good.say('34')
  assert.match(yield* good.hears(/1234/), /200 OK/)
  good.destroy()
  yield* server.stop()
})

// Slow, since it really has a thousand under way.
it('a thousand requests at once, on a hundred connections', function* () {
  const gate = new Future<void>('the gate')
  const { server } = yield* open(function* ({ path }, response) {
    yield* gate
    yield* response.send(`${path}\n`)
  })
  const clients = Array.from({ length: 100 }, () => new RawClient(server.port))
  for (const [i, client] of clients.entries()) {
    for (let j = 0; j < 10; j++) client.say(get(`/${i}-${j}`))
  }
  yield* until(() => server.stats().requests === 1000)
  assert.equal(server.stats().connections, 100)
  gate.resolve()
  for (const [i, client] of clients.entries()) {
    const heard = yield* client.hears(new RegExp(`/${i}-9\n`))
    assert.deepEqual(
      heard.match(/\/\d+-\d+\n/g),
      Array.from({ length: 10 }, (_, j) => `/${i}-${j}\n`),
    )
    client.destroy()
  }
  yield* server.stop()
})

it('a client that sends more than is read is made to wait, with little kept', function* () {
  const size = 64 * 1024 * 1024
  let request: HttpRequest | null = null
  const gate = new Future<void>('the gate')
  const { server } = yield* open(function* (incoming, response) {
    request = incoming
    yield* incoming.body.read(1)
    yield* gate
    let got = 1
    let most = 0
    for (let chunk: Uint8Array | null; (chunk = yield* incoming.body.read()) !== null; ) {
      got += chunk.length
      most = Math.max(most, incoming.body.stream.stats().unread)
    }
    yield* response.send(`${got} ${most}\n`)
  })
  const client = new RawClient(server.port)
  client.say(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${size}\r\n\r\n`)
  client.socket.write(Buffer.alloc(size))
  yield* until(() => request !== null)
  yield* waitAllBlocked()
  const { bytesRead, unread } = (request as unknown as HttpRequest).body.stream.stats()
  assert.ok(bytesRead < 1_000_000 && unread < 200_000, `${bytesRead} read, ${unread} unread`)
  assert.ok(client.socket.writableLength > 0)
  gate.resolve()
  const heard = yield* client.hears(/\d+ \d+\n/)
  const [, got, most] = /(\d+) (\d+)\n/.exec(heard) ?? []
  assert.equal(Number(got), size)
  assert.ok(Number(most) < 1_000_000, `${most} bytes kept`)
  client.destroy()
  yield* server.stop()
})

it('a handler that writes more than its client takes is made to wait, with little kept', function* () {
  const size = 32 * 1024 * 1024
  const chunk = Buffer.alloc(65_536)
  let written = 0
  let most = 0
  const { server } = yield* open(function* (_, response) {
    for (; written < size; written += chunk.length) {
      yield* response.write(chunk)
      const { unsent } = response.stream.stats()
      most = Math.max(most, unsent)
    }
  })
  const client = new RawClient(server.port)
  client.socket.pause()
  client.say(get('/', 'Connection: close\r\n'))
  yield* until(() => written > 0)
  yield* waitAllBlocked()
  assert.ok(written < size / 2, `${written} bytes were written`)
  client.socket.resume()
  const heard = yield* client.hears(null)
  assert.ok(heard.length > size)
  assert.ok(most < 3 * chunk.length, `${most} bytes unsent`)
  yield* server.stop()
})

it('what a handler has fetched is let go of when it ends', function* () {
  let gone = false
  const upstream = yield* open(function* (_, response) {
    try {
      for (;;) yield* response.write(Buffer.alloc(10_000))
    } finally {
      gone = true
    }
  })
  const { server, url } = yield* open(function* (_, response) {
    const { status } = yield* fetchUrl(upstream.url)
    yield* response.send(String(status))
  })
  assert.equal(yield* (yield* fetchUrl(url)).body.text(), '200')
  yield* until(() => gone)
  yield* all([server.stop(), upstream.server.stop()])
})

it('a response is sent once; a head cannot be sent twice', function* () {
  const errors: unknown[] = []
  const { server, url } = yield* open(function* (_, response) {
    assert.throws(() => response.json(undefined), UsageError)
    yield* response.send('one', { status: 201, headers: { 'x-a': ['1', '2'] } })
    errors.push(yield* failure(response.send('two')))
  })
  const response = yield* fetchUrl(url)
  assert.equal(response.status, 201)
  assert.equal(response.headers.get('x-a'), '1, 2')
  assert.equal(yield* response.body.text(), 'one')
  yield* until(() => errors.length > 0)
  assert.ok(errors[0] instanceof UsageError)
  yield* server.stop()
})

it('each of its waits says what it is for, and can be cancelled', function* () {
  const listening = spawn(serveHttp(() => {}, { port: 0, host: 'localhost' }))
  while (listening.state !== 'parked') yield* yieldNow()
  assert.equal(listening.reason, 'localhost:0 to listen on')
  listening.cancel()
  assert.ok((yield* failure(listening.join())) instanceof CancelledError)

  const waits: string[] = []
  const { server, serving } = yield* open(
    function* ({ body }, response) {
      for (const wait of [body.text(), response.send(Buffer.alloc(32 * 1024 * 1024))]) {
        const task = spawn<unknown>(wait as Operation<unknown>)
        yield* until(() => task.state === 'parked')
        waits.push(task.reason ?? '')
        task.cancel()
        yield* failure(task.join())
      }
      yield* response.end()
    },
    { onError() {} },
  )
  assert.match(serving.reason ?? '', /^http 127.0.0.1:\d+: requests$/)
  const client = new RawClient(server.port)
  client.socket.pause()
  client.say('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345')
  yield* until(() => waits.length === 2)
  assert.deepEqual(waits, ['body of POST /: bytes to read', 'POST /: the client to take the response'])
  // It is still on its way, and the handler's end waits for it, too.
  const stopping = spawn(server.stop({ grace: Infinity }))
  yield* waitAllBlocked()
  assert.equal(stopping.reason, 'the future "the last request to end"')
  stopping.cancel()
  yield* failure(stopping.join())
  assert.equal(serving.state, 'parked')
  client.destroy()
  yield* serving
})

it('the body of a response is a sink that may be closed, or reset', function* () {
  const { server, url } = yield* open(function* ({ path }, { stream }) {
    yield* stream.write('all of it')
    if (path === '/close') yield* stream.close()
    else stream.reset()
  })
  assert.equal(yield* (yield* fetchUrl(`${url}/close`)).body.text(), 'all of it')
  const error = yield* failure(
    fn(function* () {
      yield* (yield* fetchUrl(url)).body.text()
    })(),
  )
  assert.match(String(error), /BrokenError/)
  yield* server.stop()
})

it('an address that is taken is a ListenError; one that cannot be meant is refused', function* () {
  const { server } = yield* open(() => {})
  const error = yield* failure(serveHttp(() => {}, { port: server.port }))
  assert.ok(error instanceof ListenError)
  assert.equal(error.systemCode, 'EADDRINUSE')
  assert.ok((yield* failure(serveHttp(() => {}, {}))) instanceof UsageError)
  yield* server.stop()
})
