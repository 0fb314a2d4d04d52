import assert from 'node:assert/strict'
import { describe } from 'node:test'
import { BusyError, fn, sleep as sleepOf, UsageError } from '../../src/core/index.ts'
import { listen, memoryPair } from '../../src/net/index.ts'
import {
  coroutine,
  type Future,
  IOStream,
  StreamClosedError,
  sleep,
  TCPClient,
  TCPServer,
  UnsatisfiableReadError,
} from '../../src/tornado/index.ts'
import { it } from '../support/it.ts'
import { failure, logged } from './support.ts'

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')
const pair = (): [IOStream, IOStream] => {
  const [one, other] = memoryPair()
  return [new IOStream(one), new IOStream(other)]
}
/** Sends a text in chunks of a size. */
const inChunks = coroutine(function* (stream: IOStream, text: string, size: number) {
  for (let at = 0; at < text.length; at += size) {
    yield stream.write(text.slice(at, at + size))
    yield null
  }
})

describe('reading', () => {
  for (const size of [1, 2, 3, 7, 100]) {
    it(`gives the same whatever the chunks: ${size}`, function* () {
      const [a, b] = pair()
      const sending = inChunks(a, 'GET / HTTP/1.0\r\nHost: x\r\n\r\nbody1234rest', size)
      assert.equal(textOf(yield* b.readUntil('\r\n')), 'GET / HTTP/1.0\r\n')
      assert.equal(textOf(yield* b.readUntilRegex(/\r?\n\r?\n/)), 'Host: x\r\n\r\n')
      assert.equal(textOf(yield* b.readBytes(4)), 'body')
      const buffer = new Uint8Array(4)
      assert.equal(yield* b.readInto(buffer), 4)
      assert.equal(textOf(buffer), '1234')
      yield* sending
      a.close()
      assert.equal(textOf(yield* b.readUntilClose()), 'rest')
      b.close()
    })
  }

  it('partial gives what is there', function* () {
    const [a, b] = pair()
    yield* a.write('abc')
    assert.equal(textOf(yield* b.readBytes(100, { partial: true })), 'abc')
    yield* a.write('de')
    const buffer = new Uint8Array(10)
    assert.equal(yield* b.readInto(buffer, { partial: true }), 2)
    assert.equal((yield* b.readBytes(0)).length, 0)
    assert.throws(() => b.readBytes(-1), UsageError)
    a.close()
    b.close()
  })

  it('a second read at the same time is a BusyError, and the first is unharmed; one that was cancelled frees its place', function* () {
    const [a, b] = pair()
    const first = b.readUntil('\n')
    assert.throws(() => b.readBytes(1), BusyError)
    yield* a.write('one\n')
    assert.equal(textOf(yield* first), 'one\n')
    const second = b.readUntil('\n')
    second.cancel()
    yield* failure(second)
    yield* a.write('two\n')
    assert.equal(textOf(yield* b.readUntil('\n')), 'two\n')
    a.close()
    b.close()
  })

  it('what does not come within maxBytes is an UnsatisfiableReadError, and closes the stream', function* () {
    for (const read of [
      (stream: IOStream) => stream.readUntil('!', { maxBytes: 10 }),
      (stream: IOStream) => stream.readUntilRegex(/!/, { maxBytes: 10 }),
    ]) {
      const [a, b] = pair()
      yield* a.write('more than ten bytes')
      const error = yield* failure(read(b))
      assert.ok(error instanceof StreamClosedError || error instanceof UnsatisfiableReadError)
      assert.match(error.message, /not found within 10 bytes/)
      assert.equal(b.closed(), true)
      a.close()
    }
  })

  it('the end amid a read is a StreamClosedError, and the close callback is called', function* () {
    const [a, b] = pair()
    let called = 0
    b.setCloseCallback(() => called++)
    yield* a.write('half')
    const reading = b.readUntil('\n')
    a.close()
    assert.ok((yield* failure(reading)) instanceof StreamClosedError)
    assert.equal(b.closed(), true)
    yield* sleepOf(1)
    assert.equal(called, 1)
    b.setCloseCallback(() => called++)
    yield* sleepOf(1)
    assert.equal(called, 2, 'one that is set afterwards is called too')
  })

  it('a peer that breaks the connection is the realError', function* () {
    const [one, b] = memoryPair()
    const stream = new IOStream(b)
    const reading = stream.readBytes(1)
    yield* sleepOf(1)
    one.reset()
    const error = yield* failure(reading)
    assert.ok(error instanceof StreamClosedError)
    assert.equal((error.realError as { code: string }).code, 'FIBRIL_BROKEN')
    assert.equal(error.cause, error.realError)
  })

  it('closing while somebody reads wakes them', function* () {
    const [a, b] = pair()
    const reading = b.readBytes(1)
    yield* sleepOf(1)
    b.close()
    assert.ok((yield* failure(reading)) instanceof StreamClosedError)
    a.close()
  })
})

describe('writing', () => {
  it('takes any number of writes, which leave in their order; each future is done when its bytes have left', function* () {
    const [a, b] = pair()
    const writes = Array.from({ length: 100 }, (_, i) => a.write(`${i};`))
    assert.equal(a.writing(), true)
    const all = textOf(yield* b.readUntil('99;'))
    assert.equal(all, Array.from({ length: 100 }, (_, i) => `${i};`).join(''))
    for (const write of writes) yield* write
    assert.equal(a.writing(), false)
    a.close()
    b.close()
  })

  it('waits for a slow reader, and fails what has not left when it is closed', function* () {
    const [a, b] = pair()
    const big = a.write(new Uint8Array(1_000_000))
    const after = a.write('after')
    yield* sleepOf(1)
    assert.equal(big.done(), false)
    a.close()
    assert.ok((yield* failure(big)) instanceof StreamClosedError)
    assert.ok((yield* failure(after)) instanceof StreamClosedError)
    assert.ok((yield* failure(a.write('too late'))) instanceof StreamClosedError)
    b.stream.destroy()
  })
})

describe('TCP', () => {
  class Echo extends TCPServer {
    handled = 0
    override handleStream(stream: IOStream, address: string): Future<void> {
      return Echo.#echo(this, stream, address)
    }
    static #echo = coroutine(function* (server: Echo, stream: IOStream, address: string) {
      assert.match(address, /^127\.0\.0\.1:\d+$/)
      for (;;) {
        const line = textOf(yield* stream.readUntil('\n'))
        if (line === 'fail\n') throw new Error('asked to')
        yield stream.write(line.toUpperCase())
        server.handled++
      }
    })
  }

  it('a server whose handler is a coroutine serves many clients, and a failing handler harms nobody', function* () {
    const server = new Echo()
    const { port } = yield* server.listen(0)
    const client = new TCPClient()
    const lines = yield* logged(
      fn(function* () {
        const good = yield* client.connect('127.0.0.1', port)
        const bad = yield* client.connect('localhost', port, { timeoutMs: 10_000 })
        yield* bad.write('fail\n')
        assert.ok((yield* failure(bad.readUntil('\n'))) instanceof StreamClosedError)
        yield* good.write('hello\n')
        assert.equal(textOf(yield* good.readUntil('\n')), 'HELLO\n')
        good.close()
        yield* server.stop()
      }),
    )
    assert.equal(server.handled, 1)
    assert.equal(lines.filter((line) => /asked to/.test(line)).length, 1)
  })

  it('connecting to nobody fails; cancelling gives up', function* () {
    const gone = yield* listen({ port: 0 })
    const { port } = gone
    gone.close()
    const error = yield* failure(new TCPClient().connect('127.0.0.1', port))
    assert.equal(error.name, 'ConnectError')
    const connecting = new TCPClient().connect('127.0.0.1', port)
    connecting.cancel()
    yield* failure(connecting)
    yield* sleep(1)
  })
})
