import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import {
  BrokenError,
  CancelledError,
  ClosedError,
  Future,
  fn,
  type Operation,
  spawn,
  TimeoutError,
  timeout,
  UsageError,
  wait,
} from '../../../src/core/index.ts'
import { type FetchedResponse, fetchUrl } from '../../../src/net/http/index.ts'
import { fromWeb, LimitError, memoryPair } from '../../../src/net/index.ts'
import { waitAllBlocked } from '../../../src/testing/index.ts'
import { it } from '../../support/it.ts'
import { open } from './client.ts'

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

it('gives the head first, then the body as text, bytes or JSON', function* () {
  const { server, url } = yield* open(function* ({ path }, response) {
    if (path === '/404') yield* response.send('not here', { status: 404 })
    else yield* response.json({ a: [1, 'ä'] }, { headers: { 'x-a': 'b' } })
  })
  const response = yield* fetchUrl(url)
  assert.deepEqual([response.status, response.ok, response.url], [200, true, `${url}/`])
  assert.equal(response.headers.get('x-a'), 'b')
  assert.equal(response.body.length, 14)
  assert.deepEqual(yield* response.body.json(), { a: [1, 'ä'] })
  assert.equal(yield* (yield* fetchUrl(new URL(url))).body.text(), '{"a":[1,"ä"]}')
  assert.equal((yield* (yield* fetchUrl(url)).body.bytes()).length, 14)
  const missing = yield* fetchUrl(`${url}/404`)
  assert.deepEqual([missing.status, missing.ok, yield* missing.body.text()], [404, false, 'not here'])
  yield* server.stop()
})

it('the lines of a response come the same however they were cut', function* () {
  const text = Buffer.from('one\r\ntwo €\n\nend')
  const { server, url } = yield* open(function* ({ query }, response) {
    const size = Number(query.get('size'))
    for (let at = 0; at < text.length; at += size) {
      yield* response.write(text.subarray(at, at + size))
      yield* response.stream.flush()
    }
  })
  for (let size = 1; size <= text.length; size++) {
    const { body } = yield* fetchUrl(`${url}/?size=${size}`)
    const lines: (string | null)[] = []
    for (let line: string | null; (line = yield* body.readLine()) !== null; ) lines.push(line)
    assert.deepEqual([lines, String(yield* body.read()), yield* body.read()], [['one', 'two €', ''], 'end', null])
  }
  yield* server.stop()
})

it('a cancel while the head is waited for aborts the request', function* () {
  const { server, url } = yield* open(function* () {
    yield* new Future<void>('nothing')
  })
  const task = spawn(fetchUrl(`${url}/slow`))
  yield* until(() => server.stats().requests === 1)
  assert.equal(task.reason, `a response to GET ${url}/slow`)
  task.cancel()
  assert.ok((yield* failure(task.join())) instanceof CancelledError)
  yield* until(() => server.stats().requests === 0)
  assert.ok((yield* failure(timeout(10, fetchUrl(url)))) instanceof TimeoutError)
  yield* until(() => server.stats().requests === 0)
  yield* server.stop()
})

it('a cancel while the body is collected gives it up; so does leaving it by `using`', function* () {
  const { server, url } = yield* open(function* (_, response) {
    for (;;) {
      yield* response.write('some\n')
      yield* response.stream.flush()
      yield* wait(new Promise<void>((resolve) => setImmediate(resolve)))
    }
  })
  const task = spawn(function* () {
    const { body } = yield* fetchUrl(url)
    yield* body.text({ limit: Infinity })
  })
  yield* until(() => /bytes to read/.test(task.reason ?? ''))
  task.cancel()
  yield* failure(task.join())
  yield* until(() => server.stats().requests === 0)
  {
    using response = yield* fetchUrl(url)
    assert.equal(yield* response.body.readLine(), 'some')
  }
  yield* until(() => server.stats().requests === 0)
  yield* server.stop()
})

it('a read of the body that is cancelled loses nothing', function* () {
  const gate = new Future<void>('the gate')
  const { server, url } = yield* open(function* (_, response) {
    yield* response.write('on')
    yield* response.stream.flush()
    yield* gate
    yield* response.write('e\n')
  })
  const { body } = yield* fetchUrl(url)
  const reader = spawn(body.readLine())
  yield* waitAllBlocked()
  reader.cancel()
  yield* waitAllBlocked()
  gate.resolve()
  assert.equal(yield* body.readLine(), 'one')
  assert.equal(yield* body.read(), null)
  yield* server.stop()
})

it('a request that fails says which, and why', function* () {
  const { server, url } = yield* open(() => {})
  yield* server.stop()
  const error = yield* failure(fetchUrl(`${url}/x`, { method: 'POST' }))
  assert.ok(error instanceof BrokenError)
  assert.match(error.message, /task test #\d+ could not fetch POST http:.*\/x: nobody listens there.*ECONNREFUSED/)
  assert.ok(error.cause instanceof TypeError)
  assert.throws(() => fetchUrl('/relative'), UsageError)
})

it('a body that breaks off is a BrokenError with the url', function* () {
  const { server, url } = yield* open(
    function* (_, response) {
      yield* response.write('half\n')
      yield* response.stream.flush()
      throw new Error('boom')
    },
    { onError() {} },
  )
  const error = yield* failure(
    fn(function* () {
      const { body } = yield* fetchUrl(url)
      for (;;) if ((yield* body.read()) === null) return
    })(),
  )
  assert.ok(error instanceof BrokenError)
  assert.ok(error.message.includes(url), error.message)
  assert.ok(error.cause instanceof Error)
  yield* server.stop()
})

it('a body may have a limit; one that is no JSON says so', function* () {
  const { server, url } = yield* open(function* (_, response) {
    yield* response.write('12345')
    yield* response.write('67890x')
  })
  const error = yield* failure((yield* fetchUrl(url)).body.bytes({ limit: 10 }))
  assert.ok(error instanceof LimitError)
  assert.equal(error.limit, 10)
  assert.match(error.message, new RegExp(`GET ${url}: the response has more than 10 bytes`))
  const noJson = yield* failure((yield* fetchUrl(url)).body.json())
  assert.ok(noJson instanceof BrokenError && noJson.cause instanceof SyntaxError)
  yield* server.stop()
})

it('a signal aborts it too, and has no listener of ours afterwards', function* () {
  const { server, url } = yield* open(function* ({ path }, response) {
    if (path === '/slow') yield* new Future<void>('nothing')
    yield* response.send('hello')
  })
  const controller = new AbortController()
  const { signal } = controller
  const listeners = (): number => getEventListeners(signal, 'abort').length
  // A body that is read to its end, one that is let go of, a request that fails, and one that is cancelled.
  assert.equal(yield* (yield* fetchUrl(url, { signal })).body.text(), 'hello')
  yield* until(() => listeners() === 0)
  ;(yield* fetchUrl(url, { signal }))[Symbol.dispose]()
  yield* until(() => listeners() === 0)
  yield* failure(fetchUrl('http://127.0.0.1:1', { signal }))
  assert.equal(listeners(), 0)
  const cancelled = spawn(fetchUrl(`${url}/slow`, { signal }))
  yield* until(() => server.stats().requests === 1)
  assert.equal(listeners(), 1)
  cancelled.cancel()
  yield* failure(cancelled.join())
  assert.equal(listeners(), 0)
  yield* until(() => server.stats().requests === 0)

  const task = spawn(failure(fetchUrl(`${url}/slow`, { signal })))
  yield* until(() => server.stats().requests === 1)
  controller.abort(new Error('enough'))
  const error = yield* task
  assert.ok(error instanceof ClosedError)
  assert.equal((error.cause as Error).message, 'enough')
  assert.ok((yield* failure(fetchUrl(url, { signal }))) instanceof ClosedError)
  assert.equal(listeners(), 0)
  yield* server.stop()
})

it('a stream may be the body of the request: it is sent as it comes, and read as it is taken', function* () {
  const gate = new Future<void>('the gate')
  const { server, url } = yield* open(function* ({ body }, response) {
    yield* response.write(`${yield* body.readLine()}\n`)
    yield* gate
    let size = 0
    for (let chunk: Uint8Array | null; (chunk = yield* body.read()) !== null; ) size += chunk.length
    yield* response.write(`${size}\n`)
  })
  const [here, there] = memoryPair()
  yield* here.write('first\n')
  const response = yield* fetchUrl(url, { method: 'POST', body: there })
  assert.equal(yield* response.body.readLine(), 'first')
  // Nobody reads over there, so nobody reads from here, and who writes is made to wait.
  const size = 64 * 1024 * 1024
  let written = 0
  const writer = spawn(function* () {
    for (; written < size; written += 65_536) yield* here.write(Buffer.alloc(65_536))
    yield* here.end()
  })
  yield* waitAllBlocked()
  assert.ok(written < size / 2, `${written} bytes were written`)
  gate.resolve()
  assert.equal(yield* response.body.readLine(), String(size))
  yield* writer
  assert.equal(there.closed, false)
  there.destroy()
  here.destroy()
  yield* server.stop()
})

it('a response without a body has an empty one', function* () {
  const { server, url } = yield* open((_, response) => response.send('', { status: 204 }))
  const response = yield* fetchUrl(url)
  assert.equal(response.status, 204)
  assert.equal(yield* response.body.text(), '')
  yield* server.stop()
})

it('what nobody reads is not taken: the server is made to wait', function* () {
  let written = 0
  const { server, url } = yield* open(function* (_, response) {
    for (; written < 64 * 1024 * 1024; written += 65_536) yield* response.write(Buffer.alloc(65_536))
  })
  const response: FetchedResponse = yield* fetchUrl(url)
  yield* waitAllBlocked()
  assert.ok(written < 32 * 1024 * 1024, `${written} bytes were written`)
  assert.ok(response.body.stream.stats().unread < 200_000)
  response[Symbol.dispose]()
  yield* until(() => server.stats().requests === 0)
  yield* server.stop()
})

it('plain fetch keeps working', function* () {
  const { server, url } = yield* open((_, response) => response.send('one\ntwo\n'))
  const response = yield* wait(fetch(url))
  const lines = fromWeb(response.body!)
  assert.equal(yield* lines.readLine(), 'one')
  yield* lines.close()
  yield* server.stop()
})
