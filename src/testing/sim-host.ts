import {
  currentTask,
  fn,
  type Operation,
  type SpawnOptions,
  spawn,
  type Task,
  type TaskBody,
  UsageError,
} from '../core/index.ts'
import {
  type Address,
  type ConnectOptions,
  codeName,
  describeSystemError,
  formatAddress,
  type Handler,
  ListenError,
  type ListenOptions,
  type Net,
  type ServeAtOptions,
  Server,
} from '../net/index.ts'
import type { Leak } from './leak-check.ts'
import { connectWithin, SimConnect } from './sim-connect.ts'
import { SimConnection } from './sim-connection.ts'
import { hostIsDown, systemError } from './sim-errors.ts'
import { SimListener } from './sim-listener.ts'
import type { SimMedium, SimPlace } from './sim-medium.ts'
import type { SimCallee, SimCaller, SimStream } from './sim-wire.ts'

/** Plain figures of a simulated host, at one moment. */
export interface SimHostStats {
  readonly name: string
  readonly state: SimHost['state']
  /** Connections of which this is an end that is still there. */
  readonly connections: number
  /** What is listened on. */
  readonly listening: readonly string[]
}

/** Ports that a connection has at its own side. */
const FIRST_PORT = 49_152
const LAST_PORT = 65_535
/** The first that is tried where any will do to listen. */
const FIRST_FREE = 32_768

const loopback = new Set(['127.0.0.1', '::1', 'localhost'])
const anywhere = new Set(['0.0.0.0', '::'])

/**
 * A host of a `SimNetwork`: what code that takes a `Net` is given to run on it. `connect`, `listen` and `serve` do what
 * those of `fibril/net` do. Hosts know each other by name; `localhost` is the host itself.
 *
 * Where no `host` is given to `listen`, all hosts can connect; the real `listen` is then for its own machine only.
 * `nagle` and `keepAliveMs` change nothing here.
 *
 * ```ts
 * import { spawn } from 'fibril'
 * import { SimNetwork, TestHost } from 'fibril/testing'
 *
 * const host = new TestHost()
 * await host.run(function* () {
 *   const network = new SimNetwork({ latencyMs: 10 })
 *   const [client, server] = [network.host('client'), network.host('server')]
 *   const greeter = yield* server.listen({ port: 80 })
 *   const serving = spawn(greeter.serve((connection) => connection.write('hello\n')))
 *
 *   using connection = yield* client.connect({ host: 'server', port: 80 })
 *   console.log(host.now()) // prints: 20
 *   console.log(yield* connection.readLine()) // prints: hello
 *   console.log(host.now()) // prints: 40
 *   yield* greeter.stop()
 *   yield* serving
 * })
 * ```
 */
export class SimHost implements Net, SimPlace {
  readonly name: string
  private readonly medium: SimMedium
  private readonly find: (name: string) => SimHost | undefined
  private readonly listeners = new Map<string, { readonly listener: SimListener; readonly server: Server<SimStream> }>()
  private tasks: Task<unknown>[] = []
  private isPaused = false
  private lastPort = FIRST_PORT - 1

  /** @internal Use `network.host(name)`. */
  constructor(medium: SimMedium, name: string, find: (name: string) => SimHost | undefined) {
    if (name === '' || loopback.has(name) || anywhere.has(name))
      throw new UsageError(`'${name}' is no name of a host: it means something else to whoever connects or listens`)
    this.medium = medium
    this.name = name
    this.find = find
  }

  /** `up`; `paused`: its processes are stopped; `down`: it has crashed. */
  get state(): 'up' | 'paused' | 'down' {
    if (this.medium.down.has(this.name)) return 'down'
    return this.isPaused ? 'paused' : 'up'
  }

  /** @internal */
  get paused(): boolean {
    return this.isPaused
  }

  toString(): string {
    return this.name
  }

  // -- as any network

  /**
   * Connects, which takes a round trip. Fails with a `ConnectError` whose `systemCode` is ECONNREFUSED (ENOENT for a path)
   * if nobody listens there, ENOTFOUND if there is no host of that name, ETIMEDOUT if it does not answer within
   * `retransmitMs`, or within `timeoutMs`, EHOSTDOWN if this host has crashed. A cancel gives the attempt up.
   */
  connect(options: ConnectOptions): Operation<SimStream> {
    const { port, host = '127.0.0.1', path, timeoutMs = Infinity } = options
    if (path === undefined) checkPort('connect', port, 1)
    const to = path === undefined ? { host, port } : { path }
    const connect = new SimConnect(to, options, this.medium.site(this.connect), (caller) => this.begin(to, caller))
    return timeoutMs === Infinity ? connect : connectWithin(timeoutMs, to, connect)
  }

  private begin(to: Address, caller: SimCaller): SimConnection | Error {
    const { name, medium } = this
    if (this.state === 'down') return hostIsDown(name)
    const target = to.host === undefined || loopback.has(to.host) ? this : this.find(to.host)
    if (target === undefined) return systemError('ENOTFOUND', `there is no host ${to.host} in the simulated network`)
    const { path, port } = to
    const [local, remote] =
      path === undefined ? [this.freeAddress(), { host: target.name, port }] : [{ path }, { path }]
    return new SimConnection(medium, this, local, caller, target, remote, () => target.listenerFor(remote, this))
  }

  private freeAddress(): Address {
    this.lastPort = this.lastPort < LAST_PORT ? this.lastPort + 1 : FIRST_PORT
    return { host: this.name, port: this.lastPort }
  }

  private listenerFor(address: Address, from: SimHost): SimCallee | null {
    const listener = this.listeners.get(keyOf(address))?.listener
    if (listener === undefined) return null
    return from !== this && loopback.has(listener.options.host ?? '') ? null : listener
  }

  /**
   * Listens on a port, of which 0 is any that is free, or on a path. Fails with a `ListenError` whose `systemCode` is
   * EADDRINUSE if that is taken, EADDRNOTAVAIL if `host` is another, EHOSTDOWN if this host has crashed.
   */
  listen(options: ListenOptions): Operation<Server<SimStream>> {
    if (options.path === undefined) checkPort('listen', options.port, 0)
    return SimHost.listen(this, options, this.medium.site(this.listen))
  }

  private static readonly listen = fn(function* listen(at: SimHost, options: ListenOptions, site: Error | null) {
    const { path, host = '0.0.0.0' } = options
    const address = path === undefined ? { host: at.name, port: options.port || at.freePort() } : { path }
    const key = keyOf(address)
    const fail = (cause: Error): never => {
      const where = formatAddress(address)
      const message = `${codeName(currentTask())} could not listen on ${where}: ${describeSystemError(cause)}.`
      throw new ListenError(message, cause)
    }
    if (at.state === 'down') fail(hostIsDown(at.name))
    if (host !== at.name && !anywhere.has(host) && !loopback.has(host))
      fail(systemError('EADDRNOTAVAIL', `${at.name} is not ${host}`))
    if (at.listeners.has(key)) fail(systemError('EADDRINUSE', `${key} is taken`))
    const listener = new SimListener(at.medium, at, address, options, site, () => at.listeners.delete(key))
    const server = new Server(listener)
    at.listeners.set(key, { listener, server })
    return server
  })

  private freePort(): number {
    let port = FIRST_FREE
    while (this.listeners.has(String(port))) port++
    return port
  }

  /** Listens, and runs `handler` for each connection, until it was stopped. */
  serve(handler: Handler<SimStream>, options: ServeAtOptions<SimStream>): Operation<void> {
    return SimHost.serve(this, handler, options)
  }

  private static readonly serve = fn(function* serve(
    host: SimHost,
    handler: Handler<SimStream>,
    options: ServeAtOptions<SimStream>,
  ) {
    const server = yield* host.listen(options)
    options.onListen?.(server)
    yield* server.serve(handler, options)
  })

  // -- what befalls it

  /** Starts a task of the caller that runs on this host: a crash cancels it. */
  spawn<T>(body: TaskBody<T>, options?: SpawnOptions): Task<T> {
    if (this.state === 'down')
      throw new UsageError(`the host ${this.name} has crashed: restart it before it runs a task`)
    const task = spawn(body, options)
    if (this.tasks.length % 64 === 63) this.tasks = this.tasks.filter(({ state }) => state !== 'ended')
    this.tasks.push(task)
    return task
  }

  /**
   * It goes down without a word. The tasks that it runs are cancelled (their `finally` blocks find no network), its servers
   * are closed, its connections are gone: whoever uses one of these streams on this side gets a `BrokenError`. Peers learn of
   * it when what they send is not acknowledged for `retransmitMs`, or, if it is up again by then, answered by a reset.
   */
  crash(): void {
    const { medium, name } = this
    if (this.state === 'down') return
    medium.tell('crash', name)
    medium.down.add(name)
    this.isPaused = false
    for (const task of this.tasks.splice(0)) task.cancel(`the host ${name} has crashed`)
    for (const end of [...medium.ends()]) if (end.place === this) end.crash()
    for (const { server } of [...this.listeners.values()]) server.close()
    medium.refresh()
  }

  /** It comes up again after a crash, with nothing running and nothing connected. One that is up crashes first. */
  restart(): void {
    this.crash()
    this.medium.tell('restart', this.name)
    this.medium.down.delete(this.name)
    this.medium.refresh()
  }

  /**
   * Its processes are stopped until `resume`: they take nothing that arrives and send nothing. Its system goes on: it
   * acknowledges, and lets others connect. Code of tasks is not stopped, nor are its timers: what it does to connections
   * takes effect with `resume`.
   */
  pause(): void {
    if (this.state !== 'up') return
    this.medium.tell('pause', this.name)
    this.isPaused = true
  }

  resume(): void {
    if (!this.isPaused) return
    this.medium.tell('resume', this.name)
    this.isPaused = false
    for (const { listener } of this.listeners.values()) listener.serve()
    for (const end of [...this.medium.ends()]) if (end.place === this) end.goOn()
  }

  /** Plain figures of this moment. */
  stats(): SimHostStats {
    let connections = 0
    for (const end of this.medium.ends()) if (end.place === this && end.present) connections++
    const listening = [...this.listeners.values()].map(({ listener }) => formatAddress(listener.address))
    return Object.freeze({ name: this.name, state: this.state, connections, listening })
  }

  /** @internal What is left open when the run is over. */
  *leaks(): Generator<Leak> {
    for (const { listener } of this.listeners.values()) yield listener.leak()
  }
}

function keyOf({ path, port }: Address): string {
  return path ?? String(port)
}

function checkPort(verb: string, port: number | undefined, least: number): void {
  if (port !== undefined && Number.isInteger(port) && port >= least && port <= 65_535) return
  throw new UsageError(`${verb}: the port is ${port}: give a whole number from ${least} to 65535, or a path`)
}
