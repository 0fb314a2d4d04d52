import type { Address, Producer, PullProducer, Registered, Transport } from './transport.ts'
import { registeredOnce } from './transport.ts'

/**
 * A transport that keeps what is written, for tests of one protocol: no loop, no time, no other side.
 *
 * ```ts
 * import { Protocol, StringTransport } from 'fibril/twisted'
 *
 * class Echo extends Protocol {
 *   override dataReceived(data: Buffer) {
 *     this.transport.write(data)
 *   }
 * }
 * const echo = new Echo()
 * const transport = new StringTransport()
 * echo.makeConnection(transport)
 * echo.dataReceived(Buffer.from('hello'))
 * console.log(`${transport.value()}`) // => hello
 * ```
 */
export class StringTransport implements Transport {
  disconnecting = false
  /** `abortConnection` was called. */
  disconnected = false
  /** `loseWriteConnection` was called. */
  writeEnded = false
  /** Whether the protocol wants bytes: `pauseProducing` and its like were called on this. */
  producerState: 'producing' | 'paused' | 'stopped' = 'producing'
  private registered: Registered | null = null
  private pieces: Buffer[] = []
  private readonly peer: Address
  private readonly host: Address

  constructor(
    peer: Address = { host: '192.168.1.1', port: 54_321 },
    host: Address = { host: '10.0.0.1', port: 12_345 },
  ) {
    this.peer = peer
    this.host = host
  }

  /** What was written since the last `clear`. */
  value(): Buffer {
    const all = Buffer.concat(this.pieces)
    this.pieces = [all]
    return all
  }

  /** Forgets what was written. */
  clear(): void {
    this.pieces = []
  }

  /** The producer that is registered. */
  get producer(): Producer | PullProducer | null {
    return this.registered?.producer ?? null
  }

  /** Whether it writes on its own; null if there is none. */
  get streaming(): boolean | null {
    return this.registered?.streaming ?? null
  }

  write(data: string | Uint8Array): void {
    if (!this.writeEnded) this.pieces.push(Buffer.from(data as Uint8Array))
  }

  writeSequence(data: Iterable<string | Uint8Array>): void {
    for (const piece of data) this.write(piece)
  }

  loseConnection(): void {
    this.disconnecting = true
  }

  abortConnection(): void {
    this.disconnected = true
    this.loseConnection()
  }

  loseWriteConnection(): void {
    this.writeEnded = true
  }

  getPeer(): Address {
    return this.peer
  }

  getHost(): Address {
    return this.host
  }

  registerProducer(producer: Producer | PullProducer, streaming: boolean): void {
    this.registered = registeredOnce(this.registered, producer, streaming)
  }

  unregisterProducer(): void {
    if (this.registered === null) throw new Error('a producer was unregistered, but none is registered')
    this.registered = null
  }

  pauseProducing(): void {
    this.checkProducing()
    this.producerState = 'paused'
  }

  resumeProducing(): void {
    this.checkProducing()
    this.producerState = 'producing'
  }

  stopProducing(): void {
    this.checkProducing()
    this.producerState = 'stopped'
  }

  private checkProducing(): void {
    if (this.producerState === 'stopped') throw new Error('the transport was told to stop producing: it cannot go on')
  }
}
