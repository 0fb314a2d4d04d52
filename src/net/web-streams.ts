/**
 * Theory of operation: streams of the web's kind as streams of ours, and the other way.
 *
 *   fromWeb   A `ReadableStream` and a `WritableStream` are a wire like a socket: one read is open at any time unless the
 *             receiver has paused it, and what was written has left when the sink has room for it. So reads and writes have all
 *             the rules of a `Stream`: a cancel loses no chunk, and tears no write.
 *   toWeb     Each `pull` is one read, each `write` one write. Nothing is read that was not asked for: back-pressure goes
 *             through in both directions, with nothing in between.
 *
 * How it ends, in either direction:
 *
 *   end of reading         ⇄  close of the readable        stopReading     ⇄  cancel of the readable
 *   end                    ⇄  close of the writable        reset           ⇄  abort of the writable
 *   BrokenError            ⇄  error
 */
import {
  ReadableStream,
  type ReadableStreamDefaultReader,
  WritableStream,
  type WritableStreamDefaultWriter,
} from 'node:stream/web'
import type { BufferedStream } from './buffered-stream.ts'
import { closedBy } from './net-errors.ts'
import { type ByteSink, type ByteSource, PlatformStream, type PlatformStreamOptions } from './platform-stream.ts'
import type { Stream } from './stream.ts'
import type { Piece, Wire } from './wire.ts'

/** Bytes as the web gives them. */
export type WebBytes = ArrayBuffer | ArrayBufferView

/** Two web streams that are the two directions of one thing: a pair of a `TransformStream`, a `WebSocketStream`. */
export interface WebPair<R extends WebBytes = WebBytes, W = Uint8Array> {
  readonly readable: ReadableStream<R>
  readonly writable: WritableStream<W>
}

/** How a stream over web streams behaves, and what it is called in messages: `web stream` if left out. */
export type FromWebOptions = PlatformStreamOptions

class WebWire implements Wire {
  readonly external = true
  private readonly stream: BufferedStream
  private readonly reader: ReadableStreamDefaultReader<WebBytes> | null
  private readonly writer: WritableStreamDefaultWriter<Uint8Array> | null
  private paused = false
  private asked = false
  private sending = false

  constructor(
    stream: BufferedStream,
    readable: ReadableStream<WebBytes> | null,
    writable: WritableStream<Uint8Array> | null,
    over: () => void,
  ) {
    this.stream = stream
    this.reader = readable?.getReader() ?? null
    this.reader?.closed.then(over, over)
    this.writer = writable?.getWriter() ?? null
    // Heard also while nobody writes.
    this.writer?.closed.catch((error) => stream.sender.fail(error))
  }

  /** Asks for the next chunk, unless one is on its way. */
  private ask(): void {
    const { reader } = this
    if (reader === null || this.paused || this.asked) return
    const { receiver } = this.stream
    this.asked = true
    reader.read().then(
      ({ done, value }) => {
        this.asked = false
        if (done) return receiver.end()
        let chunk: Buffer
        try {
          chunk = bufferOf(value)
        } catch (error) {
          receiver.fail(error)
          reader.cancel(error).catch(ignore)
          return
        }
        receiver.push(chunk)
        this.ask()
      },
      (error) => receiver.fail(error),
    )
  }

  pause(): void {
    this.paused = true
  }

  resume(): void {
    this.paused = false
    this.ask()
  }

  written(): void {
    process.nextTick(() => this.stream.sender.flush())
  }

  transmit(pieces: readonly Piece[]): boolean {
    const writer = this.writer as WritableStreamDefaultWriter<Uint8Array>
    const room = (writer.desiredSize ?? 0) > 0
    writer.write(joined(pieces)).catch(ignore)
    if (room) return true
    this.sending = true
    writer.ready.then(() => {
      this.sending = false
      this.stream.sender.sent()
    }, ignore)
    return false
  }

  finish(): void {
    this.writer?.close().then(() => this.stream.sender.finished(), ignore)
  }

  abort(reset: boolean): void {
    const { reader, writer } = this
    reader?.cancel(reset ? resetByPeer : closedByPeer).catch(ignore)
    // What the sink has no room for is lost, and whoever is behind it must not take the rest for the whole.
    if (reset || this.sending) writer?.abort(resetByPeer).catch(ignore)
    else writer?.close().catch(ignore)
    reader?.releaseLock()
    writer?.releaseLock()
  }
}

/** @internal A stream over two web streams, or one of them, or none. `over` is called when the readable is. */
export class WebStream extends PlatformStream {
  /** @internal */
  override readonly wire: Wire

  constructor(
    readable: ReadableStream<WebBytes> | null,
    writable: WritableStream<Uint8Array> | null,
    options: FromWebOptions,
    over: () => void = ignore,
  ) {
    super('web stream', writable === null, options)
    this.wire = new WebWire(this, readable, writable, over)
    if (readable === null) {
      this.receiver.end()
      over()
    }
    if (writable === null) this.sender.close(closedBy('its maker, who gave no writable stream'))
    this.wire.resume()
  }
}

// What goes to the other side of a web stream as the reason. Codes, so that a stream of ours over there can say what they mean.
const resetByPeer = Object.assign(new Error('the stream was reset'), { code: 'ECONNRESET' })
const closedByPeer = Object.assign(new Error('the stream was closed'), { code: 'EPIPE' })

function ignore(): void {}

function bufferOf(chunk: unknown): Buffer {
  if (ArrayBuffer.isView(chunk)) return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
  if (chunk instanceof ArrayBuffer) return Buffer.from(chunk)
  throw new TypeError(`a web stream gave ${describe(chunk)} in place of bytes: take its items by \`items(readable)\``)
}

function describe(chunk: unknown): string {
  return typeof chunk === 'string' ? 'a text' : `a value of type ${typeof chunk}`
}

/** The pieces as one, in storage of its own: a sink may keep what it takes, or take its storage away. */
function joined(pieces: readonly Piece[]): Uint8Array {
  const chunks = pieces.map((piece) => (typeof piece === 'string' ? Buffer.from(piece) : piece))
  const bytes = new Uint8Array(chunks.reduce((size, chunk) => size + chunk.byteLength, 0))
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.byteLength
  }
  return bytes
}

/**
 * A stream over web streams, with all verbs: `readLine`, `readExactly`, a `write` that waits while the sink is slow. Of
 * a readable alone, one that can only be read; of a writable alone, one that can only be written. It takes up to
 * `highWaterMark` bytes ahead. A web stream that fails is a `BrokenError` with its reason as the cause.
 *
 * It holds the locks of the web streams until it is closed. Closing cancels the readable and closes the writable; `reset`
 * aborts it. For streams of anything but bytes: `items`.
 *
 * ```ts
 * import { run } from 'fibril'
 * import { fromWeb } from 'fibril/net'
 *
 * await run(function* () {
 *   const text = new Blob(['one\ntwo\n']).stream()
 *   const lines = fromWeb(text)
 *   console.log(yield* lines.readLine()) // => one
 *   console.log(yield* lines.readLine()) // => two
 *   console.log(yield* lines.readLine()) // => null
 * })
 * ```
 */
export function fromWeb(pair: WebPair, options?: FromWebOptions): Stream
export function fromWeb(readable: ReadableStream<WebBytes>, options?: FromWebOptions): ByteSource
export function fromWeb(writable: WritableStream<Uint8Array>, options?: FromWebOptions): ByteSink
export function fromWeb(
  source: WebPair | ReadableStream<WebBytes> | WritableStream<Uint8Array>,
  options: FromWebOptions = {},
): Stream {
  if ('getReader' in source) return new WebStream(source, null, options)
  if ('getWriter' in source) return new WebStream(null, source, options)
  return new WebStream(source.readable, source.writable, options)
}

/** A stream as a pair of web streams. */
export interface ToWebPair {
  readonly readable: ReadableStream<Uint8Array>
  readonly writable: WritableStream<Uint8Array | string>
}

/**
 * A stream as a pair of web streams, for whatever takes those. Nothing is read before it is asked for, also into a buffer of
 * the asker's (BYOB); a write is over when the stream has taken it, and its bytes must not be changed afterwards. Texts are
 * written in UTF-8.
 *
 * Cancelling the readable ends reading; closing the writable sends what was written, and the end; aborting it resets the
 * stream. When both directions are over the stream is closed.
 *
 * ```ts
 * import { run, wait } from 'fibril'
 * import { memoryPair, toWeb } from 'fibril/net'
 *
 * await run(function* () {
 *   const [here, there] = memoryPair()
 *   yield* there.write('hello')
 *   yield* there.end()
 *   const { readable, writable } = toWeb(here)
 *   console.log(yield* wait(new Response(readable).text())) // => hello
 *   yield* wait(writable.close())
 *   console.log(here.closed) // => true
 * })
 * ```
 */
export function toWeb(stream: Stream): ToWebPair {
  let open = 2
  const over = async (): Promise<void> => {
    if (--open === 0) await stream.close()
  }
  return {
    readable: readableOf(stream, over, () => {
      stream.stopReading()
      return over()
    }),
    writable: writableOf(stream, async () => {
      await stream.end()
      await over()
    }),
  }
}

/** What can only be read, as a `ReadableStream`; see `toWeb`. At the end, and by a cancel, it is closed. */
export function toWebReadable(source: ByteSource): ReadableStream<Uint8Array> {
  const close = async (): Promise<void> => source.destroy()
  return readableOf(source, close, close)
}

/** What can only be written, as a `WritableStream`; see `toWeb`. Closing that closes it. */
export function toWebWritable(sink: ByteSink): WritableStream<Uint8Array | string> {
  return writableOf(sink, () => sink.close().then())
}

/** @internal `ended` and `cancelled` tell which end it came to. */
export function readableOf(
  source: Pick<Stream, 'read'>,
  ended: () => Promise<void>,
  cancelled: () => Promise<void>,
): ReadableStream<Uint8Array> {
  return new ReadableStream({
    type: 'bytes',
    async pull(controller) {
      const chunk = await source.read(controller.byobRequest?.view?.byteLength)
      const request = controller.byobRequest
      if (chunk === null) {
        controller.close()
        request?.respond(0)
        return ended()
      }
      // Not the chunk itself: a byte stream takes its storage away, of which it may be a small part.
      const view = request?.view
      if (!view || view.byteLength < chunk.length) return controller.enqueue(new Uint8Array(chunk))
      new Uint8Array(view.buffer, view.byteOffset, view.byteLength).set(chunk)
      request?.respond(chunk.length)
    },
    cancel: cancelled,
  })
}

function writableOf(
  sink: Pick<Stream, 'write' | 'reset'>,
  close: () => Promise<void>,
): WritableStream<Uint8Array | string> {
  return new WritableStream<Uint8Array | string>({
    async write(chunk) {
      await sink.write(typeof chunk === 'string' ? chunk : bufferOf(chunk))
    },
    close,
    abort() {
      sink.reset()
    },
  })
}
