/**
 * Theory of operation: the reactor is a view of the loop that is there anyway. It keeps, for each loop on which it is used,
 * the calls that are to come, what is open, and how far its own start and shutdown have got; the loop does the work.
 *
 *   callLater ──▶ a timer of the loop          callFromThread ──▶ a batch, on a timer of 0 ms
 *   listen, connect ──▶ tasks of the loop      run … stop ──▶ system events, and a process that stays
 *
 *  1. Nothing here need be running for calls and connections to work: the loop always is. `run` is for programs that have a
 *     beginning and an end: it calls the triggers of startup, keeps the process, and ends with those of shutdown.
 *  2. What a call throws is logged, and the others are made.
 */
import { currentLoop, fn, type Loop, type Operation } from '../../core/index.ts'
import { type Connection, connectTls, ListenError, listenTls, type Net, net as realNet } from '../../net/index.ts'
import { Deferred } from '../deferred.ts'
import {
  CannotListenError,
  ReactorAlreadyRunning,
  ReactorNotRestartable,
  ReactorNotRunning,
} from '../network-errors.ts'
import type { Factory } from '../protocols/protocol.ts'
import type { ReactorTime } from './clock.ts'
import { Connector, type ConnectorFactory } from './connector.ts'
import { deferOperation } from './defer-operation.ts'
import { type Callback, DelayedCall } from './delayed-call.ts'
import {
  type ClientOptions,
  type ListenerOptions,
  type TlsClientSettings,
  type TlsServerSettings,
  tcpOptions,
  tlsOptions,
  type UnixListenerOptions,
  unixOptions,
} from './options.ts'
import { inContext, keepProcess, Place } from './place.ts'
import { type AnyServer, Port } from './port.ts'
import { recordedSite } from './recorded-site.ts'
import type { Selectable, Selectables } from './selectables.ts'
import type { Phase, TriggerId } from './system-event.ts'

/** What a reactor may be told. */
export interface ReactorOptions {
  /** Where its connections come from. The real network if left out; a host of a `SimNetwork` for tests. */
  readonly net?: Net
}

/**
 * Calls that come later, connections, and the beginning and end of a program: Twisted's reactor, as a view of Fibril's loop.
 * Use `reactor`, the one that there is; make another for a simulated network, or to run one twice.
 *
 * ```ts
 * import { reactor } from 'fibril/twisted'
 *
 * reactor.callWhenRunning(() => console.log('running'))
 * reactor.callLater(5, () => reactor.stop())
 * await reactor.run()
 * console.log('stopped')
 * // prints: running
 * // prints: stopped
 * ```
 */
export class Reactor implements ReactorTime {
  private readonly net: Net
  private readonly places = new WeakMap<Loop, Place>()

  constructor(options: ReactorOptions = {}) {
    this.net = options.net ?? realNet
  }

  private get place(): Place {
    const loop = currentLoop()
    let place = this.places.get(loop)
    if (place === undefined) this.places.set(loop, (place = new Place(loop)))
    return place
  }

  // -- time

  /** Milliseconds on the loop's clock, which passes steadily from an arbitrary start. What Twisted calls `seconds`. */
  now(): number {
    return currentLoop().now()
  }

  /**
   * Calls `func` with `args` after `ms` milliseconds, in the context (AsyncLocalStorage) of here; equal times in the order of these
   * calls. What it throws is logged.
   */
  callLater<A extends readonly unknown[]>(ms: number, func: (...args: A) => unknown, ...args: A): DelayedCall {
    const { place } = this
    return new DelayedCall(
      place,
      ms,
      func as Callback,
      args,
      place.loop.host.captureContext(),
      recordedSite(this.callLater),
    )
  }

  /** The calls that are still to come, the earliest first. */
  getDelayedCalls(): readonly DelayedCall[] {
    return [...this.place.calls].sort((a, b) => a.getTime() - b.getTime())
  }

  /**
   * Calls `func` with `args` in the next turn of the loop, in the order of these calls: from a callback of the platform, such
   * as a message of a worker, or from anywhere. What it throws is logged. Other threads call by an `exposeToThreads`.
   */
  callFromThread<A extends readonly unknown[]>(func: (...args: A) => unknown, ...args: A): void {
    const { place } = this
    const context = place.loop.host.captureContext()
    place.soon(() => inContext(context, func as Callback, args))
  }

  // -- the beginning and the end

  /** Whether `run` was called, and `stop` has not ended it. */
  get running(): boolean {
    const { state } = this.place
    return state === 'running' || state === 'stopping'
  }

  /** Calls `func` with `args` when the reactor runs: at once if it does. */
  callWhenRunning<A extends readonly unknown[]>(func: (...args: A) => unknown, ...args: A): TriggerId | null {
    if (!this.running) return this.addSystemEventTrigger('after', 'startup', func, ...args)
    func(...args)
    return null
  }

  /**
   * Has `func` called with `args` when `event`, such as `startup` or `shutdown`, takes place. If it is called `before`, and returns a
   * Deferred or promise, the event waits for that.
   */
  addSystemEventTrigger<A extends readonly unknown[]>(
    phase: Phase,
    event: 'startup' | 'shutdown' | (string & {}),
    func: (...args: A) => unknown,
    ...args: A
  ): TriggerId {
    return this.place.event(event).add(phase, () => func(...args))
  }

  /** Takes a trigger back. An error if that is too late. */
  removeSystemEventTrigger(id: TriggerId): void {
    if (!id.event.remove(id))
      throw new Error('a trigger was to be removed that is not there: it was called, or removed before')
  }

  /** Makes an event take place: calls its triggers, each once. Fires when all that were to be waited for have ended. */
  fireSystemEvent(event: string): Deferred<void> {
    return this.place.event(event).fire()
  }

  /**
   * Begins: calls the triggers of `startup`, keeps the process, and has SIGINT and SIGTERM stop it. The Deferred fires when it was
   * stopped and its triggers of `shutdown` have been called. A `ReactorAlreadyRunning` while it runs; a `ReactorNotRestartable` when it
   * did.
   */
  run(options: { readonly installSignalHandlers?: boolean } = {}): Deferred<void> {
    const { place } = this
    if (place.state === 'stopped')
      throw new ReactorNotRestartable('the reactor was stopped, and runs once: make a new one')
    if (place.state !== 'new') throw new ReactorAlreadyRunning('the reactor runs already')
    const over = new Deferred<void>()
    place.over = over
    place.state = 'starting'
    place.release = keepProcess(place, options.installSignalHandlers !== false, () => this.stopBySignal(place))
    place.event('startup').add('during', () => {
      place.state = 'running'
    })
    place.soon(() => place.event('startup').fire())
    return over
  }

  /**
   * Ends what `run` began, from the next turn on: calls the triggers of `shutdown`, lets go of all that is still open, and fires the
   * Deferred of `run`. A `ReactorNotRunning` if it does not run, or was stopped before.
   */
  stop(): void {
    const { place } = this
    if (place.state === 'starting') return void place.event('startup').add('after', () => this.stop())
    if (place.state !== 'running') throw new ReactorNotRunning('the reactor cannot be stopped: it does not run')
    this.shutDown(place)
  }

  private stopBySignal(place: Place): void {
    if (place.state === 'starting') place.event('startup').add('after', () => this.stopBySignal(place))
    if (place.state === 'running') this.shutDown(place)
  }

  private shutDown(place: Place): void {
    place.state = 'stopping'
    place.soon(() => {
      const shutdown = place.event('shutdown')
      shutdown.add('during', () => {
        for (const selectable of place.selectables.list()) selectable.close()
      })
      shutdown.add('after', () => place.soon(() => this.ended(place)))
      shutdown.fire()
    })
  }

  private ended(place: Place): void {
    place.state = 'stopped'
    place.release()
    place.over?.callback(undefined)
  }

  // -- connections

  /** What is open: ports, connections, attempts to connect. */
  getSelectables(): readonly Selectable[] {
    return this.place.selectables.list()
  }

  /**
   * Listens on a TCP port; 0 is any that is free. Fires with the port when it does, or fails with a `CannotListenError`.
   */
  listenTCP(port: number, factory: Factory, options: ListenerOptions = {}): Deferred<Port> {
    const { interface: host = '0.0.0.0', backlog = 50, ...rest } = options
    return this.listenBy(() => this.net.listen({ ...rest, port, host, backlog }), factory, this.listenTCP)
  }

  /** As `listenTCP`, on the path of a Unix socket. */
  listenUNIX(path: string, factory: Factory, options: UnixListenerOptions = {}): Deferred<Port> {
    const { backlog = 50, ...rest } = options
    return this.listenBy(() => this.net.listen({ ...rest, path, backlog }), factory, this.listenUNIX)
  }

  /** As `listenTCP`, in TLS: a connection has its protocol when its handshake is done. */
  listenSSL(port: number, factory: Factory, tls: TlsServerSettings, options: ListenerOptions = {}): Deferred<Port> {
    const { interface: host = '0.0.0.0', backlog = 50, ...rest } = options
    return this.listenBy(() => listenTls({ ...rest, ...tls, port, host, backlog }), factory, this.listenSSL)
  }

  private listenBy(listen: () => Operation<unknown>, factory: Factory, by: Callback): Deferred<Port> {
    const { selectables } = this.place
    const site = recordedSite(by)
    return deferOperation(() => listening(listen)).addCallback((server) => new Port(server, factory, selectables, site))
  }

  /** Connects to a TCP port, and tells `factory` how that fares. New code uses an endpoint. */
  connectTCP(host: string, port: number, factory: ConnectorFactory, options: ClientOptions = {}): Connector {
    return this.connectBy(
      { host, port },
      () => this.net.connect(tcpOptions(host, port, options)),
      factory,
      this.connectTCP,
    )
  }

  /** As `connectTCP`, to the path of a Unix socket. */
  connectUNIX(path: string, factory: ConnectorFactory, options: Omit<ClientOptions, 'bindAddress'> = {}): Connector {
    return this.connectBy({ path }, () => this.net.connect(unixOptions(path, options)), factory, this.connectUNIX)
  }

  /** As `connectTCP`, in TLS. */
  connectSSL(
    host: string,
    port: number,
    factory: ConnectorFactory,
    tls: TlsClientSettings = {},
    options: ClientOptions = {},
  ): Connector {
    return this.connectBy(
      { host, port },
      () => connectTls(tlsOptions(host, port, tls, options)),
      factory,
      this.connectSSL,
    )
  }

  private connectBy(
    address: { host?: string; port?: number; path?: string },
    open: () => Operation<Connection>,
    factory: ConnectorFactory,
    by: Callback,
  ): Connector {
    const connector = new Connector(this.place.selectables, address, open, factory, recordedSite(by))
    connector.connect()
    return connector
  }

  /** @internal For endpoints. */
  get connections(): { readonly selectables: Selectables; readonly net: Net } {
    return { selectables: this.place.selectables, net: this.net }
  }
}

/** The reactor: a view of the loop on which it is used. */
export const reactor: Reactor = new Reactor()

const listening = fn(function* listening(listen: () => Operation<unknown>) {
  try {
    return (yield* listen()) as AnyServer
  } catch (error) {
    throw error instanceof ListenError ? new CannotListenError(error.message, error, error.systemCode) : error
  }
})
