import assert from 'node:assert/strict'
import { spawn as startProcess } from 'node:child_process'
import { once } from 'node:events'
import { connect as connectNode, createServer, type Socket as NodeSocket } from 'node:net'
import { Duplex, PassThrough, Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import { BrokenError, ClosedError, fn, type Operation, spawn, UsageError, wait } from '../../src/core/index.ts'
import { fromNode, items, memoryPair, type StreamOptions, toNode } from '../../src/net/index.ts'
import { waitAllBlocked } from '../../src/testing/index.ts'
import { it } from '../support/it.ts'
import { streamConformance } from './stream-conformance.ts'

streamConformance(
  'node',
  fn(function* (options: StreamOptions = {}) {
    const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1')
    yield* wait(once(server, 'listening'))
    const { port } = server.address() as { port: number }
    const client = connectNode({ port, host: '127.0.0.1', allowHalfOpen: true })
    const [socket] = (yield* wait(once(server, 'connection'))) as [NodeSocket]
    if (client.connecting) yield* wait(once(client, 'connect'))
    server.close()
    return [fromNode(client, { ...options, name: 'node a' }), fromNode(socket, { ...options, name: 'node b' })] as const
  }),
)

/** A stream made of a duplex made of a stream. */
streamConformance(
  'node and back',
  fn(function* (options?: StreamOptions) {
    const [a, b] = memoryPair(options)
    // The stream that is made of it keeps the same ones.
    a.liftTimeLimits()
    return [fromNode(toNode(a), { ...options, name: 'node a' }), b] as const
  }),
)

const failure = fn(function* (operation: Operation<unknown>) {
  try {
    yield* operation
  } catch (error) {
    return error
  }
  return null
})

it('lines of a readable come the same however it is cut, as bytes or as text', function* () {
  const bytes = Buffer.from('one\r\ntwo €\n\nend')
  for (let size = 1; size <= bytes.length; size++) {
    for (const encoding of [undefined, 'utf8', 'hex'] as const) {
      const readable = new PassThrough(encoding && { encoding })
      for (let at = 0; at < bytes.length; at += size) readable.write(bytes.subarray(at, at + size))
      readable.end()
      const source = fromNode(readable as Readable)
      const lines: (string | null)[] = []
      for (let line: string | null; (line = yield* source.readLine()) !== null; ) lines.push(line)
      assert.deepEqual([lines, String(yield* source.read())], [['one', 'two €', ''], 'end'])
    }
  }
})

// Slow: it starts a process.
it("the stdio of a child is read and written; a child's end is the end", function* () {
  const child = startProcess('cat')
  using input = fromNode(child.stdin, { name: 'stdin of cat' })
  using output = fromNode(child.stdout)
  yield* input.write('one\n')
  assert.equal(yield* output.readLine(), 'one')
  // Much more than the pipes hold: nobody reads, so the writer is made to wait.
  const size = 4_000_000
  const writer = spawn(function* () {
    for (let i = 0; i < size / 10_000; i++) yield* input.write(Buffer.alloc(10_000, 'x'))
    yield* input.end()
  })
  yield* waitAllBlocked()
  assert.equal(writer.state, 'parked')
  assert.match(writer.reason ?? '', /stdin of cat: the peer to take some/)
  assert.equal((yield* output.readExactly(size))?.length, size)
  assert.equal(yield* output.read(), null)
  yield* writer
  if (child.exitCode === null) yield* wait(once(child, 'exit'))
})

// Slow: it starts a process.
it('a child that is killed breaks what is written to it, and ends what is read', function* () {
  const child = startProcess('cat')
  using input = fromNode(child.stdin)
  using output = fromNode(child.stdout)
  yield* input.write('one\n')
  yield* output.readLine()
  child.kill('SIGKILL')
  assert.equal(yield* output.read(), null)
  let error: unknown = null
  while (error === null) {
    error = yield* failure(input.write('x'))
    yield* waitAllBlocked()
  }
  assert.ok(error instanceof BrokenError)
  assert.ok(error.cause instanceof Error)
  if (child.exitCode === null && child.signalCode === null) yield* wait(once(child, 'exit'))
})

it('closing a compressor gives its last bytes', function* () {
  const gzip = createGzip()
  const squeezed = gzip.pipe(createGunzip())
  const sink = fromNode(gzip as Writable)
  const source = fromNode(squeezed as Readable)
  yield* sink.write('compress me')
  yield* sink.close()
  assert.equal(String(yield* source.readExactly(11)), 'compress me')
  assert.equal(yield* source.read(), null)
})

it('a stream in object mode is refused, with the way to its items', function* () {
  const objects = Readable.from([{ a: 1 }])
  assert.throws(() => fromNode(objects), /UsageError.*object mode.*items\(readable\)/)
  assert.throws(() => fromNode(new Writable({ objectMode: true })), UsageError)
  assert.throws(() => fromNode({} as Readable), UsageError)
  assert.deepEqual((yield* items<{ a: number }>(objects).next()).value, { a: 1 })
  objects.destroy()
})

it('one that is destroyed early is a BrokenError with the cause, for who reads and who writes', function* () {
  const duplex = () => new Duplex({ read() {}, write() {} })
  const silent = duplex()
  const stream = fromNode(silent, { name: 'silent' })
  const reader = spawn(failure(stream.read()))
  const flusher = spawn(function* () {
    yield* stream.write('x')
    return yield* failure(stream.flush())
  })
  yield* waitAllBlocked()
  silent.destroy()
  for (const task of [reader, flusher]) {
    const error = yield* task
    assert.ok(error instanceof BrokenError)
    assert.match(error.message, /silent: the node stream was destroyed before its end/)
    assert.equal((error.cause as NodeJS.ErrnoException).code, 'ERR_STREAM_PREMATURE_CLOSE')
  }
  const failing = duplex()
  const other = fromNode(failing)
  const boom = new Error('boom')
  failing.destroy(boom)
  yield* waitAllBlocked()
  for (const operation of [other.read(), other.write('x')]) {
    assert.equal(((yield* failure(operation)) as BrokenError).cause, boom)
  }
  // One that was gone before.
  const late = fromNode(failing)
  assert.equal(((yield* failure(late.read())) as BrokenError).cause, boom)
  assert.ok((yield* failure(late.write('x'))) instanceof BrokenError)
})

it('one that ends its writable side with its readable one says so', function* () {
  const duplex = new Duplex({ allowHalfOpen: false, read() {}, write: (_chunk, _encoding, done) => done() })
  const stream = fromNode(duplex)
  yield* stream.write('fine')
  duplex.push(null)
  assert.equal(yield* stream.read(), null)
  yield* waitAllBlocked()
  const error = yield* failure(stream.write('late'))
  assert.ok(error instanceof BrokenError)
  assert.match(error.message, /ended its writable side.*allowHalfOpen/)
})

it('takes no more of a readable than its high-water mark', function* () {
  let pushed = 0
  const readable = new Readable({
    highWaterMark: 1000,
    read() {
      pushed++
      this.push(Buffer.alloc(1000))
    },
  })
  const source = fromNode(readable, { highWaterMark: 10_000 })
  yield* waitAllBlocked()
  assert.ok(pushed >= 10 && pushed < 15, `${pushed} chunks`)
  yield* source.readExactly(100_000)
  assert.ok(pushed >= 100 && pushed < 115, `${pushed} chunks`)
  yield* source.close()
  assert.equal(readable.destroyed, true)
})

it('as a duplex it reads nothing that is not asked for, and makes who writes wait', function* () {
  const [here, there] = memoryPair({ highWaterMark: 1000 })
  const duplex = toNode(there)
  yield* here.write(Buffer.alloc(1000))
  yield* waitAllBlocked()
  assert.equal(there.stats().unread, 1000)
  let done = 0
  for (let i = 0; i < 10; i++) duplex.write(Buffer.alloc(1000), () => done++)
  yield* waitAllBlocked()
  // The first has left; the second was taken, and waits for the peer.
  assert.equal(done, 1)
  assert.equal((yield* here.readExactly(10_000))?.length, 10_000)
  yield* waitAllBlocked()
  assert.equal(done, 10)
  duplex.setEncoding('latin1')
  duplex.write('00ff', 'hex')
  duplex.end('last')
  assert.equal(Buffer.from((yield* here.readExactly(6))!).toString('latin1'), '\x00\xfflast')
  assert.equal(yield* here.read(), null)
  // Half-open: the other direction goes on.
  yield* here.end()
  const all: string[] = []
  yield* items<string>(duplex).forEach((text) => {
    all.push(text)
  })
  assert.equal(all.join('').length, 1000)
  assert.equal(there.closed, true)
  here.destroy()
})

it('as a duplex its errors are those of the stream; destroying it with an error resets the stream', function* () {
  const [here, there] = memoryPair()
  const broken = toNode(there)
  const [failed] = [once(broken, 'error')]
  broken.read()
  here.reset()
  assert.ok((yield* wait(failed))[0] instanceof BrokenError)
  assert.equal(there.closed, true)

  for (const reason of [new Error('enough'), undefined]) {
    const [a, b] = memoryPair()
    const duplex = toNode(b).on('error', () => {})
    duplex.destroy(reason)
    yield* waitAllBlocked()
    const error = yield* failure(a.read())
    assert.equal(error instanceof BrokenError, reason !== undefined)
    assert.equal(b.closed, true)
    a.destroy()
  }
})

it('as a duplex it takes part in a pipeline', function* () {
  const [here, there] = memoryPair()
  const [near, far] = memoryPair()
  const piping = spawn(failure(wait(pipeline(toNode(there), new PassThrough(), toNode(near)))))
  const data = Buffer.alloc(1_000_000, 'abc')
  const writer = spawn(function* () {
    yield* here.write(data)
    yield* here.end()
  })
  assert.ok(data.equals((yield* far.readExactly(data.length)) as Buffer))
  assert.equal(yield* far.read(), null)
  yield* writer
  for (const stream of [here, there, near, far]) stream.destroy()
  yield* piping
})

it('closing refuses what comes after, with the name that was given', function* () {
  const stream = fromNode(new PassThrough(), { name: 'pipe' })
  yield* stream.close()
  const error = yield* failure(stream.write('x'))
  assert.ok(error instanceof ClosedError)
  assert.match(error.message, /cannot write to pipe/)
})
