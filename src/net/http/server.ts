/**
 * Theory of operation: a server of `node:http` as a task.
 *
 *   listening ──stop──▶ lingering ──▶ stopping ──the last request is over──▶ stopped
 *
 * The tasks of the requests are children of the task that serves; an upgraded connection is one of them. Graceful stop: nothing
 * more is accepted; for the linger, each response is told to be the last of its connection (net/lingering); then connections without
 * a request are closed; those with one are told `connection: close`, or are closed when it is over; after the grace, what
 * still runs is cancelled.
 *
 * Node's own `closeIdleConnections`, which its `close` calls, is not asked: it takes a response for done that was ended and is
 * still on its way.
 */
import { createServer, type Server as NodeHttpServer, type ServerOptions } from 'node:http'
import { createServer as createSecureServer, type ServerOptions as SecureOptions } from 'node:https'
import { Server as NodeServer, type Socket as NodeSocket } from 'node:net'
import type { Duplex } from 'node:stream'
import {
  type Body,
  currentLoop,
  Future,
  fn,
  type Named,
  type Operation,
  type Scope,
  scope,
  suspend,
  type Task,
  timeoutOr,
  UsageError,
  wait,
} from '../../core/index.ts'
import { type Address, formatAddress } from '../address.ts'
import { acceptNoMore } from '../lingering/index.ts'
import { describeSystemError, ListenError } from '../net-errors.ts'
import { NodeStream } from '../node-streams.ts'
import { checkReusePort } from '../reuse-port.ts'
import type { StopOptions } from '../server.ts'
import { stoppables } from '../stoppables.ts'
import type { Stream } from '../stream.ts'
import { Exchange, exchangesOn, type HttpHandler, type HttpOptions, tell } from './handler.ts'
import { HttpRequest, type NodeRequest, type NodeResponse } from './request.ts'

/** What serves a connection that the client wants to use for something else. When it ends, the connection is closed. */
export type UpgradeHandler = (
  request: HttpRequest,
  stream: Stream,
) => Body<unknown> | Operation<unknown> | PromiseLike<unknown> | void

/** Where and how to serve. */
export interface HttpServeOptions extends HttpOptions {
  /** 0 is any that is free; the server's `port` then tells which. */
  readonly port?: number
  /** 127.0.0.1 if left out: only this machine can connect. `0.0.0.0` or `::` is everybody. */
  readonly host?: string
  /** The path of a Unix socket, in place of host and port. */
  readonly path?: string
  /** As that of `listen`: others may listen on the same port. */
  readonly reusePort?: boolean
  /** So many requests at a time; more are answered by 503 at once. No limit if left out. */
  readonly maxRequests?: number
  /** So many connections at a time; more are closed at once. No limit if left out. */
  readonly maxConnections?: number
  /** For `Upgrade:` requests, such as those of WebSockets. If left out, they are requests like any other. */
  readonly onUpgrade?: UpgradeHandler
  /** The certificate and key of a server of `https`. */
  readonly tls?: SecureOptions
  /** What node's server is to be told: `headersTimeout`, `requestTimeout`, `keepAliveTimeout`, `maxHeaderSize` … */
  readonly node?: ServerOptions
  /** Told when it listens: its port, and how to stop it. */
  readonly onListen?: (server: HttpServer) => void
}

/** How to stop. */
export interface HttpStopOptions extends StopOptions {
  /**
   * Milliseconds of the grace in which a connection that is kept alive may have its next request answered, by `connection: close`.
   * Those that stay idle are closed then. None if left out: a client that sends a request just then finds its connection reset,
   * which most, but not all, repeat. 5000 is as long as Node keeps an idle connection.
   */
  readonly linger?: number
}

/** Plain figures of a server, at one moment. */
export interface HttpServerStats {
  readonly name: string
  readonly state: 'listening' | 'lingering' | 'stopping' | 'stopped'
  readonly connections: number
  /** Requests that run, and upgraded connections. */
  readonly requests: number
  /** Requests that were handed to the handler. */
  readonly accepted: number
  /** Requests that were turned away for being too many, or too late. */
  readonly refused: number
}

/** What `serveHttp` tells about, and how to stop it. */
export class HttpServer {
  /** Such as `http 127.0.0.1:80`. */
  readonly name: string
  /** Where it listens. */
  readonly address: Address
  readonly #node: NodeHttpServer
  readonly #options: HttpServeOptions
  readonly #sockets = new Set<NodeSocket>()
  readonly #upgraded = new Set<NodeStream>()
  readonly #ended = new Future<void>('the last request to end')
  #scope: Scope | null = null
  #state: HttpServerStats['state'] = 'listening'
  #stopping: (() => void) | null = null
  #requests = 0
  #accepted = 0
  #refused = 0

  /** @internal `node` listens. */
  constructor(node: NodeHttpServer, options: HttpServeOptions) {
    this.#node = node
    this.#options = options
    const at = node.address()
    this.address = typeof at === 'string' || at === null ? { path: options.path } : { host: at.address, port: at.port }
    this.name = `${options.tls === undefined ? 'http' : 'https'} ${formatAddress(this.address)}`
  }

  /** The port, also if any free one was asked for. A `UsageError` if it listens on a path. */
  get port(): number {
    const { port } = this.address
    if (port === undefined) throw new UsageError(`${this.name} has no port`)
    return port
  }

  toString(): string {
    return this.name
  }

  /**
   * Stops it: accepts no more, goes on for `linger` ms with who is connected, lets what runs finish for `grace` ms, then cancels it.
   * Ends when the last request has. May be called again, say with a shorter grace. A cancel ends only the waiting, and the linger.
   */
  stop(options: HttpStopOptions = {}): Operation<void> {
    return HttpServer.#stop(this, options.grace ?? 10_000, options.linger ?? 0)
  }

  /** Plain figures of this moment. */
  stats(): HttpServerStats {
    return Object.freeze({
      name: this.name,
      state: this.#state,
      connections: this.#sockets.size,
      requests: this.#requests,
      accepted: this.#accepted,
      refused: this.#refused,
    })
  }

  static readonly #stop = fn(function* stop(server: HttpServer, grace: number, linger: number) {
    const { host } = currentLoop()
    const start = host.now()
    try {
      if (linger > 0 && server.#state === 'listening') yield* server.#linger(Math.min(linger, grace))
    } finally {
      server.#drain()
    }
    const left = Math.max(0, grace - (host.now() - start))
    const finished = yield* timeoutOr(left, false, server.#ended.wait())
    if (finished !== false) return
    server.#scope?.cancel(`${server.name} was stopped, and its grace of ${grace} ms is over`)
    yield* server.#ended.wait()
  })

  #linger(ms: number): Operation<unknown> {
    this.#state = 'lingering'
    return timeoutOr(ms, undefined, wait(acceptNoMore(this.#node)))
  }

  #drain(): void {
    if (this.#state !== 'listening' && this.#state !== 'lingering') return
    this.#state = 'stopping'
    NodeServer.prototype.close.call(this.#node)
    for (const socket of this.#sockets) {
      const last = [...exchangesOn(socket)].at(-1)
      if (last === undefined) socket.destroySoon()
      else last.closeAfter()
    }
    // As with any connection of a server that stops: who waits for input finds the end of it.
    for (const stream of this.#upgraded) stream.stopReading()
    this.#stopping?.()
  }

  /** True while requests are taken. */
  get #serves(): boolean {
    return this.#state === 'listening' || this.#state === 'lingering'
  }

  /** @internal */
  serve(handler: HttpHandler): Operation<void> {
    return HttpServer.#serve(this, handler)
  }

  static readonly #serve = fn(function* serve(server: HttpServer, handler: HttpHandler) {
    const stoppable = { stop: (how: HttpStopOptions) => server.stop(how) }
    stoppables.add(stoppable)
    try {
      yield* scope(function* (requests) {
        server.#scope = requests
        server.#listenTo(handler, requests)
        try {
          server.#options.onListen?.(server)
          yield* server.#untilStopped()
        } finally {
          // Also by a cancel: from here on nobody can be spawned.
          server.#drain()
        }
      })
    } finally {
      stoppables.delete(stoppable)
      for (const socket of server.#sockets) socket.destroy()
      server.#sockets.clear()
      // It has a timer of its own.
      server.#node.close()
      server.#scope = null
      server.#state = 'stopped'
      server.#ended.resolve()
    }
  })

  #untilStopped(): Operation<void> {
    return suspend(
      `${this.name}: requests`,
      (wake) => {
        if (this.#serves) this.#stopping = wake
        else wake()
      },
      { external: true },
    )
  }

  #listenTo(handler: HttpHandler, requests: Scope): void {
    const node = this.#node
    const { onUpgrade } = this.#options
    const start = (body: Operation<void>, name: Named): Task<void> => requests.spawn(body, { name })
    node.on(this.#options.tls === undefined ? 'connection' : 'secureConnection', (socket: NodeSocket) => {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    })
    const request = (req: NodeRequest, res: NodeResponse, expecting: boolean): void => {
      const exchange = new Exchange(req, res, handler, this.#options, expecting)
      if (!this.#serves || this.#requests >= (this.#options.maxRequests ?? Infinity)) {
        return this.#refuse(exchange)
      }
      this.#requests++
      this.#accepted++
      exchange.run(start, () => {
        this.#requests--
        const { socket } = req
        if (!this.#serves && exchangesOn(socket).size === 0) socket.destroySoon()
      })
    }
    node.on('request', (req: NodeRequest, res: NodeResponse) => request(req, res, false))
    node.on('checkContinue', (req: NodeRequest, res: NodeResponse) => request(req, res, true))
    if (onUpgrade !== undefined) {
      node.on('upgrade', (req: NodeRequest, socket: Duplex, head: Buffer) => {
        this.#upgrade(req, socket, head, onUpgrade, requests)
      })
    }
    // One that could not be accepted: the others go on.
    node.on('error', (error) => tell(error, null, this.#options))
  }

  #refuse(exchange: Exchange): void {
    this.#refused++
    if (!this.#serves) exchange.closeAfter()
    exchange.refuse(503, this.#serves ? 'The server is busy.' : 'The server stops.')
  }

  #upgrade(req: NodeRequest, socket: Duplex, head: Buffer, handler: UpgradeHandler, requests: Scope): void {
    if (!this.#serves) return void socket.destroy()
    if (head.length > 0) socket.unshift(head)
    const request = new HttpRequest(req, this.#options, () => {})
    const stream = new NodeStream(socket, socket, { name: `upgrade ${request} from ${request.client}` })
    this.#requests++
    this.#accepted++
    this.#sockets.delete(socket as NodeSocket)
    this.#upgraded.add(stream)
    const task = requests.spawn(serveUpgraded(request, stream, handler, this.#options), { name: request.name })
    const over = (): void => {
      this.#requests--
      this.#upgraded.delete(stream)
      stream.destroy()
    }
    task.then(over, over)
  }
}

const serveUpgraded = fn(function* serveUpgraded(
  request: HttpRequest,
  stream: NodeStream,
  handler: UpgradeHandler,
  options: HttpOptions,
) {
  try {
    yield* scope(() => handler(request, stream) as Body<unknown>)
    yield* stream.close()
  } catch (error) {
    tell(error, request, options)
  }
})

const listening = (node: NodeHttpServer, address: Address, reusePort = false): Operation<void> =>
  suspend(
    `${formatAddress(address)} to listen on`,
    (wake) => {
      const failed = (cause: Error): void => {
        wake.fail(
          new ListenError(`Could not listen on ${formatAddress(address)}: ${describeSystemError(cause)}.`, cause),
        )
      }
      node.once('error', failed)
      node.listen({ ...address, ...(reusePort ? { reusePort } : {}) }, () => {
        node.off('error', failed)
        wake()
      })
      return () => node.close()
    },
    { external: true },
  )

/**
 * Serves HTTP: runs `handler` for each request, in a task of its own, and ends when it was stopped and the last of them is over.
 * An address that is taken or not allowed is a `ListenError`. A cancel cancels the requests, waits for their cleanup, and stops.
 *
 * A handler that fails is answered for, and harms nobody else; see `httpHandler` for that, and for clients that go away. One
 * that asks for nothing reads nothing of the body: `request.body` has it, up to a limit, for who asks.
 *
 * ```ts
 * import { run } from 'fibril'
 * import { fetchUrl, serveHttp } from 'fibril/net/http'
 *
 * await run(serveHttp(function* (request, response) {
 *   const name = yield* request.body.text()
 *   yield* response.json({ hello: name })
 * }, {
 *   port: 0,
 *   onListen(server) {
 *     run(function* () {
 *       const response = yield* fetchUrl(`http://127.0.0.1:${server.port}/`, { method: 'POST', body: 'Ada' })
 *       console.log(yield* response.body.json()) // => { hello: 'Ada' }
 *       yield* server.stop()
 *     })
 *   },
 * }))
 * ```
 */
export const serveHttp = fn(function* serveHttp(handler: HttpHandler, options: HttpServeOptions) {
  const { port, host = '127.0.0.1', path, maxConnections, reusePort } = options
  checkReusePort(reusePort)
  if (path === undefined && (port === undefined || !Number.isInteger(port) || port < 0 || port > 65_535)) {
    throw new UsageError(`serveHttp: the port is ${port}: give a whole number from 0 to 65535, or a path`)
  }
  const node =
    options.tls === undefined
      ? createServer(options.node ?? {})
      : createSecureServer({ ...options.node, ...options.tls })
  if (maxConnections !== undefined) node.maxConnections = maxConnections
  yield* listening(node, path === undefined ? { host, port } : { path }, reusePort)
  yield* new HttpServer(node, options).serve(handler)
})
