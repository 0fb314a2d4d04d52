import assert from 'node:assert/strict'
import {
  all,
  allSettled,
  type Body,
  BrokenError,
  BusyError,
  CancelledError,
  ClosedError,
  currentTask,
  fn,
  type Operation,
  race,
  sleep,
  spawn,
  TimeoutError,
  timeout,
  timeoutOr,
  UsageError,
} from '../../src/core/index.ts'
import { LimitError, pump, type Stream, type StreamOptions, StreamTimeoutError } from '../../src/net/index.ts'
import { type Framing, FramingError, LineFraming, MORE } from '../../src/protocol/index.ts'
import { waitAllBlocked } from '../../src/testing/index.ts'
import { it } from '../support/it.ts'

/** Makes two streams that are each other's peer, with the same options. */
export type OpenPair = (options?: StreamOptions) => Operation<readonly [Stream, Stream]>

/** A byte for the length, then a text. 255 is no length, 254 too much. */
const words: Framing<string> = {
  decode(buffer) {
    if (buffer.length === 0) return MORE
    const length = buffer.at(0)
    if (length === 255) throw new FramingError('255 is no length')
    if (length === 254) throw new FramingError('254 is too long', { fault: 'too long', limit: 253 })
    if (buffer.length < 1 + length) return MORE
    buffer.skip(1)
    return String(text(buffer.take(length)))
  },
  encode: (word) => [Uint8Array.of(word.length), word],
}

const text = (bytes: Uint8Array | null): string | null => (bytes === null ? null : Buffer.from(bytes).toString())

/** What not every transport can do. */
export interface Traits {
  /** Whether a reset reaches the peer as one. True if left out. */
  readonly resets?: boolean
  /** Milliseconds that are long, beside what a byte takes to arrive: limits of time are some of them. 10 if left out. */
  readonly unit?: number
}

/** What every stream does, whatever carries it. */
export function streamConformance(kind: string, open: OpenPair, { resets = true, unit = 10 }: Traits = {}): void {
  /** A test with a pair that is gone afterwards. */
  function test(title: string, body: (a: Stream, b: Stream) => Body<unknown>, options?: StreamOptions): void {
    it(`${kind}: ${title}`, function* () {
      const [a, b] = yield* open(options)
      try {
        yield* body(a, b)
      } finally {
        a.destroy()
        b.destroy()
      }
    })
  }

  /** Writes until that has to wait; gives how many bytes were taken. */
  function* fill(stream: Stream, size = 10_000): Body<number> {
    const chunk = Buffer.alloc(size, 'x')
    let written = 0
    for (;;) {
      while (stream.tryWrite(chunk)) written += size
      // What is unsent may be about to leave; with TLS in between that takes some macrotasks in which no task runs.
      for (let i = 0; i < 5; i++) yield* waitAllBlocked()
      if (stream.stats().unsent >= size && !stream.tryWrite('')) return written
    }
  }

  test('bytes go both ways, in order', function* (a, b) {
    yield* a.write('one ')
    yield* a.write(Buffer.from('two '))
    yield* a.write('three€')
    yield* b.write('back')
    assert.equal(text(yield* b.readExactly(16)), 'one two three€')
    assert.equal(text(yield* a.readExactly(4)), 'back')
  })

  test('a read gives what there is, up to a limit, and leaves the rest', function* (a, b) {
    yield* a.write('hello')
    while (b.stats().unread < 5) yield* waitAllBlocked()
    assert.equal(text(yield* b.read(2)), 'he')
    assert.equal(text(yield* b.read(100)), 'llo')
  })

  test('reading exactly waits for all, gives null at the end, and fails amid', function* (a, b) {
    const reader = spawn(b.readExactly(6))
    yield* a.write('abc')
    yield* waitAllBlocked()
    assert.equal(reader.state, 'parked')
    assert.match(reader.reason ?? '', /6 bytes/)
    yield* a.write('defgh')
    assert.equal(text(yield* reader), 'abcdef')
    yield* a.end()
    assert.equal(text(yield* b.readExactly(0)), '')
    const error = yield* failure(b.readExactly(3))
    assert.ok(error instanceof BrokenError)
    assert.match(error.message, /2 of 3 bytes/)
    assert.equal(text(yield* b.read()), 'gh', 'what came is still there')
    assert.equal(yield* b.readExactly(3), null)
  })

  test('reading until a delimiter gives it too; without one there is the end, and the rest stays', function* (a, b) {
    yield* a.write('GET /\r\n\r\nmore')
    assert.equal(text(yield* b.readUntil('\r\n\r\n')), 'GET /\r\n\r\n')
    const reader = spawn(b.readUntil('\r\n\r\n'))
    yield* a.write('\r\n')
    yield* waitAllBlocked()
    yield* a.write('\r\n!')
    assert.equal(text(yield* reader), 'more\r\n\r\n')
    yield* a.end()
    assert.equal(yield* b.readUntil(Buffer.from('#')), null)
    assert.equal(text(yield* b.read()), '!')
  })

  test('more bytes than allowed without a delimiter are an error, and stay', function* (a, b) {
    yield* a.write('1234#12345')
    assert.equal(text(yield* b.readUntil('#', 4)), '1234#')
    const error = yield* failure(b.readUntil('#', 4))
    assert.ok(error instanceof LimitError)
    assert.equal(error.limit, 4)
    assert.equal(text(yield* b.readExactly(5)), '12345')
  })

  test('lines come without their ends, however they were cut', function* (a, b) {
    const lines: (string | null)[] = []
    const reader = spawn(function* () {
      for (let line: string | null; (line = yield* b.readLine()) !== null; ) lines.push(line)
    })
    for (const byte of Buffer.from('one\r\n\nträge€\n')) {
      yield* a.write(Buffer.of(byte))
      yield* waitAllBlocked()
    }
    yield* a.end()
    yield* reader
    assert.deepEqual(lines, ['one', '', 'träge€'])
  })

  test('a peer that vanishes amid a line has sent no line, and read gives what it did send', function* (a, b) {
    yield* a.write('whole\npart')
    yield* a.flush()
    a.destroy()
    assert.equal(yield* b.readLine(), 'whole')
    assert.equal(yield* b.readLine(), null)
    assert.equal(yield* b.readLine(), null)
    assert.equal(text(yield* b.read()), 'part')
    assert.equal(yield* b.read(), null)
  })

  test(
    'a line that is too long is an error after the lines before it, again and again, until it is read away',
    function* (a, b) {
      yield* a.write('12345678\n123456789\nok\n')
      assert.equal(yield* b.readLine(), '12345678')
      for (let i = 0; i < 2; i++) {
        const error = yield* failure(b.readLine())
        assert.ok(error instanceof LimitError)
        assert.equal(error.code, 'FIBRIL_LIMIT')
        assert.match(error.message, /more than 8 bytes/)
      }
      assert.equal(text(yield* b.readUntil('\n', 100)), '123456789\n')
      assert.equal(yield* b.readLine(), 'ok')
    },
    { maxLine: 8 },
  )

  test(
    'a line without an end is refused while it comes',
    function* (a, b) {
      const reader = spawn(function* () {
        return yield* failure(b.readLine())
      })
      yield* a.write('12345678')
      yield* waitAllBlocked()
      assert.equal(reader.state, 'parked')
      yield* a.write('9!')
      assert.ok((yield* reader) instanceof LimitError)
    },
    { maxLine: 8 },
  )

  test(
    'lines may have another delimiter and encoding',
    function* (a, b) {
      yield* a.write(Buffer.from([0xe4, 10, 0, 0x80, 0]))
      assert.equal(yield* b.readLine(), 'ä\n')
      assert.equal(yield* b.readLine(), '\x80')
    },
    { delimiter: '\0', encoding: 'latin1' },
  )

  it(`${kind}: lines can be looped over in async code`, async () => {
    const [a, b] = await open()
    const lines: string[] = []
    await a.write('1\n2\n3')
    await a.end()
    for await (const line of b.lines()) lines.push(line)
    assert.deepEqual(lines, ['1', '2'])
    await a.close()
    await b.close()
  })

  test('a read that is cancelled leaves the bytes to the next', function* (a, b) {
    const reader = spawn(b.readExactly(4))
    yield* a.write('ab')
    yield* waitAllBlocked()
    reader.cancel()
    yield* waitAllBlocked()
    yield* a.write('cd')
    assert.equal(text(yield* b.readExactly(4)), 'abcd')
  })

  test('a read that loses a race or its time takes nothing', function* (a, b) {
    assert.equal(yield* race([b.readLine(), sleep(10)]), undefined)
    assert.ok((yield* failure(timeout(10, b.readLine()))) instanceof TimeoutError)
    yield* a.write('here\n')
    assert.equal(yield* race([b.readLine(), sleep(10_000)]), 'here')
  })

  test('a second reader gets a BusyError that names both and the stream, and the first is unharmed', function* (a, b) {
    const first = spawn(b.readLine(), { name: 'first' })
    yield* waitAllBlocked()
    yield* a.write('half')
    yield* waitAllBlocked()
    const second = spawn(
      function* () {
        return yield* failure(b.read())
      },
      { name: 'second' },
    )
    const error = yield* second
    assert.ok(error instanceof BusyError)
    assert.equal(error.code, 'FIBRIL_BUSY')
    assert.match(error.message, /task second #\d+ cannot read from/)
    assert.match(error.message, /task first #\d+ is waiting/)
    assert.ok(error.message.includes(b.name))
    yield* a.write(' whole\n')
    assert.equal(yield* first, 'half whole')
  })

  test('a second writer gets a BusyError that names both and the stream, and the first is unharmed', function* (a, b) {
    const filled = yield* fill(a)
    const first = spawn(a.write('first'), { name: 'first' })
    yield* waitAllBlocked()
    assert.equal(a.stats().writer, first.toString())
    const error = yield* spawn(
      function* () {
        return yield* failure(a.write('second'))
      },
      { name: 'second' },
    )
    assert.ok(error instanceof BusyError)
    assert.match(error.message, /task second #\d+ cannot write to/)
    assert.match(error.message, /task first #\d+ is waiting/)
    assert.ok(error.message.includes(a.name))
    const rest = yield* b.readExactly(filled + 5)
    assert.equal(text((rest as Buffer).subarray(filled)), 'first')
    yield* first
  })

  test('one task may read while another writes', function* (a, b) {
    const [line] = yield* all([a.readLine(), b.write('hi\n')])
    assert.equal(line, 'hi')
  })

  test('a write waits while the peer does not read, with little kept, and goes on when it does', function* (a, b) {
    const size = 10_000
    const count = 3000
    const writer = spawn(function* () {
      for (let i = 0; i < count; i++) {
        const chunk = Buffer.alloc(size)
        chunk.writeUInt32BE(i)
        yield* a.write(chunk)
      }
      yield* a.end()
    })
    yield* waitAllBlocked()
    assert.equal(writer.state, 'parked')
    assert.match(writer.reason ?? '', /the peer to take some/)
    const { unsent } = a.stats()
    assert.ok(unsent >= 65_536 && unsent < 65_536 + size, `${unsent} bytes unsent`)
    let i = 0
    for (let chunk: Uint8Array | null; (chunk = yield* b.readExactly(size)) !== null; i++) {
      if (Buffer.from(chunk).readUInt32BE() !== i) assert.fail(`chunk ${i} is out of order`)
      assert.ok(a.stats().unsent < 65_536 + size)
    }
    assert.equal(i, count)
    yield* writer
    assert.equal(a.stats().unsent, 0)
    assert.equal(a.stats().bytesWritten, size * count)
  })

  test('a peer that nobody reads is made to wait, with little kept', function* (a, b) {
    const filled = yield* fill(a)
    const { unread } = b.stats()
    assert.ok(unread >= 65_536 && unread < 4 * 65_536, `${unread} bytes unread`)
    assert.equal((yield* b.readExactly(filled))?.length, filled)
  })

  test('a write that is cancelled writes nothing, one that was taken is whole', function* (a, b) {
    const filled = yield* fill(a)
    const writer = spawn(a.write('lost'))
    yield* waitAllBlocked()
    writer.cancel()
    yield* waitAllBlocked()
    yield* all([b.readExactly(filled), a.write('next')])
    assert.equal(text(yield* b.readExactly(4)), 'next')
  })

  test('flush waits until all has left', function* (a, b) {
    const filled = yield* fill(a)
    const flusher = spawn(a.flush())
    yield* waitAllBlocked()
    assert.equal(flusher.state, 'parked')
    assert.match(flusher.reason ?? '', /bytes to leave/)
    yield* b.readExactly(filled)
    yield* flusher
    assert.equal(a.stats().unsent, 0)
    yield* a.flush()
  })

  test('bytes may be used again once they have left', function* (a, b) {
    const bytes = Buffer.from('one')
    yield* a.write(bytes)
    yield* a.flush()
    bytes.write('two')
    assert.equal(text(yield* b.readExactly(3)), 'one')
  })

  test('an end is heard after what was written, and the other direction goes on', function* (a, b) {
    yield* a.write('last')
    yield* a.end()
    yield* a.end()
    assert.equal(text(yield* b.readExactly(4)), 'last')
    assert.equal(yield* b.read(), null)
    yield* b.write('reply')
    assert.equal(text(yield* a.readExactly(5)), 'reply')
    const error = yield* failure(a.write('more'))
    assert.ok(error instanceof ClosedError)
    assert.match(error.message, /was ended by task/)
  })

  test('an end can be waited for without reading, by several, and what came before it stays', function* (a, b) {
    yield* a.write('last')
    const watchers = [spawn(b.peerEnd()), spawn(b.peerEnd())]
    const cancelled = spawn(b.peerEnd())
    yield* waitAllBlocked()
    assert.match(watchers[0]?.reason ?? '', /: the peer to end$/)
    cancelled.cancel()
    assert.equal(text(yield* b.readExactly(2)), 'la')
    yield* a.end()
    for (const watcher of watchers) yield* watcher
    yield* b.peerEnd()
    assert.equal(text(yield* b.read()), 'st')
    assert.equal(yield* b.read(), null)
    // The other direction goes on, and its peer has not ended.
    assert.equal(yield* timeoutOr(unit, 'not yet', a.peerEnd()), 'not yet')
    yield* b.write('reply')
    assert.equal(text(yield* a.readExactly(5)), 'reply')
  })

  test(
    'who waits for an end hears that the connection broke, and also that this side has closed it',
    function* (a, b) {
      const hears = spawn(resets ? failure(b.peerEnd()) : b.peerEnd())
      const closes = spawn(failure(a.peerEnd()))
      yield* a.write('x')
      yield* b.readExactly(1)
      yield* waitAllBlocked()
      a.reset()
      const closed = yield* closes
      assert.ok(closed instanceof ClosedError)
      assert.match(closed.message, /cannot wait for the end of .* was closed by task/)
      assert.ok((yield* failure(a.peerEnd())) instanceof ClosedError)
      const broken = yield* hears
      if (!resets) return
      assert.ok(broken instanceof BrokenError)
      assert.match(broken.message, /cannot wait for the end of/)
      assert.ok(broken.message.includes(b.name))
      assert.ok((yield* failure(b.peerEnd())) instanceof BrokenError)
    },
    { idleMs: 100 * unit },
  )

  test(
    'an end that is waited for does not make a silence of it',
    function* (a, b) {
      const watcher = spawn(b.peerEnd())
      yield* sleep(10 * unit)
      yield* a.write('x')
      yield* a.end()
      yield* watcher
      assert.equal(text(yield* b.read()), 'x')
    },
    { idleMs: 3 * unit },
  )

  test('closing sends what was written, also to a slow peer', function* (a, b) {
    const filled = yield* fill(a)
    const closer = spawn(a.close())
    yield* waitAllBlocked()
    assert.equal(closer.state, 'parked')
    assert.equal((yield* b.readExactly(filled))?.length, filled)
    assert.equal(yield* b.read(), null)
    yield* closer
    assert.equal(a.closed, true)
  })

  test('closing wakes who reads and who waits to write, and names who closed', function* (a, b) {
    const filled = yield* fill(a)
    const caught = (operation: Operation<unknown>) =>
      spawn(function* () {
        return yield* failure(operation)
      })
    const tasks = [caught(a.readLine()), caught(a.write('x'))]
    yield* waitAllBlocked()
    const closer = spawn(a.close(), { name: 'closer' })
    for (const task of tasks) {
      const error = yield* task
      assert.ok(error instanceof ClosedError)
      assert.match(error.message, /by task closer #\d+/)
      assert.ok(error.message.includes(a.name))
    }
    yield* b.readExactly(filled)
    yield* closer
  })

  test('a closed stream says so, and can be closed again', function* (a) {
    yield* a.close()
    yield* a.close()
    a.destroy()
    const reads = [a.read(), a.readLine(), a.readExactly(1), a.peek(), a.receive(words)]
    for (const operation of [...reads, a.write('x'), a.writev(['x']), a.flush(), a.end()]) {
      const error = yield* failure(operation)
      assert.ok(error instanceof ClosedError)
      assert.ok(error.message.includes(String(currentTask())))
    }
    assert.throws(() => a.tryWrite('x'), ClosedError)
    assert.throws(() => a.unread(Buffer.from('x')), ClosedError)
  })

  test(
    'a peer that never takes the last bytes loses them: closing ends with an error',
    function* (a) {
      yield* fill(a)
      const error = yield* failure(a.close())
      assert.ok(error instanceof BrokenError)
      assert.match(error.message, /did not take what was written within 50 ms; \d+ bytes are lost/)
      assert.equal(a.closed, true)
    },
    { closeMs: 50 },
  )

  test('closing twice waits for the same end; a cancelled close destroys', function* (a, b) {
    yield* fill(a)
    const closers = [spawn(a.close()), spawn(a.close())]
    yield* waitAllBlocked()
    assert.deepEqual(
      closers.map((task) => task.state),
      ['parked', 'parked'],
    )
    closers[0]?.cancel()
    yield* closers[1]!
    assert.equal(a.closed, true)
    assert.ok((yield* failure(closers[0]!.join())) instanceof CancelledError)
    while ((yield* ended(b)) === false);
  })

  test('destroying lets the peer read the end, and wakes the own reader', function* (a, b) {
    const reader = spawn(function* () {
      return yield* failure(a.read())
    })
    yield* waitAllBlocked()
    a.destroy()
    assert.ok((yield* reader) instanceof ClosedError)
    assert.equal(yield* b.read(), null)
  })

  test('who writes to a peer that is gone gets a BrokenError with its cause', function* (a, b) {
    b.destroy()
    let error: unknown
    while (error === undefined) {
      error = yield* failure(a.write('x'), null)
      yield* waitAllBlocked()
    }
    assert.ok(error instanceof BrokenError)
    assert.match(error.message, /ECONNRESET|EPIPE/)
    assert.ok(error.cause instanceof Error)
    assert.ok(error.message.includes(a.name))
  })

  test('who reads from a peer that broke the connection gets what had come, then a BrokenError', function* (a, b) {
    yield* b.write('heard\n')
    while (a.stats().unread === 0) yield* waitAllBlocked()
    b.reset()
    assert.equal(b.closed, true)
    const reader = spawn(function* () {
      const line = yield* a.readLine()
      return [line, resets ? yield* failure(a.readLine()) : yield* a.readLine()]
    })
    const [line, error] = yield* reader
    assert.equal(line, 'heard')
    if (!resets) return assert.equal(error, null)
    assert.ok(error instanceof BrokenError)
    assert.match(error.message, /ECONNRESET/)
    assert.ok(error.message.includes(String(reader)))
  })

  test('a peer that talks on gets the last words before it is cut off', function* (a, b) {
    yield* a.write('ignored')
    while (b.stats().unread === 0) yield* waitAllBlocked()
    yield* b.write('goodbye\n')
    const closer = spawn(b.close())
    yield* waitAllBlocked()
    yield* a.write('ignored too')
    assert.equal(yield* a.readLine(), 'goodbye')
    assert.equal(yield* a.readLine(), null)
    assert.equal(closer.state, 'parked')
    yield* a.close()
    yield* closer
  })

  test(
    'but not for ever',
    function* (a, b) {
      yield* a.write('ignored')
      while (b.stats().unread === 0) yield* waitAllBlocked()
      yield* b.close()
      assert.equal(b.closed, true)
    },
    { lingerMs: 20 },
  )

  test('reading can be ended from this side: what has come is still read', function* (a, b) {
    yield* a.write('come\nhalf')
    while (b.stats().unread < 9) yield* waitAllBlocked()
    b.stopReading()
    yield* a.write(' late\n')
    yield* waitAllBlocked()
    assert.equal(yield* b.readLine(), 'come')
    assert.equal(yield* b.readLine(), null)
    const waiting = spawn(a.read())
    yield* waitAllBlocked()
    a.stopReading()
    assert.equal(yield* waiting, null)
    yield* b.write('still writes')
  })

  test('leaving by `using` sends what was written', function* (a, b) {
    {
      using stream = a
      yield* stream.write('bye\n')
    }
    assert.equal(a.closed, true)
    assert.equal(yield* b.readLine(), 'bye')
    assert.equal(yield* b.readLine(), null)
  })

  test('leaving by `using` sends it to a slow peer too, while nobody waits', function* (a, b) {
    const filled = yield* fill(a)
    {
      using stream = a
      stream.stats()
    }
    assert.equal((yield* b.readExactly(filled))?.length, filled)
    assert.equal(yield* b.read(), null)
    while (!a.closed) yield* waitAllBlocked()
  })

  test('a wait is cancelled at once, whatever it waits for', function* (a) {
    yield* fill(a)
    const reads = [a.read(), a.peek(2), a.readUntil('x'), a.receive(words)]
    const waits: Operation<unknown>[] = [...reads, a.write('x'), a.writev(['x']), a.flush(), a.end(), a.close()]
    for (const wait of waits) {
      const task = spawn(wait)
      yield* waitAllBlocked()
      assert.equal(task.state, 'parked')
      assert.ok((task.reason ?? '').includes(a.name), `${task.reason}`)
      task.cancel('enough')
      assert.ok((yield* failure(task.join())) instanceof CancelledError)
    }
    assert.equal(a.closed, true)
  })

  test('its figures are plain and frozen', function* (a, b) {
    yield* a.write('12345')
    while (b.stats().unread < 5) yield* waitAllBlocked()
    yield* b.readExactly(2)
    assert.equal(a.stats().bytesWritten, 5)
    const stats = b.stats()
    assert.ok(Object.isFrozen(stats))
    const { openMs, silentMs, chunks, ...figures } = stats
    assert.ok(openMs >= silentMs && silentMs >= 0)
    assert.ok(chunks >= 1 && chunks <= 5, `${chunks}`)
    assert.deepEqual(figures, {
      name: b.name,
      bytesRead: 5,
      bytesWritten: 0,
      writes: 0,
      unread: 3,
      unsent: 0,
      reader: null,
      writer: null,
      closed: false,
    })
  })

  test('what cannot be meant is refused at the call', function* (a) {
    assert.throws(() => a.read(0), UsageError)
    assert.throws(() => a.readExactly(-1), UsageError)
    assert.throws(() => a.readExactly(1.5), UsageError)
    assert.throws(() => a.readUntil(''), RangeError)
    assert.throws(() => a.peek(0), UsageError)
    assert.throws(() => a.peek(1.5), UsageError)
    yield* a.write('')
    assert.equal(a.stats().unsent, 0)
  })

  // -- looking ahead

  test('a peek waits for as many bytes as it is asked for, and takes none', function* (a, b) {
    const peeker = spawn(b.peek(4))
    yield* a.write('abc')
    yield* waitAllBlocked()
    assert.equal(peeker.state, 'parked')
    assert.match(peeker.reason ?? '', /4 bytes to peek at/)
    yield* a.write('def\n')
    assert.equal(text(yield* peeker), 'abcd')
    assert.equal(text(yield* b.peek()), 'a')
    assert.equal(yield* b.readLine(), 'abcdef')
  })

  test('a peek at the end gives what is left, and null when nothing is', function* (a, b) {
    yield* a.write('ab')
    yield* a.end()
    assert.equal(text(yield* b.peek(10)), 'ab')
    assert.equal(text(yield* b.readExactly(2)), 'ab')
    assert.equal(yield* b.peek(10), null)
  })

  test('what is put back is read next, whatever it is', function* (a, b) {
    yield* a.write('one two')
    const one = (yield* b.readExactly(4)) as Uint8Array
    b.unread(one)
    b.unread(new TextEncoder().encode('zero '))
    assert.equal(text(yield* b.readExactly(9)), 'zero one ')
    assert.equal(text(yield* b.readExactly(3)), 'two')
    yield* a.end()
    assert.equal(yield* b.read(), null)
    b.unread(Buffer.from('more'))
    assert.equal(text(yield* b.read()), 'more')
    assert.equal(yield* b.read(), null)
  })

  test('nothing is put back while another task waits to read, and that is unharmed', function* (a, b) {
    const reader = spawn(b.readLine(), { name: 'reader' })
    yield* waitAllBlocked()
    assert.throws(() => b.unread(Buffer.from('x')), /task reader #\d+ is waiting to read/)
    yield* a.write('line\n')
    assert.equal(yield* reader, 'line')
  })

  test(
    'more bytes at once than allowed are refused before any is kept',
    function* (a, b) {
      yield* a.write('12345678')
      for (const operation of [b.readExactly(9), b.peek(9)]) {
        const error = yield* failure(operation)
        assert.ok(error instanceof LimitError)
        assert.equal(error.limit, 8)
        assert.ok(error.message.includes(b.name))
      }
      assert.equal(text(yield* b.readExactly(8)), '12345678')
    },
    { maxRead: 8 },
  )

  // -- several pieces

  test('pieces are written in order, as one', function* (a, b) {
    yield* a.writev(['head ', Buffer.from('bytes '), '', 'text ', 'more€'])
    yield* a.writev([])
    yield* a.write(['x', Buffer.from('y')])
    assert.equal(text(yield* b.readExactly(25)), 'head bytes text more€xy')
    assert.equal(a.stats().writes, 3)
  })

  test('pieces whose write is cancelled are not written, not one of them', function* (a, b) {
    const filled = yield* fill(a)
    const writer = spawn(a.writev(['lost', Buffer.from('too')]))
    yield* waitAllBlocked()
    writer.cancel()
    yield* waitAllBlocked()
    yield* all([b.readExactly(filled), a.writev(['n', Buffer.from('ext')])])
    assert.equal(text(yield* b.readExactly(4)), 'next')
  })

  test('a cork holds back what is written over several turns, until all corks are off', function* (a, b) {
    a.cork()
    yield* a.write('one ')
    a.cork()
    yield* waitAllBlocked()
    yield* a.write('two')
    a.uncork()
    yield* waitAllBlocked()
    assert.equal(a.stats().unsent, 7)
    assert.equal(b.stats().bytesRead, 0)
    a.uncork()
    assert.equal(text(yield* b.readExactly(7)), 'one two')
    yield* a.write('!')
    assert.equal(text(yield* b.readExactly(1)), '!')
    a.uncork()
  })

  test('a cork does not hold back a flush, the end, or more than is worth it', function* (a, b) {
    a.cork()
    yield* a.write('flushed')
    yield* a.flush()
    assert.equal(text(yield* b.readExactly(7)), 'flushed')
    const big = Buffer.alloc(200_000)
    const writer = spawn(function* () {
      for (let i = 0; i < 10; i++) yield* a.write(big)
    })
    assert.equal((yield* b.readExactly(2_000_000))?.length, 2_000_000)
    yield* writer
    yield* a.write('ended')
    yield* a.end()
    assert.equal(text(yield* b.readExactly(5)), 'ended')
    assert.equal(yield* b.read(), null)
  })

  test('closing sends what is corked', function* (a, b) {
    a.cork()
    yield* a.write('last')
    yield* a.close()
    assert.equal(text(yield* b.readExactly(4)), 'last')
  })

  // -- messages

  test('messages go both ways by a framing, however they were cut, to a clean end', function* (a, b) {
    const here = a.upgrade(words)
    const there = b.upgrade(words)
    yield* here.send('one')
    assert.equal(here.trySend(''), true)
    assert.equal(yield* there.receive(), 'one')
    assert.equal(yield* there.receive(), '')
    const receiver = spawn(there.receive())
    for (const byte of Buffer.from('\x03two')) {
      yield* a.write(Buffer.of(byte))
      yield* waitAllBlocked()
    }
    assert.equal(yield* receiver, 'two')
    yield* there.send('back')
    assert.equal(yield* here.receive(), 'back')
    yield* here.close()
    assert.equal(yield* there.receive(), null)
    assert.equal(here.stream, a)
    assert.equal(String(here), a.name)
  })

  test('framings take turns on one stream, and lines and bytes with them, without losing any', function* (a, b) {
    yield* a.write('\x03oneline\n\x03twobytes')
    const channel = b.upgrade(words)
    assert.equal(yield* channel.receive(), 'one')
    const lines = channel.upgrade(new LineFraming())
    assert.equal(text(yield* lines.receive()), 'line')
    assert.equal(yield* b.receive(words), 'two')
    assert.equal(text(yield* b.readExactly(5)), 'bytes')
  })

  test('a message that is cancelled while it comes is whole for the next who receives', function* (a, b) {
    const receiver = spawn(b.receive(words))
    yield* a.write('\x04ha')
    yield* waitAllBlocked()
    assert.match(receiver.reason ?? '', /a message/)
    receiver.cancel()
    yield* waitAllBlocked()
    yield* a.write('lf')
    assert.equal(yield* b.receive(words), 'half')
  })

  test('what is against the rules of a framing is an error that names the stream, again and again', function* (a, b) {
    yield* a.write(['\x02ok', Buffer.of(255)])
    assert.equal(yield* b.receive(words), 'ok')
    for (let i = 0; i < 2; i++) {
      const error = yield* failure(b.receive(words))
      assert.ok(error instanceof BrokenError)
      assert.ok(error.cause instanceof FramingError)
      assert.ok(error.message.includes(b.name))
      assert.match(error.message, /255 is no length/)
    }
    b.unread(Buffer.of(254))
    const error = yield* failure(b.receive(words))
    assert.ok(error instanceof LimitError)
    assert.equal(error.limit, 253)
  })

  test('a message that is torn by the end is an error, not the end', function* (a, b) {
    yield* a.write('\x04ha')
    yield* a.end()
    const error = yield* failure(b.receive(words))
    assert.ok(error instanceof BrokenError)
    assert.match(error.message, /ended amid a message/)
  })

  test(
    'a framing that waits for more than is allowed is stopped',
    function* (a, b) {
      const endless: Framing<string> = { decode: () => MORE, encode: (message) => message }
      yield* a.write('12345678')
      const error = yield* failure(b.receive(endless))
      assert.ok(error instanceof LimitError)
      assert.equal(error.limit, 8)
    },
    { maxRead: 8 },
  )

  it(`${kind}: messages can be looped over in async code`, async () => {
    const [a, b] = await open()
    const messages: string[] = []
    const channel = a.upgrade(words)
    await channel.send('1')
    await channel.send('2')
    await a.end()
    for await (const message of b.upgrade(words).messages()) messages.push(message)
    assert.deepEqual(messages, ['1', '2'])
    await channel.close()
    await b.close()
  })

  // -- limits of time

  test(
    'a peer that is silent while a task waits for it is given up, and hears the end',
    function* (a, b) {
      const reader = spawn(function* () {
        return yield* failure(a.readLine())
      })
      yield* sleep(2 * unit)
      yield* b.write('half a li')
      const error = yield* reader
      assert.ok(error instanceof StreamTimeoutError && error instanceof TimeoutError)
      assert.equal(error.code, 'FIBRIL_TIMEOUT')
      assert.equal(error.ms, 3 * unit)
      assert.ok(error.message.includes(a.name) && error.message.includes(String(reader)))
      assert.match(error.message, /idleMs/)
      assert.equal(a.closed, true)
      assert.ok((yield* failure(a.write('x'))) instanceof StreamTimeoutError)
      assert.equal(yield* ended(b), true)
    },
    { idleMs: 3 * unit },
  )

  test(
    'bytes in either direction end the silence',
    function* (a, b) {
      const reader = spawn(a.readLine())
      for (let i = 0; i < 3; i++) {
        yield* sleep(2 * unit)
        yield* b.write('x')
        yield* sleep(2 * unit)
        yield* a.write('y')
      }
      yield* b.write('\n')
      assert.equal(yield* reader, 'xxx')
    },
    { idleMs: 3 * unit },
  )

  test(
    'nobody is silent for whom nobody waits',
    function* (a, b) {
      const reader = spawn(b.read())
      yield* a.write('x')
      yield* reader
      yield* sleep(10 * unit)
      yield* a.write('y')
      assert.equal(text(yield* b.read()), 'y')
    },
    { idleMs: 3 * unit },
  )

  test(
    'a task that looks up now and then does not begin the silence anew',
    function* (a) {
      let looks = 0
      const error = yield* failure(
        (function* () {
          for (; ; looks++) yield* timeoutOr(unit, null, a.read())
        })(),
      )
      assert.ok(error instanceof StreamTimeoutError)
      assert.ok(looks >= 2 && looks <= 5, `${looks} looks`)
    },
    { idleMs: 3.5 * unit },
  )

  test(
    'a peer that takes nothing while a task waits to write is given up',
    function* (a) {
      yield* fill(a)
      const error = yield* failure(a.write('x'))
      assert.ok(error instanceof StreamTimeoutError)
      assert.match(error.message, /cannot write to/)
    },
    { idleMs: 3 * unit },
  )

  test(
    'bytes that are lost to the silence are an error of who closes',
    function* (a) {
      yield* fill(a)
      assert.ok((yield* failure(a.close())) instanceof StreamTimeoutError)
    },
    { idleMs: 3 * unit },
  )

  test(
    'a connection ends when its time is over, however busy it is',
    function* (a, b) {
      const asking = fn(function* () {
        for (;;) {
          yield* a.write('x')
          if ((yield* a.readExactly(1)) === null) return
          yield* sleep(unit / 10)
        }
      })
      const endings = yield* allSettled([asking(), pump(b, b)])
      // Whose time is over first closes; the other may hear of that before its own is.
      const errors = endings.flatMap((ending) => (ending.status === 'failed' ? [ending.error] : []))
      const late = errors.find((error) => error instanceof StreamTimeoutError)
      assert.ok(late instanceof StreamTimeoutError)
      assert.equal(late.ms, 3 * unit)
      assert.match(late.message, /totalMs/)
    },
    { totalMs: 3 * unit },
  )

  // -- pumps

  /** A test with two pairs, of which `b` is pumped to `c`. */
  function pumped(title: string, body: (a: Stream, b: Stream, c: Stream, d: Stream) => Body<unknown>): void {
    test(title, function* (a, b) {
      const [c, d] = yield* open()
      try {
        yield* body(a, b, c, d)
      } finally {
        c.destroy()
        d.destroy()
      }
    })
  }

  pumped('a pump copies all, then the end, and says how much that was', function* (a, b, c, d) {
    const pumping = spawn(pump(b, c))
    yield* a.write('hello ')
    assert.equal(text(yield* d.readExactly(6)), 'hello ')
    yield* a.write('world')
    yield* a.end()
    assert.equal(text(yield* d.readExactly(5)), 'world')
    assert.equal(yield* d.read(), null)
    assert.equal(yield* pumping, 11)
    yield* d.write('reply')
    assert.equal(text(yield* c.readExactly(5)), 'reply')
  })

  pumped('a pump may leave the end open, for what comes after', function* (a, b, c, d) {
    yield* a.write('1')
    yield* a.end()
    assert.equal(yield* pump(b, c, { end: false }), 1)
    yield* c.write('2')
    assert.equal(text(yield* d.readExactly(2)), '12')
  })

  pumped('a pump waits for the slower side, with little kept', function* (a, b, c, d) {
    const pumping = spawn(pump(b, c))
    const chunk = Buffer.alloc(50_000, 'x')
    let written = 0
    const writer = spawn(function* () {
      for (;;) {
        yield* a.write(chunk)
        written += chunk.length
      }
    })
    yield* waitAllBlocked()
    assert.equal(writer.state, 'parked')
    assert.match(pumping.reason ?? '', /the peer to take some/)
    assert.ok(b.stats().unread + c.stats().unsent < 8 * 65_536)
    writer.cancel()
    assert.equal((yield* d.readExactly(written))?.length, written)
    pumping.cancel()
    yield* failure(pumping.join())
  })

  pumped('a pump that is cancelled loses no byte', function* (a, b, c, d) {
    const filled = yield* fill(c)
    yield* a.write('kept')
    const pumping = spawn(pump(b, c))
    yield* waitAllBlocked()
    assert.match(pumping.reason ?? '', /the peer to take some/)
    pumping.cancel()
    yield* failure(pumping.join())
    assert.equal(text(yield* b.readExactly(4)), 'kept')
    assert.equal((yield* d.readExactly(filled))?.length, filled)
  })
}

/** What `operation` throws; if nothing, that is a failure of the test, or `otherwise`. */
function* failure(operation: Operation<unknown> | Body<unknown>, otherwise?: null): Body<unknown> {
  try {
    yield* operation
  } catch (error) {
    return error
  }
  if (otherwise === null) return undefined
  assert.fail('it should have failed')
}

/** True when nothing more can be read. */
function* ended(stream: Stream): Body<boolean> {
  try {
    return (yield* stream.read()) === null
  } catch (error) {
    assert.ok(error instanceof BrokenError)
    return true
  }
}
