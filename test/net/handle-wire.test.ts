/** Connections that were accepted: they are read and written on node's handle, and get a socket of node when anything else happens. */
import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { readFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import {
  all,
  type Body,
  BrokenError,
  ClosedError,
  fn,
  type Operation,
  sleep,
  spawn,
  wait,
} from '../../src/core/index.ts'
import { type Handle, isUsable } from '../../src/net/handle.ts'
import { HandleWire } from '../../src/net/handle-wire.ts'
import { type Address, connect, type ListenOptions, listen } from '../../src/net/index.ts'
import type { Socket } from '../../src/net/socket.ts'
import { it } from '../support/it.ts'
import { streamConformance } from './stream-conformance.ts'

/** The accepted side first, then the one that connected. */
const openPair: (options?: Omit<ListenOptions, 'port'>) => Operation<readonly [Socket, Socket]> = fn(function* (
  options = {},
) {
  using server = yield* listen({ port: 0, ...options })
  const client = yield* connect({ port: server.port, ...options })
  return [yield* server.accept(), client] as const
})

streamConformance('tcp, from the accepted side', openPair)
streamConformance(
  'tcp, accepted with a socket of node',
  fn(function* (options = {}) {
    // Somebody wants to see a socket of each.
    const watch = (): void => {}
    subscribe('net.server.socket', watch)
    try {
      const pair = yield* openPair(options)
      assert.ok(!isBare(pair[0]))
      return pair
    } finally {
      unsubscribe('net.server.socket', watch)
    }
  }),
)

const isBare = ({ wire }: Socket): boolean => wire instanceof HandleWire
const turn = (): Operation<unknown> => wait(new Promise((resolve) => setImmediate(resolve)))

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** `count` bytes that tell where they are from. */
function bytes(count: number, seed: number): Buffer {
  const result = Buffer.alloc(count)
  for (let i = 0; i < count; i++) result[i] = (i * 31 + seed + (i >> 8)) & 0xff
  return result
}

it('a connection has no socket of node as long as it is read and written', function* () {
  const [there, here] = yield* openPair()
  for (let i = 0; i < 100; i++) {
    yield* here.write(`question ${i}\n`)
    assert.equal(yield* there.readLine(), `question ${i}`)
    yield* there.write(['answer ', Buffer.from(`${i}`), '\n'])
    assert.equal(yield* here.readLine(), `answer ${i}`)
  }
  assert.ok(isBare(there))
  const { bytesRead, bytesWritten } = there.stats()
  assert.deepEqual([bytesRead, bytesWritten], [1190, 990])
  yield* here.end()
  assert.equal(yield* there.readLine(), null)
  assert.ok(!isBare(there), 'the end was told to a socket of node')
  yield* there.write('and still it can be written\n')
  assert.equal(yield* here.readLine(), 'and still it can be written')
  yield* there.close()
  yield* here.close()
})

it('what does not leave at once arrives whole and in order, of every shape', function* () {
  const [there, here] = yield* openPair()
  const big = bytes(3_000_000, 1)
  const text = 'größer als der Puffer des Systems, €\n'.repeat(60_000)
  const shapes: readonly (string | Buffer | (string | Buffer)[])[] = [
    big,
    text,
    [big, bytes(2_000_000, 2)],
    [big.subarray(5), text, '', bytes(100_000, 3), text],
  ]
  const expected = Buffer.concat(shapes.flat().map((piece) => Buffer.from(piece as string)))
  const writer = spawn(function* () {
    for (const shape of shapes) {
      yield* there.write(shape)
      // What the system has yet to read must not be collected.
      collectGarbage()
    }
    yield* there.flush()
    assert.equal(there.stats().unsent, 0)
  })
  yield* turn()
  assert.ok(there.stats().unsent > 0, 'the system took all of it at once: nothing is tested')
  assert.ok(isBare(there))
  const got = yield* here.readExactly(1_000_000)
  const rest: Buffer[] = [got as Buffer]
  for (let length = 1_000_000; length < expected.length; ) {
    const chunk = (yield* here.read()) as Buffer
    rest.push(chunk)
    length += chunk.length
  }
  yield* writer
  assert.ok(Buffer.concat(rest).equals(expected))
  assert.ok(isBare(there))
  assert.equal(there.stats().bytesWritten, expected.length)
  yield* all([there.close(), here.close()])
})

it('an end that comes while a write is under way does not disturb it', function* () {
  const [there, here] = yield* openPair()
  const data = bytes(8_000_000, 4)
  const writing = spawn(function* () {
    yield* there.write(data)
    yield* there.end()
  })
  yield* turn()
  yield* here.end()
  assert.equal(yield* there.readLine(), null)
  assert.ok(!isBare(there))
  assert.ok(there.stats().unsent > 0)
  assert.ok((yield* here.readExactly(data.length))?.equals(data))
  assert.equal(yield* here.read(), null)
  yield* writing
  yield* all([there.close(), here.close()])
})

it('one that is destroyed while a write is under way fails the writer', function* () {
  for (const how of ['destroy', 'reset'] as const) {
    const [there, here] = yield* openPair()
    const writer = spawn(() =>
      failure(function* () {
        yield* there.write(bytes(8_000_000, 5))
        yield* there.write('more')
      }),
    )
    yield* turn()
    there[how]()
    assert.ok((yield* writer) instanceof ClosedError)
    let count = 0
    const drain = fn(function* () {
      for (let chunk: Uint8Array | null; (chunk = yield* here.read()) !== null; ) count += chunk.length
    })
    // A reset right behind bytes may look like an end (notes/net.md).
    yield* how === 'reset' ? settled(drain) : drain()
    assert.ok(count < 8_000_000)
    here.destroy()
  }
})

it('a peer that resets the connection breaks what is read, and what is written', function* () {
  const [there, here] = yield* openPair()
  yield* here.write('last words\n')
  yield* turn()
  here.reset()
  const error = yield* failure(function* () {
    for (;;) yield* there.readLine()
  })
  assert.ok(error instanceof BrokenError)
  assert.match(error.message, /the peer reset the connection \(ECONNRESET\)/)
  assert.equal((error.cause as { syscall?: string }).syscall, 'read')
  there.destroy()
})

it('a write to a peer that has reset the connection, which nobody reads, is told as broken', function* () {
  const [there, here] = yield* openPair({ highWaterMark: 4 })
  // Nothing more is asked of the system, so it is a write that finds out.
  yield* here.write('more than is taken')
  yield* there.peek(5)
  yield* turn()
  here.reset()
  yield* turn()
  assert.ok(isBare(there))
  const error = yield* failure(function* () {
    for (;;) {
      yield* there.write('x')
      yield* there.flush()
    }
  })
  assert.ok(error instanceof BrokenError)
  const { code, syscall, errno } = error.cause as { code?: string; syscall?: string; errno?: number }
  assert.equal(syscall, 'write')
  assert.ok(code === 'ECONNRESET' || code === 'EPIPE', code)
  assert.ok((errno as number) < 0)
  there.destroy()
})

it('while nobody reads the peer is made to wait, and then nothing is lost', function* () {
  const [there, here] = yield* openPair({ highWaterMark: 1000 })
  const data = bytes(6_000_000, 6)
  const writer = spawn(function* () {
    yield* here.write(data)
    yield* here.end()
  })
  yield* sleep(20)
  yield* turn()
  assert.ok(there.stats().unread >= 1000 && there.stats().unread < 200_000, `${there.stats().unread} bytes`)
  assert.ok((yield* there.readExactly(data.length))?.equals(data))
  assert.equal(yield* there.read(), null)
  yield* writer
  yield* all([there.close(), here.close()])
})

it('one that is closed while it is made to wait is closed', function* () {
  const [there, here] = yield* openPair({ highWaterMark: 10, lingerMs: 1 })
  yield* here.write(bytes(100_000, 7))
  yield* turn()
  yield* there.write('bye')
  yield* there.close()
  assert.ok(!isBare(there))
  here.destroy()
})

it('where the bytes that were read are not counted, node tells what came', function* () {
  const [there, here] = yield* openPair()
  Object.defineProperty(there.wire.platform, 'bytesRead', { get: () => 0 })
  yield* here.write('first\n')
  assert.equal(yield* there.readLine(), 'first')
  assert.ok(!isBare(there))
  yield* here.write('second\n')
  assert.equal(yield* there.readLine(), 'second')
  yield* there.write('answer\n')
  assert.equal(yield* here.readLine(), 'answer')
  yield* all([there.close(), here.close()])
})

it('one that cannot begin to read is told as broken', function* () {
  const [there, here] = yield* openPair({ highWaterMark: 4 })
  const handle = there.wire.platform as unknown as { readStart(): number }
  yield* here.write('12345')
  yield* there.peek(5)
  handle.readStart = () => -9
  const error = yield* failure(() => there.readExactly(10))
  assert.ok(error instanceof BrokenError)
  assert.equal((error.cause as { code?: string }).code, 'EBADF')
  here.destroy()
})

it('a handle that is not what it is in node is not used', function* () {
  const [there, here] = yield* openPair()
  const handle = there.wire.platform as Handle
  assert.ok(isUsable(handle))
  const verbs = ['readStart', 'readStop', 'useUserBuffer', 'writeBuffer', 'writeUtf8String', 'writev']
  for (const key of [...verbs, 'bytesRead', 'writeQueueSize']) {
    Object.defineProperty(handle, key, { value: undefined, configurable: true })
    assert.equal(isUsable(handle), false, key)
    delete (handle as unknown as Record<string, unknown>)[key]
    assert.ok(isUsable(handle))
  }
  yield* all([there.close(), here.close()])
})

it(
  'the system is told to ask whether a silent peer is there',
  function* () {
    for (const keepAliveMs of [60_000, undefined]) {
      const [there, here] = yield* openPair(keepAliveMs === undefined ? {} : { keepAliveMs })
      yield* here.write('hello\n')
      assert.equal(yield* there.readLine(), 'hello')
      assert.ok(isBare(there))
      for (const socket of [there, here])
        assert.equal(timerOf(socket), keepAliveMs === undefined ? 'none' : 'keepalive', socket.name)
      yield* all([there.close(), here.close()])
    }
  },
  { skip: process.platform !== 'linux' && 'only Linux shows the timers of its sockets' },
)

/** The timer that Linux runs for a socket. */
function timerOf({ local, remote }: Socket): string | undefined {
  const portOf = ({ port }: Address): string => `:${(port as number).toString(16).toUpperCase().padStart(4, '0')}`
  const row = readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .find(([, from, to]) => from?.endsWith(portOf(local)) && to?.endsWith(portOf(remote)))
  const timers: Record<string, string> = { '00': 'none', '01': 'retransmit', '02': 'keepalive' }
  return timers[row?.[5]?.slice(0, 2) as string]
}

it('connections that nobody has accepted go with their server, which knows how many it has', function* () {
  const server = yield* listen({ port: 0, backlog: 2 })
  const clients = yield* all([1, 2, 3].map(() => connect({ port: server.port })))
  assert.equal(yield* clients[2]!.read(), null, 'one too many is hung up on')
  const accepted = yield* server.accept()
  server.close()
  assert.equal(yield* clients[1]!.read(), null)
  yield* accepted.write('still here\n')
  assert.equal(yield* clients[0]!.readLine(), 'still here')
  accepted.destroy()
  for (const client of clients) client.destroy()
})

/** What `body` throws; null if it does not. */
const settled = fn(function* settled(body: () => Operation<unknown> | Body<unknown>) {
  try {
    yield* fn(body as () => Body<unknown>)()
  } catch (error) {
    return error
  }
  return null
})

const failure = fn(function* failure(body: () => Operation<unknown> | Body<unknown>) {
  const error = yield* settled(body)
  assert.notEqual(error, null, 'it did not fail')
  return error
})
