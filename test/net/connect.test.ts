import assert from 'node:assert/strict'
import {
  BrokenError,
  fn,
  type Operation,
  race,
  sleep,
  spawn,
  timeoutOr,
  UsageError,
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
