import { type Awaitable, type Body, fn, spawn, type Task } from '../core/index.ts'
import {
  connect,
  connectTls,
  listen,
  listenTls,
  type Server,
  type Socket,
  type TlsClientOptions,
  type TlsServerOptions,
  type TlsSocket,
} from '../net/index.ts'
import { begin } from './begin.ts'
import type { Future } from './future.ts'
import { IOStream } from './io-stream.ts'
import { appLog } from './log.ts'
import { operationFor } from './yieldable.ts'

/** How to connect. */
export interface TCPConnectOptions {
  /** Milliseconds for all of it. */
  readonly timeoutMs?: number
  /** Speak TLS. */
  readonly ssl?: TlsClientOptions
  /** The address and port of this side. */
  readonly sourceIp?: string
  readonly sourcePort?: number
}

/**
 * Connects to hosts: to the first of their addresses that answers.
 *
 * ```ts
 * import { type IOStream, TCPClient, TCPServer } from 'fibril/tornado'
 *
 * class Echo extends TCPServer {
 *   override async handleStream(stream: IOStream) {
 *     await stream.write(await stream.readUntil('\n'))
 *   }
 * }
 * const server = new Echo()
 * const { port } = await server.listen(0)
 * const stream = await new TCPClient().connect('127.0.0.1', port)
 * await stream.write('hello\n')
 * console.log((await stream.readUntil('\n')).length) // => 6
 * stream.close()
 * await server.stop()
 * ```
 */
export class TCPClient {
  /** A stream to `port` of `host`. Cancelling the future gives up. */
  connect(host: string, port: number, options: TCPConnectOptions = {}): Future<IOStream> {
    return begin(`a connection to ${host}:${port}`, connected(host, port, options), options.timeoutMs)
  }
}

const connected = fn(function* connect_(host: string, port: number, options: TCPConnectOptions): Body<IOStream> {
  const { sourceIp, sourcePort, ssl } = options
  const where = {
    host,
    port,
    detached: true,
    ...(sourceIp === undefined ? {} : { localAddress: sourceIp }),
    ...(sourcePort === undefined ? {} : { localPort: sourcePort }),
  }
  return new IOStream(ssl === undefined ? yield* connect(where) : yield* connectTls({ ...where, ...ssl }))
})

/** How to listen. */
export interface TCPServerOptions {
  /** Speak TLS. */
  readonly ssl?: TlsServerOptions
}

/**
 * Serves connections: extend it, and write `handleStream`. A handler that fails is logged, and harms nobody else; its
 * stream is closed when it ends or fails.
 */
export abstract class TCPServer {
  readonly #options: TCPServerOptions
  readonly #servers = new Map<Server<Socket> | Server<TlsSocket>, Task<void>>()

  constructor(options: TCPServerOptions = {}) {
    this.#options = options
  }

  /** Called for each connection, with where it comes from; what it gives, if it can be waited for, is waited for. */
  abstract handleStream(stream: IOStream, address: string): Awaitable<unknown> | unknown

  /** Listens, on any free port for 0; on loopback unless another address is given. Gives where it listens. May be called for several. */
  listen(port: number, address = '127.0.0.1'): Future<{ readonly port: number; readonly address: string }> {
    return begin(`to listen on ${address}:${port}`, TCPServer.#listen(this, port, address))
  }

  static readonly #listen = fn(function* listen_(owner: TCPServer, port: number, address: string) {
    const { ssl } = owner.#options
    const server =
      ssl === undefined ? yield* listen({ port, host: address }) : yield* listenTls({ port, host: address, ...ssl })
    const onError = (error: unknown): void => appLog.error(`${server}`, error)
    const serving = (server as Server<Socket>).serve((socket) => TCPServer.#handle(owner, socket), { onError })
    const task = spawn.detached(serving, { name: `serve ${server}` })
    owner.#servers.set(server, task)
    return { port: server.port, address }
  })

  static readonly #handle = fn(function* handleStream(owner: TCPServer, socket: Socket): Body<void> {
    const stream = new IOStream(socket)
    try {
      const given = owner.handleStream(stream, socket.peerName)
      if (given !== undefined && given !== null) yield* operationFor(given)
    } catch (error) {
      appLog.error(`Error in connection callback of ${stream}`, error)
    } finally {
      stream.close()
    }
  })

  /** Accepts no more, lets the handlers finish for `graceMs`, then cancels them. Done when the last has ended. */
  stop(graceMs = 0): Future<void> {
    return begin('the server to stop', TCPServer.#stop(this, graceMs))
  }

  static readonly #stop = fn(function* stop(owner: TCPServer, grace: number): Body<void> {
    const servers = [...owner.#servers]
    owner.#servers.clear()
    for (const [server] of servers) server.close()
    for (const [server, task] of servers) {
      yield* server.stop({ grace })
      yield* task
    }
  })
}
