import type { ConnectOptions, ListenOptions, MemoryPairOptions, ServeOptions } from '../net/index.ts'
import * as net from '../net/index.ts'
import { callTo } from './callbacks.ts'
import { type FaceOf, faceClass, faceOf, type Green, mapped } from './face.ts'
import { park, parkable } from './runtime/index.ts'
import { iterate } from './waiting.ts'

const streamNames = [
  ...(['name', 'closed', 'read', 'readExactly', 'readUntil', 'readLine', 'stopReading', 'write', 'tryWrite'] as const),
  ...(['flush', 'end', 'close', 'destroy', 'reset', 'stats', 'toString'] as const),
] as const

/**
 * Bytes in either direction. One task may read and one may write at a time.
 *
 * A read gives `null` at the end; `write` waits while the peer is slow. A read that is cancelled takes nothing.
 */
export interface Stream extends Green<net.BufferedStream, (typeof streamNames)[number]>, Disposable, AsyncDisposable {
  /** The lines that come, until the end. */
  lines(): Iterable<string>
}

/** A TCP or Unix connection: `connect` makes one, and a server accepts them. */
export interface Socket extends Omit<Stream, keyof FaceOf<unknown>>, Green<net.Socket, 'local' | 'remote'> {}

/** For `instanceof`. */
export const Socket: abstract new () => Socket = faceClass(
  net.BufferedStream as abstract new () => net.Socket,
  [...streamNames, 'lines', 'local', 'remote'],
  { name: 'Socket', results: { lines: iterate } },
)
const socketOf = (socket: net.Socket): Socket => faceOf(Socket, socket)

const MemoryStream: abstract new () => Stream = faceClass(net.BufferedStream, [...streamNames, 'lines'], {
  name: 'MemoryStream',
  results: { lines: iterate },
})

const serverNames = ['name', 'address', 'port', 'stop', 'close', 'stats', 'toString'] as const

/** What serves a connection. When it ends, the connection is closed; so is all that was opened in it. */
export type Handler = (socket: Socket) => unknown

/** What listens, and serves. `listen` makes one. */
export interface Server extends Green<net.Server<net.Socket>, (typeof serverNames)[number]>, Disposable {
  /** The connections that are being served. */
  readonly sockets: ReadonlySet<Socket>
  /** Waits for the next connection, which is then the caller's to close. For those who do not `serve`. */
  accept(): Socket
  /**
   * Accepts connections and runs `handler` for each, in a task of its own; ends when the server was stopped and the last of
   * them has ended. A handler that fails is reported, and harms nobody else.
   */
  serve(handler: Handler, options?: ServeOptions<Socket>): void
}

/** For `instanceof`. */
export const Server: abstract new () => Server = faceClass(
  net.Server<net.Socket>,
  [...serverNames, 'sockets', 'accept', 'serve'],
  {
    results: { accept: socketOf, sockets: (sockets: ReadonlySet<net.Socket>) => new Set([...sockets].map(socketOf)) },
    args: {
      serve: (handler: Handler, options: ServeOptions<Socket> = {}) => [handlerOf(handler), optionsOf(options)],
    },
  },
)
const serverOf = (server: net.Server<net.Socket>): Server => faceOf(Server, server)

function handlerOf(handler: Handler): net.Handler<net.Socket> {
  return (socket) => callTo(handler, [socketOf(socket)])
}

function optionsOf({ onError, ...rest }: ServeOptions<Socket>): ServeOptions<net.Socket> {
  if (onError === undefined) return rest
  return { ...rest, onError: (error, socket) => onError(error, socket && socketOf(socket)) }
}

/**
 * Connects. A refusal, an unknown host and the like are a `ConnectError` with the system's code. For a limit of time:
 * `timeout(1000, connect, { port })`.
 *
 * ```ts green
 * import { connect, listen, spawn } from 'fibril/green'
 *
 * const server = listen({ port: 0 })
 * spawn(() => server.serve((socket) => socket.write('hello\n')))
 * const socket = connect({ port: server.port })
 * console.log(socket.readLine()) // prints: hello
 * socket.close()
 * server.stop()
 * ```
 */
export const connect = parkable(function connect(options: ConnectOptions): Socket {
  return park(mapped(net.connect(options), socketOf))
})

/** Listens on a TCP port or a Unix socket. Close it when done: `stop`, `close`, or `using`. */
export const listen = parkable(function listen(options: ListenOptions): Server {
  return park(mapped(net.listen(options), serverOf))
})

/** Where and how to serve. */
export interface ServeAtOptions extends ListenOptions, ServeOptions<Socket> {
  /** Told when it listens: its port, and how to stop it. Must not wait. */
  readonly onListen?: (server: Server) => void
}

/** Listens, and runs `handler` for each connection: `listen` and `Server.serve` in one. Ends when it was stopped. */
export const serve = parkable(function serve(handler: Handler, options: ServeAtOptions): void {
  const { onListen, onError, ...rest } = options
  const told =
    onListen === undefined ? {} : { onListen: (server: net.Server<net.Socket>) => onListen(serverOf(server)) }
  const reported = onError === undefined ? {} : optionsOf({ onError })
  return park(net.serve(handlerOf(handler), { ...rest, ...reported, ...told }))
})

/** Two streams in memory that are each other's peer, for tests. */
export function memoryPair(options?: MemoryPairOptions): [Stream, Stream] {
  const [a, b] = net.memoryPair(options)
  return [faceOf(MemoryStream, a), faceOf(MemoryStream, b)]
}
