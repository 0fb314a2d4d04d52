import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  BackdoorServer,
  ConcurrentObjectUseError,
  Event,
  Group,
  getHub,
  Pool,
  StreamServer,
  select,
  sleep,
  socket,
  spawn,
  WSGIServer,
  withTimeout,
} from '../../src/gevent/index.ts'
import { BusyError } from '../../src/index.ts'
import { fetchUrl } from '../../src/net/http/index.ts'
import { connect } from '../../src/net/index.ts'
import { it } from '../support/it.ts'
import { heard } from './heard.ts'

it('a StreamServer runs its handler in a greenlet for each connection, and closes the socket when that returns', function* () {
  const server = new StreamServer(0, function* (peer, address) {
    yield* peer.write(`${yield* peer.readLine()} of ${typeof address}\n`)
  })
  assert.throws(() => server.serverPort, { code: 'FIBRIL_USAGE' })
  yield* server.start()
  yield* server.start()
  assert.equal(server.started, true)
  for (const word of ['one', 'two']) {
    const client = yield* connect({ port: server.serverPort })
    yield* client.write(`${word}\n`)
    assert.equal(yield* client.readLine(), `${word} of string`)
    assert.equal(yield* client.readLine(), null)
    yield* client.close()
  }
  yield* server.stop()
  assert.deepEqual([server.started, server.closed], [false, true])
})

it('with spawn: a number, nothing is accepted while so many are served', function* () {
  const let_go = new Event()
  let served = 0
  const server = new StreamServer(
    0,
    function* () {
      served++
      yield* let_go.wait()
    },
    { spawn: 1 },
  )
  yield* server.start()
  const clients = []
  for (let n = 0; n < 3; n++) clients.push(yield* connect({ port: server.serverPort }))
  yield* withTimeout(50, () => new Event().wait(), { timeoutValue: false })
  assert.equal(served, 1)
  let_go.set()
  for (const client of clients) assert.equal(yield* client.readLine(), null)
  assert.equal(served, 3)
  for (const client of clients) yield* client.close()
  yield* server.stop()
})

it('a handler that fails is reported, its socket is closed, and the server goes on', function* () {
  const lines = heard()
  const server = new StreamServer(0, () => {
    throw new Error('handler')
  })
  yield* server.start()
  for (let n = 0; n < 2; n++) {
    const client = yield* connect({ port: server.serverPort })
    assert.equal(yield* client.readLine(), null)
    yield* client.close()
  }
  yield* server.stop()
  assert.equal(lines.filter((line) => line.endsWith('Error: handler')).length, 2)
})

it('an error of spawning is reported, and followed by a pause', function* () {
  const lines = heard()
  const pool = new Pool()
  let failures = 0
  const spawnOf = pool.spawn.bind(pool)
  pool.spawn = ((...args: Parameters<typeof spawnOf>) => {
    if (failures++ < 2) throw new Error('no room in the house')
    return spawnOf(...args)
  }) as typeof pool.spawn
  const server = new StreamServer(0, () => {}, { spawn: pool })
  yield* server.start()
  for (let n = 0; n < 3; n++) {
    const client = yield* connect({ port: server.serverPort })
    if (n === 2) assert.equal(yield* client.readLine(), null)
    client.destroy()
  }
  assert.equal(lines.length, 2)
  yield* server.stop()
})

it('with spawn: null the handler runs in the loop, where it must not wait', function* () {
  const lines = heard()
  const server = new StreamServer(
    0,
    function* () {
      yield* sleep(1)
    },
    { spawn: null },
  )
  yield* server.start()
  const client = yield* connect({ port: server.serverPort })
  assert.equal(yield* client.readLine(), null)
  yield* client.close()
  yield* server.stop()
  assert.match(lines.join(), /BlockingSwitchOutError/)
})

it('stop lets handlers finish for its timeout, and kills those that have not', function* () {
  const ended: string[] = []
  const server = new StreamServer(0, function* (peer) {
    const name = (yield* peer.readLine()) as string
    try {
      yield* name === 'quick' ? sleep(5) : new Event().wait(100_000)
      ended.push(`${name} finished`)
    } finally {
      ended.push(name)
    }
  })
  yield* server.start()
  const clients = []
  for (const name of ['quick', 'slow']) {
    const client = yield* connect({ port: server.serverPort })
    yield* client.write(`${name}\n`)
    clients.push(client)
  }
  while (server.pool?.size !== 2) yield* sleep(1)
  yield* server.stop(50)
  assert.deepEqual(ended, ['quick finished', 'quick', 'slow'])
  for (const client of clients) client.destroy()
})

it('serveForever ends when the server was stopped, and stops it when it is killed', function* () {
  const server = new StreamServer(0, () => {})
  const serving = spawn(() => server.serveForever())
  while (!server.started) yield* sleep(1)
  yield* server.stop()
  yield* serving.get()
  const other = new StreamServer(0, () => {})
  const killed = spawn(() => other.serveForever())
  while (!other.started) yield* sleep(1)
  yield* killed.kill()
  assert.equal(other.closed, true)
})

it('a subclass of StreamServer writes handle; addresses may be texts, pairs and paths', function* () {
  class Echo extends StreamServer {
    protected override *handle(peer: Parameters<StreamServer['handle']>[0]) {
      yield* peer.write(`${yield* peer.readLine()}\n`)
    }
  }
  const path = join(tmpdir(), `fibril-gevent-${process.pid}.sock`)
  for (const address of ['127.0.0.1:0', ['127.0.0.1', 0], path] as const) {
    const server = new Echo(address)
    yield* server.start()
    const client = yield* connect(address === path ? { path } : { port: server.serverPort })
    yield* client.write('hello\n')
    assert.equal(yield* client.readLine(), 'hello')
    yield* client.close()
    yield* server.stop()
  }
  rmSync(path, { force: true })
})

it('sockets: connect, accept, recv, send, shutdown; the end is an empty buffer', function* () {
  const listener = new socket.Socket()
  yield* listener.listen(0)
  const { port } = listener.getsockname()
  const server = spawn(function* () {
    const [peer, from] = yield* listener.accept()
    assert.match(from, /127\.0\.0\.1/)
    const line = yield* peer.readline()
    assert.equal(yield* peer.send(`got ${line}`), 9)
    yield* peer.shutdown(socket.SHUT_WR)
    assert.equal(String(yield* peer.recv(100)), 'bye')
    yield* peer.close()
  })
  const client = yield* socket.createConnection(['127.0.0.1', port as number], { timeout: 5000 })
  assert.equal(client.gettimeout(), 5000)
  assert.equal(client.getpeername().port, port)
  yield* client.sendall('word\n')
  assert.equal(String(yield* client.recv(4)), 'got ')
  const into = Buffer.alloc(10)
  assert.equal(yield* client.recvInto(into), 5)
  assert.equal((yield* client.recv(10)).length, 0)
  yield* client.sendall('bye')
  yield* server.get()
  yield* client.close()
  yield* listener.close()
})

it('a second reader gets a ConcurrentObjectUseError that names both, and the first is unaffected', function* () {
  const listener = new socket.Socket()
  yield* listener.listen(0)
  const client = yield* socket.createConnection(listener.getsockname().port as number)
  const [peer] = yield* listener.accept()
  const first = spawn(function* firstReader() {
    return String(yield* client.recv(10))
  })
  yield* sleep(1)
  const second = spawn(function* secondReader() {
    try {
      yield* client.recv(10)
    } catch (error) {
      return error
    }
    return null
  })
  const error = (yield* second.get()) as Error
  assert.ok(error instanceof ConcurrentObjectUseError)
  assert.ok(error instanceof BusyError)
  assert.match(error.message, /This socket is already used by another greenlet: .*secondReader #\d+.*firstReader #\d+/)
  yield* peer.sendall('for one')
  assert.equal(yield* first.get(), 'for one')
  for (const each of [client, peer, listener]) yield* each.close()
})

it('a socket that is closed while another greenlet reads ends that read with an error; a timeout is a SocketTimeout', function* () {
  const listener = new socket.Socket()
  yield* listener.listen(0)
  const client = yield* socket.createConnection(listener.getsockname().port as number)
  const [peer] = yield* listener.accept()
  client.settimeout(5)
  try {
    yield* client.recv(1)
    assert.fail('it gave something')
  } catch (error) {
    assert.ok(error instanceof socket.SocketTimeout)
  }
  assert.throws(() => client.settimeout(-1), RangeError)
  client.settimeout(null)
  getHub().exceptionStream = null
  const reader = spawn(() => client.recv(1))
  yield* sleep(1)
  yield* client.close()
  yield* reader.join()
  assert.equal((reader.exception as { code?: string }).code, 'FIBRIL_CLOSED')
  yield* peer.close()
  yield* listener.close()
})

it('select gives what can be read and written, at once, when it can, or nothing after its timeout', function* () {
  const listener = new socket.Socket()
  yield* listener.listen(0)
  const client = yield* socket.createConnection(listener.getsockname().port as number)
  const [peer] = yield* listener.accept()
  assert.deepEqual(yield* select([client], [], 5), [[], []])
  assert.deepEqual(yield* select([client], [peer]), [[], [peer]])
  spawn(function* () {
    yield* sleep(2)
    yield* peer.sendall('x')
  })
  assert.deepEqual(yield* select([peer, client]), [[client], []])
  assert.equal(String(yield* client.recv(1)), 'x')
  yield* peer.close()
  assert.deepEqual(yield* select([client]), [[client], []])
  yield* client.close()
  yield* listener.close()
})

it('WSGIServer answers with what the application returns, which may wait', function* () {
  const log: string[] = []
  const server = new WSGIServer(
    0,
    function* (environ, startResponse) {
      if (environ.PATH_INFO === '/broken') throw new Error('broken application')
      yield* sleep(1)
      const write = startResponse('201 Created', [['x-query', environ.QUERY_STRING]])
      yield* write(`${environ.REQUEST_METHOD} ${yield* environ['wsgi.input'].text()} `)
      return [environ.PATH_INFO, Buffer.from('!')]
    },
    { spawn: 2, log: { write: (text) => log.push(text) } },
  )
  yield* server.start()
  const url = `http://127.0.0.1:${server.serverPort}`
  const response = yield* fetchUrl(`${url}/a%20b?q=1`, { method: 'POST', body: 'body' })
  assert.equal(response.status, 201)
  assert.equal(response.headers.get('x-query'), 'q=1')
  assert.equal(yield* response.body.text(), 'POST body /a b!')
  const lines = heard()
  const broken = yield* fetchUrl(`${url}/broken`)
  assert.equal(broken.status, 500)
  yield* broken.body.text()
  yield* server.stop()
  assert.match(lines.join(), /Error: broken application/)
  assert.match(log.join(''), /"POST \/a%20b\?q=1 HTTP\/1.1" 201 /)
})

it('WSGIServer runs so many requests at a time as its pool has room for, and stop ends what is too slow', function* () {
  let inside = 0
  let most = 0
  const server = new WSGIServer(
    0,
    function* (environ) {
      most = Math.max(most, ++inside)
      yield* environ.PATH_INFO === '/slow' ? new Event().wait(1e6) : sleep(5)
      inside--
      return 'done'
    },
    { spawn: 2 },
  )
  yield* server.start()
  const url = `http://127.0.0.1:${server.serverPort}`
  const group = new Group()
  for (let n = 0; n < 5; n++)
    group.spawn(function* () {
      yield* (yield* fetchUrl(url)).body.text()
    })
  yield* group.join({ raiseError: true })
  assert.equal(most, 2)
  const slow = spawn(function* () {
    return (yield* fetchUrl(`${url}/slow`)).status
  })
  while (inside === 0) yield* sleep(1)
  yield* server.stop(5)
  assert.equal(yield* slow.get(), 503)
})

it('a backdoor is a prompt: each connection has names of its own, and quit() ends only that', function* () {
  const server = new BackdoorServer(0, { banner: 'welcome', locals: { answer: 42 } })
  yield* server.start()
  const open = function* () {
    const client = yield* connect({ port: server.serverPort })
    assert.equal(yield* client.readLine(), 'welcome')
    const ask = function* (line: string) {
      yield* client.readUntil('>>> ')
      yield* client.write(`${line}\n`)
      return yield* client.readLine()
    }
    return { client, ask }
  }
  const a = yield* open()
  const b = yield* open()
  assert.equal(yield* a.ask('answer = answer + 1'), '43')
  assert.equal(yield* b.ask('answer'), '42')
  assert.equal(yield* b.ask('await Promise.resolve("awaited")'), "'awaited'")
  assert.match((yield* b.ask('printRunInfo()')) as string, /Greenlets/)
  yield* a.client.readUntil('>>> ')
  yield* a.client.write('quit()\n')
  while ((yield* a.client.readLine()) !== null) {}
  yield* b.client.readUntil('undefined\n')
  assert.equal(yield* b.ask('1 + 1'), '2')
  for (const { client } of [a, b]) client.destroy()
  yield* server.stop()
})

it('a backdoor does not listen where others could connect', function* () {
  for (const host of ['0.0.0.0', '::', '192.168.1.1'])
    assert.throws(() => new BackdoorServer([host, 0]), { code: 'FIBRIL_USAGE' })
})
