import type { Operation } from '../core/index.ts'
import type { Framing } from '../protocol/index.ts'

/** What can be written: a text, which is sent in UTF-8, bytes, or several of them in order. */
export type Data = string | Uint8Array | readonly (string | Uint8Array)[]

/** How a stream behaves. All figures in bytes or milliseconds. */
export interface StreamOptions {
  /**
   * How many bytes are kept for either side: a write waits while so many have not left, and the peer is made to wait while
   * so many have come that nobody reads. 65536 if left out.
   */
  readonly highWaterMark?: number
  /** The longest line that `readLine` takes, without its end. 65536 if left out. */
  readonly maxLine?: number
  /** The most bytes that `readExactly`, `peek` or one message of a framing may be. 16777216 (16 MiB) if left out. */
  readonly maxRead?: number
  /** What ends a line, taken as it is. If left out: "\n", or "\r\n". */
  readonly delimiter?: string | Uint8Array
  /** What the bytes of a line mean. */
  readonly encoding?: 'utf8' | 'latin1'
  /** How long `close` waits for a peer that does not take what was written. 10000 if left out. */
  readonly closeMs?: number
  /**
   * How long the stream may be silent, with not a byte in either direction, while a task waits for one to come or to leave.
   * Then it is destroyed, and that task gets a `StreamTimeoutError`. No limit if left out.
   */
  readonly idleMs?: number
  /** How long it may be open at all, whatever it does; then the same happens. No limit if left out. */
  readonly totalMs?: number
  /** How long `close` goes on taking what a peer sends that nobody will read, so that it gets to read the last words. 1000 if left out. */
  readonly lingerMs?: number
}

/** Plain figures of one stream, at one moment. */
export interface StreamStats {
  readonly name: string
  readonly bytesRead: number
  readonly bytesWritten: number
  /** How often bytes came, and how often some were written. */
  readonly chunks: number
  readonly writes: number
  /** Milliseconds since it was opened, and since the last byte came or left. */
  readonly openMs: number
  readonly silentMs: number
  /** Bytes that have come and nobody has read. */
  readonly unread: number
  /** Bytes that were written and have not left. */
  readonly unsent: number
  /** The task that waits to read, and the one that waits to write. */
  readonly reader: string | null
  readonly writer: string | null
  readonly closed: boolean
}

/**
 * Bytes in either direction: a TCP or Unix socket, or one end of a `memoryPair`.
 *
 * One task may read and one may write at a time; another that tries to gets a `BusyError`, and the first is unharmed.
 *
 * Reading takes from what has come. A read that is cancelled, or that fails, takes nothing: the bytes stay for the next.
 * When the peer has ended its side, what has come can be read, and then there is the end: `null`. When it broke the
 * connection there is a `BrokenError` in place of the end; when this side closed it, a `ClosedError` at once.
 *
 * Writing hands bytes over whole or not at all, so a cancelled write never leaves half a message on the wire. What is
 * written in one turn of the loop leaves together.
 */
export interface Stream extends Disposable, AsyncDisposable {
  /** Such as `tcp 127.0.0.1:5000 → 127.0.0.1:80`: this side, and the other. */
  readonly name: string
  readonly closed: boolean

  /** Some bytes, at most `max`, as soon as there are any; null at the end. */
  read(max?: number): Operation<Uint8Array | null>
  /**
   * The first `count` bytes, 1 if left out, without taking them: who reads next gets them again. Fewer if the end comes first,
   * null if there are none. The bytes must not be changed. More than `maxRead` are a `LimitError`.
   */
  peek(count?: number): Operation<Uint8Array | null>
  /**
   * `count` bytes; null at the end. A `BrokenError` if the end comes amid them; `read` has those that did come. More than
   * `maxRead` are a `LimitError`.
   */
  readExactly(count: number): Operation<Uint8Array | null>
  /**
   * The bytes up to `delimiter` and with it; null at the end. `read` has what came before the end without a delimiter. More
   * than `max` bytes without one are a `LimitError`; they stay, too.
   */
  readUntil(delimiter: string | Uint8Array, max?: number): Operation<Uint8Array | null>
  /**
   * The next line, without its end; null when there are no more. A peer that vanishes amid a line has sent no line: that
   * is the end too, and `read` has what it did send. A line longer than `maxLine` is a `LimitError`, now and for each
   * `readLine` to come, unless `read` takes it away.
   */
  readLine(): Operation<string | null>
  /** The lines, for `for await` in async code. In a task: `for (let line; (line = yield* stream.readLine()) !== null; )`. */
  lines(): AsyncIterable<string>
  /**
   * The next message by the rules of `framing`; null at the end. What breaks them is a `BrokenError`, a message that is too
   * long a `LimitError`. So is one that is not whole after `maxRead` bytes.
   */
  receive<In>(framing: Framing<In, never>): Operation<In | null>
  /** Messages in place of bytes: `receive` and `send` by the rules of `framing`, from the next byte on. */
  upgrade<In, Out>(framing: Framing<In, Out>): Framed<In, Out>
  /** Puts bytes back in front of what has come, for whoever reads next. They must not be changed afterwards. */
  unread(bytes: Uint8Array): void
  /** Ends reading from this side: what has come can still be read, and then there is the end. */
  stopReading(): void
  /**
   * Waits until the peer has ended its side, without reading: what has come stays for who reads, and silence does not count. A
   * `BrokenError` if the connection broke before that, a `ClosedError` when this side closes it. For who is busy elsewhere on behalf
   * of the peer, and is not to go on when it is gone; any number of tasks may. While `highWaterMark` bytes have come that nobody
   * reads, the system is not asked for more, so then the end is not heard either.
   */
  peerEnd(): Operation<void>

  /**
   * Writes a text, in UTF-8, or bytes, which must not be changed afterwards. Waits while the peer is so slow that
   * `highWaterMark` bytes have not left; then takes all of `data`, whatever its length.
   */
  write(data: Data): Operation<void>
  /** Writes several pieces in order, all or none of them. Copies nothing: for a header and a body that are apart. */
  writev(pieces: readonly (string | Uint8Array)[]): Operation<void>
  /** Writes if that needs no waiting; false if it would. */
  tryWrite(data: Data): boolean
  /**
   * Holds back what is written from here on, until `uncork`, so that it leaves together; also over several turns. Up to
   * `highWaterMark` bytes, and at most 65536: then they leave. `flush`, `end` and `close` send it too. Corks add up.
   */
  cork(): void
  uncork(): void
  /** Waits until all that was written has left this process. */
  flush(): Operation<void>
  /** Half-close: sends what was written, then the end. Reading goes on. */
  end(): Operation<void>

  /**
   * Sends what was written, then lets go of the stream. A task that reads or waits to write gets a `ClosedError`. A peer
   * that does not take it within `closeMs` loses it: that is a `BrokenError`. Closing again waits for the same end. If this is
   * cancelled, the stream is destroyed.
   */
  close(): Operation<void>
  /** Lets go of it at once, with all that has not left. The peer reads what did leave, and then the end. */
  destroy(): void
  /** As `destroy`, but the peer is to know that something went wrong: it gets a `BrokenError` in place of the end. */
  reset(): void
  /** For `using`: as `close`, but nobody waits, and nobody hears if the peer does not take the last bytes. */
  [Symbol.dispose](): void
  /** For `await using` in async code: as `close`. */
  [Symbol.asyncDispose](): Promise<void>

  /** Plain figures of this moment. */
  stats(): StreamStats
}

/**
 * A stream whose bytes are messages: what `Stream.upgrade` gives. It keeps nothing of its own, so between two messages the
 * stream can be read by other means, and another framing can take over where this one stopped.
 *
 * What the peer sends against the rules is a `BrokenError`, and a `LimitError` if it is too long. What follows cannot be
 * told apart any more, so both come again for each `receive`: close the connection.
 *
 * ```ts
 * import { run, spawn } from 'fibril'
 * import { memoryPair } from 'fibril/net'
 * import { NetstringFraming } from 'fibril/protocol'
 *
 * await run(function* () {
 *   const [here, there] = memoryPair()
 *   const server = there.upgrade(new NetstringFraming())
 *   spawn(function* () {
 *     for (let m: Uint8Array | null; (m = yield* server.receive()) !== null; ) yield* server.send(m)
 *   })
 *   const channel = here.upgrade(new NetstringFraming())
 *   yield* channel.send('many\nlines\n')
 *   console.log((yield* channel.receive())?.length) // => 11
 *   yield* channel.close()
 * })
 * ```
 */
export interface Framed<In, Out = In> extends Disposable, AsyncDisposable {
  /** What carries the messages. */
  readonly stream: Stream
  readonly framing: Framing<In, Out>
  /** The stream's. */
  readonly name: string

  /**
   * The next message; null at the end. One that is cancelled takes nothing. A framing whose messages may be `null` has to
   * wrap them, or they are taken for the end.
   */
  receive(): Operation<In | null>
  /** The messages, for `for await` in async code. In a task: `for (let m; (m = yield* channel.receive()) !== null; )`. */
  messages(): AsyncIterable<In>
  /**
   * Sends a message, whole or not at all; waits as `Stream.write` does. One that the framing cannot encode is a
   * `RangeError` at the call.
   */
  send(message: Out): Operation<void>
  /** Sends if that needs no waiting; false if it would. */
  trySend(message: Out): boolean
  /** The same stream by another framing, from the next message on. */
  upgrade<I, O>(framing: Framing<I, O>): Framed<I, O>
  /** Closes the stream; see `Stream.close`. */
  close(): Operation<void>
}
