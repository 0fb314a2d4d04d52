/**
 * Theory of operation: node's streams as streams of ours, and the other way.
 *
 *   fromNode   A readable, a writable or both are a wire. Node pushes by 'data' and is paused while our buffer is full; what was
 *              written has left when node's callback says so.
 *   toNode     `_read` is one read, `_write` is one write and its flush, `_final` is the end.
 *
 * A node stream may end in more ways than a socket: it is destroyed without a word (a premature close), or ends its writable
 * side because the readable one has ended (`allowHalfOpen: false`). Either is a `BrokenError` for who goes on.
 */
import { Socket as NodeSocket } from 'node:net'
import { Duplex, type Readable, type Writable } from 'node:stream'
import { fn, type Operation, UsageError } from '../core/index.ts'
import type { BufferedStream } from './buffered-stream.ts'
import { closedBy } from './net-errors.ts'
import { type ByteSink, type ByteSource, PlatformStream, type PlatformStreamOptions } from './platform-stream.ts'
import type { Stream } from './stream.ts'
import type { Piece, Wire } from './wire.ts'

/** How a stream over a node stream behaves, and what it is called in messages: `node stream` if left out. */
export type FromNodeOptions = PlatformStreamOptions

/** What `fromNode` makes of it. Not three overloads: a socket is not found to be a `Duplex` before it is a `Readable`. */
export type FromNode<N> = N extends Duplex ? Stream : N extends Readable ? ByteSource : ByteSink

/** @internal What is not a plain stream of node, though it looks like one: a message of HTTP. */
export interface NodeMessage {
  /** Called in place of destroying it. */
  letGo(reset: boolean): void
  /** What tells by `finish` that all has left. */
  readonly outlet?: Writable
  /** What it goes out by was destroyed, of which the message learns later. */
  isGone?(): boolean
}

class NodeWire implements Wire {
  readonly external = true
  private readonly stream: BufferedStream
  private readonly readable: Readable | null
  private readonly writable: Writable | null
  private readonly outlet: Writable | null
  private readonly message: NodeMessage | null
  private finishing = false
  private readonly whenSent = (error?: Error | null): void => {
    // Also called after a write that had left at once; then another may be on its way by now. A failure is told by an event.
    if (!error && this.idle) this.stream.sender.sent()
  }

  constructor(
    stream: BufferedStream,
    readable: Readable | null,
    writable: Writable | null,
    message: NodeMessage | null,
  ) {
    this.stream = stream
    this.readable = readable
    this.writable = writable
    this.outlet = message?.outlet ?? writable
    this.message = message
    const { receiver, sender } = stream
    for (const node of new Set([readable, writable])) {
      node?.on('error', (error: Error) => {
        receiver.fail(error)
        sender.fail(error)
      })
      node?.on('close', () => this.closed())
    }
    if (this.outlet === null) sender.close(closedBy('its maker, who gave no writable stream'))
    else this.outlet.on('finish', () => (this.finishing ? sender.finished() : sender.fail(endedItself)))
    if (readable === null || readable.readableEnded) receiver.end()
    else {
      readable.on('data', (chunk: Buffer | string) =>
        receiver.push(typeof chunk === 'string' ? Buffer.from(chunk, readable.readableEncoding ?? 'utf8') : chunk),
      )
      readable.on('end', () => receiver.end())
    }
    if ((readable ?? writable)?.destroyed) this.closed()
  }

  /** All has left. What was under way when a socket was destroyed has not, though node calls back without an error. */
  private get idle(): boolean {
    const { writable, message } = this
    return writable?.writableLength === 0 && !writable.destroyed && message?.isGone?.() !== true
  }

  private closed(): void {
    const { receiver, sender } = this.stream
    if (!receiver.peerIsGone) receiver.fail(this.readable?.errored ?? closedEarly)
    if (this.outlet?.writableFinished === false) sender.fail(this.writable?.errored ?? closedEarly)
  }

  pause(): void {
    this.readable?.pause()
  }

  resume(): void {
    this.readable?.resume()
  }

  written(): void {
    process.nextTick(() => this.stream.sender.flush())
  }

  transmit(pieces: readonly Piece[]): boolean {
    const writable = this.writable as Writable
    const last = pieces.length - 1
    if (last > 0) writable.cork()
    for (let i = 0; i <= last; i++) writable.write(pieces[i], 'utf8', i === last ? this.whenSent : undefined)
    if (last > 0) writable.uncork()
    return this.idle
  }

  finish(): void {
    this.finishing = true
    this.writable?.end()
  }

  abort(reset: boolean): void {
    const { readable, writable, message } = this
    if (message !== null) return message.letGo(reset)
    const node = (readable ?? writable) as Readable | Writable
    if (reset) return breakOff(node)
    // Only `end` makes some streams give their last bytes; but those that are stuck never finish.
    if (writable === null || writable.writableFinished || writable.writableLength > 0) return destroy(node)
    this.finishing = true
    writable.once('finish', () => destroy(node))
    writable.end()
  }
}

function destroy(node: Readable | Writable): void {
  node.destroy()
}

/** @internal Has whoever is behind it see an error, as far as it knows how. */
export function breakOff(node: Readable | Writable): void {
  if (node instanceof NodeSocket) {
    try {
      node.resetAndDestroy()
      return
    } catch {
      // TLS and Unix sockets cannot be reset, which node tells in no other way.
    }
  }
  node.destroy(wasReset)
}

const wasReset = Object.assign(new Error('the stream was reset'), { code: 'ECONNRESET' })
const endedItself = Object.assign(
  new Error('the node stream ended its writable side when its readable one ended: make it with allowHalfOpen'),
  { code: 'ERR_STREAM_WRITE_AFTER_END' },
)
const closedEarly = Object.assign(new Error('the node stream was destroyed before its end'), {
  code: 'ERR_STREAM_PREMATURE_CLOSE',
})

/** @internal A stream over the two directions of a node stream, or one of them. */
export class NodeStream extends PlatformStream {
  /** @internal */
  override readonly wire: Wire

  constructor(
    readable: Readable | null,
    writable: Writable | null,
    options: FromNodeOptions,
    message: NodeMessage | null = null,
  ) {
    super('node stream', writable === null, options)
    this.wire = new NodeWire(this, readable, writable, message)
  }
}

/**
 * A stream over a node stream: a socket, a file, a child's stdio, a compressor; with all verbs, `readLine`, `readExactly`, a
 * `write` that waits while it is slow. Of a readable alone, one that can only be read; of a writable alone, one that can only
 * be written. Half-open as far as the node stream is; when that is destroyed early or fails, there is a `BrokenError` with the
 * cause. Closing it ends and destroys the node stream.
 *
 * One in object mode has no bytes: take its items by `items`.
 *
 * ```ts
 * import { spawn as startProcess } from 'node:child_process'
 * import { run } from 'fibril'
 * import { fromNode } from 'fibril/net'
 *
 * await run(function* () {
 *   const child = startProcess('sort')
 *   using input = fromNode(child.stdin)
 *   using output = fromNode(child.stdout)
 *   yield* input.write('pear\napple\n')
 *   yield* input.end()
 *   console.log(yield* output.readLine()) // => apple
 *   console.log(yield* output.readLine()) // => pear
 *   console.log(yield* output.readLine()) // => null
 * })
 * ```
 */
export function fromNode<N extends Duplex | Readable | Writable>(node: N, options?: FromNodeOptions): FromNode<N>
export function fromNode(node: Duplex | Readable | Writable, options: FromNodeOptions = {}): Stream {
  const readable = 'read' in node && typeof node.read === 'function' ? node : null
  const writable = 'write' in node && typeof node.write === 'function' ? node : null
  if (readable === null && writable === null) throw new UsageError('fromNode: give a readable or writable of node')
  if (readable?.readableObjectMode || writable?.writableObjectMode) {
    throw new UsageError(
      `fromNode: ${options.name ?? 'the stream'} is in object mode and has no bytes: take its items by \`items(readable)\``,
    )
  }
  return new NodeStream(readable, writable, options)
}

class AsDuplex extends Duplex {
  private readonly stream: Stream

  constructor(stream: Stream) {
    super({ allowHalfOpen: true, decodeStrings: false })
    this.stream = stream
  }

  override _read(): void {
    this.stream.read().then<void, void>(
      (chunk) => {
        if (!this.destroyed) this.push(chunk)
      },
      (error) => void this.destroy(error as Error),
    )
  }

  override _write(chunk: Buffer | string, encoding: BufferEncoding, done: Done): void {
    this.send([pieceOf(chunk, encoding)], done)
  }

  override _writev(chunks: { readonly chunk: Buffer | string; readonly encoding: BufferEncoding }[], done: Done): void {
    this.send(
      chunks.map(({ chunk, encoding }) => pieceOf(chunk, encoding)),
      done,
    )
  }

  override _final(done: Done): void {
    settle(this.stream.end(), done)
  }

  /** Done when they have left: whoever writes to a node stream may use the bytes again then. */
  private send(pieces: readonly Piece[], done: Done): void {
    const { stream } = this
    let taken = 0
    try {
      while (taken < pieces.length && stream.tryWrite(pieces[taken] as Piece)) taken++
    } catch (error) {
      return done(error as Error)
    }
    if (taken === pieces.length && stream.stats().unsent === 0) done()
    else settle(writeThrough(stream, pieces.slice(taken)), done)
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (error === null) this.stream.destroy()
    else this.stream.reset()
    done(error)
  }
}

type Done = (error?: Error | null) => void

function pieceOf(chunk: Buffer | string, encoding: BufferEncoding): Piece {
  return typeof chunk === 'string' && encoding !== 'utf8' ? Buffer.from(chunk, encoding) : chunk
}

function settle(operation: Operation<void>, done: Done): void {
  operation.then(
    () => done(),
    (error) => done(error as Error),
  )
}

const writeThrough = fn(function* writeThrough(stream: Stream, pieces: readonly Piece[]) {
  for (const piece of pieces) yield* stream.write(piece)
  yield* stream.flush()
})

/**
 * A stream as node's `Duplex`, for whatever takes those: `pipeline`, a parser, a library that wants a socket. Half-open.
 * Nothing is read before it is asked for, and a write is over when its bytes have left. Errors of the stream are its errors;
 * destroying it destroys the stream, and with an error resets it.
 *
 * ```ts
 * import { createInterface } from 'node:readline'
 * import { run } from 'fibril'
 * import { items, memoryPair, toNode } from 'fibril/net'
 *
 * await run(function* () {
 *   const [here, there] = memoryPair()
 *   yield* there.write('one\ntwo\n')
 *   yield* there.end()
 *   yield* items(createInterface({ input: toNode(here) })).forEach((line) => {
 *     console.log(line)
 *   })
 *   // prints: one
 *   // prints: two
 * })
 * ```
 */
export function toNode(stream: Stream): Duplex {
  return new AsDuplex(stream)
}
