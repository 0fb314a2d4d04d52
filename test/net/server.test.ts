import assert from 'node:assert/strict'
import { type Body, Future, fn, sleep, spawn, type Task, UsageError } from '../../src/core/index.ts'
import type { ServeOptions } from '../../src/net/index.ts'
import { connect, listen, MemoryServer, type MemoryStream } from '../../src/net/index.ts'
import { waitAllBlocked } from '../../src/testing/index.ts'
import { it } from '../support/it.ts'

function* echo(socket: MemoryStream): Body<void> {
  for (let line: string | null; (line = yield* socket.readLine()) !== null; ) yield* socket.write(`${line}\n`)
}

/** Asks, and gives the answer; null if the other side is gone. */
const ask = fn(function* (client: MemoryStream, line: string) {
  yield* client.write(`${line}\n`)
  return yield* client.readLine()
})

/** Waits until a task has ended, and gives what it failed with. */
const ending = fn(function* (task: Task<unknown>) {
  try {
    yield* task
  } catch (error) {
    return error
  }
  return null
})

/** Keeps what is reported. */
function recorder(): { options: ServeOptions<MemoryStream>; errors: string[] } {
  const errors: string[] = []
  const onError = (error: unknown, socket: MemoryStream | null): void => {
    errors.push(`${socket?.name ?? 'accept'}: ${(error as Error).message}`)
  }
  return { options: { onError }, errors }
}

it('serves each connection in a task of its own, named for the peer', function* () {
  const server = new MemoryServer()
  const serving = spawn(server.serve(echo))
  const clients = [server.connect(), server.connect(), server.connect()]
  for (const client of clients) assert.equal(yield* ask(client, client.name), client.name)
  assert.deepEqual(
    serving.children.map((task) => task.name),
    clients.map((client) => `connection ${client.name}`),
  )
  assert.deepEqual(server.stats(), {
    name: 'memory',
    state: 'serving',
    connections: 3,
    accepted: 3,
    failed: 0,
    ungreeted: 0,
    bytesRead: 48,
    bytesWritten: 48,
    waiting: 0,
    refused: 0,
  })
  for (const client of clients) yield* client.close()
  yield* waitAllBlocked()
  assert.equal(server.stats().connections, 0)
  assert.equal(server.stats().bytesRead, 48, 'those of connections that have ended count, too')
  yield* server.stop()
  yield* serving
  assert.equal(server.stats().state, 'stopped')
})

it('a handler may be a generator, async or plain function, or give an operation', function* () {
  const handlers = [
    function* (socket: MemoryStream) {
      yield* socket.write('generator')
    },
    async (socket: MemoryStream) => {
      await socket.write('async')
    },
    (socket: MemoryStream) => {
      socket.tryWrite('plain')
    },
    (socket: MemoryStream) => socket.write('operation'),
  ]
  const said: string[] = []
  for (const handler of handlers) {
    const server = new MemoryServer()
    const serving = spawn(server.serve(handler))
    const client = server.connect()
    said.push(String(yield* client.read()))
    assert.equal(yield* client.read(), null)
    client.destroy()
    yield* server.stop()
    yield* serving
  }
  assert.deepEqual(said, ['generator', 'async', 'plain', 'operation'])
})

it.many('a handler that fails is reported, its connection closed, and nobody else harmed', function* () {
  const server = new MemoryServer()
  const { options, errors } = recorder()
  const serving = spawn(
    server.serve(function* (socket) {
      for (let line: string | null; (line = yield* socket.readLine()) !== null; ) {
        if (line === 'throw') throw new Error('boom')
        if (line === 'child') {
          spawn(function* () {
            yield* sleep(1)
            throw new Error('child boom')
          })
        } else yield* socket.write(`${line}\n`)
      }
    }, options),
  )
  const [good, bad, parent] = [server.connect(), server.connect(), server.connect()]
  assert.equal(yield* ask(good, 'before'), 'before')
  yield* bad.write('last words\n')
  assert.equal(yield* bad.readLine(), 'last words')
  assert.equal(yield* ask(bad, 'throw'), null)
  assert.equal(yield* ask(parent, 'child'), null)
  assert.equal(yield* ask(good, 'after'), 'after')
  assert.deepEqual(errors.sort(), [
    `memory connection ${bad.name.at(-1)}: boom`,
    `memory connection ${parent.name.at(-1)}: child boom`,
  ])
  assert.equal(server.stats().failed, 2)
  for (const client of [good, bad, parent]) client.destroy()
  yield* server.stop()
  yield* serving
})

it('a hook that is told of a failure may spawn, and what it spawns may fail', function* () {
  const server = new MemoryServer()
  const told: string[] = []
  const serving = spawn(
    server.serve(
      function* () {
        throw new Error('boom')
      },
      {
        onError(error, socket) {
          told.push(`${socket?.name ?? 'accept'}: ${(error as Error).message}`)
          if (/spawned/.test(told.at(-1) as string)) return
          spawn(function* () {
            yield* sleep(1)
            told.push('spawned')
            throw new Error('spawned boom')
          })
        },
      },
    ),
  )
  yield* waitAllBlocked()
  const client = server.connect()
  assert.equal(yield* client.read(), null)
  yield* sleep(5)
  server.failAccept(new Error('out of files'))
  yield* sleep(50)
  assert.deepEqual(told, [
    'memory connection 1: boom',
    'spawned',
    'memory connection 1: spawned boom',
    'accept: out of files',
    'spawned',
    'accept: spawned boom',
  ])
  client.destroy()
  yield* server.stop()
  yield* serving
})

it('a failure that nobody is told of is a warning, but for a peer that broke the connection', function* (host) {
  const server = new MemoryServer()
  const serving = spawn(
    server.serve(function* (socket) {
      if ((yield* socket.readLine()) === 'throw') throw new Error('boom')
    }),
  )
  const [bad, broken] = [server.connect(), server.connect()]
  yield* bad.write('throw\n')
  yield* waitAllBlocked()
  broken.reset()
  yield* server.stop()
  yield* serving
  bad.destroy()
  const warnings = host.takeWarnings()
  assert.equal(warnings.length, 1)
  assert.match(warnings[0] ?? '', /^memory connection 1: Error: boom\n +at /)
  assert.equal(server.stats().failed, 2)
})

it('a hook that throws is a warning, and the server goes on', function* (host) {
  const server = new MemoryServer()
  const serving = spawn(
    server.serve(
      () => {
        throw new Error('boom')
      },
      {
        onError() {
          throw new Error('hook boom')
        },
      },
    ),
  )
  for (let i = 0; i < 2; i++) {
    const client = server.connect()
    assert.equal(yield* client.read(), null)
    client.destroy()
  }
  assert.equal(host.takeWarnings().filter((warning) => /its onError failed: Error: hook boom/.test(warning)).length, 2)
  yield* server.stop()
  yield* serving
})

it('accepts no more than so many connections at a time', function* () {
  const server = new MemoryServer()
  const serving = spawn(server.serve(echo, { maxConnections: 2 }))
  const clients = [1, 2, 3, 4].map(() => server.connect())
  const answers = clients.map((client) => spawn(ask(client, 'hello')))
  yield* waitAllBlocked()
  assert.deepEqual(
    answers.map((task) => task.state),
    ['ended', 'ended', 'parked', 'parked'],
  )
  assert.equal(server.stats().connections, 2)
  assert.match(serving.reason ?? '', /one of 2 connections to end/)
  clients[1]?.destroy()
  yield* waitAllBlocked()
  assert.equal(answers[2]?.state, 'ended')
  assert.equal(answers[3]?.state, 'parked')
  clients[0]?.destroy()
  assert.equal(yield* answers[3]!, 'hello')
  for (const client of clients) client.destroy()
  yield* server.stop()
  yield* serving
})

it('at the limit, over TCP, who comes is connected by the system, but not read from and not served', function* () {
  const server = yield* listen({ port: 0 })
  const begun: string[] = []
  const serving = spawn(
    server.serve(
      function* (socket) {
        begun.push(String(yield* socket.readLine()))
        yield* socket.readLine()
      },
      { maxConnections: 1 },
    ),
  )
  const clients = [yield* connect({ port: server.port }), yield* connect({ port: server.port })]
  for (const [i, client] of clients.entries()) yield* client.write(`${i}\n`)
  yield* waitAllBlocked()
  const { connections, waiting, accepted, bytesRead } = server.stats()
  assert.deepEqual(
    { connections, waiting, accepted, bytesRead },
    { connections: 1, waiting: 1, accepted: 1, bytesRead: 2 },
  )
  assert.match(serving.reason ?? '', /one of 1 connections to end/)
  clients[0]?.destroy()
  while (begun.length < 2) yield* waitAllBlocked()
  assert.deepEqual(begun, ['0', '1'])
  clients[1]?.destroy()
  yield* server.stop()
  yield* serving
})

it('when accepting fails it is reported, and tried again after longer and longer pauses', function* (host) {
  const server = new MemoryServer()
  const times: number[] = []
  const serving = spawn(
    server.serve(echo, {
      onError(error, socket) {
        assert.equal(socket, null)
        assert.match((error as Error).message, /out of files/)
        times.push(host.now())
        if (times.length < 10) server.failAccept(new Error('out of files'))
      },
    }),
  )
  yield* waitAllBlocked()
  server.failAccept(new Error('out of files'))
  yield* sleep(5000)
  const pauses = times.slice(1).map((time, i) => time - (times[i] as number))
  assert.deepEqual(pauses, [10, 20, 40, 80, 160, 320, 640, 1000, 1000])

  // One that could be accepted ends the bad times.
  const client = server.connect()
  assert.equal(yield* ask(client, 'hello'), 'hello')
  const start = host.now()
  server.failAccept(new Error('out of files'))
  yield* waitAllBlocked()
  assert.equal(times.length, 11)
  const next = server.connect()
  assert.equal(yield* ask(next, 'hello'), 'hello')
  assert.equal(host.now() - start, 10)
  client.destroy()
  next.destroy()
  yield* server.stop()
  yield* serving
})

it('stopping does not wait for a pause', function* (host) {
  const server = new MemoryServer()
  const serving = spawn(server.serve(echo, { onError() {} }))
  server.failAccept(new Error('out of files'))
  yield* waitAllBlocked()
  yield* server.stop()
  yield* serving
  assert.equal(host.now(), 0)
})

it.many('stopping lets who works finish, and who waits for input find its end', function* (host) {
  const server = new MemoryServer()
  const serving = spawn(
    server.serve(function* (socket) {
      for (let line: string | null; (line = yield* socket.readLine()) !== null; ) {
        yield* sleep(500)
        yield* socket.write(`${line}\n`)
      }
      yield* socket.write('bye\n')
    }),
  )
  const [idle, working] = [server.connect(), server.connect()]
  yield* working.write('one\ntwo\n')
  yield* waitAllBlocked()
  const stopping = spawn(server.stop({ grace: 2000 }))
  yield* waitAllBlocked()
  assert.equal(server.stats().state, 'stopping')
  assert.throws(() => server.connect(), /closed/)
  assert.equal(yield* idle.readLine(), 'bye')
  assert.equal(yield* idle.readLine(), null)
  assert.equal(host.now(), 0)
  for (const expected of ['one', 'two', 'bye', null]) assert.equal(yield* working.readLine(), expected)
  yield* stopping
  yield* serving
  assert.equal(host.now(), 1000)
  idle.destroy()
  working.destroy()
})

it.many(
  'a connection that comes while the server stops is served or turned away, but never waited for',
  function* (host) {
    const server = new MemoryServer()
    const serving = spawn(server.serve(echo))
    yield* waitAllBlocked()
    const client = server.connect()
    yield* server.stop()
    yield* serving
    assert.equal(host.now(), 0)
    assert.equal(yield* client.read(), null)
    client.destroy()
  },
)

it.many('after the grace who still runs is cancelled, and its cleanup awaited', function* (host) {
  const server = new MemoryServer()
  const events: string[] = []
  const serving = spawn(
    server.serve(function* () {
      try {
        yield* sleep(Infinity)
      } finally {
        yield* sleep(5)
        events.push('cleaned up')
      }
    }),
  )
  const client = server.connect()
  yield* waitAllBlocked()
  yield* server.stop({ grace: 300 })
  assert.equal(host.now(), 305)
  assert.deepEqual(events, ['cleaned up'])
  assert.equal(yield* client.read(), null)
  yield* serving
  client.destroy()
})

it('a second stop may have less patience', function* (host) {
  const server = new MemoryServer()
  const serving = spawn(server.serve(() => sleep(Infinity)))
  const client = server.connect()
  yield* waitAllBlocked()
  const patient = spawn(server.stop({ grace: 60_000 }))
  yield* sleep(100)
  yield* server.stop({ grace: 0 })
  yield* patient
  yield* serving
  assert.equal(host.now(), 100)
  client.destroy()
})

it('a stop that is cancelled stops all the same; it only is not waited for', function* () {
  const server = new MemoryServer()
  const serving = spawn(server.serve(echo))
  yield* waitAllBlocked()
  const stopping = spawn(server.stop())
  yield* waitAllBlocked()
  stopping.cancel()
  yield* serving
})

it.many('cancelling who serves cancels the handlers, and leaves nothing open', function* () {
  const server = new MemoryServer()
  const events: string[] = []
  const serving = spawn(
    server.serve(function* (socket) {
      try {
        yield* echo(socket)
      } finally {
        yield* sleep(1)
        events.push('cleaned up')
      }
    }),
  )
  const clients = [server.connect(), server.connect()]
  for (const client of clients) yield* ask(client, 'hello')
  // This one is accepted, or not yet, or its task has not begun.
  clients.push(server.connect())
  serving.cancel()
  yield* ending(serving)
  assert.ok(events.length >= 2)
  for (const client of clients) {
    assert.equal(yield* client.read(), null)
    client.destroy()
  }
  assert.equal(server.stats().state, 'stopped')
  assert.throws(() => server.connect(), /closed/)
})

it.many('a connection whose task is cancelled before its first step is closed', function* () {
  const server = new MemoryServer()
  const serving = spawn(server.serve(echo))
  yield* waitAllBlocked()
  const client = server.connect()
  yield* server.stop({ grace: 0 })
  yield* serving
  assert.equal(yield* client.read(), null)
  client.destroy()
})

it('what was written is sent when the handler ends, or fails', function* () {
  const server = new MemoryServer()
  const { options, errors } = recorder()
  const serving = spawn(
    server.serve(function* (socket) {
      yield* socket.write(Buffer.alloc(200_000))
      if ((yield* socket.readLine()) === 'fail') throw new Error('boom')
    }, options),
  )
  for (const line of ['end', 'fail']) {
    const client = server.connect()
    yield* client.write(`${line}\n`)
    yield* waitAllBlocked()
    assert.equal((yield* client.readExactly(200_000))?.length, 200_000)
    assert.equal(yield* client.read(), null)
    client.destroy()
  }
  assert.equal(errors.length, 1)
  yield* server.stop()
  yield* serving
})

it('a peer that does not take the last bytes is reported, and holds its place no longer than that', function* (host) {
  const server = new MemoryServer({ closeMs: 500 })
  const { options, errors } = recorder()
  const serving = spawn(
    server.serve(
      function* (socket) {
        for (let i = 0; i < 3; i++) socket.tryWrite(Buffer.alloc(50_000))
      },
      { ...options, maxConnections: 1 },
    ),
  )
  const [deaf, next] = [server.connect(), server.connect()]
  assert.equal((yield* next.readExactly(100_000))?.length, 100_000)
  assert.equal(host.now(), 500)
  assert.match(errors.join(), /^memory connection 1: .* did not take what was written within 500 ms/)
  next.destroy()
  deaf.destroy()
  yield* server.stop()
  yield* serving
})

it('accepting by hand gives the connection to the caller', function* () {
  const server = new MemoryServer()
  const accepting = spawn(server.accept())
  yield* waitAllBlocked()
  assert.equal(accepting.reason, 'memory: a connection')
  const client = server.connect()
  const socket = yield* accepting
  yield* client.write('hi\n')
  assert.equal(yield* socket.readLine(), 'hi')
  const cancelled = spawn(server.accept())
  yield* waitAllBlocked()
  cancelled.cancel()
  const another = server.connect()
  assert.equal((yield* server.accept()).name, 'memory connection 2')
  server.close()
  assert.equal(server.stats().state, 'stopped')
  for (const stream of [client, socket, another]) stream.destroy()
})

it('serves once', function* () {
  const server = new MemoryServer()
  const serving = spawn(server.serve(echo))
  yield* waitAllBlocked()
  const error = yield* ending(spawn.detached(server.serve(echo)))
  assert.ok(error instanceof UsageError)
  assert.match(error.message, /memory was asked to serve, but it is serving/)
  yield* server.stop()
  yield* serving
  const unused = new MemoryServer()
  yield* unused.stop()
  assert.equal(unused.stats().state, 'stopped')
})

it('a handler may stop its own server', function* () {
  const server = new MemoryServer()
  const done = new Future<void>()
  const serving = spawn(
    server.serve(function* (socket) {
      if ((yield* socket.readLine()) === 'shutdown') spawn.detached(server.stop({ grace: 100 }))
      yield* socket.write('stopping\n')
      done.resolve()
    }),
  )
  const client = server.connect()
  assert.equal(yield* ask(client, 'shutdown'), 'stopping')
  yield* done
  yield* serving
  client.destroy()
})
