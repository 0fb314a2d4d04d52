import type { Cluster } from 'node:cluster'
import { chmodSync, lstatSync, unlinkSync } from 'node:fs'
import { createServer, type ListenOptions as NodeListenOptions, type Server as NodeServer } from 'node:net'
import { isMainThread } from 'node:worker_threads'
import { type Body, currentTask, fn, type Operation, type TaskView, UsageError, type Waiter } from '../core/index.ts'
import { formatAddress } from './address.ts'
import type { BufferedStream } from './buffered-stream.ts'
import { connect } from './connect.ts'
import { ConnectError, describeSystemError, ListenError } from './net-errors.ts'
import { Opening } from './opening.ts'
import { checkReusePort } from './reuse-port.ts'
import { type Handler, type ServeOptions, Server } from './server.ts'
import type { Socket } from './socket.ts'
import { BACKLOG, type ListenOptions, SocketListener } from './socket-listener.ts'
import { codeName } from './wire.ts'

class Listen extends Opening<Server<Socket>, NodeServer> {
  private readonly where: string
  private readonly options: ListenOptions

  constructor(where: string, options: ListenOptions) {
    super()
    this.where = where
    this.options = options
  }

  override get reason(): string {
    return `${this.where} to listen on`
  }

  protected override open(waiter: Waiter<Server<Socket>>): void {
    const { options } = this
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: options.nagle !== true })
    this.begin(server)
    const failed = (cause: Error): void => {
      const error = failedToListen(waiter.waitingTask, this.where, describeSystemError(cause), cause)
      this.done()?.reject(error)
    }
    server.once('error', failed)
    const listening = (): void => {
      server.off('error', failed)
      this.done()?.resume(new Server(new SocketListener(server, options)))
    }
    const { handle } = options
    try {
      if (handle !== undefined) server.listen(handle, options.backlog ?? BACKLOG, listening)
      else withMode(options, () => server.listen(nodeOptions(options), listening))
    } catch (cause) {
      // Node says at once what it can say at once, such as that a handle is none.
      failed(cause as Error)
    }
  }

  protected override giveUp(server: NodeServer): void {
    server.close()
  }
}

function nodeOptions(options: ListenOptions): NodeListenOptions {
  const {
    host = '127.0.0.1',
    port,
    path,
    fd,
    backlog = BACKLOG,
    exclusive = false,
    ipv6Only = false,
    reusePort,
  } = options
  const where = fd !== undefined ? { fd } : path !== undefined ? { path } : { host, port }
  return { ...where, backlog, exclusive, ipv6Only, ...(reusePort === true ? { reusePort } : {}) } as NodeListenOptions
}

function failedToListen(task: TaskView | null, where: string, why: string, cause: unknown): ListenError {
  return new ListenError(`${codeName(task)} could not listen on ${where}: ${why}.`, cause)
}

/**
 * Makes the file of a Unix socket with its mode, so that there is no moment at which others may connect. The mask belongs to the
 * process, and `make` makes the file before it returns; a thread may not set it, and for a worker of `node:cluster` another process
 * makes the file.
 */
function withMode({ path, mode }: ListenOptions, make: () => NodeServer): void {
  if (path === undefined || mode === undefined) return void make()
  if (!isMainThread || isClusterWorker()) return void make().once('listening', () => chmodSync(path, mode))
  const mask = process.umask(~mode & 0o777)
  try {
    make()
  } finally {
    process.umask(mask)
  }
}

/** Asked only here, since the module takes a while to load. */
function isClusterWorker(): boolean {
  return (process.getBuiltinModule('node:cluster') as unknown as Cluster).isWorker
}

/** Listens on a path, and if there is a socket on which nobody listens any more, in its place. */
const listenOnPath = fn(function* listen(path: string, options: ListenOptions): Body<Server<Socket>> {
  try {
    return yield* new Listen(path, options)
  } catch (error) {
    if (!(error instanceof ListenError) || error.systemCode !== 'EADDRINUSE') throw error
    const refuse = (why: string): ListenError => failedToListen(currentTask(), path, why, error.cause)
    if (!isSocket(path)) throw refuse('a file is there that is no socket: move it away, or take another path')
    if (yield* somebodyListens(path)) throw error
    if (options.replaceStale !== true)
      throw refuse(
        'a socket is there on which nobody listens, left by a process that was killed: remove it, or have `replaceStale: true` do so',
      )
    unlinkSync(path)
  }
  return yield* new Listen(path, options)
})

function isSocket(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSocket() ?? true
}

const somebodyListens = fn(function* somebodyListens(path: string): Body<boolean> {
  try {
    const socket = yield* connect({ path, detached: true })
    socket.destroy()
    return true
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error
    // Anything else, such as a right that is missing, says that it is not ours to remove.
    return error.systemCode !== 'ECONNREFUSED' && error.systemCode !== 'ENOENT'
  }
})

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
  const { port, host = '127.0.0.1', path, fd, handle, reusePort } = options
  checkReusePort(reusePort)
  if (handle !== undefined) return new Listen('the handle', options)
  if (fd !== undefined) return new Listen(`file descriptor ${fd}`, options)
  if (path !== undefined) return listenOnPath(path, options)
  if (port === undefined || !Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new UsageError(`listen: the port is ${port}: give a whole number from 0 to 65535, or a path`)
  }
  return new Listen(formatAddress({ host, port }), options)
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
