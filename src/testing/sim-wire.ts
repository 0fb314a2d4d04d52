/**
 * Theory of operation: one end of a simulated connection, as TCP has it, on two floors.
 *
 *   process   stream: sender ──transmit──▶ burst                   receiver ◀──push── arrived
 *   ───────────────────────────────────────│─────────────────────────────────────────────▲─────────
 *   system                                 ▼ pieces, while there is room at the peer      │ acks, and tells of the room
 *                                       out: SimLane ───▶ … ───▶ the peer ───▶ … ───▶ its out
 *
 *   client:  connecting ──synack──▶ open ──abort──▶ closed     what was sent before is still delivered, and then the end
 *   server:  awaited ──syn──▶ accepting ──ack──▶ open │
 *               any ──rst, retransmitMs, crash, reset──▶ gone      nothing is known of the connection any more
 *
 * 1. The system acknowledges what arrives; the process takes it, while its stream has room and its host is not paused.
 *    What was taken is room for the sender, which never has more than `window` bytes on the way or untaken here.
 * 2. Data that arrives where nobody will take it is answered by a reset. So is all but acknowledgements and resets at
 *    an end that is gone. A reset is sent once, and never again: one that a partition swallows is lost.
 * 3. While a link is cut, the packets on it wait (SimLane). An end that waits for an acknowledgement meanwhile fails after
 *    `retransmitMs`, and does not tell its peer, which it cannot reach.
 * 4. A paused host acknowledges, for its system is alive, and does nothing else.
 */
import type { Timer, TimerBucket } from '../core/index.ts'
import {
  type Address,
  BufferedStream,
  type Connection,
  formatAddress,
  type Piece,
  type StreamOptions,
  type Wire,
} from '../net/index.ts'
import type { Leak } from './leak-check.ts'
import { placeOf } from './seed-note.ts'
import { hostIsDown, systemError } from './sim-errors.ts'
import type { SimLane } from './sim-lane.ts'
import type { SimEventKind } from './sim-log.ts'
import type { SimCircuit, SimEnd, SimMedium, SimPlace } from './sim-medium.ts'
import { SimPacket, type SimPacketKind, SimPackets } from './sim-packet.ts'

/** Who asked for a connection. */
export interface SimCaller {
  readonly options: StreamOptions
  opened(stream: SimStream): void
  failed(cause: Error): void
}

/** Who takes connections at an address. */
export interface SimCallee {
  readonly options: StreamOptions
  arrived(stream: SimStream): void
}

type State = 'connecting' | 'awaited' | 'accepting' | 'open' | 'closed' | 'gone'

/** What is sent at once is in so many pieces at most: byte by byte, a large transfer would take for ever. */
const PIECES = 64

/** One end of a connection. */
export class SimWire implements Wire, SimEnd, Timer {
  bucket: TimerBucket | null = null
  index = 0
  readonly external = false
  readonly place: SimPlace
  readonly address: Address
  /** The whole of which it is one end; these three are set before all else. */
  connection!: SimCircuit
  peer!: SimWire
  out!: SimLane
  stream: SimStream | null = null
  state: State
  /** Of a client, until it has been told how its attempt has ended. */
  caller: SimCaller | null = null
  /** Of a server: who listens there at the moment. */
  listening: (() => SimCallee | null) | null = null
  private callee: SimCallee | null = null
  private readonly medium: SimMedium
  /** What the stream is sending, and how much of it has left. */
  private burst: Buffer | null = null
  private left = 0
  /** Bytes for which the peer has room. */
  private room: number
  /** Packets that were sent and not acknowledged. */
  private unacked = 0
  /** What has come and the stream has no room for, or the process is paused. At most `window` bytes. */
  private readonly arrived = new SimPackets()
  /** Bytes that were taken, and the peer does not know yet that there is room again. */
  private untold = 0
  private endArrived = false
  private endSent = false
  private full = false
  /** What a paused process will do. */
  private postponed: (() => void)[] = []
  private handedOut = false
  private site: Error | null = null
  private readonly flusher = { fire: () => this.stream?.sender.flush() }

  constructor(medium: SimMedium, place: SimPlace, address: Address, state: State) {
    this.medium = medium
    this.place = place
    this.address = address
    this.state = state
    this.room = medium.options.window
  }

  get present(): boolean {
    return this.state !== 'gone' && this.state !== 'awaited'
  }

  /** Nobody here wants anything of the connection any more. */
  get isOver(): boolean {
    return (
      this.state !== 'connecting' && this.state !== 'accepting' && this.state !== 'open' && this.postponed.length === 0
    )
  }

  /** It is somebody's to close from now on, who asked for it at `site`. */
  handOut(site: Error | null): void {
    this.handedOut = true
    this.site = site
  }

  // -- for the stream

  pause(): void {
    this.full = true
  }

  resume(): void {
    this.full = false
    this.take()
  }

  written(): void {
    this.medium.host.soon.add(this.flusher)
  }

  transmit(pieces: readonly Piece[]): boolean {
    this.burst = Buffer.concat(pieces.map((piece) => (typeof piece === 'string' ? Buffer.from(piece) : piece)))
    this.left = 0
    return this.pump()
  }

  finish(): void {
    this.whenRunning(() => {
      this.sendEnd()
      this.stream?.sender.finished()
    })
  }

  abort(reset: boolean): void {
    if (this.state !== 'open') return
    const broken = reset || this.arrived.first !== null
    this.state = broken ? 'gone' : 'closed'
    this.burst = null
    this.arrived.clear()
    this.whenRunning(() => {
      if (broken) this.sendReset()
      else this.sendEnd()
    })
    this.connection.settle()
  }

  // -- for the network

  connect(): void {
    this.whenRunning(() => {
      this.tell('connect')
      this.send('syn')
    })
  }

  /** Nobody wants the connection any more that was asked for. */
  giveUp(): void {
    this.caller = null
    this.state = 'gone'
    this.postponed = []
    if (this.stream !== null) this.sendReset()
    this.connection.settle()
  }

  fail(cause: Error): void {
    this.out.clear()
    this.lose(cause)
  }

  crash(): void {
    // What its system has not sent, it will not send; what is on the way arrives.
    if (this.out.cut) this.out.clear()
    // What its process has not heard of yet, it never will.
    const unaware = this.postponed.length > 0
    this.postponed = []
    const cause = hostIsDown(this.place.name)
    if (unaware && this.state === 'gone') this.break(cause)
    this.lose(cause)
    this.connection.settle()
  }

  private lose(cause: Error): void {
    if (this.state === 'gone') return
    this.state = 'gone'
    this.burst = null
    this.whenRunning(() => this.break(cause))
    this.connection.settle()
  }

  /** Tells the process. What has come can still be read. */
  private break(cause: Error): void {
    const { stream, caller } = this
    this.caller = null
    if (caller !== null) return caller.failed(cause)
    if (stream === null) return
    this.push(stream, true)
    stream.receiver.fail(cause)
    stream.sender.fail(cause)
  }

  goOn(): void {
    const { postponed } = this
    this.postponed = []
    this.take()
    if (this.burst !== null && this.pump()) this.stream?.sender.sent()
    for (const action of postponed) action()
    this.connection.settle()
  }

  leak(): Leak | null {
    const { stream, site, state } = this
    if (stream === null || !this.handedOut || state !== 'open') return null
    const madeAt = site === null ? null : placeOf(site)
    return { kind: 'connection', name: stream.name, reason: 'open: nobody closed it', madeAt }
  }

  private whenRunning(action: () => void): void {
    if (this.place.paused) this.postponed.push(action)
    else action()
  }

  // -- sending

  /** Sends as much as there is room for. True if that is all. */
  private pump(): boolean {
    const { burst } = this
    if (burst === null) return true
    const size = Math.min(this.room, burst.length - this.left)
    if (size > 0 && !this.place.paused) {
      const start = this.left
      this.left += size
      this.room -= size
      this.tell('send', size)
      this.medium.counts.sent += size
      this.cut(burst.subarray(start, this.left))
    }
    if (this.left < burst.length) return false
    this.burst = null
    return true
  }

  private cut(bytes: Buffer): void {
    const { random, options } = this.medium
    const most = Math.max(options.maxPiece, Math.ceil(bytes.length / PIECES))
    for (let start = 0; start < bytes.length; ) {
      let size = Math.min(most, bytes.length - start)
      if (size > 1 && random.chance(options.fragment)) size = 1 + random.below(size - 1)
      this.send('data', bytes.subarray(start, start + size))
      start += size
    }
  }

  private send(kind: SimPacketKind, data: Buffer | null = null, acked = 0, room = 0): void {
    const packet = new SimPacket(kind, data, acked, room)
    this.unacked += packet.count
    this.out.send(packet)
    if (this.out.cut || this.peer.out.cut) this.connection.watch()
  }

  private sendEnd(): void {
    if (this.endSent) return
    this.endSent = true
    this.tell('end')
    this.send('fin')
  }

  private sendReset(): void {
    this.tell('reset')
    if (!this.out.cut) this.send('rst')
  }

  /** Whether it waits in vain for an acknowledgement. */
  watch(): void {
    const { host, options } = this.medium
    const waits = this.unacked > 0 || this.burst !== null
    if (waits && this.state !== 'gone' && (this.out.cut || this.peer.out.cut)) {
      if (this.bucket === null) host.testLoop.startSimulated(this, options.retransmitMs)
    } else this.unwatch()
  }

  unwatch(): void {
    this.bucket?.loop.stopTimer(this)
  }

  /** Nothing was acknowledged for too long. */
  fire(): void {
    this.medium.counts.timedOut++
    this.tell('time out')
    this.fail(systemError('ETIMEDOUT', 'nothing that was sent was acknowledged'))
  }

  // -- receiving

  receive(packet: SimPacket): void {
    const { kind } = packet
    if (kind === 'syn') return this.asked()
    if (this.state === 'gone') {
      if (kind !== 'ack' && kind !== 'rst') this.sendReset()
      return
    }
    this.acknowledged(packet)
    if (kind === 'synack') this.opened()
    else if (kind === 'ack') this.accepted()
    else if (kind === 'data') this.dataArrived(packet)
    else if (kind === 'fin') this.endHasArrived()
    else this.resetArrived()
  }

  private asked(): void {
    this.callee = this.listening?.() ?? null
    if (this.callee === null) {
      this.state = 'gone'
      this.medium.counts.refused++
      this.tell('refuse')
      this.send('rst')
      return
    }
    this.state = 'accepting'
    this.send('synack', null, 1)
  }

  private opened(): void {
    const { caller } = this
    if (caller === null) return
    this.state = 'open'
    this.send('ack', null, 1)
    this.stream = new SimStream(this, caller.options)
    this.whenRunning(() => {
      this.caller = null
      caller.opened(this.stream as SimStream)
    })
  }

  private accepted(): void {
    const { callee } = this
    if (this.state !== 'accepting' || callee === null) return
    this.state = 'open'
    this.medium.counts.connected++
    this.tell('accept')
    this.stream = new SimStream(this, callee.options)
    callee.arrived(this.stream)
  }

  private acknowledged({ acked, room }: SimPacket): void {
    if (acked > 0) {
      this.unacked -= acked
      this.unwatch()
      this.watch()
    }
    this.room += room
    if (room > 0 && this.burst !== null && this.pump()) this.stream?.sender.sent()
  }

  private dataArrived(packet: SimPacket): void {
    const { length } = packet.data as Buffer
    if (this.state === 'closed') {
      this.state = 'gone'
      this.sendReset()
      this.connection.settle()
      return
    }
    this.peer.tell('arrive', length)
    this.medium.counts.arrived += length
    this.arrived.push(packet)
    this.take(packet.count)
  }

  private endHasArrived(): void {
    this.endArrived = true
    this.take(1)
  }

  private resetArrived(): void {
    if (this.state === 'connecting') {
      const code = this.address.path === undefined ? 'ECONNREFUSED' : 'ENOENT'
      return this.fail(systemError(code, 'nobody listens there'))
    }
    this.medium.counts.reset++
    this.fail(systemError('ECONNRESET', 'the peer reset the connection'))
  }

  /** The process takes what it has room for. Acknowledges that, and `count` packets. */
  private take(count = 0): void {
    const { stream } = this
    if (stream !== null && !this.place.paused) this.untold += this.push(stream)
    // As TCP does: to tell of every bit of room would have the peer send in such bits.
    const room = 2 * this.untold >= this.medium.options.window ? this.untold : 0
    this.untold -= room
    if (this.state !== 'gone' && (count > 0 || room > 0)) this.send('ack', null, count, room)
  }

  private push({ receiver }: SimStream, all = false): number {
    let taken = 0
    while ((all || !this.full) && this.arrived.first !== null) {
      const data = this.arrived.shift()?.data as Buffer
      taken += data.length
      receiver.push(data)
    }
    if (this.endArrived && this.arrived.first === null) {
      this.endArrived = false
      receiver.end()
    }
    return taken
  }

  private tell(kind: SimEventKind, bytes = 0): void {
    this.medium.tell(kind, formatAddress(this.address), formatAddress(this.peer.address), bytes)
  }
}

/** A connection in a `SimNetwork`. See `Stream` for what it does. */
export class SimStream extends BufferedStream implements Connection {
  override readonly name: string
  /** @internal */
  override readonly peerName: string
  readonly local: Address
  readonly remote: Address
  /** @internal */
  override readonly wire: SimWire

  /** @internal */
  constructor(wire: SimWire, options: StreamOptions) {
    super(options)
    this.local = wire.address
    this.remote = wire.peer.address
    this.peerName = formatAddress(this.remote)
    this.name =
      this.local.path === undefined
        ? `sim ${formatAddress(this.local)} → ${this.peerName}`
        : `sim ${wire.place.name} ${this.peerName}`
    this.wire = wire
  }
}
