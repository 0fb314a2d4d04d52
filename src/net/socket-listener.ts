import type { Server as NodeServer } from 'node:net'
import { BrokenError, ClosedError, NOT_YET, type Operation, WaitList } from '../core/index.ts'
import { type Address, formatAddress } from './address.ts'
import type { Carrier } from './carrier.ts'
import { HandleWire } from './handle-wire.ts'
import { interceptConnections, isIntercepted } from './intake.ts'
import { describeSystemError } from './net-errors.ts'
import type { Listener } from './server.ts'
import { Socket, type SocketOptions } from './socket.ts'
import { SocketWire } from './socket-wire.ts'
import { WireWait } from './wire.ts'

/** Where to listen, and how the connections behave that come. */
export interface ListenOptions extends SocketOptions {
  /** 0 is any that is free; the server's `port` then tells which. */
  readonly port?: number
  /** 127.0.0.1 if left out: only this machine can connect. `0.0.0.0` or `::` is everybody. */
  readonly host?: string
  /** The path of a Unix socket, in place of host and port. */
  readonly path?: string
  /** Who may use the file of a Unix socket, such as `0o600`. As the mask of the process has it if left out. */
  readonly mode?: number
  /**
   * Takes the place of a Unix socket on which nobody listens any more, which a process leaves that is killed. If left out,
   * that is a `ListenError`.
   */
  readonly replaceStale?: boolean
  /** A socket that listens already, which the process was handed, in place of an address: its number, ... */
  readonly fd?: number
  /** ... or whatever of node holds one: a `net.Server`, or what came from a parent process. */
  readonly handle?: object
  /** `::` listens for IPv6 only. False if left out. */
  readonly ipv6Only?: boolean
  /** In a worker of `node:cluster`: shares the port with no other worker. False if left out. */
  readonly exclusive?: boolean
  /**
   * Lets others listen on the same port who say so too, say in other threads: the system deals out the connections. When one of them
   * closes, those that it was dealt and has not accepted are reset. Needs Node 22.12 or 23.1 (else a `UsageError`), and a system that
   * can: Linux, FreeBSD, Solaris, AIX (else a `ListenError`). False if left out.
   */
  readonly reusePort?: boolean
  /** How many connections may wait to be accepted; more are turned away. 511 if left out. */
  readonly backlog?: number
}

/** As many as node has. */
export const BACKLOG = 511

class Accept extends WireWait<Socket> {
  private readonly listener: SocketListener

  constructor(listener: SocketListener) {
    super()
    this.listener = listener
  }

  protected override get external(): boolean {
    return true
  }

  override get reason(): string {
    return `${this.listener.name}: a connection`
  }

  override get line(): WaitList<Accept> {
    return this.listener.acceptors
  }

  override attempt(): Socket | typeof NOT_YET {
    return this.listener.take()
  }
}

/**
 * Node accepts whatever comes and has no way to stop that, short of not listening any more. So what comes waits here, paused:
 * nothing of it is read, and it is a `Socket` only when somebody accepts it.
 */
export class SocketListener implements Listener<Socket> {
  readonly name: string
  readonly address: Address
  readonly acceptors = new WaitList<Accept>()
  refused = 0
  private readonly server: NodeServer
  private readonly options: ListenOptions
  private readonly backlog: number
  /** In order of arrival. */
  private readonly arrived = new Set<Carrier>()
  private failure: Error | null = null
  private closed = false

  constructor(server: NodeServer, options: ListenOptions) {
    this.server = server
    this.options = options
    this.backlog = options.backlog ?? BACKLOG
    const at = server.address()
    this.address =
      typeof at === 'string' || at === null ? { path: at ?? options.path } : { host: at.address, port: at.port }
    this.name = `${this.address.path === undefined ? 'tcp' : 'unix'} ${formatAddress(this.address)}`
    server.on('connection', (socket) => this.arrive(new SocketWire(socket, isIntercepted(socket))))
    interceptConnections(server, (handle) => this.arrive(new HandleWire(handle, server)))
    server.on('error', (error) => this.fail(error))
  }

  get waiting(): number {
    return this.arrived.size
  }

  private arrive(carrier: Carrier): void {
    const acceptor = this.acceptors.shift()
    if (acceptor !== null) return acceptor.resume(this.open(carrier))
    if (this.arrived.size >= this.backlog) {
      this.refused++
      carrier.drop()
      return
    }
    this.arrived.add(carrier)
    carrier.wait()
  }

  private fail(error: Error): void {
    const acceptor = this.acceptors.shift()
    if (acceptor === null) this.failure = error
    else acceptor.reject(this.failed(error))
  }

  private failed(cause: Error): BrokenError {
    return new BrokenError(`${this.name} could not accept a connection: ${describeSystemError(cause)}.`, { cause })
  }

  private open(carrier: Carrier): Socket {
    return new Socket(carrier, this.address, this.options)
  }

  accept(): Operation<Socket> {
    return new Accept(this)
  }

  take(): Socket | typeof NOT_YET {
    if (this.closed) throw this.closedError()
    const failure = this.failure
    this.failure = null
    if (failure !== null) throw this.failed(failure)
    for (const carrier of this.arrived) {
      this.arrived.delete(carrier)
      return this.open(carrier)
    }
    return NOT_YET
  }

  close(): void {
    if (this.closed) return
    this.closed = true
    this.server.close()
    for (const carrier of this.arrived) carrier.drop()
    this.arrived.clear()
    for (let wait = this.acceptors.shift(); wait !== null; wait = this.acceptors.shift())
      wait.reject(this.closedError())
  }

  private closedError(): ClosedError {
    return new ClosedError(`${this.name} is closed: it accepts no more connections.`)
  }
}
