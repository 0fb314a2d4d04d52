import { connect as connectNode, type Socket as NodeSocket } from 'node:net'
import { BusyError, type LoopView, machine, type Operation, UsageError, Wait, type Waiter } from '../core/index.ts'
import { type Address, formatAddress } from './address.ts'
import { Intake } from './intake.ts'
import { ConnectError, describeSystemError } from './net-errors.ts'
import { own } from './ownership.ts'
import { Socket, type SocketOptions } from './socket.ts'
import { codeName } from './wire.ts'

/** Where to connect to. */
export interface ConnectOptions extends SocketOptions {
  readonly port?: number
  /** A name or an address. 127.0.0.1 if left out. */
  readonly host?: string
  /** The path of a Unix socket, in place of host and port. */
  readonly path?: string
  /** Belongs to nobody: it stays open when the handler in which it was opened ends. */
  readonly detached?: boolean
}

class Connect extends Wait<Socket> {
  private readonly address: Address
  private readonly options: ConnectOptions
  private socket: NodeSocket | null = null
  private waiter: Waiter<Socket> | null = null
  private held: LoopView | null = null

  constructor(address: Address, options: ConnectOptions) {
    super()
    this.address = address
    this.options = options
  }

  override get reason(): string {
    return `a connection to ${formatAddress(this.address)}`
  }

  override install(waiter: Waiter<Socket>): void {
    if (this.waiter !== null) throw new BusyError(`two tasks wait on one operation (${this.reason}): make one for each`)
    const { address, options } = this
    const intake = new Intake()
    const { onread } = intake
    const socket = connectNode({ ...(address as { port: number; host: string }), allowHalfOpen: true, onread })
    socket.pause()
    this.socket = socket
    this.waiter = waiter
    this.held = machine.loop
    this.held?.holdExternal()
    socket.once('connect', () => {
      const stream = new Socket(socket, address, options, intake)
      socket.off('error', failed)
      if (options.detached !== true) own(stream, waiter.waitingTask)
      this.done()?.resume(stream)
    })
    const failed = (cause: Error): void => {
      const who = codeName(waiter.waitingTask)
      const message = `${who} could not connect to ${formatAddress(address)}: ${describeSystemError(cause)}.`
      this.done()?.reject(new ConnectError(message, cause))
    }
    socket.once('error', failed)
  }

  override uninstall(): void {
    this.socket?.destroy()
    this.done()
  }

  private done(): Waiter<Socket> | null {
    const { waiter } = this
    this.waiter = null
    this.socket = null
    this.held?.releaseExternal()
    this.held = null
    return waiter
  }
}

/**
 * Connects. A refusal, an unknown host and the like are a `ConnectError` with the system's code. A cancel gives the attempt
 * up and leaves nothing behind. For a limit of time: `timeout(1000, connect(…))`.
 *
 * A connection that was opened in a handler of a server, or in a task below it, is closed when that handler ends; any
 * other is to be closed: `using socket = yield* connect(…)`, or `close` in a `finally`.
 *
 * ```ts
 * import { run, spawn } from 'fibril'
 * import { connect, listen } from 'fibril/net'
 *
 * await run(function* () {
 *   const server = yield* listen({ port: 0 })
 *   spawn(server.serve(function* (socket) {
 *     yield* socket.write('hello\n')
 *   }))
 *   const socket = yield* connect({ port: server.port })
 *   console.log(yield* socket.readLine()) // => hello
 *   yield* socket.close()
 *   yield* server.stop()
 * })
 * ```
 */
export function connect(options: ConnectOptions): Operation<Socket> {
  const { port, host = '127.0.0.1', path } = options
  if (path !== undefined) return new Connect({ path }, options)
  if (port === undefined || !Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new UsageError(`connect: the port is ${port}: give a whole number from 1 to 65535, or a path`)
  }
  return new Connect({ host, port }, options)
}
