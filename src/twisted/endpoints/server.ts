import type { Deferred } from '../deferred.ts'
import type { Factory } from '../protocols/protocol.ts'
import type { ListenerOptions, TlsServerSettings, UnixListenerOptions } from '../reactor/options.ts'
import type { Port } from '../reactor/port.ts'
import type { Reactor } from '../reactor/reactor.ts'

/** Somewhere to listen. Making one listens nowhere. */
export interface StreamServerEndpoint {
  /** Listens: fires with the port when it does, or fails with a `CannotListenError`. */
  listen(factory: Factory): Deferred<Port>
}

/** A TCP port of this machine, by IPv4; 0 is any that is free. */
export class TCP4ServerEndpoint implements StreamServerEndpoint {
  private readonly reactor: Reactor
  private readonly port: number
  private readonly options: ListenerOptions

  constructor(reactor: Reactor, port: number, options: ListenerOptions = {}) {
    this.reactor = reactor
    this.port = port
    this.options = options
  }

  listen(factory: Factory): Deferred<Port> {
    return this.reactor.listenTCP(this.port, factory, this.options)
  }
}

/** The same by IPv6, and where the system does so, by IPv4 too. */
export class TCP6ServerEndpoint extends TCP4ServerEndpoint {
  constructor(reactor: Reactor, port: number, options: ListenerOptions = {}) {
    super(reactor, port, { interface: '::', ...options })
  }
}

/** The path of a Unix socket. */
export class UNIXServerEndpoint implements StreamServerEndpoint {
  private readonly reactor: Reactor
  private readonly path: string
  private readonly options: UnixListenerOptions

  constructor(reactor: Reactor, path: string, options: UnixListenerOptions = {}) {
    this.reactor = reactor
    this.path = path
    this.options = options
  }

  listen(factory: Factory): Deferred<Port> {
    return this.reactor.listenUNIX(this.path, factory, this.options)
  }
}

/** A TCP port of this machine, in TLS. */
export class SSL4ServerEndpoint implements StreamServerEndpoint {
  private readonly reactor: Reactor
  private readonly port: number
  private readonly tls: TlsServerSettings
  private readonly options: ListenerOptions

  constructor(reactor: Reactor, port: number, tls: TlsServerSettings, options: ListenerOptions = {}) {
    this.reactor = reactor
    this.port = port
    this.tls = tls
    this.options = options
  }

  listen(factory: Factory): Deferred<Port> {
    return this.reactor.listenSSL(this.port, factory, this.tls, this.options)
  }
}
