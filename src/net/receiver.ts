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
 * A receiver that has no bytes has no buffer either: it borrows one of those that all of a thread share, so that ten thousand
 * idle connections need none.
 *
 * The wire is paused while `highWaterMark` bytes are here and nobody waits for more, so what a peer can make this side
 * keep is bounded by that, or by what the reader itself asked for.
 */
import { BrokenError, BusyError, currentTask, NOT_YET, type Operation, type TaskView, WaitList } from '../core/index.ts'
import { ReceiveBuffer } from '../protocol/index.ts'
import { describeSystemError, type Refusal } from './net-errors.ts'
import { type StreamCore, StreamWait } from './stream-wait.ts'
import { codeName, type Wire, WireWait } from './wire.ts'

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

  protected override enter(): void {
    this.receiver.reader = this as Read<unknown>
    this.receiver.resumeWire()
  }

  protected override leave(): void {
    this.receiver.reader = null
  }

  override attempt(): T | typeof NOT_YET {
    return this.receiver.attempt(this)
  }
}

/** Waits until the peer says no more. Takes nothing, so silence does not count, and any number of tasks may. */
class PeerEnd extends WireWait<void> {
  private readonly receiver: Receiver
  /** This side has closed, and only wants to know that the peer is gone, by whatever way. */
  readonly lingering: boolean

  constructor(receiver: Receiver, lingering: boolean) {
    super()
    this.receiver = receiver
    this.lingering = lingering
  }

  protected override get external(): boolean {
    return this.receiver.wire.external
  }

  override get reason(): string {
    return `${this.receiver.name}: the peer to end`
  }

  override get line(): WaitList<PeerEnd> {
    return this.receiver.enders
  }

  override attempt(): void | typeof NOT_YET {
    if (!this.lingering) this.receiver.checkUnbroken()
    return this.receiver.peerIsGone ? undefined : NOT_YET
  }
}

type State = 'open' | 'ended' | 'broken' | 'closed'

const nothing = Buffer.alloc(0)

/** Each buffer asks for storage of no bytes first. */
function allocate(size: number): Buffer {
  return size === 0 ? nothing : Buffer.allocUnsafeSlow(size)
}

/** Buffers that nobody has bytes in; few, for as many are needed as streams that have some. */
const spare: ReceiveBuffer<Buffer>[] = []
const SPARE = 64

export class Receiver {
  readonly stream: StreamCore
  /** The reader that waits: one at most. */
  reader: Read<unknown> | null
  bytesRead: number
  chunks: number
  /** The peer will send no more. */
  peerIsGone: boolean
  private buffer: ReceiveBuffer<Buffer> | null
  private state: State
  private paused: boolean
  /** Bytes have come that nobody will read. */
  private dropping: boolean
  /** Why it broke before the peer had ended; or the `Refusal` of one that is closed. */
  private why: unknown
  private ending: WaitList<PeerEnd> | null

  constructor(stream: StreamCore) {
    this.stream = stream
    this.reader = null
    this.bytesRead = 0
    this.chunks = 0
    this.peerIsGone = false
    this.buffer = null
    this.state = 'open'
    this.paused = false
    this.dropping = false
    this.why = undefined
    this.ending = null
  }

  get name(): string {
    return this.stream.name
  }

  get wire(): Wire {
    return this.stream.wire
  }

  /** How many bytes have come that nobody has read. */
  get unreadBytes(): number {
    return this.buffer === null ? 0 : this.buffer.length
  }

  /** The first of them; null if there are none. */
  get firstByte(): number | null {
    return this.buffer === null ? null : this.buffer.at(0)
  }

  /** Those who wait for the peer's end. */
  get enders(): WaitList<PeerEnd> {
    this.ending ??= new WaitList()
    return this.ending
  }

  private borrow(): ReceiveBuffer<Buffer> {
    this.buffer ??= spare.pop() ?? new ReceiveBuffer<Buffer>(allocate)
    return this.buffer
  }

  /** Gives the buffer back, if there is one and nothing in it. */
  private giveBack(): void {
    const { buffer } = this
    if (buffer === null || buffer.length > 0) return
    this.buffer = null
    if (spare.length < SPARE) spare.push(buffer)
  }

  // -- for the wire

  /** Bytes have come. The chunk belongs to the stream from now on. */
  push(chunk: Buffer): void {
    if (this.state !== 'open') {
      this.dropping = true
      return
    }
    const { stream } = this
    this.bytesRead += chunk.length
    this.chunks++
    stream.moved()
    this.borrow().push(chunk)
    this.serve()
    if (this.paused || this.reader !== null || this.unreadBytes < stream.settings.highWaterMark) return
    this.paused = true
    this.wire.pause()
  }

  /** The peer sent its end. */
  end(): void {
    this.leave('ended')
    this.peerLeft()
  }

  /** The connection broke. */
  fail(cause: unknown): void {
    if (this.state === 'closed' || this.peerIsGone) return this.peerLeft()
    this.why = cause ?? new Error('the connection broke')
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
    if (this.ending === null) return
    for (let wait = this.enders.shift(); wait !== null; wait = this.enders.shift()) {
      if (this.why === undefined || wait.lingering) wait.resume()
      else wait.reject(this.cannotHearEnd(wait.waiter?.waitingTask ?? null))
    }
  }

  /** Throws if this side has closed, or the connection broke before the peer had ended. */
  checkUnbroken(): void {
    if (this.why !== undefined) throw this.cannotHearEnd(currentTask())
  }

  private cannotHearEnd(task: TaskView | null): Error {
    return this.error(task, 'wait for the end of')
  }

  /** What is wrong with a receiver that is closed or broken. */
  private error(task: TaskView | null, verb: string): Error {
    const what = `${codeName(task)} cannot ${verb} ${this.name}`
    if (this.state === 'closed') return (this.why as Refusal)(what)
    const message = `${what}: ${describeSystemError(this.why)}. Connect again if it is still needed.`
    return new BrokenError(message, { cause: this.why })
  }

  // -- for the stream

  /** No more is taken from the wire; what has come can still be read. */
  stopReading(): void {
    this.leave('ended')
  }

  /** Puts bytes back in front; they belong to the stream again. */
  unread(bytes: Buffer): void {
    const { reader } = this
    if (this.state === 'closed') throw this.error(currentTask(), 'put bytes back into')
    if (reader !== null) throw this.busy('put bytes back into', reader)
    this.borrow().unread(bytes)
    this.giveBack()
  }

  close(refusal: Refusal): void {
    if (this.state === 'closed') return
    if (this.unreadBytes > 0) this.dropping = true
    this.state = 'closed'
    this.why = refusal
    this.buffer?.clear()
    this.giveBack()
    this.serve()
    for (const wait of this.ending ?? []) {
      if (wait.lingering) continue
      this.enders.remove(wait)
      wait.reject(this.cannotHearEnd(wait.waiter?.waitingTask ?? null))
    }
  }

  /** The peer goes on sending to a side that does not read. If nobody took that, a reset would destroy the last words to it. */
  get talkedOver(): boolean {
    return this.dropping && !this.peerIsGone
  }

  /** Waits until the peer has ended. */
  peerEnd(): Operation<void> {
    return new PeerEnd(this, false)
  }

  /** For one that is closed: takes and drops what comes, until the peer has ended or is gone. */
  linger(): Operation<void> {
    this.resumeWire()
    return new PeerEnd(this, true)
  }

  // -- for reads

  attempt<T>(read: Read<T>): T | typeof NOT_YET {
    const { reader } = this
    if (reader !== null) throw this.busy('read from', reader)
    const value = this.taken(read, currentTask())
    if (value !== NOT_YET) this.resumeWireIfLow()
    return value
  }

  private taken<T>(read: Read<T>, task: TaskView | null): T | typeof NOT_YET {
    if (this.state === 'closed') throw this.error(task, 'read from')
    const buffer = this.borrow()
    try {
      const value = read.take(buffer)
      if (value !== NOT_YET || this.state === 'open') return value
      if (this.state === 'ended') return read.atEnd(buffer)
    } finally {
      this.giveBack()
    }
    throw this.error(task, 'read from')
  }

  private busy(verb: string, reader: Read<unknown>): BusyError {
    return new BusyError(
      `${codeName(currentTask())} cannot ${verb} ${this.name}: ${reader.waiter?.waitingTask ?? 'other code'} is waiting to read from it. ` +
        'Let one task read, and have it hand on what the others need.',
    )
  }

  /** Gives the reader what it waits for, if that is here now. */
  private serve(): void {
    const read = this.reader
    if (read === null) return
    let value: unknown
    try {
      value = this.taken(read, read.waiter?.waitingTask ?? null)
    } catch (error) {
      read.reject(error)
      return this.resumeWireIfLow()
    }
    if (value === NOT_YET) return
    read.resume(value)
    this.resumeWireIfLow()
  }

  private resumeWireIfLow(): void {
    if (this.paused && this.unreadBytes <= this.stream.settings.highWaterMark / 2) this.resumeWire()
  }

  resumeWire(): void {
    if (!this.paused) return
    this.paused = false
    this.wire.resume()
  }
}
