/**
 * Theory of operation: the writing half of a stream.
 *
 *   the one writer ──accept──▶ pieces ──flush──▶ wire ──▶ gone
 *                              queued            inFlight          unsent = queued + inFlight
 *
 *   open ──end──▶ ending ──all sent──▶ finishing ──▶ ended     no more writes; the peer gets the end after all of them
 *     └── fail, close, from any state ──▶ broken, closed
 *
 * A write is accepted whole, or it waits and nothing of it is: so a cancel cannot tear a message. It waits while
 * `highWaterMark` bytes are unsent: what is kept is bounded by that and one write.
 *
 * Accepted pieces are flushed when the wire says so: a socket does at the end of the turn, so that all replies of a turn
 * leave in one system call; or as soon as there is enough for one. Only one flush is on the wire at a time; what is
 * accepted meanwhile leaves together in the next. A cork holds back what is not enough, until it is taken off.
 *
 * Text is counted in letters until it is flushed: to count the bytes of each piece of a reply costs as much as all the
 * rest of a write. There are at least as many bytes. What waits behind a flush is counted at once, for it is bounded.
 */
import {
  BrokenError,
  BusyError,
  ClosedError,
  currentTask,
  NOT_YET,
  type TaskView,
  type Waiter,
  WaitList,
} from '../core/index.ts'
import { describeSystemError, type Refusal } from './net-errors.ts'
import type { Data } from './stream.ts'
import { type StreamCore, StreamWait } from './stream-wait.ts'
import { codeName, type Piece, type Wire, type WireWait } from './wire.ts'

/** So many bytes are worth a system call before the turn is over. */
const ENOUGH = 65_536

abstract class SenderWait extends StreamWait<void> {
  protected readonly sender: Sender

  constructor(sender: Sender) {
    super()
    this.sender = sender
  }

  protected override get stream(): StreamCore {
    return this.sender.stream
  }
}

class Write extends SenderWait {
  readonly data: Data

  constructor(sender: Sender, data: Data) {
    super(sender)
    this.data = data
  }

  override get reason(): string {
    return `${this.sender.name}: the peer to take some of ${this.sender.unsent} bytes`
  }

  override get line(): WaitList<Write> {
    return this.sender.writers
  }

  override attempt(): void | typeof NOT_YET {
    return this.sender.tryWrite(this.data) ? undefined : NOT_YET
  }
}

class Flush extends SenderWait {
  /** How many bytes must have left. */
  mark = 0

  override get reason(): string {
    return `${this.sender.name}: ${this.sender.unsent} bytes to leave`
  }

  override get line(): WaitList<Flush> {
    return this.sender.flushers
  }

  override attempt(): void | typeof NOT_YET {
    this.sender.checkAlive()
    this.sender.transmit()
    return this.sender.unsent === 0 ? undefined : NOT_YET
  }

  override install(waiter: Waiter<void>): void {
    this.mark = this.sender.accepted
    super.install(waiter)
  }
}

class End extends SenderWait {
  override get reason(): string {
    return `${this.sender.name}: its last ${this.sender.unsent} bytes and the end to leave`
  }

  override get line(): WaitList<End> {
    return this.sender.enders
  }

  override attempt(): void | typeof NOT_YET {
    return this.sender.beginEnd() ? undefined : NOT_YET
  }
}

type State = 'open' | 'ending' | 'finishing' | 'ended' | 'broken' | 'closed'

export class Sender {
  // Most streams never make anybody wait.
  private writing: WaitList<Write> | null = null
  private flushing: WaitList<Flush> | null = null
  private ending: WaitList<End> | null = null
  /** Bytes that have left since the beginning. */
  sentBytes = 0
  /** Calls of `write` and its like that were accepted. */
  writes = 0
  readonly stream: StreamCore
  private state: State = 'open'
  private pieces: Piece[] = []
  private queued = 0
  /** Some of what is queued is counted in letters. */
  private roughly = false
  private inFlight = 0
  /** Bytes that never left, once it is broken or closed. */
  private left = 0
  /** The wire knows that there is something to flush. */
  private announced = false
  private corks = 0
  private cause: unknown
  /** Set when it is closed, or ended. */
  private refusalOf: Refusal = Error
  private readonly highWaterMark: number
  private readonly enough: number

  constructor(stream: StreamCore, highWaterMark: number) {
    this.stream = stream
    this.highWaterMark = highWaterMark
    this.enough = Math.min(ENOUGH, highWaterMark)
  }

  get name(): string {
    return this.stream.name
  }

  get wire(): Wire {
    return this.stream.wire
  }

  /** The writer that waits: one at most. */
  get writers(): WaitList<Write> {
    this.writing ??= new WaitList()
    return this.writing
  }

  get flushers(): WaitList<Flush> {
    this.flushing ??= new WaitList()
    return this.flushing
  }

  get enders(): WaitList<End> {
    this.ending ??= new WaitList()
    return this.ending
  }

  /** The one that waits to write, or null. */
  get writer(): Write | null {
    return this.writing === null ? null : this.writing.first
  }

  /** Bytes that were accepted and have not left; those that never will, once it is broken or closed. */
  get unsent(): number {
    if (this.roughly) this.count()
    return this.queued + this.inFlight + this.left
  }

  /** Bytes that were accepted since the beginning. */
  get accepted(): number {
    return this.sentBytes + this.unsent
  }

  private count(): void {
    this.roughly = false
    this.queued = 0
    for (const piece of this.pieces) this.queued += byteLength(piece)
  }

  // -- for the stream

  write(data: Data): WireWait<void> {
    return new Write(this, data)
  }

  flushed(): WireWait<void> {
    return new Flush(this)
  }

  end(): WireWait<void> {
    return new End(this)
  }

  tryWrite(data: Data): boolean {
    if (this.state !== 'open') throw this.refusal(currentTask())
    const first = this.writer
    if (first !== null) {
      throw new BusyError(
        `${codeName(currentTask())} cannot write to ${this.name}: ${first.waiter?.waitingTask ?? 'other code'} is waiting to write to it. ` +
          'Let one task write, and have the others hand it what they have.',
      )
    }
    if (this.queued + this.inFlight >= this.highWaterMark) return false
    this.accept(data)
    return true
  }

  private accept(data: Data): void {
    this.writes++
    if (typeof data === 'string') this.addText(data)
    else if (ArrayBuffer.isView(data)) this.addBytes(data)
    else {
      for (const piece of data) {
        if (typeof piece === 'string') this.addText(piece)
        else this.addBytes(piece)
      }
    }
    if (this.inFlight > 0 || this.queued === 0) return
    if (this.queued >= this.enough) this.transmit()
    else if (!this.announced && this.corks === 0) {
      this.announced = true
      this.wire.written()
    }
  }

  private addText(text: string): void {
    if (text.length === 0) return
    const { pieces } = this
    const last = pieces.length - 1
    // Text that follows text becomes one text: the engine joins them for next to nothing.
    if (last >= 0 && typeof pieces[last] === 'string') pieces[last] += text
    else pieces.push(text)
    this.roughly ||= this.inFlight === 0
    this.queued += this.inFlight === 0 ? text.length : Buffer.byteLength(text)
  }

  private addBytes(bytes: Uint8Array): void {
    if (bytes.byteLength === 0) return
    this.pieces.push(bytes)
    this.queued += bytes.byteLength
  }

  cork(): void {
    this.corks++
  }

  uncork(): void {
    if (this.corks > 0 && --this.corks === 0) this.transmit()
  }

  /** For the wire: sends what was accepted, but for what is corked. */
  flush(): void {
    if (this.corks === 0 || this.queued >= this.enough) this.transmit()
    else this.announced = false
  }

  /** Sends what was accepted. If the wire is busy, it leaves right after. */
  transmit(): void {
    this.announced = false
    if (this.inFlight > 0 || this.queued === 0) return
    if (this.roughly) this.count()
    const { pieces } = this
    this.pieces = []
    this.inFlight = this.queued
    this.queued = 0
    if (this.wire.transmit(pieces)) this.sent()
  }

  /** No more writes. True if the end has been sent. */
  beginEnd(): boolean {
    if (this.state === 'ended') return true
    if (this.state === 'ending' || this.state === 'finishing') return false
    if (this.state !== 'open') throw this.refusal(currentTask())
    this.state = 'ending'
    const ender = codeName(currentTask())
    this.refusalOf = (what) => new ClosedError(`${what}: it was ended by ${ender}.`)
    this.refuseWriter()
    this.transmit()
    this.finishIfSent()
    return (this.state as State) === 'ended'
  }

  close(refusal: Refusal): void {
    if (this.state === 'closed') return
    this.refusalOf = refusal
    this.die('closed')
  }

  /** Throws what a write would. */
  checkAlive(): void {
    if (this.state === 'broken' || this.state === 'closed') throw this.refusal(currentTask())
  }

  /** It was broken, or closed, with bytes on board. */
  get lost(): boolean {
    return this.left > 0
  }

  // -- for the wire

  /** What was given to `transmit` has left. */
  sent(): void {
    if (this.inFlight === 0) return
    this.sentBytes += this.inFlight
    this.inFlight = 0
    this.stream.moved()
    const { writer } = this
    if (writer !== null && this.queued < this.highWaterMark) {
      this.writers.remove(writer)
      this.accept(writer.data)
      writer.resume()
    }
    if (this.flushing !== null) this.wakeFlushers(this.flushing)
    // Whoever ends or flushes waits for all of it; a cork is for what comes after.
    if (this.state === 'ending' || (this.flushing !== null && this.flushing.first !== null)) this.transmit()
    else this.flush()
    this.finishIfSent()
  }

  private wakeFlushers(flushers: WaitList<Flush>): void {
    for (let wait = flushers.first; wait !== null && wait.mark <= this.sentBytes; wait = flushers.first) {
      flushers.remove(wait)
      wait.resume()
    }
  }

  private finishIfSent(): void {
    if (this.state !== 'ending' || this.queued > 0 || this.inFlight > 0) return
    this.state = 'finishing'
    this.wire.finish()
  }

  /** The end has been sent. */
  finished(): void {
    if (this.state !== 'finishing') return
    this.state = 'ended'
    for (let wait = this.enders.shift(); wait !== null; wait = this.enders.shift()) wait.resume()
  }

  /** The connection broke. */
  fail(cause: unknown): void {
    if (this.state === 'closed' || this.state === 'broken') return
    this.cause = cause
    this.die('broken')
  }

  private die(state: 'broken' | 'closed'): void {
    this.left = this.unsent
    this.state = state
    this.pieces = []
    this.queued = 0
    this.inFlight = 0
    this.refuseWriter()
    for (const line of [this.flushing, this.ending]) {
      if (line === null) continue
      for (let wait = line.shift(); wait !== null; wait = line.shift())
        wait.reject(this.refusal(wait.waiter?.waitingTask ?? null))
    }
  }

  private refuseWriter(): void {
    const { writer } = this
    if (writer === null) return
    this.writers.remove(writer)
    writer.reject(this.refusal(writer.waiter?.waitingTask ?? null))
  }

  private refusal(task: TaskView | null): Error {
    const what = `${codeName(task)} cannot write to ${this.name}`
    if (this.state !== 'broken') return this.refusalOf(what)
    const lost = this.unsent > 0 ? ` ${this.unsent} bytes written before are lost.` : ''
    return new BrokenError(`${what}: ${describeSystemError(this.cause)}.${lost}`, { cause: this.cause })
  }
}

function byteLength(piece: Piece): number {
  return typeof piece === 'string' ? Buffer.byteLength(piece) : piece.byteLength
}
