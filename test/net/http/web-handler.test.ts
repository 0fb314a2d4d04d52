import assert from 'node:assert/strict'
import { Future, fn, sleep, spawn, wait } from '../../../src/core/index.ts'
import { fetchUrl, webHandler } from '../../../src/net/http/index.ts'
import { it } from '../../support/it.ts'
import { open, RawClient } from './client.ts'

const until = fn(function* (condition: () => boolean) {
  while (!condition()) yield* wait(new Promise<void>((resolve) => setImmediate(resolve)))
})

it('gets a request of the web, and gives a response of the web', function* () {
  const { server, url } = yield* open(
    webHandler(function* (request) {
      const { pathname, search } = new URL(request.url)
      if (pathname === '/empty') return new Response(null, { status: 204 })
      const headers = new Headers({ 'x-a': request.headers.get('x-a') ?? '' })
      headers.append('set-cookie', 'a=1')
      headers.append('set-cookie', 'b=2')
      return new Response(`${request.method} ${pathname}${search} ${yield* wait(request.text())}`, {
        status: 201,
        headers,
      })
    }),
  )
  const response = yield* fetchUrl(`${url}/path?q=1`, { method: 'PUT', body: 'hello', headers: { 'x-a': 'b' } })
  assert.equal(response.status, 201)
  assert.equal(response.headers.get('x-a'), 'b')
  assert.deepEqual(response.headers.getSetCookie(), ['a=1', 'b=2'])
  assert.equal(yield* response.body.text(), 'PUT /path?q=1 hello')
  assert.equal((yield* fetchUrl(`${url}/empty`)).status, 204)
  const head = yield* fetchUrl(`${url}/`, { method: 'HEAD' })
  assert.deepEqual([head.status, yield* head.body.text()], [201, ''])
  yield* server.stop()
})

it('a handler may be an async or plain function, or give an operation', function* () {
  const said: string[] = []
  for (const handler of [
    async () => new Response('async'),
    () => new Response('plain'),
    () =>
      fn(function* () {
        yield* sleep(0)
        return new Response('operation')
      })(),
  ]) {
    const { server, url } = yield* open(webHandler(handler))
    said.push(yield* (yield* fetchUrl(url)).body.text())
    yield* server.stop()
  }
  assert.deepEqual(said, ['async', 'plain', 'operation'])
})

it('bodies stream both ways, and the body of a response is cancelled when its client is gone', function* () {
  let cancelled = false
  const { server, url } = yield* open(
    webHandler((request) => {
      if (request.method === 'POST') return new Response(request.body)
      return new Response(
        new ReadableStream({
          pull: (controller) => controller.enqueue(new Uint8Array(10_000)),
          cancel() {
            cancelled = true
          },
        }),
      )
    }),
  )
  const big = 'x'.repeat(1_000_000)
  const echo = yield* fetchUrl(url, { method: 'POST', body: big })
  assert.equal(yield* echo.body.text(), big)
  const client = new RawClient(server.port)
  client.say('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  yield* client.hears(/200 OK/)
  client.destroy()
  yield* until(() => cancelled)
  yield* server.stop()
})

it('the signal of the request is aborted when the client is gone', function* () {
  const seen = new Future<AbortSignal>('the request')
  const { server, url } = yield* open(
    webHandler(function* (request) {
      seen.resolve(request.signal)
      yield* new Future<void>('nothing')
      return new Response()
    }),
  )
  const task = spawn(fetchUrl(url))
  const signal = yield* seen
  assert.equal(signal.aborted, false)
  task.cancel()
  yield* until(() => signal.aborted)
  yield* server.stop()
})

it('what cannot be a request of the web is answered by 400', function* () {
  const { server } = yield* open(webHandler(() => new Response()))
  const client = new RawClient(server.port)
  client.say('GET http://[ HTTP/1.1\r\nHost: x\r\n\r\n')
  assert.match(yield* client.hears(/\r\n\r\n/), /^HTTP\/1.1 400/)
  client.destroy()
  yield* server.stop()
})
