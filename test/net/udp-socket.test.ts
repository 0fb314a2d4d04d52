import assert from 'node:assert/strict'
import { networkInterfaces } from 'node:os'
import {
  all,
  type Body,
  BrokenError,
  ClosedError,
  fn,
  type Operation,
  race,
  sleep,
  spawn,
  UsageError,
  wait,
  yieldNow,
} from '../../src/core/index.ts'
import { UdpError, udp } from '../../src/net/index.ts'
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

const hasIpv6 = Object.values(networkInterfaces()).some((of) => of?.some(({ address }) => address === '::1'))

it('a datagram comes as a whole, with where it came from', function* () {
  using a = yield* udp()
  using b = yield* udp({ port: 0 })
  yield* a.send('one', { port: b.port })
  yield* a.send(Buffer.from([1, 2, 3]), { host: 'localhost', port: b.port })
  yield* a.send('', { host: '127.0.0.1', port: b.port })
  const received = [yield* b.receive(), yield* b.receive(), yield* b.receive()]
  assert.deepEqual(
    received.map(({ data }) => [...data]),
    [[...Buffer.from('one')], [1, 2, 3], []],
  )
  assert.deepEqual(received[0]?.from, { host: '127.0.0.1', port: a.port })
  yield* b.send('back', received[0]!.from)
  assert.equal(String((yield* a.receive()).data), 'back')
  assert.equal(a.name, `udp 127.0.0.1:${a.port}`)
  assert.deepEqual(b.stats(), {
    name: b.name,
    received: 3,
    dropped: 0,
    sent: 1,
    queued: 0,
    receivers: 0,
    closed: false,
  })
  assert.ok(Object.isFrozen(b.stats()))
})

it(
  'speaks IPv6',
  function* () {
    using a = yield* udp({ host: '::1' })
    using b = yield* udp({ connect: { host: '::1', port: a.port } })
    yield* b.send('six')
    const { data, from } = yield* a.receive()
    assert.equal(String(data), 'six')
    assert.deepEqual(from, { host: '::1', port: b.port })
    yield* a.send('back', { port: b.port })
    assert.equal(String((yield* b.receive()).data), 'back')
    assert.equal(a.name, `udp [::1]:${a.port}`)
  },
  { skip: hasIpv6 ? false : 'this machine has no IPv6' },
)

it('several tasks receive in turn, and one that is cancelled takes nothing', function* () {
  using a = yield* udp()
  using b = yield* udp()
  const tasks = [1, 2, 3].map(() => spawn(b.receive()))
  yield* waitAllBlocked()
  assert.equal(tasks[0]?.reason, `${b.name}: a datagram`)
  assert.equal(b.stats().receivers, 3)
  tasks[0]?.cancel()
  yield* waitAllBlocked()
  for (const text of ['one', 'two']) yield* a.send(text, { port: b.port })
  const heard = [String((yield* tasks[1]!).data), String((yield* tasks[2]!).data)]
  // Which of the tasks began to wait first is up to the schedule.
  assert.deepEqual(heard.sort(), ['one', 'two'])
  assert.equal(yield* race([b.receive(), sleep(0)]), undefined)
  assert.equal(b.stats().receivers, 0)
})

it('closing wakes who receives, and names who closed', function* () {
  const socket = yield* udp()
  const receiving = spawn(failure(socket.receive()), { name: 'receiver' })
  yield* waitAllBlocked()
  const closer = spawn(() => socket.close(), { name: 'closer' })
  const error = yield* receiving
  assert.ok(error instanceof ClosedError)
  assert.equal(
    error.message,
    `task receiver #${receiving.id} cannot receive by ${socket.name}: it was closed by ${closer}.`,
  )
  socket.close()
  assert.equal(socket.closed, true)
  for (const operation of [socket.receive(), socket.send('x', { port: 9 })])
    assert.ok((yield* failure(operation)) instanceof ClosedError)
  assert.throws(() => socket.join('224.0.0.251'), ClosedError)
  using again = yield* udp({ port: socket.port })
  assert.equal(again.port, socket.port)
})

it('a send that is under way when the socket is closed ends, and one that is cancelled disturbs no other', function* () {
  using b = yield* udp()
  const socket = yield* udp()
  // The host must be looked up first.
  const operation = socket.send('x', { host: 'localhost', port: b.port })
  const cancelled = spawn(operation)
  while (cancelled.state !== 'parked') yield* yieldNow()
  assert.equal(cancelled.reason, `${socket.name}: a datagram to leave for localhost:${b.port}`)
  cancelled.cancel()
  yield* failure(cancelled.join())
  const closed = spawn(failure(operation))
  while (closed.state !== 'parked') yield* yieldNow()
  socket.close()
  assert.ok((yield* closed) instanceof ClosedError)
})

it('one that is too long is an error with the code of the system, and the socket lives on', function* () {
  using a = yield* udp()
  using b = yield* udp()
  const task = spawn(failure(a.send(Buffer.alloc(70_000), { port: b.port })), { name: 'sender' })
  const error = yield* task
  assert.ok(error instanceof UdpError && error instanceof BrokenError)
  assert.equal(error.systemCode, 'EMSGSIZE')
  assert.equal((error.cause as NodeJS.ErrnoException).code, 'EMSGSIZE')
  assert.match(
    error.message,
    new RegExp(`^task sender #${task.id} could not send to 127.0.0.1:${b.port} by ${a.name}: .*less`),
  )
  yield* a.send(Buffer.alloc(60_000), { port: b.port })
  assert.equal((yield* b.receive()).data.length, 60_000)
})

it('a host that does not exist is an error', function* () {
  using a = yield* udp()
  const error = yield* failure(a.send('x', { host: `${'x'.repeat(64)}.invalid`, port: 9 }))
  assert.ok(error instanceof UdpError)
  assert.match(error.systemCode ?? '', /^E/)
})

it('who is connected hears that nobody listens there, and only from its peer', function* () {
  const peer = yield* udp()
  using stranger = yield* udp()
  using socket = yield* udp({ connect: { port: peer.port } })
  assert.deepEqual(socket.remote, { host: '127.0.0.1', port: peer.port })
  assert.equal(socket.name, `udp 127.0.0.1:${socket.port} → 127.0.0.1:${peer.port}`)
  yield* stranger.send('not for you', { port: socket.port })
  yield* peer.send('for you', { port: socket.port })
  assert.equal(String((yield* socket.receive()).data), 'for you')

  peer.close()
  yield* waitAllBlocked()
  for (const waiting of [true, false]) {
    const receiving = spawn(failure(socket.receive()))
    if (waiting) yield* waitAllBlocked()
    yield* socket.send('anybody?')
    const error = yield* receiving
    assert.ok(error instanceof UdpError, `${error}`)
    assert.equal(error.systemCode, 'ECONNREFUSED')
    assert.match(error.message, /nobody listens there/)
  }
  using again = yield* udp({ port: peer.port })
  yield* again.send('I am back', { port: socket.port })
  assert.equal(String((yield* socket.receive()).data), 'I am back')
})

it('what comes while the queue is full is dropped and counted, the oldest stay', function* () {
  using a = yield* udp()
  using b = yield* udp({ maxQueued: 3 })
  for (let i = 0; i < 10; i++) yield* a.send(`${i}`, { port: b.port })
  while (b.stats().received < 10) yield* turn()
  assert.equal(b.stats().dropped, 7)
  assert.equal(b.stats().queued, 3)
  for (const expected of ['0', '1', '2']) assert.equal(String((yield* b.receive()).data), expected)
  yield* a.send('next', { port: b.port })
  assert.equal(String((yield* b.receive()).data), 'next')
})

it('of a hundred thousand datagrams each is taken, dropped and counted, or lost by the system; nothing hangs', function* () {
  // Slow: that many system calls.
  const count = 100_000
  using a = yield* udp()
  using b = yield* udp({ maxQueued: 100 })
  let taken = 0
  let last = -1
  const receiver = spawn(function* () {
    for (;;) {
      const { data } = yield* b.receive()
      const n = data.readUInt32BE()
      assert.ok(n > last, 'in order, none twice')
      last = n
      taken++
      // A receiver that is slower than the sender.
      if (taken % 100 === 0) yield* turn()
    }
  })
  for (let i = 0; i < count; i++) {
    const data = Buffer.alloc(4)
    data.writeUInt32BE(i)
    yield* a.send(data, { port: b.port })
  }
  yield* waitAllBlocked()
  const { received, dropped, queued } = b.stats()
  assert.equal(a.stats().sent, count)
  assert.ok(received > 0 && received <= count)
  assert.equal(queued, 0)
  assert.equal(taken + dropped, received)
  receiver.cancel()
})

it('a burst that nobody receives costs a full queue and no more', function* () {
  // Slow: that many system calls.
  using a = yield* udp()
  using b = yield* udp()
  const burst = fn(function* () {
    for (let i = 0; i < 10_000; i++) yield* a.send('x', { port: b.port })
  })
  yield* all([burst(), burst()])
  while (b.stats().received < 1024) yield* turn()
  yield* waitAllBlocked()
  const { queued, dropped, received } = b.stats()
  assert.equal(queued, 1024)
  assert.equal(dropped, received - 1024)
})

it('joins a group and leaves it', function* () {
  const group = '239.255.42.99'
  using a = yield* udp({ multicastInterface: '127.0.0.1', multicastTtl: 0, multicastLoopback: true })
  using b = yield* udp({ host: '0.0.0.0', reuseAddress: true })
  b.join(group, '127.0.0.1')
  yield* a.send('to all', { host: group, port: b.port })
  assert.equal(String((yield* b.receive()).data), 'to all')
  b.leave(group, '127.0.0.1')
  assert.throws(
    () => b.leave(group, '127.0.0.1'),
    (error) => error instanceof UdpError && /could not leave 239/.test(error.message),
  )
  assert.throws(() => b.join('127.0.0.1'), UdpError)
})

it('sends to a broadcast address only if told that it may', function* () {
  using shy = yield* udp({ host: '0.0.0.0' })
  using bold = yield* udp({ host: '0.0.0.0', broadcast: true })
  const to = { host: '127.255.255.255', port: bold.port }
  const error = yield* failure(shy.send('x', to))
  assert.ok(error instanceof UdpError)
  assert.equal(error.systemCode, 'EACCES')
  yield* bold.send('hello all', to)
  assert.equal(String((yield* bold.receive()).data), 'hello all')
})

it('what cannot be meant is refused at the call', function* () {
  using a = yield* udp()
  using b = yield* udp({ connect: { port: a.port } })
  assert.throws(() => a.send('x'), UsageError)
  assert.throws(() => b.send('x', { port: a.port }), UsageError)
  for (const port of [0, -1, 65_536, 1.5, Number.NaN]) assert.throws(() => a.send('x', { port }), UsageError)
})

it('can be awaited outside of tasks', async () => {
  const a = await udp()
  const b = await udp()
  await a.send('hi', { port: b.port })
  assert.equal(String((await b.receive()).data), 'hi')
  a.close()
  b.close()
})

/** Lets the platform have a turn. */
const turn = fn(function* (): Body<void> {
  yield* wait(new Promise<void>((resolve) => setImmediate(resolve)))
})
