import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import {
  type Body,
  BrokenError,
  fn,
  type Operation,
  race,
  sleep,
  spawn,
  timeoutOr,
  UsageError,
  wait,
  yieldNow,
} from '../../src/core/index.ts'
import { ConnectError, connect, listen } from '../../src/net/index.ts'
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

it('a refusal says who could not connect, where to, and why, and keeps the code of the system', function* () {
  const server = yield* listen({ port: 0 })
  server.close()
  const task = spawn(failure(connect({ port: server.port })), { name: 'caller' })
  const error = yield* task
  assert.ok(error instanceof ConnectError && error instanceof BrokenError)
  assert.equal(error.code, 'FIBRIL_BROKEN')
  assert.equal(error.systemCode, 'ECONNREFUSED')
  assert.equal((error.cause as NodeJS.ErrnoException).code, 'ECONNREFUSED')
  assert.match(
    error.message,
    new RegExp(`^task caller #${task.id} could not connect to 127.0.0.1:${server.port}: nobody`),
  )
})

it('a path where nobody listens is an error, and so is a host that has no address', function* () {
  const error = yield* failure(connect({ path: '/nonexistent/socket' }))
  assert.ok(error instanceof ConnectError)
  assert.equal(error.systemCode, 'ENOENT')
  assert.match(error.message, /could not connect to \/nonexistent\/socket/)
})

it('what is no address is refused at the call', function* () {
  for (const port of [undefined, 0, -1, 65_536, 1.5, Number.NaN]) {
    assert.throws(() => connect({ port } as { port: number }), UsageError)
  }
})

it.many(
  'an attempt can be cancelled at any point, and leaves no handle behind',
  function* () {
    using server = yield* listen({ port: 0 })
    for (let turns = 0; turns < 6; turns++) {
      const task = spawn(connect({ port: server.port, host: turns % 2 === 0 ? '127.0.0.1' : 'localhost' }))
      for (let i = 0; i < turns; i++) yield* yieldNow()
      if (task.state === 'parked') assert.match(task.reason ?? '', /^a connection to /)
      task.cancel()
      yield* failure(task.join())
    }
    assert.equal(yield* race([sleep(0), connect({ port: server.port })]), undefined)
    // Those that got as far as here find that nobody is there any more.
    yield* waitAllBlocked()
    while (server.stats().waiting > 0) {
      using accepted = yield* server.accept()
      const end = yield* timeoutOr(60_000, 'an open connection', accepted.read())
      assert.equal(end, null)
    }
  },
  { seeds: 10 },
)

it('an operation can be used again for another connection', function* () {
  using server = yield* listen({ port: 0 })
  const operation = connect({ port: server.port })
  using first = yield* operation
  using second = yield* operation
  assert.notEqual(first, second)
})

it('async code connects and talks by await', async () => {
  const server = await listen({ port: 0 })
  const serving = server.serve(async (socket) => {
    for await (const line of socket.lines()) await socket.write(`${line}!\n`)
  })
  const served = serving.then()
  {
    await using socket = await connect({ port: server.port })
    await socket.write('hello\n')
    assert.equal(await socket.readLine(), 'hello!')
  }
  await server.stop()
  await served
})

it('of the addresses of a host, the first that answers is taken', function* () {
  using server = yield* listen({ port: 0 })
  const asked: number[] = []
  const lookup = fn(function* (host: string, family: 4 | 6) {
    assert.equal(host, 'some.host')
    asked.push(family)
    yield* sleep(1)
    return family === 4 ? ['127.0.0.2', '127.0.0.1'] : []
  })
  using socket = yield* connect({ host: 'some.host', port: server.port, lookup })
  assert.deepEqual(socket.remote, { host: '127.0.0.1', port: server.port })
  assert.deepEqual(asked.sort(), [4, 6])
  using again = yield* connect({ host: 'some.host', port: server.port, family: 4, lookup: async () => ['127.0.0.1'] })
  assert.equal(again.remote.host, '127.0.0.1')
})

it('when no address answers, the error tells of each, and keeps them all', function* () {
  const server = yield* listen({ port: 0 })
  const { port } = server
  server.close()
  const lookup = (_: string, family: 4 | 6): string[] => (family === 4 ? ['127.0.0.2', '127.0.0.3'] : [])
  const task = spawn(failure(connect({ host: 'some.host', port, lookup })), { name: 'caller' })
  const error = yield* task
  assert.ok(error instanceof ConnectError)
  assert.equal(error.systemCode, 'ECONNREFUSED')
  assert.ok(error.cause instanceof AggregateError)
  assert.deepEqual(
    error.cause.errors.map((each) => [each.code, each.address]),
    [
      ['ECONNREFUSED', '127.0.0.2'],
      ['ECONNREFUSED', '127.0.0.3'],
    ],
  )
  assert.match(error.message, new RegExp(`^task caller #${task.id} could not connect to some.host:${port}: 127.0.0.2:`))
  assert.match(error.message, /127\.0\.0\.3:\d+: nobody listens there/)
})

it('a host without an address is an error of its name', function* () {
  const nobody = Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' })
  for (const lookup of [() => [], () => Promise.reject(nobody)]) {
    const error = yield* failure(connect({ host: 'no.host', port: 1, lookup }))
    assert.ok(error instanceof ConnectError)
    assert.equal(error.systemCode, 'ENOTFOUND')
    assert.match(error.message, /could not connect to no\.host:1: /)
  }
  const error = yield* failure(connect({ host: 'no.host', port: 1, family: 4, lookup: () => ['other.host'] }))
  assert.match(String(error), /gave other\.host: it must give IP addresses/)
})

it('a limit of time covers the question for the addresses', function* (host) {
  const lookup = fn(function* () {
    yield* sleep(Infinity)
    return []
  })
  const error = yield* failure(connect({ host: 'slow.host', port: 1, timeoutMs: 5000, lookup }))
  assert.ok(error instanceof ConnectError)
  assert.equal(error.systemCode, 'ETIMEDOUT')
  assert.match(error.message, /task test #\d+ could not connect to slow\.host:1 within 5000 ms\.$/)
  assert.equal(host.now(), 5000)
})

it('attempts that nobody answers are given up in time, or by a cancel, and leave no handle', function* () {
  const deaf = yield* deafPort()
  try {
    const { port } = deaf
    const lookup = (_: string, family: 4 | 6): string[] => (family === 4 ? ['127.0.0.2', '127.0.0.1'] : [])
    for (const options of [{ host: '127.0.0.1' }, { host: 'deaf.host', lookup, attemptDelayMs: 5 }]) {
      const error = yield* failure(connect({ ...options, port, timeoutMs: 20 }))
      assert.ok(error instanceof ConnectError)
      assert.equal(error.systemCode, 'ETIMEDOUT')
      assert.match(error.message, /within 20 ms/)
      const task = spawn(connect({ ...options, port }))
      yield* sleep(12)
      assert.notEqual(task.state, 'ended')
      task.cancel()
      yield* failure(task.join())
    }
  } finally {
    deaf.close()
  }
})

it('the address of this side can be chosen, and decides the family', function* () {
  using server = yield* listen({ port: 0 })
  const families: number[] = []
  const lookup = (_: string, family: number): string[] => {
    families.push(family)
    return ['127.0.0.1']
  }
  using socket = yield* connect({ host: 'some.host', port: server.port, localAddress: '127.0.0.1', lookup })
  assert.equal(socket.local.host, '127.0.0.1')
  assert.deepEqual(families, [4])
  const { port } = server
  assert.throws(() => connect({ port, localAddress: 'localhost' }), UsageError)
  assert.throws(() => connect({ port, timeoutMs: 0 }), UsageError)
  assert.throws(() => connect({ port, family: 5 as 4 }), UsageError)
})

/** A port on which connections are neither taken nor refused: its queue is full. */
const deafPort = fn(function* (): Body<{ port: number; close: () => void }> {
  // The thread listens, and then does nothing any more.
  const script = `
    const { parentPort } = require('node:worker_threads')
    const server = require('node:net').createServer().listen(0, '0.0.0.0', 1, () => {
      parentPort.postMessage(server.address().port)
      setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0))
    })`
  const worker = new Worker(script, { eval: true })
  const [port] = (yield* wait(once(worker, 'message'))) as [number]
  const full: { destroy(): void }[] = []
  for (;;) {
    const socket = yield* timeoutOr(20, null, connect({ port }))
    if (socket === null) break
    full.push(socket)
  }
  return {
    port,
    close() {
      for (const socket of full) socket.destroy()
      worker.terminate()
    },
  }
})
