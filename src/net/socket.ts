import type { Socket as NodeSocket } from 'node:net'
import { type Address, formatAddress } from './address.ts'
import { BufferedStream } from './buffered-stream.ts'
import type { Intake } from './intake.ts'
import type { Sender } from './sender.ts'
import type { StreamOptions } from './stream.ts'
import type { Piece, Wire } from './wire.ts'

/**
 * Theory of operation: node's socket as a wire.
 *
 * Reading: node reads on its own, into the `Intake`, or tells by 'data'. It is paused only while our buffer is full; then
 * the rest is left to the kernel, which makes the peer wait. ('readable' and read() cost twice as much per chunk.)
 *
 * Writing: whoever writes first in a turn puts its sender on a list; when the turn is over, before node polls again, each
 * of them is flushed with one system call. So answers to requests that came together leave together.
 *
 * Half-open: an end from the peer ends only reading. That is what `allowHalfOpen` does, which all sockets must be made with.
 */
class SocketWire implements Wire {
  readonly external = true
  private readonly socket: NodeSocket
  private readonly stream: Socket
  private readonly whenSent = (): void => {
    // Also called after a write that had left at once; then another may be on its way by now.
    if (this.socket.writableLength === 0) this.stream.sender.sent()
  }

  constructor(socket: NodeSocket, stream: Socket, intake: Intake | null) {
    this.socket = socket
    this.stream = stream
    const { receiver, sender } = stream
    if (intake === null) socket.on('data', (chunk: Buffer) => receiver.push(chunk))
    else intake.to = receiver
    socket.on('end', () => receiver.end())
    socket.on('error', (error) => {
      receiver.fail(error)
      sender.fail(error)
    })
    socket.on('close', () => {
      // Who destroyed it has told both halves already; this is for a socket that was destroyed behind our back.
      if (!receiver.peerIsGone) receiver.fail(gone)
      if (!socket.writableFinished) sender.fail(gone)
    })
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
    socket.write(pieces[last] as Piece, this.whenSent)
    if (last > 0) socket.uncork()
    // A write that failed leaves nothing behind in node either; the error is told by an event of its own.
    return socket.writableLength === 0 && !socket.destroyed
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

/** Those that have something to send, written since the last turn ended. */
let unflushed: Sender[] = []

function flushAll(): void {
  const senders = unflushed
  unflushed = []
  for (const sender of senders) sender.flush()
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
  override readonly name: string
  /** @internal */
  override readonly peerName: string
  /** This side. */
  readonly local: Address
  /** The other side. */
  readonly remote: Address
  /** @internal */
  override readonly wire: Wire

  /** @internal `socket` is connected, half-open, and paused; if it reads into an intake, that is its own. */
  constructor(
    socket: NodeSocket,
    address: { readonly path?: string | undefined },
    options: SocketOptions,
    intake: Intake | null = null,
  ) {
    super(options)
    const { path } = address
    // Asked now: once it is closed, the system does not know any more.
    this.local = path === undefined ? { host: socket.localAddress, port: socket.localPort } : { path }
    this.remote = path === undefined ? { host: socket.remoteAddress, port: socket.remotePort } : { path }
    this.peerName = formatAddress(this.remote)
    this.name = path === undefined ? `tcp ${formatAddress(this.local)} → ${this.peerName}` : `unix ${path}`
    if (path === undefined) socket.setNoDelay(options.nagle !== true)
    if (options.keepAliveMs !== undefined) socket.setKeepAlive(true, options.keepAliveMs)
    this.wire = new SocketWire(socket, this, intake)
    socket.resume()
  }
}
