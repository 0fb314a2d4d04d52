import { Failure } from '../failure.ts'
import { log } from '../log.ts'
import { ConnectionAborted, ConnectionDone, ConnectionLost } from '../network-errors.ts'
import { halfCloseable, type Protocol } from '../protocols/protocol.ts'
import type { Address, Producer, PullProducer, Registered, Transport } from './transport.ts'
import { registeredOnce } from './transport.ts'

/** So many bytes may wait for the pump before a producer is paused. */
const HIGH = 65_536

/**
 * Theory of operation: what one end writes waits in its `outgoing` until a pump takes it to the other: nothing happens
 * between two calls of the pump, so a test decides when bytes, ends and losses arrive, and in which pieces.
 */
class PairTransport implements Transport {
  disconnecting = false
  peer!: PairTransport
  connected = true
  private readonly protocol: Protocol
  private readonly address: Address
  private outgoing: Buffer[] = []
  private unsent = 0
  private paused = false
  private ended = false
  private endTold = false
  private registered: Registered | null = null
  /** How it is lost: told to both sides with the next pump. */
  private lost: { readonly here: Error; readonly there: Error } | null = null

  constructor(protocol: Protocol, name: string) {
    this.protocol = protocol
    this.address = { path: name }
  }

  write(data: string | Uint8Array): void {
    if (!this.connected || this.ended) return
    const bytes = Buffer.from(data as Uint8Array)
    if (bytes.length > 0) this.outgoing.push(bytes)
    this.unsent += bytes.length
    const { registered } = this
    if (registered === null || registered.paused || !registered.streaming || this.unsent < HIGH) return
    registered.paused = true
    ;(registered.producer as Producer).pauseProducing()
  }

  writeSequence(data: Iterable<string | Uint8Array>): void {
    for (const piece of data) this.write(piece)
  }

  loseConnection(): void {
    this.disconnecting = true
  }

  abortConnection(): void {
    this.disconnecting = true
    this.outgoing = []
    this.registered = null
    this.lost = { here: new ConnectionAborted(), there: new ConnectionLost() }
  }

  loseWriteConnection(): void {
    this.ended = true
  }

  getPeer(): Address {
    return this.peer.address
  }

  getHost(): Address {
    return this.address
  }

  registerProducer(producer: Producer | PullProducer, streaming: boolean): void {
    if (!this.connected) return producer.stopProducing()
    this.registered = registeredOnce(this.registered, producer, streaming)
    if (!streaming) producer.resumeProducing()
  }

  unregisterProducer(): void {
    this.registered = null
  }

  pauseProducing(): void {
    this.paused = true
  }

  resumeProducing(): void {
    this.paused = false
  }

  stopProducing(): void {
    this.loseConnection()
  }

  /** Takes what is due to the other side. True if that was anything. */
  pump(chunkSize: number): boolean {
    if (!this.connected) return false
    let moved = false
    if (this.lost === null && this.outgoing.length > 0 && !this.peer.paused && this.peer.connected) {
      const bytes = Buffer.concat(this.outgoing)
      this.outgoing = []
      this.unsent = 0
      moved = true
      for (let at = 0; at < bytes.length; at += chunkSize) this.peer.take(bytes.subarray(at, at + chunkSize))
    }
    if (this.outgoing.length === 0) moved = this.refill() || moved
    if (this.lost === null && this.outgoing.length > 0) return moved
    if (this.lost === null && this.disconnecting && !this.awaited) {
      this.lost = { here: new ConnectionDone(), there: new ConnectionDone() }
    }
    if (this.lost !== null) {
      const { here, there } = this.lost
      this.lose(here)
      this.peer.lose(there)
      return true
    }
    if (this.ended && !this.endTold) {
      // Both directions have ended: so has the connection.
      if (this.peer.endTold) this.lost = { here: new ConnectionDone(), there: new ConnectionDone() }
      this.endTold = true
      halfCloseable(this.protocol)?.writeConnectionLost()
      const peer = halfCloseable(this.peer.protocol)
      if (peer !== null) peer.readConnectionLost()
      else this.peer.loseConnection()
      return true
    }
    return moved
  }

  /** A producer has more to say before the connection may go. */
  private get awaited(): boolean {
    return this.registered !== null && (!this.registered.streaming || this.registered.paused)
  }

  private refill(): boolean {
    const { registered } = this
    if (registered === null || (registered.streaming && !registered.paused)) return false
    registered.paused = false
    registered.producer.resumeProducing()
    return this.outgoing.length > 0 || this.registered !== registered
  }

  private take(bytes: Buffer): void {
    if (!this.connected || this.disconnecting) return
    try {
      this.protocol.dataReceived(bytes)
    } catch (error) {
      log.err(error)
      this.outgoing = []
      this.lost = { here: error as Error, there: new ConnectionLost() }
    }
  }

  private lose(reason: Error): void {
    if (!this.connected) return
    this.connected = false
    const { registered } = this
    this.registered = null
    registered?.producer.stopProducing()
    this.protocol.connected = false
    this.protocol.connectionLost(new Failure(reason))
  }
}

/** How a pair is pumped. */
export interface PairOptions {
  /** The most bytes that one `dataReceived` is given. All that there are if left out. */
  readonly chunkSize?: number
}

/** Two protocols that are connected, and the pump between them. */
export interface ConnectedPair {
  /** Delivers what was written so far, once in each direction. True if anything happened. */
  pump(): boolean
  /** Pumps until nothing happens any more. */
  flush(): void
}

/**
 * Connects two protocols in memory, without a loop: what they write moves when the test says so. The second is told first
 * that it is connected, as a server is.
 *
 * ```ts
 * import { connectedPair, LineReceiver } from 'fibril/twisted'
 *
 * class Server extends LineReceiver {
 *   lineReceived(line: Buffer) {
 *     this.sendLine(`hello ${line}`)
 *   }
 * }
 * class Client extends LineReceiver {
 *   override connectionMade() {
 *     this.sendLine('Ada')
 *   }
 *   lineReceived(line: Buffer) {
 *     console.log(`${line}`)
 *     this.transport.loseConnection()
 *   }
 * }
 * connectedPair(new Client(), new Server(), { chunkSize: 1 }).flush()
 * // prints: hello Ada
 * ```
 */
export function connectedPair(client: Protocol, server: Protocol, options: PairOptions = {}): ConnectedPair {
  const { chunkSize = Infinity } = options
  if (!(chunkSize >= 1)) throw new RangeError(`chunkSize is ${chunkSize}: give a number of bytes from 1 up`)
  const here = new PairTransport(client, 'client')
  const there = new PairTransport(server, 'server')
  here.peer = there
  there.peer = here
  server.makeConnection(there)
  client.makeConnection(here)
  const pump = (): boolean => {
    // Both directions, also when the first moved something.
    const moved = here.pump(chunkSize)
    return there.pump(chunkSize) || moved
  }
  return {
    pump,
    flush(): void {
      while (pump()) {}
    },
  }
}
