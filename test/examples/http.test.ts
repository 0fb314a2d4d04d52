import assert from 'node:assert/strict'
import { spawn as startProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { serveVotes } from '../../examples/http/server.ts'
import { type Body, Future, fn, spawn, wait } from '../../src/core/index.ts'
import { fetchUrl, type HttpServer } from '../../src/net/http/index.ts'
import { fromNode } from '../../src/net/index.ts'
import { it } from '../support/it.ts'

/** Asks the service; gives the status and what it said. */
const ask = fn(function* (url: string, vote?: string): Body<readonly [number, string]> {
  const response = yield* fetchUrl(url, vote === undefined ? {} : { method: 'POST', body: vote })
  return [response.status, (yield* response.body.text()).trim()]
})

/** A test with the real service. */
function withService(title: string, requestMs: number, body: (url: string) => Body<void>): void {
  it(title, function* (host) {
    const listening = new Future<HttpServer>('the service to listen')
    const serving = spawn(serveVotes({ port: 0, requestMs, onListen: (server) => listening.resolve(server) }))
    const server = yield* listening
    yield* body(`http://127.0.0.1:${server.port}`)
    yield* server.stop()
    yield* serving
    host.takeWarnings()
  })
}

withService('votes are cast and counted', 2000, function* (url) {
  assert.deepEqual(yield* ask(`${url}/votes`), [200, '{}'])
  assert.deepEqual(yield* ask(`${url}/votes`, '{"for": "tabs"}'), [201, '{"tabs":1}'])
  assert.deepEqual(yield* ask(`${url}/votes`, '{"for": "spaces"}'), [201, '{"tabs":1,"spaces":1}'])
  assert.deepEqual(yield* ask(`${url}/votes`, '{"for": "tabs"}'), [201, '{"tabs":2,"spaces":1}'])
  assert.deepEqual(yield* ask(`${url}/votes`), [200, '{"tabs":2,"spaces":1}'])
})

withService('what is no vote is refused, and does not count', 2000, function* (url) {
  for (const bad of ['', '{', 'null', '[]', '{"for": 1}', '{"for": ""}']) {
    assert.equal((yield* ask(`${url}/votes`, bad))[0], 400, bad)
  }
  assert.equal((yield* ask(`${url}/votes`, JSON.stringify({ for: 'x'.repeat(1000) })))[0], 413)
  assert.deepEqual(yield* ask(`${url}/nowhere`), [404, 'There is nothing at GET /nowhere.'])
  assert.deepEqual(yield* ask(`${url}/votes`), [200, '{}'])
})

withService('a request that is late is given up', 20, function* (url) {
  yield* ask(`${url}/votes`, '{"for": "tabs"}')
  assert.deepEqual(yield* ask(`${url}/recount`), [503, 'The request took more than 20 ms.'])
  assert.deepEqual(yield* ask(`${url}/votes`), [200, '{"tabs":1}'])
})

// Slow: it starts a process, in which a recount takes a second.
it('on SIGTERM it finishes what runs, and ends with exit code 0', function* () {
  const main = fileURLToPath(new URL('../../examples/http/main.js', import.meta.url))
  const service = startProcess(process.execPath, [main], {
    env: { ...process.env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    const exited = once(service, 'exit')
    const said = fromNode(service.stdout)
    const url = `http://127.0.0.1:${/:(\d+)$/.exec((yield* said.readLine()) ?? '')?.[1]}`
    yield* ask(`${url}/votes`, '{"for": "tabs"}')
    const recount = spawn(ask(`${url}/recount`))
    // It takes a second; by then the service has it.
    yield* wait(delay(500))
    service.kill('SIGTERM')
    assert.equal(yield* said.readLine(), 'votes stop')
    assert.deepEqual(yield* recount, [200, '{"tabs":1}'])
    assert.equal(yield* said.readLine(), 'votes have stopped')
    assert.deepEqual(yield* wait(exited), [0, null])
    yield* said.close()
  } finally {
    service.kill('SIGKILL')
  }
})
