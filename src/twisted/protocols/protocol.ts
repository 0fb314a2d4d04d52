import type { Failure } from '../failure.ts'
import type { Address, Transport } from '../transports/transport.ts'

/**
 * One end of a connection: subclass it, and say what to do when it is made, when bytes come, and when it is lost. One object
 * serves one connection.
 *
 * What a method throws is logged, and costs the connection: `connectionLost` is told it as its reason, and nothing
 * below or beside is harmed.
 *
 * ```ts
 * import { connectedPair, Protocol } from 'fibril/twisted'
 *
 * class Echo extends Protocol {
 *   override dataReceived(data: Buffer) {
 *     this.transport.write(data)
 *   }
 * }
 * class Greeter extends Protocol {
 *   override connectionMade() {
 *     this.transport.write('hello')
 *   }
 *   override dataReceived(data: Buffer) {
 *     console.log(String(data))
 *   }
 * }
 * connectedPair(new Greeter(), new Echo()).flush()
 * // prints: hello
 * ```
 */
export class Protocol {
  connected = false
  /** Set before `connectionMade`, and kept after the connection was lost. */
  transport!: Transport
  /** The factory that built it, if one did. */
  factory!: Factory

  /** The transport calls it once; overriders call `super`. */
  makeConnection(transport: Transport): void {
    this.connected = true
    this.transport = transport
    this.connectionMade()
  }

  /** The connection is there: greet, or ask. */
  connectionMade(): void {}

  /** Some bytes came; where one chunk ends and the next begins means nothing. They are the protocol's to keep. */
  dataReceived(_data: Buffer): void {}

  /**
   * The connection is gone, and nothing can be written any more. The `reason` holds a `ConnectionDone` if it ended in order, a
   * `ConnectionLost` or `ConnectionAborted` if not, or what one of the protocol's own methods threw.
   */
  connectionLost(_reason: Failure): void {}
}

/**
 * What makes a `Protocol` for each connection, and holds what they share. Subclass it, or `Factory.forProtocol(Echo)`.
 *
 * ```ts
 * import { Factory, Protocol } from 'fibril/twisted'
 *
 * class Hello extends Protocol {}
 * const factory = Factory.forProtocol(Hello)
 * const protocol = factory.buildProtocol({ host: '127.0.0.1', port: 8000 })
 * console.log(protocol?.factory === factory) // => true
 * ```
 */
export class Factory {
  /** What `buildProtocol` makes. */
  protocol: (new () => Protocol) | null = null
  /** How many ports or connectors use it. */
  numPorts = 0

  /** A factory that makes `protocol`. */
  static forProtocol<F extends Factory, A extends unknown[]>(
    this: new (
      ...args: A
    ) => F,
    protocol: new () => Protocol,
    ...args: A
  ): F {
    const factory = new this(...args)
    factory.protocol = protocol
    return factory
  }

  /** A protocol for a connection from, or to, `address`; null refuses the connection, which is then closed. */
  buildProtocol(_address: Address): Protocol | null {
    if (this.protocol === null) return null
    const protocol = new this.protocol()
    protocol.factory = this
    return protocol
  }

  /** Called once before the first port or connector that uses it begins. */
  startFactory(): void {}

  /** Called once after the last of them has ended. */
  stopFactory(): void {}

  /** A port or connector begins to use it. */
  doStart(): void {
    if (this.numPorts === 0) this.startFactory()
    this.numPorts++
  }

  /** A port or connector uses it no more. One call too many is ignored. */
  doStop(): void {
    if (this.numPorts === 0) return
    this.numPorts--
    if (this.numPorts === 0) this.stopFactory()
  }

  toString(): string {
    return `${this.constructor.name}${this.protocol === null ? '' : `(${this.protocol.name})`}`
  }
}

/** A factory for servers: a name that tells what it is for. */
export class ServerFactory extends Factory {}

/**
 * A protocol with these wants to know when only one direction ends. Without them, the end of the peer's bytes is the end of
 * the connection.
 */
export interface HalfCloseable {
  /** The peer says no more; it still listens. */
  readConnectionLost(): void
  /** This side has ended its bytes, by `loseWriteConnection`, and they have left. */
  writeConnectionLost(): void
}

/** @internal A protocol that wants to know of half-closes. */
export function halfCloseable(protocol: Protocol): (Protocol & HalfCloseable) | null {
  return 'readConnectionLost' in protocol ? (protocol as Protocol & HalfCloseable) : null
}
