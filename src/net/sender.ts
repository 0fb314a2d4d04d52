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
 * accepted meanwhile leaves together in the next.
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
import { describeSystemError } from './net-errors.ts'
import { codeName, type Piece, type Wire, WireWait } from './wire.ts'

/** So many bytes are worth a system call before the turn is over. */
const ENOUGH = 65_536

abstract class SenderWait extends WireWait<void> {
  protected readonly sender: Sender

  constructor(sender: Sender) {
    super()
    this.sender = sender
  }

  protected override get external(): boolean {
    return this.sender.wire.external
  }
}

class Write extends SenderWait {
  readonly data: Piece

  constructor(sender: Sender, data: Piece) {
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
    this.sender.flush()
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
  /** The writer that waits: one at most. */
  readonly writers = new WaitList<Write>()
  readonly flushers = new WaitList<Flush>()
  readonly enders = new WaitList<End>()
  /** Bytes accepted since the beginning, and those of them that have left. */
  accepted = 0
  sentBytes = 0
  private state: State = 'open'
  private pieces: Piece[] = []
  private queued = 0
  private inFlight = 0
  /** The wire knows that there is something to flush. */
  private announced = false
  private cause: unknown
  private closer = ''
  private readonly owner: { readonly name: string; readonly wire: Wire }
  private readonly highWaterMark: number

  constructor(owner: { readonly name: string; readonly wire: Wire }, highWaterMark: number) {
    this.owner = owner
    this.highWaterMark = highWaterMark
  }

  get name(): string {
    return this.owner.name
  }

  get wire(): Wire {
    return this.owner.wire
  }

  /** Bytes that were accepted and have not left; those that never will, once it is broken or closed. */
  get unsent(): number {
    return this.accepted - this.sentBytes
  }

  // -- for the stream

  write(data: Piece): WireWait<void> {
    return new Write(this, data)
  }

  flushed(): WireWait<void> {
    return new Flush(this)
  }

  end(): WireWait<void> {
    return new End(this)
  }

  tryWrite(data: Piece): boolean {
    if (this.state !== 'open') throw this.refusal(currentTask())
    const first = this.writers.first
    if (first !== null) {
      throw new BusyError(
        `${codeName(currentTask())} cannot write to ${this.name}: ${first.waiter?.waitingTask ?? 'other code'} is waiting to write to it. ` +
          'Let one task write, and have the others hand it what they have.',
      )
    }
    if (this.unsent >= this.highWaterMark) return false
    this.accept(data)
    return true
  }

  private accept(data: Piece): void {
    const size = typeof data === 'string' ? Buffer.byteLength(data) : data.byteLength
    if (size === 0) return
    const pieces = this.pieces
    const last = pieces.length - 1
    // Text that follows text becomes one text: the engine joins them for next to nothing.
    if (last >= 0 && typeof data === 'string' && typeof pieces[last] === 'string')
      pieces[last] = (pieces[last] as string) + data
    else pieces.push(data)
    this.accepted += size
    this.queued += size
    if (this.inFlight > 0) return
    if (this.queued >= ENOUGH) this.flush()
    else if (!this.announced) {
      this.announced = true
      this.wire.written()
    }
  }

  /** Sends what was accepted, unless the wire is busy; then it leaves right after. */
  flush(): void {
    this.announced = false
    if (this.inFlight > 0 || this.queued === 0) return
    const pieces = this.pieces
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
    this.closer = codeName(currentTask())
    this.refuseWriter()
    this.flush()
    this.finishIfSent()
    return (this.state as State) === 'ended'
  }

  close(closer: string): void {
    if (this.state === 'closed') return
    this.closer = closer
    this.die('closed')
  }

  /** Throws what a write would. */
  checkAlive(): void {
    if (this.state === 'broken' || this.state === 'closed') throw this.refusal(currentTask())
  }

  /** It was broken, with bytes on board. */
  get lost(): boolean {
    return this.state === 'broken' && this.unsent > 0
  }

  // -- for the wire

  /** What was given to `transmit` has left. */
  sent(): void {
    if (this.inFlight === 0) return
    this.sentBytes += this.inFlight
    this.inFlight = 0
    const writer = this.writers.first
    if (writer !== null && this.unsent < this.highWaterMark) {
      this.writers.remove(writer)
      this.accept(writer.data)
      writer.resume()
    }
    for (let wait = this.flushers.first; wait !== null && wait.mark <= this.sentBytes; wait = this.flushers.first) {
      this.flushers.remove(wait)
      wait.resume()
    }
    this.flush()
    this.finishIfSent()
  }

  private finishIfSent(): void {
    if (this.state !== 'ending' || this.unsent > 0) return
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
    this.state = state
    this.pieces = []
    this.queued = 0
    this.inFlight = 0
    this.refuseWriter()
    for (const line of [this.flushers, this.enders]) {
      for (let wait = line.shift(); wait !== null; wait = line.shift())
        wait.reject(this.refusal(wait.waiter?.waitingTask ?? null))
    }
  }

  private refuseWriter(): void {
    const writer = this.writers.shift()
    writer?.reject(this.refusal(writer.waiter?.waitingTask ?? null))
  }

  private refusal(task: TaskView | null): Error {
    const what = `${codeName(task)} cannot write to ${this.name}`
    if (this.state !== 'broken')
      return new ClosedError(`${what}: it was ${this.state === 'closed' ? 'closed' : 'ended'} by ${this.closer}.`)
    const lost = this.unsent > 0 ? ` ${this.unsent} bytes written before are lost.` : ''
    return new BrokenError(`${what}: ${describeSystemError(this.cause)}.${lost}`, { cause: this.cause })
  }
}
