import {
  type Body,
  BusyError,
  ClosedError,
  Fifo,
  fn,
  type Operation,
  spawn,
  type Task,
  UsageError,
} from '../core/index.ts'
import { LimitError, type Stream } from '../net/index.ts'
import { begin } from './begin.ts'
import { callSoon } from './callbacks.ts'
import { StreamClosedError, UnsatisfiableReadError } from './errors.ts'
import { Future } from './future.ts'
import { IOLoop } from './io-loop.ts'

const MAX = 104_857_600

/** A write that has not left. */
interface Outgoing {
  readonly data: string | Uint8Array
  readonly future: Future<void>
}

/**
 * A stream of bytes with the verbs of Tornado, over any stream of `fibril/net`. One read at a time; any number of writes, which
 * leave in the order of their calls. A read that meets the end, and a write to a stream that is closed, is a
 * `StreamClosedError`, whose `realError` is why.
 *
 * ```ts
 * import { coroutine, IOStream } from 'fibril/tornado'
 * import { memoryPair } from 'fibril/net'
 *
 * const [one, other] = memoryPair()
 * const client = new IOStream(one)
 * const server = new IOStream(other)
 * void client.write('GET / HTTP/1.0\r\n\r\n')
 * const request = await server.readUntil('\r\n\r\n')
 * console.log(request.length) // => 18
 * client.close()
 * server.close()
 * ```
 */
export class IOStream {
  readonly #stream: Stream
  readonly #outgoing = new Fifo<Outgoing>()
  #writer: Task<void> | null = null
  #reading = false
  #closeCallback: (() => unknown) | null = null
  #closed = false
  /** Why it was closed, if that was no wish of this side; null otherwise. */
  error: unknown = null

  constructor(stream: Stream) {
    this.#stream = stream
  }

  get name(): string {
    return this.#stream.name
  }

  /** The stream beneath. */
  get stream(): Stream {
    return this.#stream
  }

  toString(): string {
    return this.name
  }

  // -- reading

  /** `count` bytes; with `partial`, at least one and at most `count`. */
  readBytes(count: number, options: { readonly partial?: boolean } = {}): Future<Uint8Array> {
    checkCount(count)
    const read = options.partial ? this.#stream.read(Math.max(1, count)) : this.#stream.readExactly(count)
    return this.#read(`${count} bytes of ${this}`, count === 0 ? nothing() : read)
  }

  /** The bytes up to `delimiter` and with it. If they are not within `maxBytes`, it is closed: an `UnsatisfiableReadError`. */
  readUntil(delimiter: string | Uint8Array, options: { readonly maxBytes?: number } = {}): Future<Uint8Array> {
    const { maxBytes = MAX } = options
    const what = `delimiter ${JSON.stringify(String(delimiter))}`
    return this.#read(`${what} in ${this}`, this.#stream.readUntil(delimiter, maxBytes), what, maxBytes)
  }

  /** The bytes up to the end of the first match of `pattern`, which is matched against the bytes as latin1 text. */
  readUntilRegex(pattern: RegExp, options: { readonly maxBytes?: number } = {}): Future<Uint8Array> {
    const { maxBytes = 65_536 } = options
    return this.#read(
      `${pattern} in ${this}`,
      untilMatch(this.#stream, pattern, maxBytes),
      `regex ${pattern}`,
      maxBytes,
    )
  }

  /** Fills `buffer`; with `partial`, at least one byte of it. Gives how many bytes came. */
  readInto(buffer: Uint8Array, options: { readonly partial?: boolean } = {}): Future<number> {
    return this.#read(`bytes of ${this}`, into(this.#stream, buffer, options.partial ?? false))
  }

  /** All that comes until the peer ends. */
  readUntilClose(): Future<Uint8Array> {
    return this.#read(`the end of ${this}`, untilEnd(this.#stream))
  }

  #read<T>(name: string, read: Operation<T | null>, what = name, maxBytes = MAX): Future<T> {
    if (this.#reading) throw new BusyError(`Already reading from ${this}: yield the future of the first read`)
    this.#reading = true
    return begin(name, reading(this, read, what, maxBytes))
  }

  /** @internal */
  readEnds(error: unknown, what: string, maxBytes: number): unknown {
    this.#reading = false
    if (error === null) return null
    if (error instanceof LimitError) {
      const unsatisfiable = new UnsatisfiableReadError(what, maxBytes)
      this.close(unsatisfiable)
      return unsatisfiable
    }
    if (error instanceof ClosedError || this.#closed) return this.#closedError()
    this.close(error === END ? null : error)
    return this.#closedError()
  }

  /** @internal A read that was cancelled took nothing. */
  readLeaves(): void {
    this.#reading = false
  }

  // -- writing

  /** Sends `data`, after all that was written before. The future is done when it has left this process. */
  write(data: string | Uint8Array): Future<void> {
    if (this.#closed) {
      const refused = new Future<void>(`a write to ${this}`)
      refused.fail(this.#closedError())
      return refused
    }
    const future = new Future<void>(`a write to ${this}`)
    this.#outgoing.push({ data, future })
    this.#writer ??= spawn.detached(IOStream.#send(this), { name: `writer of ${this}` })
    return future
  }

  /** True while something that was written has not left. */
  writing(): boolean {
    return this.#writer !== null
  }

  static readonly #send = fn(function* send(stream: IOStream): Body<void> {
    const outgoing = stream.#outgoing
    const sent: Outgoing[] = []
    try {
      for (let next = outgoing.shift(); next !== undefined; next = outgoing.shift()) {
        sent.push(next)
        yield* stream.#stream.write(next.data)
        if (outgoing.length > 0) continue
        yield* stream.#stream.flush()
        for (const { future } of sent.splice(0)) future.tryResolve()
      }
    } catch (error) {
      stream.close(error instanceof ClosedError ? null : error)
      for (const { future } of sent) future.fail(stream.#closedError())
      for (let next = outgoing.shift(); next !== undefined; next = outgoing.shift())
        next.future.fail(stream.#closedError())
    } finally {
      stream.#writer = null
    }
  })

  // -- closing

  /** Closes it, with what has not left; who reads or writes gets a `StreamClosedError`. `error` is why, for `error`. */
  close(error: unknown = null): void {
    if (this.#closed) return
    this.#closed = true
    this.error = error
    if (error !== null) this.#stream.destroy()
    else this.#stream[Symbol.dispose]()
    const callback = this.#closeCallback
    this.#closeCallback = null
    if (callback !== null) callSoon(IOLoop.current().engine, callback, [])
  }

  closed(): boolean {
    return this.#closed
  }

  /** Calls `callback` in a later turn, once it is closed, by this side or by what a read or write met; null takes it back. */
  setCloseCallback(callback: (() => unknown) | null): void {
    if (this.#closed && callback !== null) callSoon(IOLoop.current().engine, callback, [])
    else this.#closeCallback = callback
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #closedError(): StreamClosedError {
    return new StreamClosedError(this.name, this.error)
  }
}

/** What a read gives in place of bytes at the end of the stream. */
const END = Symbol('end')

const reading = fn(function* read<T>(
  stream: IOStream,
  operation: Operation<T | null>,
  what: string,
  maxBytes: number,
): Body<T> {
  let failure: unknown = null
  let settled = false
  try {
    const value = yield* operation
    settled = true
    if (value !== null) {
      stream.readLeaves()
      return value
    }
    failure = END
  } catch (error) {
    settled = true
    failure = error
  } finally {
    if (!settled) stream.readLeaves()
  }
  throw stream.readEnds(failure, what, maxBytes)
})

const nothing = fn(function* nothing(): Body<Uint8Array> {
  return new Uint8Array(0)
})

const untilMatch = fn(function* untilMatch(stream: Stream, pattern: RegExp, max: number): Body<Uint8Array | null> {
  const matcher = new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ''))
  for (let wanted = 1; ; ) {
    const seen = yield* stream.peek(wanted)
    // More may have come than was asked for: look at all of it at once.
    const unread = Math.min(stream.stats().unread, max)
    const bytes = seen !== null && unread > seen.length ? ((yield* stream.peek(unread)) as Uint8Array) : seen
    const found = bytes === null ? null : matcher.exec(Buffer.from(bytes).toString('latin1'))
    if (found !== null) return yield* stream.readExactly(found.index + found[0].length)
    if (bytes === null || bytes.length < wanted) return null
    if (bytes.length >= max) throw new LimitError(`${pattern} did not come within ${max} bytes`, max)
    wanted = bytes.length + 1
  }
})

const into = fn(function* into(stream: Stream, buffer: Uint8Array, partial: boolean): Body<number | null> {
  if (buffer.length === 0) return 0
  const bytes = partial ? yield* stream.read(buffer.length) : yield* stream.readExactly(buffer.length)
  if (bytes === null) return null
  buffer.set(bytes)
  return bytes.length
})

const untilEnd = fn(function* untilEnd(stream: Stream): Body<Uint8Array> {
  const chunks: Uint8Array[] = []
  for (let chunk: Uint8Array | null; (chunk = yield* stream.read()) !== null; ) chunks.push(chunk)
  return Buffer.concat(chunks)
})

function checkCount(count: number): void {
  if (!(Number.isInteger(count) && count >= 0)) throw new UsageError(`readBytes(${count}): give a whole number from 0`)
}
