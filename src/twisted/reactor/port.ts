import { type Body, spawn } from '../../core/index.ts'
import { type Connection, formatAddress, type Server, TlsError } from '../../net/index.ts'
import type { Deferred } from '../deferred.ts'
import { log } from '../log.ts'
import { maybeDeferred, succeed } from '../make.ts'
import type { Factory, Protocol } from '../protocols/protocol.ts'
import type { Site } from '../sites.ts'
import type { Address } from '../transports/transport.ts'
import { serveTransport } from './connecting.ts'
import type { Selectables } from './selectables.ts'

/** @internal Which servers a port can be made of. */
export type AnyServer = Server<Connection>

/** What listens, and builds a protocol for each connection that comes. */
export class Port {
  /** It was asked to stop. */
  disconnecting = false
  private readonly server: AnyServer
  private readonly factory: Factory
  private readonly selectables: Selectables
  private readonly site: Site | null
  private readonly forget: () => void

  /** @internal Use `listenTCP`, or an endpoint. */
  constructor(server: AnyServer, factory: Factory, selectables: Selectables, site: Site | null) {
    this.server = server
    this.factory = factory
    this.selectables = selectables
    this.site = site
    this.forget = selectables.add(this, site)
    factory.doStart()
    spawn.detached(this.serve(), { name: this.name })
  }

  /** Such as `tcp 127.0.0.1:8000 (EchoFactory)`. */
  get name(): string {
    return `${this.server.name} (${this.factory})`
  }

  /** Where it listens: also the port, if any free one was asked for. */
  getHost(): Address {
    return this.server.address
  }

  /**
   * Listens no more; connections that were made go on. The Deferred fires when the address is free. Stopping again does nothing.
   */
  stopListening(): Deferred<void> {
    if (this.disconnecting) return succeed<void>(undefined)
    this.disconnecting = true
    this.server.close()
    this.forget()
    return maybeDeferred(() => this.factory.doStop())
  }

  /** @internal */
  close(): void {
    this.stopListening().addErrback((failure) => log.err(failure))
  }

  toString(): string {
    return `Port on ${formatAddress(this.getHost())} (${this.factory})`
  }

  private *serve(): Body<void> {
    // It may have been stopped before this task began.
    if (this.disconnecting) return
    yield* this.server.serve((stream) => this.connection(stream), {
      // A handshake that failed is the peer's doing.
      onError: (error) => error instanceof TlsError || log.err(error, `${this}:`),
    })
  }

  private *connection(stream: Connection): Body<void> {
    let protocol: Protocol | null
    try {
      protocol = this.factory.buildProtocol(stream.remote)
    } catch (error) {
      stream.reset()
      return log.err(error)
    }
    if (protocol !== null) yield* serveTransport(this.selectables, stream, protocol, this.site, null)
  }
}
