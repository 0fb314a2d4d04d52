import type { Address } from '../transports/transport.ts'
import type { Protocol } from './protocol.ts'

/**
 * What makes a `Protocol` for each connection, and holds what they share. Subclass it, or `Factory.forProtocol(Echo)`.
 *
 * ```ts
 * import { Factory, Protocol } from 'fibril/twisted'
 *
 * class Hello extends Protocol {}
 * const factory = Factory.forProtocol(Hello)
 * const protocol = factory.buildProtocol({ type: 'TCP', host: '127.0.0.1', port: 8000 })
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
    this: new (...args: A) => F,
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
