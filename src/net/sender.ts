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
  type Operation,
  type TaskView,
  type Wait,
} from '../core/index.ts'
import { describeSystemError, type Refusal } from './net-errors.ts'
import type { Data } from './stream.ts'
import { type StreamCore, StreamWait } from './stream-wait.ts'
import { codeName, type Piece, type Wire } from './wire.ts'

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

  protected override enter(): void {
    this.sender.writer = this
  }

  protected override leave(): void {
    this.sender.writer = null
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

  protected override enter(): void {
    this.mark = this.sender.accepted
    this.sender.flushers.add(this)
  }

  protected override leave(): void {
    this.sender.flushers.delete(this)
  }

  override attempt(): void | typeof NOT_YET {
    this.sender.checkAlive()
    this.sender.transmit()
    return this.sender.unsent === 0 ? undefined : NOT_YET
  }
}

class End extends SenderWait {
  override get reason(): string {
    return `${this.sender.name}: its last ${this.sender.unsent} bytes and the end to leave`
  }

  protected override enter(): void {
    this.sender.enders.add(this)
  }

  protected override leave(): void {
    this.sender.enders.delete(this)
  }

  override attempt(): void | typeof NOT_YET {
    return this.sender.beginEnd() ? undefined : NOT_YET
  }
}

type State = 'open' | 'ending' | 'finishing' | 'ended' | 'broken' | 'closed'

export class Sender {
  readonly stream: StreamCore
  /** The writer that waits: one at most. */
  writer: Write | null
  /** Bytes that have left since the beginning. */
  sentBytes: number
  /** Calls of `write` and its like that were accepted. */
  writes: number
  private state: State
  /** What is queued; null if nothing is. */
  private pieces: Piece[] | null
  /** The bytes of those; once it is broken or closed, the bytes that never left. */
  private queued: number
  /** Some of what is queued is counted in letters. */
  private roughly: boolean
  private inFlight: number
  /** The wire knows that there is something to flush. */
  private announced: boolean
  private corks: number
  /** Why it is broken; or the `Refusal` of one that is closed, or ended. */
  private why: unknown
  // Most streams never make anybody wait.
  private flushing: Set<Flush> | null
  private ending: Set<End> | null

  constructor(stream: StreamCore) {
    this.stream = stream
    this.writer = null
    this.sentBytes = 0
    this.writes = 0
    this.state = 'open'
    this.pieces = null
    this.queued = 0
    this.roughly = false
    this.inFlight = 0
    this.announced = false
    this.corks = 0
    this.why = undefined
    this.flushing = null
    this.ending = null
  }

  get name(): string {
    return this.stream.name
  }

  get wire(): Wire {
    return this.stream.wire
  }

  /** Those who wait for what was written to leave, in the order in which they came. */
  get flushers(): Set<Flush> {
    this.flushing ??= new Set()
    return this.flushing
  }

  get enders(): Set<End> {
    this.ending ??= new Set()
    return this.ending
  }

  /** Bytes that were accepted and have not left; those that never will, once it is broken or closed. */
  get unsent(): number {
    if (this.roughly) this.count()
    return this.queued + this.inFlight
  }

  /** Bytes that were accepted since the beginning. */
  get accepted(): number {
    return this.sentBytes + this.unsent
  }

  private count(): void {
    this.roughly = false
    this.queued = 0
    for (const piece of this.pieces ?? []) this.queued += byteLength(piece)
  }

  // -- for the stream

  write(data: Data): Operation<void> {
    return new Write(this, data)
  }

  flushed(): Wait<void> {
    return new Flush(this)
  }

  end(): Operation<void> {
    return new End(this)
  }

  tryWrite(data: Data): boolean {
    if (this.state !== 'open') throw this.refusal(currentTask())
    if (this.writer !== null) throw this.busy(this.writer)
    if (this.queued + this.inFlight >= this.stream.settings.highWaterMark) return false
    this.accept(data)
    return true
  }

  private busy(writer: Write): BusyError {
    return new BusyError(
      `${codeName(currentTask())} cannot write to ${this.name}: ${writer.waiter?.waitingTask ?? 'other code'} is waiting to write to it. ` +
        'Let one task write, and have the others hand it what they have.',
    )
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
    if (this.queued >= this.stream.settings.flushAt) this.transmit()
    else if (!this.announced && this.corks === 0) {
      this.announced = true
      this.wire.written()
    }
  }

  private addText(text: string): void {
    if (text.length === 0) return
    const { pieces } = this
    if (pieces === null) this.pieces = [text]
    else {
      const last = pieces.length - 1
      // Text that follows text becomes one text: the engine joins them for next to nothing.
      if (typeof pieces[last] === 'string') pieces[last] += text
      else pieces.push(text)
    }
    this.roughly ||= this.inFlight === 0
    this.queued += this.inFlight === 0 ? text.length : Buffer.byteLength(text)
  }

  private addBytes(bytes: Uint8Array): void {
    if (bytes.byteLength === 0) return
    if (this.pieces === null) this.pieces = [bytes]
    else this.pieces.push(bytes)
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
    if (this.corks === 0 || this.queued >= this.stream.settings.flushAt) this.transmit()
    else this.announced = false
  }

  /** Sends what was accepted. If the wire is busy, it leaves right after. */
  transmit(): void {
    this.announced = false
    const { pieces } = this
    if (this.inFlight > 0 || pieces === null) return
    if (this.roughly) this.count()
    this.pieces = null
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
    const refusal: Refusal = (what) => new ClosedError(`${what}: it was ended by ${ender}.`)
    this.why = refusal
    this.refuseWriter()
    this.transmit()
    this.finishIfSent()
    return (this.state as State) === 'ended'
  }

  close(refusal: Refusal): void {
    if (this.state === 'closed') return
    this.why = refusal
    this.die('closed')
  }

  private get dead(): boolean {
    return this.state === 'broken' || this.state === 'closed'
  }

  /** Throws what a write would. */
  checkAlive(): void {
    if (this.dead) throw this.refusal(currentTask())
  }

  /** It was broken, or closed, with bytes on board. */
  get lost(): boolean {
    return this.dead && this.queued > 0
  }

  // -- for the wire

  /** What was given to `transmit` has left. */
  sent(): void {
    if (this.inFlight === 0) return
    this.sentBytes += this.inFlight
    this.inFlight = 0
    this.stream.moved()
    const { writer, flushing } = this
    if (writer !== null && this.queued < this.stream.settings.highWaterMark) {
      this.writer = null
      this.accept(writer.data)
      writer.resume()
    }
    if (flushing !== null) this.wakeFlushers(flushing)
    // Whoever ends or flushes waits for all of it; a cork is for what comes after.
    if (this.state === 'ending' || (flushing !== null && flushing.size > 0)) this.transmit()
    else this.flush()
    this.finishIfSent()
  }

  private wakeFlushers(flushers: Set<Flush>): void {
    for (const wait of flushers) {
      if (wait.mark > this.sentBytes) return
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
    for (const wait of this.ending ?? []) wait.resume()
  }

  /** The connection broke. */
  fail(cause: unknown): void {
    if (this.state === 'closed' || this.state === 'broken') return
    this.why = cause
    this.die('broken')
  }

  private die(state: 'broken' | 'closed'): void {
    this.queued = this.unsent
    this.state = state
    this.pieces = null
    this.inFlight = 0
    this.refuseWriter()
    for (const waits of [this.flushing, this.ending]) {
      for (const wait of waits ?? []) wait.reject(this.refusal(wait.waiter?.waitingTask ?? null))
    }
  }

  private refuseWriter(): void {
    const { writer } = this
    if (writer !== null) writer.reject(this.refusal(writer.waiter?.waitingTask ?? null))
  }

  private refusal(task: TaskView | null): Error {
    const what = `${codeName(task)} cannot write to ${this.name}`
    if (this.state !== 'broken') return (this.why as Refusal)(what)
    const lost = this.unsent > 0 ? ` ${this.unsent} bytes written before are lost.` : ''
    return new BrokenError(`${what}: ${describeSystemError(this.why)}.${lost}`, { cause: this.why })
  }
}

function byteLength(piece: Piece): number {
  return typeof piece === 'string' ? Buffer.byteLength(piece) : piece.byteLength
}
