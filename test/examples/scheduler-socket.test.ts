// Real sockets, on the loopback and on ports that the system finds.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type AsyncListener, AsyncSocket, connect, listen } from '../../examples/scheduler/async-socket.ts'
import { BusyError, ClosedError } from '../../examples/scheduler/errors.ts'
import { Future } from '../../examples/scheduler/future.ts'
import type { Requests } from '../../examples/scheduler/requests.ts'
import { Scheduler } from '../../examples/scheduler/scheduler.ts'

test('bytes go both ways, and a read of none is the end', async () => {
  const seen: string[] = []
  await withPair(function* (near, far) {
    yield* near.send('ping')
    seen.push(String(yield* far.recv(100)))
    yield* far.send(Buffer.from('pong'))
    seen.push(String(yield* near.recv(100)))
    far.close()
    seen.push(String(yield* near.recv(100)))
    seen.push(String(yield* near.recv(100)))
  })
  assert.deepEqual(seen, ['ping', 'pong', '', ''])
})

test('recv takes no more than it was asked for, and leaves the rest', async () => {
  const seen: string[] = []
  await withPair(function* (near, far) {
    yield* near.send('abcde')
    near.close()
    for (let bytes: Buffer; (bytes = yield* far.recv(2)).length > 0; ) seen.push(String(bytes))
  })
  assert.equal(seen.join(''), 'abcde')
  assert.ok(seen.every((part) => part.length <= 2))
})

test('an end that came with the last bytes is seen after them', async () => {
  const socket = new net.Socket({ allowHalfOpen: true })
  socket.push('abcd')
  socket.push(null)
  const seen: string[] = []
  await run(function* () {
    const reader = new AsyncSocket(socket, 'memory')
    for (let bytes: Buffer; (bytes = yield* reader.recv(2)).length > 0; ) seen.push(String(bytes))
    reader.close()
  })
  assert.deepEqual(seen, ['ab', 'cd'])
})

test('recv refuses a size that makes no sense, as 0 would look like the end', async () => {
  await withPair(function* (near) {
    for (const max of [0, -1, 1.5, Number.NaN]) assert.ok((yield* caught(near.recv(max))) instanceof RangeError)
  })
})

test('a message of many megabytes arrives whole, while another comes the other way', async () => {
  const size = 8 * 1024 * 1024 + 12345
  const message = Buffer.alloc(size, 'the quick brown fox ')
  let equal = 0
  await withPair(function* (near, far, scheduler) {
    const tasks = [near.send(message), far.send(message), readAll(near), readAll(far)].map((body) =>
      scheduler.spawn(body),
    )
    for (const task of tasks) yield* task.done.wait()
  })
  assert.equal(equal, 2)

  function* readAll(socket: AsyncSocket): Requests<void> {
    const parts: Buffer[] = []
    for (let length = 0; length < size; length += parts.at(-1)!.length) parts.push(yield* socket.recv(1 << 20))
    if (Buffer.concat(parts).equals(message)) equal++
  }
})

test('send goes at the pace of the peer: what waits in memory is one slice, and close loses none of what was sent', async () => {
  const size = 64 * 1024 * 1024
  const [near, far] = await rawPair()
  far.pause()
  const scheduler = new Scheduler()
  const sender = scheduler.spawn(sendAndClose())
  let most = 0
  scheduler.spawn(
    (function* (): Requests<void> {
      // Until the kernel will take no more. A peer that had room for all of it would be found out below.
      while (near.writableLength === 0 && !sender.done.settled) yield ['sleep', 0]
      assert.equal(sender.done.settled, false, 'sent to a peer that reads nothing')
      far.resume()
      while (!sender.done.settled) {
        most = Math.max(most, near.writableLength)
        yield ['sleep', 0]
      }
    })(),
  )
  let received = 0
  far.on('data', (bytes) => (received += bytes.length))
  far.pause()
  await Promise.all([scheduler.run(), once(far, 'end')])
  sender.done.result()
  assert.equal(received, size)
  assert.ok(most > 0 && most <= 64 * 1024, `${most} bytes in memory`)
  far.destroy()

  function* sendAndClose(): Requests<void> {
    const socket = new AsyncSocket(near)
    yield* socket.send(Buffer.alloc(size))
    socket.close()
  }
})

test('two tasks that read from one socket: the second gets an error that names both, the first its bytes', async () => {
  await withPair(function* (near, far, scheduler) {
    const first = scheduler.spawn(far.recv(100), 'Ann')
    const second = scheduler.spawn(caught(far.recv(100)), 'Bob')
    const refusal = yield* second.done.wait()
    assert.ok(refusal instanceof BusyError)
    assert.match(refusal.message, /^Bob cannot recv on 127\.0\.0\.1:\d+: Ann is waiting there$/)
    yield* near.send('for Ann')
    assert.equal(String(yield* first.done.wait()), 'for Ann')
  })
})

test('two tasks that send on one socket: the second gets an error, and not a byte of it is sent', async () => {
  const size = 32 * 1024 * 1024
  const foreign = await run(function* (scheduler) {
    const [near, far] = yield* Future.from(rawPair()).wait()
    far.pause()
    const [sender, receiver] = [new AsyncSocket(near), new AsyncSocket(far)]
    const first = scheduler.spawn(sender.send(Buffer.alloc(size)), 'Ann')
    while (near.writableLength === 0) yield ['sleep', 0]
    assert.ok((yield* caught(sender.send('Bob was here'))) instanceof BusyError)
    let foreign = 0
    for (let length = 0; length < size; ) {
      const bytes = yield* receiver.recv(1 << 20)
      length += bytes.length
      if (bytes.includes('B')) foreign++
    }
    yield* first.done.wait()
    sender.close()
    assert.equal((yield* receiver.recv(1)).length, 0)
    receiver.close()
    return foreign
  })
  assert.equal(foreign, 0)
})

test('closing a socket wakes the task that waits on it, with an error, and no other', async () => {
  await withPair(function* (near, far, scheduler) {
    const waiter = scheduler.spawn(caught(far.recv(100)))
    const other = scheduler.spawn(near.recv(100))
    yield ['sleep', 0]
    far.close()
    const error = yield* waiter.done.wait()
    assert.ok(error instanceof ClosedError)
    assert.match(error.message, /^127\.0\.0\.1:\d+ is closed$/)
    assert.equal((yield* other.done.wait()).length, 0)
  })
})

test('what has been closed throws at once when used, and closing it again does nothing', async () => {
  await withPair(function* (near) {
    near.close()
    near.close()
    assert.ok((yield* caught(near.recv(1))) instanceof ClosedError)
    assert.ok((yield* caught(near.send('x'))) instanceof ClosedError)
  })
})

test('a reset reaches the task that reads, and the one that sends, and the rest of the process not at all', async () => {
  const [near, far] = await rawPair()
  far.on('error', () => {})
  const scheduler = new Scheduler()
  const socket = new AsyncSocket(near)
  const reader = scheduler.spawn(caught(socket.recv(1)))
  const sender = scheduler.spawn(caught(socket.send(Buffer.alloc(64 * 1024 * 1024))))
  const other = scheduler.spawn(
    (function* (): Requests<string> {
      while (near.writableLength === 0) yield ['sleep', 0]
      far.resetAndDestroy()
      return 'unharmed'
    })(),
  )
  await scheduler.run()
  for (const task of [reader, sender]) assert.match((task.done.result() as Error).message, /ECONNRESET|EPIPE/)
  assert.equal(other.done.result(), 'unharmed')
})

test('a connection that is reset before anyone accepts it does not end the process', async () => {
  const scheduler = new Scheduler()
  scheduler.spawn(
    (function* (): Requests<void> {
      const listener = yield* listen(0)
      const peer = net.connect(listener.port, '127.0.0.1', () => peer.resetAndDestroy())
      peer.on('error', () => {})
      yield* Future.from(once(peer, 'close')).wait()
      const client = yield* listener.accept()
      const error = (yield* caught(client.recv(1))) as NodeJS.ErrnoException
      assert.equal(error.code, 'ECONNRESET')
      client.close()
      listener.close()
    })(),
    'server',
  )
  await scheduler.run()
})

test('a port that is taken is an error where it is asked for', async () => {
  const error = (await run(function* () {
    const listener = yield* listen(0)
    try {
      return yield* caught(listen(listener.port))
    } finally {
      listener.close()
    }
  })) as NodeJS.ErrnoException
  assert.equal(error.code, 'EADDRINUSE')
})

test('a port where nobody listens is an error where it is asked for', async () => {
  const error = (await run(function* () {
    const listener = yield* listen(0)
    listener.close()
    yield ['sleep', 0]
    return yield* caught(connect(listener.port))
  })) as NodeJS.ErrnoException
  assert.equal(error.code, 'ECONNREFUSED')
})

test('closing a listener wakes the task that accepts, with an error', async () => {
  await run(function* (scheduler) {
    const listener = yield* listen(0)
    const acceptor = scheduler.spawn(caught(listener.accept()))
    yield ['sleep', 0]
    listener.close()
    assert.ok((yield* acceptor.done.wait()) instanceof ClosedError)
    assert.ok((yield* caught(listener.accept())) instanceof ClosedError)
  })
})

test('closing a listener closes the connections that nobody has accepted, and no other', async () => {
  await run(function* () {
    const listener = yield* listen(0)
    const first = yield* connect(listener.port)
    const accepted = yield* listener.accept()
    const second = yield* connect(listener.port)
    yield ['recv', listener]
    listener.close()
    assert.equal((yield* second.recv(1)).length, 0)
    yield* accepted.send('open still')
    assert.equal(String(yield* first.recv(100)), 'open still')
    for (const socket of [first, accepted, second]) socket.close()
  })
})

test('connections are accepted in the order in which they came', async () => {
  const seen: string[] = []
  await run(function* () {
    const listener = yield* listen(0)
    for (const name of ['a', 'b', 'c']) {
      const socket = yield* connect(listener.port)
      yield* socket.send(name)
      socket.close()
    }
    for (let i = 0; i < 3; i++) {
      const client = yield* listener.accept()
      seen.push(String(yield* client.recv(1)))
      client.close()
    }
    listener.close()
  })
  assert.deepEqual(seen, ['a', 'b', 'c'])
})

test('a busy task cannot starve the sockets', async () => {
  await withPair(function* (near, far, scheduler) {
    let answered = false
    const busy = scheduler.spawn(
      (function* (): Requests<void> {
        while (!answered) yield ['sleep', 0]
      })(),
    )
    const echo = scheduler.spawn(
      (function* (): Requests<void> {
        yield* far.send(yield* far.recv(100))
      })(),
    )
    yield* near.send('still there?')
    assert.equal(String(yield* near.recv(100)), 'still there?')
    answered = true
    yield* busy.done.wait()
    yield* echo.done.wait()
  })
})

test('a cancel while opening a port or a connection leaves nothing open', async () => {
  await run(function* (scheduler) {
    const listener = yield* listen(0)
    for (const opening of [listen(0), connect(listener.port)]) {
      const task = scheduler.spawn(opening as Requests<AsyncListener | AsyncSocket>)
      yield ['sleep', 0]
      assert.equal(task.done.settled, false)
      task.cancel()
    }
    listener.close()
  })
  for (let turn = 0; turn < 3; turn++) await nextTurn()
  assert.deepEqual(
    process.getActiveResourcesInfo().filter((name) => name.startsWith('TCP')),
    [],
  )
})

// ---- Actors -----------------------------------------------------------------------------------------------------

async function run<T>(body: (scheduler: Scheduler) => Requests<T>): Promise<T> {
  const scheduler = new Scheduler(() => {})
  const task = scheduler.spawn(body(scheduler), 'test')
  await scheduler.run()
  return task.done.result()
}

/** Both ends of a connection, closed in the end. */
function withPair(body: (near: AsyncSocket, far: AsyncSocket, scheduler: Scheduler) => Requests<void>): Promise<void> {
  return run(function* (scheduler) {
    const listener = yield* listen(0)
    const near = yield* connect(listener.port)
    const far = yield* listener.accept()
    listener.close()
    try {
      yield* body(near, far, scheduler)
    } finally {
      near.close()
      far.close()
    }
  })
}

/** Both ends of a connection, as Node's sockets. */
async function rawPair(): Promise<[net.Socket, net.Socket]> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const near = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1')
  const [far] = await once(server, 'connection')
  server.close()
  return [near, far]
}

/** What `body` throws. */
function* caught(body: Requests<unknown>): Requests<unknown> {
  let value: unknown
  try {
    value = yield* body
  } catch (error) {
    return error
  }
  assert.fail(`nothing was thrown, but ${value} returned`)
}
