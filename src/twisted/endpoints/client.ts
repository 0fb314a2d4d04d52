import { fn, type Operation } from '../../core/index.ts'
import { type Connection, type ConnectOptions, connectTls, startTls } from '../../net/index.ts'
import { Deferred } from '../deferred.ts'
import { Failure } from '../failure.ts'
import { ConnectingCancelledError, NoProtocol } from '../network-errors.ts'
import { Factory, type Protocol } from '../protocols/protocol.ts'
import { beginConnecting } from '../reactor/connecting.ts'
import { type ClientOptions, type TlsClientSettings, tcpOptions, tlsOptions, unixOptions } from '../reactor/options.ts'
import type { Reactor } from '../reactor/reactor.ts'
import { recordedSite } from '../reactor/recorded-site.ts'
import type { Address } from '../transports/transport.ts'

/** Somewhere to connect to. Making one connects to nothing; it may be used again and again. */
export abstract class StreamClientEndpoint {
  protected readonly reactor: Reactor

  constructor(reactor: Reactor) {
    this.reactor = reactor
  }

  /** Where to. */
  abstract readonly address: Address

  /** @internal Opens what carries the bytes. */
  abstract open(): Operation<Connection>

  /**
   * Connects, and fires with the protocol that `factory` builds, when that knows of its connection. Fails with a
   * `ConnectError` of one kind or another, with what `buildProtocol` throws, or with `NoProtocol` if it gives null. A cancel gives
   * the attempt up: that is a `ConnectingCancelledError`.
   */
  connect(factory: Factory): Deferred<Protocol> {
    const { address } = this
    let stop = (): void => {
      stop = () => {}
      factory.doStop()
    }
    const deferred = new Deferred<Protocol>(() => {
      task.cancel(`the connection was given up`)
      stop()
      deferred.errback(new ConnectingCancelledError(address))
    })
    const fail = (reason: Failure): void => {
      stop()
      if (!deferred.called) deferred.errback(reason)
    }
    factory.doStart()
    const task = beginConnecting(
      this.reactor.connections.selectables,
      address,
      () => this.open(),
      {
        failed: fail,
        build(address) {
          const protocol = factory.buildProtocol(address)
          if (protocol === null) fail(new Failure(new NoProtocol(factory)))
          return protocol
        },
        connected(_transport, protocol) {
          if (!deferred.called) deferred.callback(protocol)
        },
        lost: fail,
      },
      recordedSite(this.connect),
    )
    return deferred
  }
}

class TcpClientEndpoint extends StreamClientEndpoint {
  readonly address: { readonly host: string; readonly port: number }
  private readonly options: ConnectOptions

  constructor(reactor: Reactor, host: string, port: number, options: ConnectOptions) {
    super(reactor)
    this.address = { host, port }
    this.options = options
  }

  /** @internal */
  override open(): Operation<Connection> {
    return this.reactor.connections.net.connect(this.options)
  }
}

/**
 * A TCP port of a host, by IPv4.
 *
 * ```ts
 * import { connectProtocol, Factory, Protocol, reactor, TCP4ClientEndpoint, TCP4ServerEndpoint } from 'fibril/twisted'
 *
 * class Hello extends Protocol {
 *   override connectionMade() {
 *     this.transport.write('hello')
 *     this.transport.loseConnection()
 *   }
 * }
 * class Print extends Protocol {
 *   override dataReceived(data: Buffer) {
 *     console.log(`${data}`)
 *   }
 * }
 * const server = new TCP4ServerEndpoint(reactor, 0, { interface: '127.0.0.1' })
 * const port = await server.listen(Factory.forProtocol(Hello))
 * await connectProtocol(new TCP4ClientEndpoint(reactor, '127.0.0.1', port.getHost().port as number), new Print())
 * await port.stopListening()
 * // prints: hello
 * ```
 */
export class TCP4ClientEndpoint extends TcpClientEndpoint {
  constructor(reactor: Reactor, host: string, port: number, options: ClientOptions = {}) {
    super(reactor, host, port, { ...tcpOptions(host, port, options), family: 4 })
  }
}

/** A TCP port of a host, by IPv6. */
export class TCP6ClientEndpoint extends TcpClientEndpoint {
  constructor(reactor: Reactor, host: string, port: number, options: ClientOptions = {}) {
    super(reactor, host, port, { ...tcpOptions(host, port, options), family: 6 })
  }
}

/** How to connect to a host that may have several addresses. */
export interface HostnameOptions extends ClientOptions {
  /** Milliseconds that an attempt has before the next address is tried beside it. 300 if left out. */
  readonly attemptDelay?: number
  /** Finds the addresses. As the system does if left out. */
  readonly lookup?: NonNullable<ConnectOptions['lookup']>
}

/**
 * A TCP port of a host that may have several addresses: they are tried in turn, the next when one has failed or has had
 * `attemptDelay`. The first connection that is made is taken, and the other attempts are given up. If all fail, that is an error of the
 * kind of the last one; if there is no address, a `DNSLookupError`.
 */
export class HostnameEndpoint extends TcpClientEndpoint {
  constructor(reactor: Reactor, host: string, port: number, options: HostnameOptions = {}) {
    const { attemptDelay = 300, ...rest } = options
    super(reactor, host, port, { ...tcpOptions(host, port, rest), attemptDelayMs: attemptDelay })
  }
}

/** The path of a Unix socket. */
export class UNIXClientEndpoint extends StreamClientEndpoint {
  readonly address: { readonly path: string }
  private readonly options: Omit<ClientOptions, 'bindAddress'>

  constructor(reactor: Reactor, path: string, options: Omit<ClientOptions, 'bindAddress'> = {}) {
    super(reactor)
    this.address = { path }
    this.options = options
  }

  /** @internal */
  override open(): Operation<Connection> {
    return this.reactor.connections.net.connect(unixOptions(this.address.path, this.options))
  }
}

/** A TCP port of a host, in TLS. The server's certificate must be for `tls.servername`, which is the host if left out. */
export class SSL4ClientEndpoint extends StreamClientEndpoint {
  readonly address: { readonly host: string; readonly port: number }
  private readonly tls: TlsClientSettings
  private readonly options: ClientOptions

  constructor(reactor: Reactor, host: string, port: number, tls: TlsClientSettings = {}, options: ClientOptions = {}) {
    super(reactor)
    this.address = { host, port }
    this.tls = tls
    this.options = options
  }

  /** @internal */
  override open(): Operation<Connection> {
    const { host, port } = this.address
    return connectTls(tlsOptions(host, port, this.tls, this.options))
  }
}

class TlsOverEndpoint extends StreamClientEndpoint {
  private readonly tls: TlsClientSettings
  private readonly inner: StreamClientEndpoint

  constructor(reactor: Reactor, tls: TlsClientSettings, inner: StreamClientEndpoint) {
    super(reactor)
    this.tls = tls
    this.inner = inner
  }

  get address(): Address {
    return this.inner.address
  }

  /** @internal */
  override open(): Operation<Connection> {
    return openSafely(this.inner, this.tls)
  }
}

const openSafely = fn(function* open(inner: StreamClientEndpoint, tls: TlsClientSettings) {
  const plain = yield* inner.open()
  return (yield* startTls(plain, { ...tls, side: 'client' })) as Connection
})

/** An endpoint that speaks TLS over the connections of another one. `tls.servername` says whom the certificate must be for. */
export function wrapClientTLS(
  reactor: Reactor,
  tls: TlsClientSettings,
  endpoint: StreamClientEndpoint,
): StreamClientEndpoint {
  return new TlsOverEndpoint(reactor, tls, endpoint)
}

/** Connects a protocol that is there already: `endpoint.connect` without a factory. */
export function connectProtocol<P extends Protocol>(endpoint: StreamClientEndpoint, protocol: P): Deferred<P> {
  return endpoint.connect(new OneShotFactory(protocol)).addCallback(() => protocol) as Deferred<unknown> as Deferred<P>
}

class OneShotFactory extends Factory {
  private readonly only: Protocol

  constructor(only: Protocol) {
    super()
    this.only = only
  }

  override buildProtocol(): Protocol {
    return this.only
  }
}
