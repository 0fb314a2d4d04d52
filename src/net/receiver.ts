/**
 * Theory of operation: the reading half of a stream.
 *
 *   wire ──push──▶ buffer ──take──▶ the one reader
 *
 *   open ──end──▶ ended      what has come can be read, then there is the end; also by `stopReading`
 *    │  └──fail─▶ broken     what has come can be read, then every read throws a BrokenError
 *    └────close─▶ closed     every read throws a ClosedError, from any state; what comes is dropped
 *
 * Bytes leave the buffer only in `taken`, when they are handed to a task, so a read that is cancelled or fails takes none.
 * A reader that is parked is served by what comes; nobody else may read meanwhile, for it would be overtaken.
 *
 * The wire is paused while `highWaterMark` bytes are here and nobody waits for more, so what a peer can make this side
 * keep is bounded by that, or by what the reader itself asked for.
 */
import { BrokenError, BusyError, currentTask, NOT_YET, type TaskView, type Waiter, WaitList } from '../core/index.ts'
import { ReceiveBuffer } from '../protocol/index.ts'
import { describeSystemError, type Refusal } from './net-errors.ts'
import { type StreamCore, StreamWait } from './stream-wait.ts'
import { codeName, type Wire } from './wire.ts'

/** What a read wants. */
export abstract class Read<T> extends StreamWait<T> {
  protected readonly receiver: Receiver

  constructor(receiver: Receiver) {
    super()
    this.receiver = receiver
  }

  protected override get stream(): StreamCore {
    return this.receiver.stream
  }

  /** What it waits for, in words. */
  protected abstract readonly wanted: string

  /** Takes it from what has come, or answers `NOT_YET`. May throw; then it has taken nothing. */
  abstract take(buffer: ReceiveBuffer<Buffer>): T | typeof NOT_YET

  /** The result when no more will come. May throw. */
  abstract atEnd(buffer: ReceiveBuffer<Buffer>): T

  override get reason(): string {
    return `${this.receiver.name}: ${this.wanted}`
  }

  override get line(): WaitList<Read<T>> {
    return this.receiver.readers as WaitList<Read<T>>
  }

  override attempt(): T | typeof NOT_YET {
    return this.receiver.attempt(this)
  }

  override install(waiter: Waiter<T>): void {
    super.install(waiter)
    if (this.waiter !== null) this.receiver.resumeWire()
  }
}

/** Waits until the peer says no more, or is gone. */
class PeerEnd extends StreamWait<void> {
  private readonly receiver: Receiver

  constructor(receiver: Receiver) {
    super()
    this.receiver = receiver
  }

  protected override get stream(): StreamCore {
    return this.receiver.stream
  }

  override get reason(): string {
    return `${this.receiver.name}: the peer to end`
  }

  override get line(): WaitList<PeerEnd> {
    return this.receiver.lingerers
  }

  override attempt(): void | typeof NOT_YET {
    return this.receiver.peerIsGone ? undefined : NOT_YET
  }
}

type State = 'open' | 'ended' | 'broken' | 'closed'

const nothing = Buffer.alloc(0)

/** Each buffer asks for storage of no bytes first. */
function allocate(size: number): Buffer {
  return size === 0 ? nothing : Buffer.allocUnsafeSlow(size)
}

export class Receiver {
  readonly buffer = new ReceiveBuffer<Buffer>(allocate)
  /** The reader that waits: one at most. */
  readonly readers = new WaitList<Read<unknown>>()
  bytesRead = 0
  chunks = 0
  /** The peer will send no more. */
  peerIsGone = false
  private state: State = 'open'
  private paused = false
  /** Bytes have come that nobody will read. */
  private dropping = false
  private cause: unknown
  /** Set when it is closed. */
  private refusal: Refusal = Error
  readonly stream: StreamCore
  private readonly highWaterMark: number
  private lingering: WaitList<PeerEnd> | null = null

  constructor(stream: StreamCore, highWaterMark: number) {
    this.stream = stream
    this.highWaterMark = highWaterMark
  }

  get name(): string {
    return this.stream.name
  }

  get wire(): Wire {
    return this.stream.wire
  }

  /** Those who wait for the peer's end. */
  get lingerers(): WaitList<PeerEnd> {
    this.lingering ??= new WaitList()
    return this.lingering
  }

  // -- for the wire

  /** Bytes have come. The chunk belongs to the stream from now on. */
  push(chunk: Buffer): void {
    if (this.state !== 'open') {
      this.dropping = true
      return
    }
    this.bytesRead += chunk.length
    this.chunks++
    this.stream.moved()
    this.buffer.push(chunk)
    this.serve()
    if (this.buffer.length >= this.highWaterMark && this.readers.first === null && !this.paused) {
      this.paused = true
      this.wire.pause()
    }
  }

  /** The peer sent its end. */
  end(): void {
    this.leave('ended')
    this.peerLeft()
  }

  /** The connection broke. */
  fail(cause: unknown): void {
    this.cause = cause
    this.leave('broken')
    this.peerLeft()
  }

  private leave(state: State): void {
    if (this.state !== 'open') return
    this.state = state
    this.serve()
  }

  private peerLeft(): void {
    this.peerIsGone = true
    if (this.lingering === null) return
    for (let wait = this.lingerers.shift(); wait !== null; wait = this.lingerers.shift()) wait.resume()
  }

  // -- for the stream

  /** No more is taken from the wire; what has come can still be read. */
  stopReading(): void {
    this.leave('ended')
  }

  /** Puts bytes back in front; they belong to the stream again. */
  unread(bytes: Buffer): void {
    const { first } = this.readers
    if (this.state === 'closed')
      throw this.refusal(`${codeName(currentTask())} cannot put bytes back into ${this.name}`)
    if (first !== null) throw this.busy('put bytes back into', first)
    this.buffer.unread(bytes)
  }

  close(refusal: Refusal): void {
    if (this.state === 'closed') return
    if (this.buffer.length > 0) this.dropping = true
    this.state = 'closed'
    this.refusal = refusal
    this.buffer.clear()
    this.serve()
  }

  /** The peer goes on sending to a side that does not read. If nobody took that, a reset would destroy the last words to it. */
  get talkedOver(): boolean {
    return this.dropping && !this.peerIsGone
  }

  /** Takes and drops what comes, until the peer ends. */
  peerEnd(): PeerEnd {
    this.resumeWire()
    return new PeerEnd(this)
  }

  // -- for reads

  attempt<T>(read: Read<T>): T | typeof NOT_YET {
    const first = this.readers.first
    if (first !== null) throw this.busy('read from', first)
    const value = this.taken(read, currentTask())
    if (value !== NOT_YET) this.resumeWireIfLow()
    return value
  }

  private taken<T>(read: Read<T>, task: TaskView | null): T | typeof NOT_YET {
    if (this.state === 'closed') throw this.refusal(`${codeName(task)} cannot read from ${this.name}`)
    const value = read.take(this.buffer)
    if (value !== NOT_YET || this.state === 'open') return value
    if (this.state === 'ended') return read.atEnd(this.buffer)
    throw new BrokenError(
      `${codeName(task)} cannot read from ${this.name}: ${describeSystemError(this.cause)}. Connect again if it is still needed.`,
      { cause: this.cause },
    )
  }

  private busy(verb: string, reader: Read<unknown>): BusyError {
    return new BusyError(
      `${codeName(currentTask())} cannot ${verb} ${this.name}: ${reader.waiter?.waitingTask ?? 'other code'} is waiting to read from it. ` +
        'Let one task read, and have it hand on what the others need.',
    )
  }

  /** Gives the reader what it waits for, if that is here now. */
  private serve(): void {
    const read = this.readers.first
    if (read === null) return
    try {
      const value = this.taken(read, read.waiter?.waitingTask ?? null)
      if (value === NOT_YET) return
      this.readers.remove(read)
      read.resume(value)
    } catch (error) {
      this.readers.remove(read)
      read.reject(error)
    }
    this.resumeWireIfLow()
  }

  private resumeWireIfLow(): void {
    if (this.paused && this.buffer.length <= this.highWaterMark / 2) this.resumeWire()
  }

  resumeWire(): void {
    if (!this.paused) return
    this.paused = false
    this.wire.resume()
  }
}
