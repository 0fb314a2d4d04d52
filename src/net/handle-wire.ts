import type { Server } from 'node:net'
import { getSystemErrorName } from 'node:util'
import { type Carrier, type Connected, type ConnectionOptions, flushSoon } from './carrier.ts'
import { type Handle, type WriteRequest, write } from './handle.ts'
import { destination, intake, socketAround, taken } from './intake.ts'
import { SocketWire } from './socket-wire.ts'
import type { Piece } from './wire.ts'

interface WiredHandle extends Handle {
  [destination]?: Connected
}

/**
 * Theory of operation: a connection that was accepted, as a wire, without a socket of node around it.
 *
 * Node's socket with its two states is two thirds of what an idle connection costs, and to read and to write takes none of it. So that is
 * done on the handle. For whatever else there is (the end, an error, a write that fails, closing) a socket of node is
 * made around the handle after all, and is told what the handle has just told; from there on it carries the stream, as any other.
 *
 * Bytes are those by which `bytesRead` has grown. If it has not, it was something else that the handle told.
 */
export class HandleWire implements Carrier {
  private readonly handle: WiredHandle
  private readonly server: Server
  /** `bytesRead`, when it was last looked at. */
  private seen: number

  /** `handle` is connected and does not read; `server` has accepted it. */
  constructor(handle: Handle, server: Server) {
    this.handle = handle
    this.server = server
    this.seen = 0
  }

  get platform(): Handle {
    return this.handle
  }

  private get stream(): Connected {
    return streamOf(this.handle)
  }

  get external(): boolean {
    return true
  }

  start(stream: Connected, { nagle, keepAliveMs }: ConnectionOptions): void {
    const { handle } = this
    handle[destination] = stream
    if (stream.remote.path === undefined) handle.setNoDelay?.(nagle !== true)
    if (keepAliveMs !== undefined) handle.setKeepAlive?.(true, Math.floor(keepAliveMs / 1000))
    handle.onread = onRead
    handle.useUserBuffer(intake().buffer as Uint8Array)
    this.resume()
  }

  /** One that does not read yet tells nothing. */
  wait(): void {}

  drop(): void {
    socketAround(this.handle, this.server).destroy()
  }

  pause(): void {
    this.handle.reading = false
    this.handle.readStop()
  }

  resume(): void {
    const { handle } = this
    handle.reading = true
    if (handle.readStart() === 0) return
    // Node finds out again, and tells.
    handle.reading = false
    this.handOver().resume()
  }

  /** The handle has told something. */
  read(): void {
    const { handle, seen } = this
    this.seen = handle.bytesRead
    if (this.seen > seen) return this.stream.receiver.push(taken(this.seen - seen))
    this.handOver()
    handle.onread()
  }

  written(): void {
    flushSoon(this.stream.sender)
  }

  transmit(pieces: readonly Piece[]): boolean {
    const result = write(this.handle, pieces, onWritten)
    if (result === 0) return true
    if (typeof result === 'number') this.handOver().socket.destroy(failedToWrite(result))
    return false
  }

  get backlog(): number {
    return this.handle.writeQueueSize
  }

  finish(): void {
    this.handOver().finish()
  }

  abort(reset: boolean): void {
    this.handOver().abort(reset)
  }

  /** Makes a socket of node, which carries the stream from now on. */
  handOver(): SocketWire {
    const { handle, stream } = this
    const wire = new SocketWire(socketAround(handle, this.server), true)
    stream.wire = wire
    wire.carry(stream)
    if (handle.reading === true) wire.resume()
    return wire
  }
}

function streamOf(handle: WiredHandle): Connected {
  return handle[destination] as Connected
}

/** Answers nothing: anything else would be taken for another buffer to use. */
function onRead(this: WiredHandle): void {
  ;(streamOf(this).wire as HandleWire).read()
}

function onWritten(this: WriteRequest, status: number): void {
  // Of one whose bytes had all left at once.
  if (this.handle === undefined) return
  const stream = streamOf(this.handle)
  if (status === 0) return stream.sender.sent()
  const wire = stream.wire as HandleWire | SocketWire
  const { socket } = wire instanceof HandleWire ? wire.handOver() : wire
  socket.destroy(failedToWrite(status))
}

function failedToWrite(errno: number): Error {
  const code = getSystemErrorName(errno)
  return Object.assign(new Error(`write ${code}`), { errno, code, syscall: 'write' })
}
