import assert from 'node:assert/strict'
import { ReadableStream, TransformStream, WritableStream } from 'node:stream/web'
import { BrokenError, ClosedError, fn, type Operation, spawn, wait } from '../../src/core/index.ts'
import { fromWeb, memoryPair, type StreamOptions, toWeb, toWebReadable, toWebWritable } from '../../src/net/index.ts'
import { waitAllBlocked } from '../../src/testing/index.ts'
import { it } from '../support/it.ts'
import { streamConformance } from './stream-conformance.ts'

/** Two streams over the same two web streams, crosswise. */
streamConformance(
  'web',
  fn(function* (options?: StreamOptions) {
    const there = new TransformStream<Uint8Array, Uint8Array>()
    const back = new TransformStream<Uint8Array, Uint8Array>()
    return [
      fromWeb({ readable: back.readable, writable: there.writable }, { ...options, name: 'web a' }),
      fromWeb({ readable: there.readable, writable: back.writable }, { ...options, name: 'web b' }),
    ] as const
  }),
)

/** A stream made of a pair made of a stream. */
streamConformance(
  'web and back',
  fn(function* (options?: StreamOptions) {
    const [a, b] = memoryPair(options)
    // The stream that is made of it keeps the same ones.
    a.liftTimeLimits()
    return [fromWeb(toWeb(a), { ...options, name: 'web a' }), b] as const
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

/** A readable of these chunks that counts what it was asked for. */
function readableOf(chunks: readonly unknown[]): { readable: ReadableStream<Uint8Array>; pulls: () => number } {
  let pulls = 0
  const readable = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (pulls === chunks.length) controller.close()
        else controller.enqueue(chunks[pulls++] as Uint8Array)
      },
    },
    { highWaterMark: 0 },
  )
  return { readable, pulls: () => pulls }
}

it('lines of a readable come the same however it is cut, and in whatever form of bytes', function* () {
  const bytes = Buffer.from('one\r\ntwo €\n\nend')
  for (let size = 1; size <= bytes.length; size++) {
    for (const form of [
      (chunk: Buffer) => new Uint8Array(chunk),
      (chunk: Buffer) => new Uint8Array(chunk).buffer,
      (chunk: Buffer) => new DataView(new Uint8Array([0, ...chunk]).buffer, 1),
    ]) {
      const chunks: unknown[] = []
      for (let at = 0; at < bytes.length; at += size) chunks.push(form(bytes.subarray(at, at + size)))
      const source = fromWeb(readableOf(chunks).readable)
      const lines: (string | null)[] = []
      for (let line: string | null; (line = yield* source.readLine()) !== null; ) lines.push(line)
      assert.deepEqual([lines, String(yield* source.read())], [['one', 'two €', ''], 'end'])
      yield* source.close()
    }
  }
})

it('takes no more of a readable than its high-water mark, and goes on when that is read', function* () {
  const { readable, pulls } = readableOf(Array.from({ length: 1000 }, () => new Uint8Array(1000)))
  const source = fromWeb(readable, { highWaterMark: 10_000 })
  yield* waitAllBlocked()
  assert.equal(pulls(), 10)
  yield* source.readExactly(5000)
  yield* waitAllBlocked()
  assert.equal(pulls(), 15)
  assert.equal((yield* source.readExactly(995_000))?.length, 995_000)
  assert.equal(yield* source.read(), null)
})

it('a readable that fails is a BrokenError with the cause, after what came; other chunks than bytes are one, too', function* () {
  const boom = new Error('boom')
  let pulled = false
  const failing = fromWeb(
    new ReadableStream<Uint8Array>({
      pull(controller) {
        if (pulled) controller.error(boom)
        else controller.enqueue(new Uint8Array([65]))
        pulled = true
      },
    }),
    { name: 'the feed' },
  )
  yield* waitAllBlocked()
  assert.equal(String(yield* failing.read()), 'A')
  const error = yield* failure(failing.read())
  assert.ok(error instanceof BrokenError)
  assert.equal(error.cause, boom)
  assert.match(error.message, /cannot read from the feed: boom/)
  const texts = fromWeb(readableOf(['text']).readable)
  assert.match(String(yield* failure(texts.read())), /BrokenError: .*gave a text in place of bytes.*items\(readable\)/)
})

it('closing cancels the readable and unlocks it, also one that is being waited for', function* () {
  const reasons: unknown[] = []
  const readable = new ReadableStream<Uint8Array>({ cancel: (reason) => void reasons.push(reason) })
  const source = fromWeb(readable)
  const reader = spawn(failure(source.read()))
  yield* waitAllBlocked()
  assert.equal(readable.locked, true)
  yield* source.close()
  assert.ok((yield* reader) instanceof ClosedError)
  assert.equal(readable.locked, false)
  assert.match(String(reasons[0]), /closed/)
})

it('a stream of a readable alone cannot be written, one of a writable alone is at its end', function* () {
  const source = fromWeb(readableOf([]).readable)
  const error = yield* failure((source as unknown as { write(data: string): Operation<void> }).write('x'))
  assert.ok(error instanceof ClosedError)
  assert.match(error.message, /who gave no writable stream/)
  const sink = fromWeb(new WritableStream<Uint8Array>())
  assert.equal(yield* (sink as unknown as { read(): Operation<unknown> }).read(), null)
  yield* sink.close()
})

it('a write waits while the sink is slow; what is taken is whole, and the end comes last', function* () {
  const taken: string[] = []
  let go = (): void => {}
  const sink = fromWeb(
    new WritableStream<Uint8Array>({
      async write(chunk) {
        await new Promise<void>((resolve) => (go = resolve))
        taken.push(Buffer.from(chunk).toString())
      },
      close: () => void taken.push('end'),
    }),
    { highWaterMark: 4 },
  )
  yield* sink.write('1111')
  yield* waitAllBlocked()
  // One in the web stream, one on its way; the next must wait.
  yield* sink.write('2222')
  const cancelled = spawn(sink.write('lost'))
  yield* waitAllBlocked()
  assert.equal(cancelled.state, 'parked')
  cancelled.cancel()
  yield* waitAllBlocked()
  const writer = spawn(function* () {
    yield* sink.write('3333')
    yield* sink.close()
  })
  yield* waitAllBlocked()
  assert.match(writer.reason ?? '', /to take some of 4 bytes/)
  for (let i = 0; i < 3; i++) {
    go()
    yield* waitAllBlocked()
  }
  yield* writer
  assert.deepEqual(taken, ['1111', '2222', '3333', 'end'])
})

it('a sink that fails is a BrokenError with the cause; a reset aborts it', function* () {
  const boom = new Error('boom')
  const failing = fromWeb(
    new WritableStream<Uint8Array>({
      write() {
        throw boom
      },
    }),
  )
  yield* failing.write('x')
  yield* waitAllBlocked()
  const error = yield* failure(failing.write('y'))
  assert.ok(error instanceof BrokenError)
  assert.equal(error.cause, boom)

  const reasons: unknown[] = []
  const writable = new WritableStream<Uint8Array>({ abort: (reason) => void reasons.push(reason) })
  fromWeb(writable).reset()
  yield* waitAllBlocked()
  assert.equal((reasons[0] as NodeJS.ErrnoException).code, 'ECONNRESET')
  assert.equal(writable.locked, false)
})

it('what was written may be used again, whatever the sink keeps', function* () {
  const kept: Uint8Array[] = []
  const sink = fromWeb(new WritableStream<Uint8Array>({ write: (chunk) => void kept.push(chunk) }))
  const bytes = Buffer.from('one')
  yield* sink.write(bytes)
  yield* sink.flush()
  bytes.write('two')
  yield* sink.close()
  yield* waitAllBlocked()
  assert.equal(Buffer.from(kept[0]!).toString(), 'one')
})

it('as a readable it reads nothing that is not asked for', function* () {
  const [here, there] = memoryPair({ highWaterMark: 1000 })
  const { readable, writable } = toWeb(there)
  yield* here.write(Buffer.alloc(1000))
  yield* waitAllBlocked()
  assert.equal(there.stats().unread, 1000)
  const reader = readable.getReader()
  const { value } = yield* wait(reader.read())
  assert.equal(value?.length, 1000)
  yield* wait(reader.cancel())
  yield* waitAllBlocked()
  assert.equal(yield* there.read(), null)
  yield* wait(writable.close())
  assert.equal(there.closed, true)
  here.destroy()
})

it('as a readable it reads into the buffer of who asks (BYOB), at most as much as fits', function* () {
  const [here, there] = memoryPair()
  yield* here.write('hello')
  yield* here.end()
  const reader = toWebReadable(there).getReader({ mode: 'byob' })
  const seen: string[] = []
  for (let view = new Uint8Array(3); ; ) {
    const { done, value } = yield* wait(reader.read(view))
    if (done || value === undefined) break
    seen.push(Buffer.from(value).toString())
    view = new Uint8Array(value.buffer)
  }
  assert.deepEqual(seen, ['hel', 'lo'])
  assert.equal(there.closed, true)
  here.destroy()
})

it('a chunk as the web sees it has storage of its own: taking that away harms nobody', function* () {
  const [here, there] = memoryPair()
  yield* here.write('one two')
  const reader = toWebReadable(there).getReader()
  yield* there.read(4)
  const { value } = yield* wait(reader.read())
  structuredClone(value, { transfer: [value!.buffer as ArrayBuffer] })
  yield* here.write('!')
  assert.equal(Buffer.from((yield* wait(reader.read())).value!).toString(), '!')
  yield* wait(reader.cancel())
  assert.equal(there.closed, true)
  here.destroy()
})

it('as a writable it makes who writes wait while the peer is slow, and an abort resets it', function* () {
  const [here, there] = memoryPair({ highWaterMark: 1000 })
  const { readable, writable } = toWeb(there)
  const writer = writable.getWriter()
  let written = 0
  const writing = spawn(function* () {
    for (; written < 10; written++) yield* wait(writer.write(new Uint8Array(1000)))
  })
  yield* waitAllBlocked()
  const before = written
  assert.ok(before >= 2 && before < 5, `${before} writes`)
  yield* here.readExactly(10_000)
  yield* writing
  yield* wait(writer.write('text €'))
  assert.equal(String(yield* here.readExactly(8)), 'text €')
  yield* wait(writer.abort(new Error('enough')))
  assert.ok((yield* failure(here.read())) instanceof BrokenError)
  assert.ok((yield* failure(wait(readable.getReader().read()))) instanceof ClosedError)
  here.destroy()
})

it('a stream that breaks is an error of its web streams', function* () {
  const [here, there] = memoryPair()
  const { readable, writable } = toWeb(there)
  const reading = wait(readable.getReader().read())
  const reader = spawn(failure(reading))
  yield* waitAllBlocked()
  here.reset()
  assert.ok((yield* reader) instanceof BrokenError)
  assert.ok((yield* failure(wait(writable.getWriter().write('x')))) instanceof BrokenError)
  there.destroy()
})

it('as a writable alone it is closed when that is', function* () {
  const [here, there] = memoryPair()
  const writer = toWebWritable(there).getWriter()
  yield* wait(writer.write('last'))
  yield* wait(writer.close())
  assert.equal(there.closed, true)
  assert.equal(String(yield* here.read()), 'last')
  assert.equal(yield* here.read(), null)
  here.destroy()
})

it('goes through transforms of the web', function* () {
  const [here, there] = memoryPair()
  yield* here.write('compress me\n')
  yield* here.end()
  const squeezed = toWebReadable(there)
    .pipeThrough(new CompressionStream('gzip') as unknown as TransformStream<Uint8Array, Uint8Array>)
    .pipeThrough(new DecompressionStream('gzip') as unknown as TransformStream<Uint8Array, Uint8Array>)
  assert.equal(yield* fromWeb(squeezed).readLine(), 'compress me')
  here.destroy()
})
