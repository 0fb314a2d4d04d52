import { createServer, type Server as NodeServer } from 'node:net'
import { BusyError, fn, type LoopView, machine, type Operation, UsageError, Wait, type Waiter } from '../core/index.ts'
import { type Address, formatAddress } from './address.ts'
import type { BufferedStream } from './buffered-stream.ts'
import { describeSystemError, ListenError } from './net-errors.ts'
import { type Handler, type ServeOptions, Server } from './server.ts'
import type { Socket } from './socket.ts'
import { BACKLOG, type ListenOptions, SocketListener } from './socket-listener.ts'
import { codeName } from './wire.ts'

class Listen extends Wait<Server<Socket>> {
  private readonly address: Address
  private readonly options: ListenOptions
  private server: NodeServer | null = null
  private waiter: Waiter<Server<Socket>> | null = null
  private held: LoopView | null = null

  constructor(address: Address, options: ListenOptions) {
    super()
    this.address = address
    this.options = options
  }

  override get reason(): string {
    return `${formatAddress(this.address)} to listen on`
  }

  override install(waiter: Waiter<Server<Socket>>): void {
    if (this.waiter !== null) throw new BusyError(`two tasks wait on one operation (${this.reason}): make one for each`)
    const { address, options } = this
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: options.nagle !== true })
    this.server = server
    this.waiter = waiter
    this.held = machine.loop
    this.held?.holdExternal()
    const failed = (cause: Error): void => {
      const who = codeName(waiter.waitingTask)
      const message = `${who} could not listen on ${formatAddress(address)}: ${describeSystemError(cause)}.`
      this.done()?.reject(new ListenError(message, cause))
    }
    server.once('error', failed)
    server.listen({ ...address, backlog: options.backlog ?? BACKLOG }, () => {
      server.off('error', failed)
      this.done()?.resume(new Server(new SocketListener(server, options)))
    })
  }

  override uninstall(): void {
    this.server?.close()
    this.done()
  }

  private done(): Waiter<Server<Socket>> | null {
    const { waiter } = this
    this.waiter = null
    this.server = null
    this.held?.releaseExternal()
    this.held = null
    return waiter
  }
}

/**
 * Listens on a TCP port or a Unix socket. An address that is taken or not allowed is a `ListenError` with the system's
 * code. Connections wait until `serve` or `accept` takes them. Close it when done: `stop`, `close`, or `using`.
 *
 * ```ts
 * import { run } from 'fibril'
 * import { listen } from 'fibril/net'
 *
 * await run(function* () {
 *   using server = yield* listen({ port: 0 })
 *   console.log(server.port > 0) // => true
 * })
 * ```
 */
export function listen(options: ListenOptions): Operation<Server<Socket>> {
  const { port, host = '127.0.0.1', path } = options
  if (path !== undefined) return new Listen({ path }, options)
  if (port === undefined || !Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new UsageError(`listen: the port is ${port}: give a whole number from 0 to 65535, or a path`)
  }
  return new Listen({ host, port }, options)
}

/** Where and how to serve. */
export interface ServeAtOptions<S extends BufferedStream = Socket> extends ListenOptions, ServeOptions<S> {
  /** Told when it listens: its port, and how to stop it. */
  readonly onListen?: (server: Server<S>) => void
}

/**
 * Listens, and runs `handler` for each connection: `listen` and `Server.serve` in one. Ends when it was stopped.
 *
 * ```ts
 * import { run } from 'fibril'
 * import { connect, serve, type Socket } from 'fibril/net'
 *
 * function* echo(socket: Socket) {
 *   for (let line; (line = yield* socket.readLine()) !== null; ) yield* socket.write(`${line}\n`)
 * }
 * await run(serve(echo, {
 *   port: 0,
 *   onListen(server) {
 *     run(function* () {
 *       using socket = yield* connect({ port: server.port })
 *       yield* socket.write('hello\n')
 *       console.log(yield* socket.readLine()) // => hello
 *       yield* server.stop()
 *     })
 *   },
 * }))
 * ```
 */
export const serve = fn(function* serve(handler: Handler<Socket>, options: ServeAtOptions) {
  const server = yield* listen(options)
  options.onListen?.(server)
  yield* server.serve(handler, options)
})
