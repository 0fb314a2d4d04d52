/**
 * Theory of operation: a transport is a thin adapter over a stream (`fibril/net`) and the task that reads it.
 *
 *   serve       the connection's own task:  read ──▶ dataReceived, until the end, a loss, or loseConnection; then
 *               what was written leaves, the protocol is told, and the stream is closed
 *   writing     write ──tryWrite──▶ stream, as long as it takes it at once; what it does not take waits in `pending`, and a
 *               second task hands it over, asks producers for more when all has left, and then ends
 *
 *  1. A protocol's methods run inside a step of the connection's task, or of whoever calls the transport. They cannot wait.
 *  2. A paused transport reads nothing: what comes fills the stream's buffer, and then the peer has to wait.
 *  3. `loseConnection` makes the stream give no more, which ends a read that is parked; the rest is up to `serve`. The end of the
 *     peer's bytes does the same, unless the protocol knows of half-closes.
 *  4. `connectionLost` is called exactly once, from `serve`, whichever way it ends, a cancel of the task included.
 */
import {
  type Body,
  BrokenError,
  ClosedError,
  Future,
  fn,
  type Operation,
  spawn,
  type Task,
  timeoutOr,
  UsageError,
} from '../../core/index.ts'
import type { Connection } from '../../net/index.ts'
import { Failure } from '../failure.ts'
import { log } from '../log.ts'
import { ConnectionAborted, ConnectionDone, ConnectionLost } from '../network-errors.ts'
import { halfCloseable, type Protocol } from '../protocols/protocol.ts'
import type { Address, Producer, PullProducer, Registered, Transport } from './transport.ts'
import { registeredOnce } from './transport.ts'

type Piece = string | Uint8Array

/** Pieces that are smaller than this together leave as one: to copy them costs less than to write each. */
const SMALL = 4096

/** A producer is paused while so many bytes have not left. */
const HIGH = 65_536
/** How long the last bytes may take to leave after `loseConnection`, when nobody is asked for more. */
const LAST_WORDS_MS = 10_000

export class StreamTransport implements Transport {
  disconnecting = false
  /** @internal */
  readonly stream: Connection
  private connected = true
  /** `abortConnection` was called. */
  private aborted = false
  /** Pending while nothing is to be read. */
  private resumed: Future<void> | null = null
  /** Settled when the connection is to be closed, whatever is being waited for. */
  private readonly closing = new Future<void>('the connection to be closed')
  private pending: Piece[] = []
  private registered: Registered | null = null
  private writer: Task<void> | null = null
  private writes = 0
  /** A write found that the connection is gone. */
  private broken = false
  /** Pending while the last bytes of a closing connection are waited for. */
  private idle: Future<void> | null = null
  /** `loseWriteConnection` was called; the end is still to be sent; it has been. */
  private half: 'open' | 'ending' | 'ended' = 'open'
  /** The peer has ended its bytes, and the protocol goes on. */
  private readEnded = false
  private protocol: Protocol | null = null

  constructor(stream: Connection) {
    this.stream = stream
  }

  // -- for protocols

  write(data: Piece): void {
    if (typeof data !== 'string' && !ArrayBuffer.isView(data)) {
      throw new UsageError(`${this}: ${String(data)} was written: give text or bytes`)
    }
    if (this.mayWrite()) this.accept(data)
  }

  writeSequence(data: Iterable<Piece>): void {
    if (this.mayWrite()) this.accept(inOne([...data]))
  }

  private mayWrite(): boolean {
    return this.connected && this.half === 'open'
  }

  private accept(data: Piece | readonly Piece[]): void {
    this.writes++
    if (this.writer !== null || !this.tryWrite(data)) {
      if (typeof data === 'string' || ArrayBuffer.isView(data)) this.pending.push(data)
      else this.pending.push(...data)
    }
    const { registered } = this
    if (registered === null) {
      if (this.pending.length > 0) this.beginWriting()
    } else if (!registered.streaming || registered.paused) this.beginWriting()
    else if (this.pending.length > 0 || this.stream.sender.unsent >= HIGH) {
      registered.paused = true
      this.beginWriting()
      ;(registered.producer as Producer).pauseProducing()
    }
  }

  /** False if it has to wait. What cannot be written any more is dropped: the reader will find out why. */
  private tryWrite(data: Piece | readonly Piece[]): boolean {
    try {
      return this.stream.tryWrite(data)
    } catch (error) {
      if (!(error instanceof BrokenError || error instanceof ClosedError)) throw error
      this.broken = true
      this.idle?.tryResolve()
      return true
    }
  }

  loseConnection(): void {
    if (!this.connected || this.disconnecting) return
    this.disconnecting = true
    this.stream.stopReading()
    this.resumed?.tryResolve()
    this.closing.tryResolve()
  }

  abortConnection(): void {
    if (!this.connected) return
    this.aborted = true
    this.stream.reset()
    this.gone()
  }

  /** @internal Closes at once, as the end of the process would: the peer gets what has left, and then the end. */
  letGo(): void {
    if (!this.connected) return
    this.stream.destroy()
    this.gone()
  }

  private gone(): void {
    this.disconnecting = true
    this.pending = []
    this.resumed?.tryResolve()
    this.idle?.tryResolve()
    this.closing.tryResolve()
  }

  loseWriteConnection(): void {
    if (!this.mayWrite()) return
    this.half = 'ending'
    this.beginWriting()
  }

  getPeer(): Address {
    return this.stream.remote
  }

  getHost(): Address {
    return this.stream.local
  }

  pauseProducing(): void {
    this.resumed ??= new Future('resumeProducing()')
  }

  resumeProducing(): void {
    const { resumed } = this
    this.resumed = null
    resumed?.tryResolve()
  }

  stopProducing(): void {
    this.loseConnection()
  }

  registerProducer(producer: Producer | PullProducer, streaming: boolean): void {
    if (!this.connected) return producer.stopProducing()
    this.registered = registeredOnce(this.registered, producer, streaming)
    if (!streaming) producer.resumeProducing()
  }

  unregisterProducer(): void {
    this.registered = null
    this.idle?.tryResolve()
  }

  toString(): string {
    return this.stream.name
  }

  /** @internal It is about to be gone, or is. */
  get ending(): boolean {
    return this.disconnecting || !this.connected
  }

  // -- writing what does not leave at once

  private beginWriting(): void {
    this.writer ??= spawn.detached(this.writing(), { name: `writing to ${this.stream.name}` })
  }

  private *writing(): Body<void> {
    const { stream } = this
    try {
      for (;;) {
        if (this.pending.length > 0) {
          const pieces = this.pending
          this.pending = []
          yield* stream.writev(pieces)
          continue
        }
        yield* stream.flush()
        if (this.pending.length > 0) continue
        if (!this.askForMore()) break
      }
      if (this.half === 'ending') {
        yield* stream.end()
        this.half = 'ended'
        if (this.readEnded) this.closing.tryResolve()
        this.tell((protocol) => halfCloseable(protocol)?.writeConnectionLost())
      }
    } catch (error) {
      // The reader is told, too, and tells the protocol.
      if (!(error instanceof BrokenError || error instanceof ClosedError)) throw error
    } finally {
      this.writer = null
      this.idle?.tryResolve()
    }
  }

  /** All has left: true if a producer had more. */
  private askForMore(): boolean {
    const { registered, writes } = this
    if (registered === null || (registered.streaming && !registered.paused)) return false
    registered.paused = false
    this.tell(() => registered.producer.resumeProducing())
    return this.writes !== writes
  }

  // -- the connection's task

  /** Connects `protocol`, and ends when its connection has. `connected` is called when the protocol knows. Gives the reason. */
  serve(protocol: Protocol, connected: () => void): Operation<Failure> {
    return StreamTransport.served(this, protocol, connected)
  }

  private static readonly served = fn(function* connection(
    transport: StreamTransport,
    protocol: Protocol,
    connected: () => void,
  ): Body<Failure> {
    let reason = new Failure(new ConnectionAborted('the connection was given up, as its task was cancelled'))
    transport.protocol = protocol
    try {
      reason = yield* transport.reading(protocol, connected)
    } finally {
      transport.connected = false
      transport.pending = []
      const { registered } = transport
      transport.registered = null
      if (registered !== null) transport.tell(() => registered.producer.stopProducing())
      protocol.connected = false
      transport.tell(() => protocol.connectionLost(reason))
      if (reason.check(ConnectionDone) === null) transport.stream.reset()
    }
    try {
      yield* transport.stream.close()
    } catch (error) {
      // It broke after all was said.
      if (!(error instanceof BrokenError)) throw error
    }
    return reason
  })

  /** Gives why the connection ends. */
  private *reading(protocol: Protocol, connected: () => void): Body<Failure> {
    const { stream } = this
    try {
      protocol.makeConnection(this)
      connected()
      while (!this.disconnecting) {
        const chunk = yield* stream.read()
        while (this.resumed !== null && !this.disconnecting) yield* this.resumed.wait()
        if (this.disconnecting) break
        if (chunk !== null) protocol.dataReceived(chunk)
        else if (halfCloseable(protocol) === null || this.half === 'ended') this.disconnecting = true
        else {
          this.readEnded = true
          halfCloseable(protocol)?.readConnectionLost()
          yield* this.closing.wait()
        }
      }
      return (yield* this.lastWords()) ?? new Failure(new ConnectionDone())
    } catch (error) {
      if (this.aborted) return new Failure(new ConnectionAborted())
      if (error instanceof BrokenError || error instanceof ClosedError) {
        return new Failure(new ConnectionLost(`the connection was lost: ${error.message}`, { cause: error }))
      }
      log.err(error)
      return new Failure(error)
    }
  }

  /** Waits until all has left that is to leave. Gives what went wrong with that. */
  private *lastWords(): Body<Failure | null> {
    if (this.pending.length > 0 || this.awaited) this.beginWriting()
    while (this.pending.length > 0 || this.writer !== null || this.awaited) {
      // Whoever writes, unregisters or aborts wakes this; a producer has all the time it wants, the peer has not.
      this.idle = new Future('the last bytes to leave')
      const left = yield* timeoutOr(this.awaited ? Infinity : LAST_WORDS_MS, false, this.idle.wait())
      this.idle = null
      if (left === false) return this.notTaken()
      if (this.stream.closed || this.broken) break
    }
    if (this.aborted) return new Failure(new ConnectionAborted())
    const left = yield* timeoutOr(LAST_WORDS_MS, false, this.stream.flush())
    return left === false ? this.notTaken() : null
  }

  /** A producer has more to say before the connection may go. */
  private get awaited(): boolean {
    return this.registered !== null && (!this.registered.streaming || this.registered.paused)
  }

  private notTaken(): Failure {
    return new Failure(
      new ConnectionLost(`${this.stream.name}: the peer did not take what was written within ${LAST_WORDS_MS} ms`),
    )
  }

  /** Calls something of the protocol's whose failure harms nobody else. */
  private tell(call: (protocol: Protocol) => void): void {
    try {
      call(this.protocol as Protocol)
    } catch (error) {
      log.err(error)
    }
  }
}

/** A header and a short body, a line and its end, are one piece. */
function inOne(pieces: readonly Piece[]): Piece | readonly Piece[] {
  let length = 0
  let texts = 0
  for (const piece of pieces) {
    length += piece.length
    if (typeof piece === 'string') texts++
  }
  if (texts === pieces.length) return pieces.join('')
  if (length > SMALL) return pieces
  return Buffer.concat(pieces.map((piece) => (typeof piece === 'string' ? Buffer.from(piece) : piece)))
}
