import type { Socket as NodeSocket } from 'node:net'
import { type Carrier, type Connected, type ConnectionOptions, flushSoon } from './carrier.ts'
import { handleOf } from './handle.ts'
import { destination } from './intake.ts'
import type { Piece } from './wire.ts'

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
export class SocketWire implements Carrier {
  readonly socket: NodeSocket
  /** It was made with an intake. */
  private readonly hasIntake: boolean

  /** `socket` is connected, or is about to be, half-open, and paused. */
  constructor(socket: NodeSocket, hasIntake: boolean) {
    this.socket = socket
    this.hasIntake = hasIntake
  }

  get platform(): NodeSocket {
    return this.socket
  }

  private get stream(): Connected {
    return streamOf(this.socket)
  }

  get external(): boolean {
    return true
  }

  start(stream: Connected, options: ConnectionOptions): void {
    if (stream.remote.path === undefined) this.socket.setNoDelay(options.nagle !== true)
    if (options.keepAliveMs !== undefined) this.socket.setKeepAlive(true, options.keepAliveMs)
    this.socket.off('error', ignore)
    this.carry(stream)
    this.socket.resume()
  }

  /** Tells `stream` what comes from now on. */
  carry(stream: Connected): void {
    const socket: WiredSocket = this.socket
    socket[destination] = stream
    if (!this.hasIntake) socket.on('data', onData)
    // Node's own is for sockets that are not half-open, and two would need a list.
    for (const listener of socket.listeners('end')) socket.off('end', listener as () => void)
    socket.on('end', onEnd)
    socket.on('error', onError)
    socket.on('close', onClose)
  }

  wait(): void {
    // An error without a listener would end the process. Whoever accepts the socket finds it closed.
    this.socket.on('error', ignore)
  }

  drop(): void {
    this.socket.destroy()
  }

  pause(): void {
    this.socket.pause()
  }

  resume(): void {
    this.socket.resume()
  }

  written(): void {
    flushSoon(this.stream.sender)
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
    return handleOf(this.socket)?.writeQueueSize
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
  [destination]?: Connected
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

function ignore(): void {}

function streamOf(socket: NodeSocket): Connected {
  return (socket as WiredSocket)[destination] as Connected
}
