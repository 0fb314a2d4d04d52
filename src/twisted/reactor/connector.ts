import type { Operation, Task } from '../../core/index.ts'
import { type Connection, formatAddress } from '../../net/index.ts'
import { Failure } from '../failure.ts'
import { log } from '../log.ts'
import { ConnectError, NotConnectingError } from '../network-errors.ts'
import { type Factory, Protocol } from '../protocols/protocol.ts'
import type { Site } from '../sites.ts'
import type { StreamTransport } from '../transports/stream-transport.ts'
import type { Address } from '../transports/transport.ts'
import { beginConnecting } from './connecting.ts'
import type { Selectables } from './selectables.ts'

/** What a connector needs of its factory: a `ClientFactory` has it. */
export interface ConnectorFactory extends Pick<Factory, 'doStart' | 'doStop' | 'buildProtocol'> {
  startedConnecting(connector: Connector): void
  clientConnectionFailed(connector: Connector, reason: Failure): void
  clientConnectionLost(connector: Connector, reason: Failure): void
}

/** What `connectTCP` and its like give: one place to connect to, again and again. */
export class Connector {
  state: 'disconnected' | 'connecting' | 'connected' = 'disconnected'
  private readonly selectables: Selectables
  private readonly address: Address
  private readonly open: () => Operation<Connection>
  private readonly factory: ConnectorFactory
  private readonly site: Site | null
  private factoryStarted = false
  private task: Task<void> | null = null
  private transport: StreamTransport | null = null

  /** @internal Use `reactor.connectTCP`. */
  constructor(
    selectables: Selectables,
    address: Address,
    open: () => Operation<Connection>,
    factory: ConnectorFactory,
    site: Site | null,
  ) {
    this.selectables = selectables
    this.address = address
    this.open = open
    this.factory = factory
    this.site = site
  }

  /** Begins an attempt; an error if there is one already, or a connection. */
  connect(): void {
    if (this.state !== 'disconnected')
      throw new NotConnectingError(`${this} is ${this.state} already: disconnect it first`)
    this.state = 'connecting'
    if (!this.factoryStarted) {
      this.factoryStarted = true
      this.factory.doStart()
    }
    this.task = beginConnecting(
      this.selectables,
      this.address,
      this.open,
      {
        failed: (reason) => this.failed(reason),
        build: (address) => this.build(address),
        connected: (transport) => {
          this.transport = transport
        },
        lost: (reason) => this.lost(reason),
      },
      this.site,
    )
    this.factory.startedConnecting(this)
  }

  /** Gives the attempt up: the factory is told of it as a failure. A `NotConnectingError` if there is none. */
  stopConnecting(): void {
    if (this.state !== 'connecting')
      throw new NotConnectingError(`${this} is ${this.state}: there is no attempt to stop`)
    this.task?.cancel('stopConnecting()')
    this.failed(
      new Failure(new ConnectError(`the connection to ${formatAddress(this.address)} was given up: stopConnecting()`)),
    )
  }

  /** Gives the attempt up, or loses the connection. */
  disconnect(): void {
    if (this.state === 'connecting') this.stopConnecting()
    else this.transport?.loseConnection()
  }

  /** Where to. */
  getDestination(): Address {
    return this.address
  }

  toString(): string {
    return `Connector to ${formatAddress(this.address)}`
  }

  private build(address: Address): Protocol {
    this.state = 'connected'
    let protocol: Protocol | null = null
    try {
      protocol = this.factory.buildProtocol(address)
    } catch (error) {
      log.err(error)
    }
    return protocol ?? new Refusing()
  }

  private failed(reason: Failure): void {
    this.state = 'disconnected'
    this.factory.clientConnectionFailed(this, reason)
    this.endIfDone()
  }

  private lost(reason: Failure): void {
    this.state = 'disconnected'
    this.transport = null
    this.factory.clientConnectionLost(this, reason)
    this.endIfDone()
  }

  /** The factory may have connected again. */
  private endIfDone(): void {
    if (this.state !== 'disconnected' || !this.factoryStarted) return
    this.factoryStarted = false
    this.factory.doStop()
  }
}

/** Stands in for a protocol that the factory refused to build. */
class Refusing extends Protocol {
  override connectionMade(): void {
    this.transport.loseConnection()
  }
}
