import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server as NodeHttpServer } from 'node:http'
import http2 from 'node:http2'
import type { AddressInfo } from 'node:net'
import {
  type Body,
  CancelledError,
  currentTask,
  Future,
  fn,
  type Operation,
  type Scope,
  scope,
  spawn,
  type Task,
  wait,
} from '../../../src/core/index.ts'
import { fetchUrl, type HttpHandler, httpHandler } from '../../../src/net/http/index.ts'
import { items } from '../../../src/net/index.ts'
import { it } from '../../support/it.ts'
import { RawClient } from './client.ts'

const failure = fn(function* (operation: Operation<unknown>) {
  try {
    yield* operation
  } catch (error) {
    return error
  }
  return null
})

const until = fn(function* (condition: () => boolean) {
  while (!condition()) yield* wait(new Promise<void>((resolve) => setImmediate(resolve)))
})

/** Has node's own server listen on a free port, as long as `body` runs. */
const serving = fn(function* (server: NodeHttpServer | http2.Http2Server, body: (port: number) => Body<unknown>) {
  server.listen(0, '127.0.0.1')
  yield* wait(once(server, 'listening'))
  try {
    yield* fn(body)((server.address() as AddressInfo).port)
  } finally {
    const closed = once(server, 'close')
    server.close()
    yield* wait(closed)
  }
})

it('is a listener for a server of node: each request is a detached task', function* () {
  let task: Task<unknown> | null = null
  const server = createServer(
    httpHandler(function* ({ body }, response) {
      task = currentTask()
      yield* response.send((yield* body.text()).toUpperCase())
    }),
  )
  yield* serving(server, function* (port) {
    const response = yield* fetchUrl(`http://127.0.0.1:${port}/`, { method: 'POST', body: 'hello' })
    assert.equal(yield* response.body.text(), 'HELLO')
    assert.equal((task as unknown as Task<unknown>).parent, null)
    server.closeIdleConnections()
  })
})

it('with a scope, the tasks are of that: a cancel of it cancels them, and each is answered', function* () {
  const running = new Future<void>('a request')
  const owned = new Future<Scope>('the scope')
  const owner = spawn(
    scope(function* (requests) {
      owned.resolve(requests)
      yield* new Future<void>('nothing')
    }),
  )
  const handler: HttpHandler = function* () {
    running.resolve()
    yield* new Future<void>('nothing')
  }
  const server = createServer(httpHandler(handler, { scope: yield* owned }))
  yield* serving(server, function* (port) {
    const client = new RawClient(port)
    client.say('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    yield* running
    owner.cancel()
    assert.match(yield* client.hears(/\r\n\r\n/), /^HTTP\/1.1 503/)
    yield* failure(owner.join())
    // Nobody owns it any more.
    client.heard = ''
    client.say('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    assert.match(yield* client.hears(/\r\n\r\n/), /^HTTP\/1.1 503/)
    client.destroy()
  })
})

it('one that is cancelled before its first step is answered, too', function* () {
  const owned = new Future<Scope>('the scope')
  const owner = spawn(
    scope(function* (requests) {
      owned.resolve(requests)
      yield* new Future<void>('nothing')
    }),
  )
  const listener = httpHandler(() => assert.fail('it should not have run'), { scope: yield* owned })
  const server = createServer((request, response) => {
    listener(request, response)
    owner.cancel()
  })
  yield* serving(server, function* (port) {
    const client = new RawClient(port)
    client.say('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    assert.match(yield* client.hears(/\r\n\r\n/), /^HTTP\/1.1 503/)
    client.destroy()
  })
  yield* failure(owner.join())
})

it('serves HTTP/2 in its compatible form', function* () {
  const gate = new Future<void>('the gate')
  const events: string[] = []
  let running: Task<unknown> | null = null
  const server = http2.createServer(
    httpHandler(
      function* ({ path, body }, response) {
        running = currentTask()
        try {
          if (path === '/fail') throw new Error('boom')
          if (path === '/endless') for (;;) yield* response.write(Buffer.alloc(10_000))
          if (path === '/slow') yield* gate
          if (path === '/part') {
            // Of a body that is longer than what HTTP/2 lets the client send ahead.
            yield* body.read(1)
            yield* response.write('a part ')
            yield* response.write('is enough')
            yield* response.end()
            return
          }
          if (path === '/half') {
            yield* response.write('half')
            yield* response.stream.flush()
            throw new Error('boom')
          }
          yield* response.send(yield* body.text(), { headers: { 'x-path': path } })
        } finally {
          events.push(path)
        }
      },
      { onError: (error) => events.push((error as Error).message) },
    ),
  )
  yield* serving(server, function* (port) {
    const session = http2.connect(`http://127.0.0.1:${port}`)
    const request = (path: string, body?: string): http2.ClientHttp2Stream => {
      const stream = session.request({ ':path': path, ':method': body === undefined ? 'GET' : 'POST' })
      stream.on('error', () => {})
      stream.end(body)
      return stream
    }
    const answer = fn(function* (path: string, body?: string) {
      const stream = request(path, body)
      const [head] = yield* wait(once(stream, 'response'))
      let text = ''
      yield* items<Buffer>(stream).forEach((chunk) => {
        text += chunk
      })
      return [(head as http2.IncomingHttpHeaders)[':status'], text]
    })
    try {
      assert.deepEqual(yield* answer('/', 'hello'), [200, 'hello'])
      assert.deepEqual(yield* answer('/part', 'x'.repeat(1_000_000)), [200, 'a part is enough'])
      assert.deepEqual(yield* answer('/fail'), [500, 'The server has failed.\n'])
      const half = yield* failure(answer('/half'))
      assert.match(String(half), /INTERNAL_ERROR/)
      for (const path of ['/slow', '/endless']) {
        const stream = request(path)
        yield* until(() => (running as Task<unknown> | null)?.name === `GET ${path}`)
        if (path === '/endless')
          yield* until(() => /the peer to take/.test((running as Task<unknown> | null)?.reason ?? ''))
        stream.close(http2.constants.NGHTTP2_CANCEL)
        const error = yield* failure((running as unknown as Task<unknown>).join())
        assert.ok(error instanceof CancelledError)
        assert.equal(error.reason, 'the client is gone')
      }
      assert.deepEqual(events, ['/', '/part', '/fail', 'boom', '/half', 'boom', '/slow', '/endless'])
    } finally {
      session.destroy()
    }
  })
})
