/**
 * Theory of operation: one connection, made again whenever it is lost.
 *
 *   stopped ──start──▶ connecting ──made, prepared──▶ connected
 *                       ▲    │ failed                    │ lost
 *                       │    ▼                           │
 *                       └── waiting ◀────────────────────┘
 *
 *   any of them ──stop──▶ stopping ──▶ stopped           stopping: what is open is being closed
 *                            └── start: it connects again after that
 */
import { CancelledError, currentTask } from '../../core/index.ts'
import { Deferred } from '../deferred.ts'
import type { StreamClientEndpoint } from '../endpoints/client.ts'
import type { Failure } from '../failure.ts'
import { fail, maybeDeferred, succeed } from '../make.ts'
import { Factory, halfCloseable, Protocol } from '../protocols/protocol.ts'
import type { ReactorTime } from '../reactor/clock.ts'
import type { DelayedCall } from '../reactor/delayed-call.ts'
import { reactor } from '../reactor/reactor.ts'
import type { Address, Transport } from '../transports/transport.ts'
import { backoffPolicy, type RetryPolicy } from './backoff-policy.ts'

/** How a service connects. */
export interface ClientServiceOptions {
  readonly retryPolicy?: RetryPolicy
  /** What has the time. */
  readonly clock?: ReactorTime
  /** Called with each protocol whose connection was made, before anybody else gets it. If it fails, so has the attempt. */
  readonly prepareConnection?: (protocol: Protocol) => unknown
}

interface Waiter {
  readonly deferred: Deferred<Protocol>
  /** After so many failures it fails; null for never. */
  left: number | null
}

/**
 * Keeps one connection to an endpoint, from `startService` to `stopService`: connects again when it is lost, after pauses that
 * grow while that fails.
 *
 * ```ts
 * import { ClientService, Factory, Protocol, reactor, TCP4ClientEndpoint, TCP4ServerEndpoint } from 'fibril/twisted'
 *
 * const factory = Factory.forProtocol(Protocol)
 * const port = await new TCP4ServerEndpoint(reactor, 0, { interface: '127.0.0.1' }).listen(factory)
 * const endpoint = new TCP4ClientEndpoint(reactor, '127.0.0.1', port.getHost().port as number)
 * const service = new ClientService(endpoint, factory)
 * service.startService()
 * console.log((await service.whenConnected()).connected) // => true
 * await service.stopService()
 * await port.stopListening()
 * ```
 */
export class ClientService {
  private readonly endpoint: StreamClientEndpoint
  private readonly factory: Factory
  private readonly retryPolicy: RetryPolicy
  private readonly clock: ReactorTime
  private readonly prepareConnection: ((protocol: Protocol) => unknown) | null
  private state: 'stopped' | 'connecting' | 'connected' | 'waiting' | 'stopping' = 'stopped'
  private started = false
  /** It ran, and was stopped for good. */
  private wasStopped = false
  private failures = 0
  private attempt: { cancel(): void } | null = null
  private proxy: ProtocolProxy | null = null
  private retry: DelayedCall | null = null
  private waiters: Waiter[] = []
  private readonly stopWaiters: Deferred<void>[] = []

  constructor(endpoint: StreamClientEndpoint, factory: Factory, options: ClientServiceOptions = {}) {
    this.endpoint = endpoint
    this.factory = factory
    this.retryPolicy = options.retryPolicy ?? backoffPolicy()
    this.clock = options.clock ?? reactor
    this.prepareConnection = options.prepareConnection ?? null
  }

  /** Between `startService` and `stopService`. */
  get running(): boolean {
    return this.started
  }

  /** Begins to connect. Nothing happens if it did. */
  startService(): void {
    if (this.started) return
    this.started = true
    if (this.state === 'stopped') this.connect()
  }

  /**
   * Gives up what is under way, and closes the connection: fires when that is closed. Those who wait for a connection fail with
   * `CancelledError`.
   */
  stopService(): Deferred<void> {
    this.started = false
    if (this.state === 'stopped') return succeed<void>(undefined)
    const stopped = new Deferred<void>()
    this.stopWaiters.push(stopped)
    const { state } = this
    this.state = 'stopping'
    if (state === 'waiting') {
      this.retry?.cancel()
      this.ended()
    } else if (state === 'connecting') {
      // The connection may be made, and being prepared.
      this.attempt?.cancel()
      this.proxy?.transport.loseConnection()
    } else this.proxy?.transport.loseConnection()
    return stopped
  }

  /**
   * The protocol that is connected, or the next one that will be. Fails after `failAfterFailures` attempts that failed in a row,
   * from now on, with what the last one did; never, if left out; and with `CancelledError` when the service is stopped.
   */
  whenConnected(failAfterFailures: number | null = null): Deferred<Protocol> {
    if (this.state === 'connected') return succeed((this.proxy as ProtocolProxy).inner)
    if (this.state === 'stopped' && this.wasStopped) return fail(cancelled())
    const waiter: Waiter = {
      deferred: new Deferred<Protocol>(() => {
        this.waiters = this.waiters.filter((each) => each !== waiter)
      }),
      left: failAfterFailures,
    }
    this.waiters.push(waiter)
    return waiter.deferred
  }

  private connect(): void {
    this.state = 'connecting'
    const attempt = this.endpoint.connect(new ProxyFactory(this.factory, (proxy) => this.lost(proxy)))
    this.attempt = attempt
      .addCallback((protocol) => {
        const proxy = protocol as ProtocolProxy
        this.proxy = proxy
        const { prepareConnection } = this
        return prepareConnection === null
          ? proxy
          : maybeDeferred(() => prepareConnection(proxy.inner)).addCallback(() => proxy)
      })
      .addCallbacks(
        (proxy) => this.made(proxy),
        (failure) => this.failed(failure),
      )
  }

  private made(proxy: ProtocolProxy): void {
    if (this.state !== 'connecting') return
    // Lost while it was being prepared.
    if (!proxy.inner.connected) return this.failed(proxy.reason as Failure)
    this.state = 'connected'
    this.failures = 0
    const { waiters } = this
    this.waiters = []
    for (const { deferred } of waiters) deferred.callback(proxy.inner)
  }

  private failed(failure: Failure): void {
    const { proxy } = this
    if (proxy?.inner.connected) proxy.transport.loseConnection()
    if (this.state === 'stopping') {
      if (proxy?.inner.connected !== true) this.ended()
      return
    }
    this.proxy = null
    this.wait()
    const due = this.waiters.filter((waiter) => waiter.left !== null && --waiter.left <= 0)
    this.waiters = this.waiters.filter((waiter) => !due.includes(waiter))
    for (const { deferred } of due) deferred.errback(proxy?.reason ?? failure)
  }

  private lost(proxy: ProtocolProxy): void {
    if (this.proxy !== proxy) return
    // While it was being prepared: there is nothing to prepare any more.
    if (this.state === 'connecting') return this.attempt?.cancel()
    this.proxy = null
    if (this.state === 'stopping') this.ended()
    else this.wait()
  }

  private wait(): void {
    this.state = 'waiting'
    this.failures++
    this.retry = this.clock.callLater(this.retryPolicy(this.failures), () => this.connect())
  }

  /** All is closed. */
  private ended(): void {
    this.proxy = null
    this.attempt = null
    this.retry = null
    this.failures = 0
    this.state = 'stopped'
    this.wasStopped = !this.started
    if (this.started) this.connect()
    else {
      const { waiters } = this
      this.waiters = []
      for (const { deferred } of waiters) deferred.errback(cancelled())
    }
    for (const stopped of this.stopWaiters.splice(0)) stopped.callback()
  }
}

function cancelled(): CancelledError {
  return new CancelledError(null, 'the service was stopped', currentTask())
}

/** Stands between a protocol and its transport, to hear when the connection is lost. */
class ProtocolProxy extends Protocol {
  readonly inner: Protocol
  reason: Failure | null = null
  private readonly whenLost: (proxy: ProtocolProxy) => void

  constructor(inner: Protocol, whenLost: (proxy: ProtocolProxy) => void) {
    super()
    this.inner = inner
    this.whenLost = whenLost
    const half = halfCloseable(inner)
    if (half === null) return
    Object.assign(this, {
      readConnectionLost: () => half.readConnectionLost(),
      writeConnectionLost: () => half.writeConnectionLost(),
    })
  }

  override makeConnection(transport: Transport): void {
    this.connected = true
    this.transport = transport
    this.inner.makeConnection(transport)
  }

  override dataReceived(data: Buffer): void {
    this.inner.dataReceived(data)
  }

  override connectionLost(reason: Failure): void {
    this.reason = reason
    this.inner.connected = false
    try {
      this.inner.connectionLost(reason)
    } finally {
      this.whenLost(this)
    }
  }
}

class ProxyFactory extends Factory {
  private readonly inner: Factory
  private readonly whenLost: (proxy: ProtocolProxy) => void

  constructor(inner: Factory, whenLost: (proxy: ProtocolProxy) => void) {
    super()
    this.inner = inner
    this.whenLost = whenLost
  }

  override buildProtocol(address: Address): Protocol | null {
    const protocol = this.inner.buildProtocol(address)
    return protocol === null ? null : new ProtocolProxy(protocol, this.whenLost)
  }

  override startFactory(): void {
    this.inner.doStart()
  }

  override stopFactory(): void {
    this.inner.doStop()
  }
}
