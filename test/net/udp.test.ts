import assert from 'node:assert/strict'
import { fn, type Operation, spawn, UsageError, yieldNow } from '../../src/core/index.ts'
import { ConnectError, ListenError, udp } from '../../src/net/index.ts'
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

it('takes any port that is free, on this machine only, if not told otherwise', function* () {
  using socket = yield* udp()
  assert.ok(socket.port > 0)
  assert.deepEqual(socket.local, { host: '127.0.0.1', port: socket.port })
  assert.equal(socket.remote, null)
})

it('a port that is taken is an error that says so, and keeps the code of the system', function* () {
  using socket = yield* udp()
  const task = spawn(failure(udp({ port: socket.port })), { name: 'second' })
  const error = yield* task
  assert.ok(error instanceof ListenError)
  assert.equal(error.systemCode, 'EADDRINUSE')
  assert.match(
    error.message,
    new RegExp(`^task second #${task.id} could not use UDP at 127.0.0.1:${socket.port}: another`),
  )
})

it('an address that is not here is an error, and so is a host that does not exist', function* () {
  const away = yield* failure(udp({ host: '192.0.2.1' }))
  assert.ok(away instanceof ListenError)
  assert.equal(away.systemCode, 'EADDRNOTAVAIL')
  const unknown = yield* failure(udp({ connect: { host: `${'x'.repeat(64)}.invalid`, port: 9 } }))
  assert.ok(unknown instanceof ConnectError)
  assert.match(unknown.message, /could not connect UDP to x+\.invalid:9/)
})

it('an option that the system refuses is an error, and nothing is left', function* () {
  const error = yield* failure(udp({ multicastInterface: '192.0.2.1' }))
  assert.ok(error instanceof ListenError || error instanceof ConnectError)
})

it.many('opening can be cancelled at any point, and leaves nothing behind', function* () {
  for (let turns = 0; turns < 6; turns++) {
    const task = spawn(udp({ host: 'localhost', connect: { host: 'localhost', port: 9 } }))
    for (let i = 0; i < turns; i++) yield* yieldNow()
    if (task.state === 'parked') assert.equal(task.reason, 'a UDP socket at localhost:0')
    task.cancel()
    if ((yield* failure(task.join())) === null) (yield* task).close()
  }
})

it('what cannot be meant is refused at the call', function* () {
  for (const port of [-1, 65_536, 1.5, Number.NaN]) assert.throws(() => udp({ port }), UsageError)
  for (const port of [0, -1, 65_536]) assert.throws(() => udp({ connect: { port } }), UsageError)
  assert.throws(() => udp({ maxQueued: 0 }), UsageError)
})
