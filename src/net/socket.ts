import type { Socket as NodeSocket } from 'node:net'
import { type Address, formatAddress } from './address.ts'
import { BufferedStream } from './buffered-stream.ts'
import { destination } from './intake.ts'
import type { Sender } from './sender.ts'
import type { StreamOptions } from './stream.ts'
import type { Piece, Wire } from './wire.ts'

/**
 * Theory of operation: node's socket as a wire.
 *
 * Reading: node reads on its own, into the intake, or tells by 'data'. It is paused only while our buffer is full; then
 * the rest is left to the kernel, which makes the peer wait. ('readable' and read() cost twice as much per chunk.)
 *
 * Writing: whoever writes first in a turn puts its sender on a list; when the turn is over, before node polls again, each
 * of them is flushed with one system call. So answers to requests that came together leave together.
 *
 * Half-open: an end from the peer ends only reading. That is what `allowHalfOpen` does, which all sockets must be made with.
 */
class SocketWire implements Wire {
  readonly socket: NodeSocket

  constructor(socket: NodeSocket) {
    this.socket = socket
  }

  get stream(): Socket {
    return streamOf(this.socket)
  }

  get external(): boolean {
    return true
  }

  pause(): void {
    this.socket.pause()
  }

  resume(): void {
    this.socket.resume()
  }

  written(): void {
    if (unflushed.push(this.stream.sender) === 1) process.nextTick(flushAll)
  }

  transmit(pieces: readonly Piece[]): boolean {
    const { socket } = this
    const last = pieces.length - 1
    if (last > 0) socket.cork()
    for (let i = 0; i < last; i++) socket.write(pieces[i] as Piece)
    socket.write(pieces[last] as Piece)
    if (last > 0) socket.uncork()
    // A write that failed leaves nothing behind in node either; the error is told by an event of its own.
    if (socket.destroyed) return false
    if (socket.writableLength === 0) return true
    // Nearly all have left by now, and need no callback of their own; so what tells that the others have is an empty one behind them.
    socket.write('', () => {
      // Also called for one that was under way as the socket was destroyed: without an error, and nothing is left of it either.
      if (!socket.destroyed) this.stream.sender.sent()
    })
    return false
  }

  /** Node's own timeout looks at this, too; undefined where there is no such thing. */
  get backlog(): number | undefined {
    return (this.socket as unknown as { _handle?: { writeQueueSize?: number } | null })._handle?.writeQueueSize
  }

  finish(): void {
    // Not the callback of end(): that is called for an error, too.
    this.socket.once('finish', () => this.stream.sender.finished())
    this.socket.end()
  }

  abort(reset: boolean): void {
    // A Unix socket cannot be reset.
    if (reset && this.stream.remote.path === undefined) this.socket.resetAndDestroy()
    else this.socket.destroy()
  }
}

const gone = new Error('the socket was destroyed')

interface WiredSocket extends NodeSocket {
  [destination]?: Socket
}

// One listener for all sockets, and not one for each: that is half a kilobyte of an idle connection.

function onData(this: NodeSocket, chunk: Buffer): void {
  streamOf(this).receiver.push(chunk)
}

function onEnd(this: NodeSocket): void {
  streamOf(this).receiver.end()
}

function onError(this: NodeSocket, error: Error): void {
  const { receiver, sender } = streamOf(this)
  receiver.fail(error)
  sender.fail(error)
}

function onClose(this: NodeSocket): void {
  const { receiver, sender } = streamOf(this)
  // Who destroyed it has told both halves already; this is for a socket that was destroyed behind our back.
  if (!receiver.peerIsGone) receiver.fail(gone)
  if (!this.writableFinished) sender.fail(gone)
}

function streamOf(socket: NodeSocket): Socket {
  return (socket as WiredSocket)[destination] as Socket
}

/** Those that have something to send, written since the last turn ended. */
let unflushed: Sender[] = []

function flushAll(): void {
  const senders = unflushed
  unflushed = []
  for (const sender of senders) sender.flush()
}

/** This side, and the other. */
interface Ends {
  readonly local: Address
  readonly remote: Address
}

let lastLocal: Address = {}
let lastHost: string | undefined

/**
 * Where a connected socket of node leads from and to; `address` has the path if it is a Unix socket. To be asked at once: when it is
 * closed the system does not know any more. The connections of a server share their local address, and those from one host its name.
 */
export function endsOf(socket: NodeSocket, address: { readonly path?: string | undefined }): Ends {
  const { path } = address
  if (path !== undefined) return { local: { path }, remote: { path } }
  const { host, port } = endOf(socket, 'getsockname') ?? { host: socket.localAddress, port: socket.localPort }
  if (lastLocal.host !== host || lastLocal.port !== port) lastLocal = { host, port }
  const remote = endOf(socket, 'getpeername') ?? { host: socket.remoteAddress, port: socket.remotePort }
  if (remote.host !== lastHost) lastHost = remote.host
  return { local: lastLocal, remote: { host: lastHost, port: remote.port } }
}

type AskForName = 'getsockname' | 'getpeername'

/** What the handle answers. Node would keep that in its socket, with the family, which is 150 bytes of an idle connection. */
function endOf(socket: NodeSocket, ask: AskForName): Address | null {
  type Handle = { readonly [key in AskForName]?: (answer: { address?: string; port?: number }) => number }
  const { _handle: handle } = socket as unknown as { readonly _handle: Handle | null }
  const answer: { address?: string; port?: number } = {}
  return handle?.[ask]?.(answer) === 0 && answer.port !== undefined ? { host: answer.address, port: answer.port } : null
}

/** What can be said of a socket. */
export interface SocketOptions extends StreamOptions {
  /** Collect small writes for up to 40 ms, at the system's discretion. What is written in one turn leaves together anyway. False if left out. */
  readonly nagle?: boolean
  /** Milliseconds of silence after which the system asks whether the peer is still there. Never if left out. */
  readonly keepAliveMs?: number
}

/** A TCP or Unix connection. `connect` makes one, and a server accepts them; see `Stream` for what it does. */
export class Socket extends BufferedStream {
  /** This side. */
  readonly local: Address
  /** The other side. */
  readonly remote: Address
  /** @internal */
  override readonly wire: Wire

  /** @internal `socket` is connected, half-open, and paused; `intake` tells that it was made with one. */
  constructor(socket: NodeSocket, ends: Ends, options: SocketOptions, intake = false) {
    super(options)
    this.local = ends.local
    this.remote = ends.remote
    if (this.remote.path === undefined) socket.setNoDelay(options.nagle !== true)
    if (options.keepAliveMs !== undefined) socket.setKeepAlive(true, options.keepAliveMs)
    this.wire = new SocketWire(socket)
    ;(socket as WiredSocket)[destination] = this
    if (!intake) socket.on('data', onData)
    // Node's own is for sockets that are not half-open, and two would need a list.
    for (const listener of socket.listeners('end')) socket.off('end', listener as () => void)
    socket.on('end', onEnd)
    socket.on('error', onError)
    socket.on('close', onClose)
    socket.resume()
  }

  override get name(): string {
    const { path } = this.remote
    return path === undefined ? `tcp ${formatAddress(this.local)} → ${this.peerName}` : `unix ${path}`
  }

  /** @internal */
  override get peerName(): string {
    return formatAddress(this.remote)
  }
}
