/** How many system calls a conversation takes: what is written in one turn of the loop leaves in one. */
import assert from 'node:assert/strict'
import net from 'node:net'
import { all, type Body, fn, spawn } from '../../src/core/index.ts'
import { handleOf } from '../../src/net/handle.ts'
import { connect, listen, type Socket } from '../../src/net/index.ts'
import { it } from '../support/it.ts'

const PIPELINED = 16
const requests = Array.from({ length: PIPELINED }, (_, i) => `request ${i}\n`).join('')

/** Node's handle of a socket: each of these is one system call. */
type Handle = Record<string, (...args: unknown[]) => unknown>
const CALLS = ['writev', 'writeBuffer', 'writeUtf8String', 'writeLatin1String', 'writeAsciiString', 'writeUcs2String']

/** Counts the writes that a socket makes from now on. */
function traffic(socket: Socket): { writes: number; readonly socket: Socket } {
  const counts = { writes: 0, socket }
  const { platform } = socket.wire
  const handle = (platform instanceof net.Socket ? handleOf(platform) : platform) as unknown as Handle
  for (const call of CALLS) {
    const original = handle[call] as Handle[string]
    handle[call] = function counted(this: Handle, ...args) {
      counts.writes++
      return original.apply(this, args)
    }
  }
  return counts
}

/** The traffic of a server's connections, each of whose clients sent its requests in one chunk and got its answers. */
const serving = fn(function* (clients: number, answer: (socket: Socket, line: string) => Body<void>) {
  const counts: ReturnType<typeof traffic>[] = []
  const server = yield* listen({ port: 0 })
  const running = spawn(
    server.serve(function* (socket) {
      counts.push(traffic(socket))
      for (let line: string | null; (line = yield* socket.readLine()) !== null; ) yield* answer(socket, line)
    }),
  )
  const client = fn(function* () {
    using socket = yield* connect({ port: server.port })
    yield* socket.write(requests)
    const answers = yield* socket.readExactly(requests.length)
    assert.equal(String(answers), requests)
  })
  yield* all(Array.from({ length: clients }, client))
  yield* server.stop()
  yield* running
  assert.deepEqual(
    counts.map(({ socket }) => socket.stats().chunks),
    Array.from({ length: clients }, () => 1),
  )
  return counts.map(({ writes }) => writes)
})

it('answers to requests that came in one chunk leave in one write', function* () {
  const writes = yield* serving(1, function* (socket, line) {
    yield* socket.write(`${line}\n`)
  })
  assert.deepEqual(writes, [1])
})

it('so do answers of several pieces, of text and of bytes', function* () {
  const writes = yield* serving(1, function* (socket, line) {
    yield* socket.write(line.slice(0, 3))
    yield* socket.write(Buffer.from(line.slice(3)))
    yield* socket.write('\n')
  })
  assert.deepEqual(writes, [1])
})

it('each of many connections takes one write', function* () {
  const writes = yield* serving(20, function* (socket, line) {
    yield* socket.write(`${line}\n`)
  })
  assert.deepEqual(
    writes,
    Array.from({ length: 20 }, () => 1),
  )
})

it('a handler that flushes each answer takes a write for each', function* () {
  const writes = yield* serving(1, function* (socket, line) {
    yield* socket.write(`${line}\n`)
    yield* socket.flush()
  })
  assert.deepEqual(writes, [PIPELINED])
})
