import * as http from '../../net/http/index.ts'
import type { BufferedStream } from '../../net/index.ts'
import { callTo } from '../callbacks.ts'
import { faceOfKind, type Green, thingOf } from '../face.ts'
import { type Stream, streamOf } from '../net.ts'
import { park, parkable } from '../runtime/index.ts'
import type { Scope } from '../tasks.ts'
import { type HttpRequest, type HttpResponse, requestOf, responseOf } from './message.ts'

/** What answers a request. When it ends, so does the response; what was opened in it is closed. */
export type HttpHandler = (request: HttpRequest, response: HttpResponse) => unknown

/** What serves a connection that the client wants to use for something else. When it ends, the connection is closed. */
export type UpgradeHandler = (request: HttpRequest, stream: Stream) => unknown

interface Told {
  /** Told of a handler that failed, but for an `HttpError` below 500, which is an answer. Must not wait. */
  readonly onError?: (error: unknown, request: HttpRequest | null) => void
}

/** How `httpHandler` treats requests. */
export interface HttpHandlerOptions extends Omit<http.HttpHandlerOptions, 'onError' | 'scope'>, Told {
  /** Who owns the tasks. If left out, nobody: they are detached. */
  readonly scope?: Scope
}

/** Where and how to serve. */
export interface HttpServeOptions extends Omit<http.HttpServeOptions, 'onError' | 'onUpgrade' | 'onListen'>, Told {
  /** For `Upgrade:` requests, such as those of WebSockets. If left out, they are requests like any other. */
  readonly onUpgrade?: UpgradeHandler
  /** Told when it listens: its port, and how to stop it. Must not wait. */
  readonly onListen?: (server: HttpServer) => void
}

const serverNames = ['name', 'address', 'port', 'stop', 'stats', 'toString'] as const

/** What `serveHttp` tells about, and how to stop it. */
export interface HttpServer extends Green<http.HttpServer, (typeof serverNames)[number]> {}

const handlerOf =
  (handler: HttpHandler): http.HttpHandler =>
  (request, response) =>
    callTo(handler, [requestOf(request), responseOf(response)])

function errorsTo({ onError }: Told): Pick<http.HttpOptions, 'onError'> {
  return onError === undefined ? {} : { onError: (error, request) => onError(error, request && requestOf(request)) }
}

/**
 * Serves HTTP: calls `handler` for each request, in a task of its own, and ends when it was stopped and the last of them is
 * over. An address that is taken or not allowed is a `ListenError`. A handler that fails is answered for by 500 without
 * details, one that throws an `HttpError` as that says; when the client is gone its task is cancelled.
 *
 * ```ts green
 * import { spawn } from 'fibril/green'
 * import { fetchUrl, type HttpServer, serveHttp } from 'fibril/green/http'
 *
 * function client(server: HttpServer) {
 *   const response = fetchUrl(`http://127.0.0.1:${server.port}/`, { method: 'POST', body: 'Ada' })
 *   console.log(response.body.json()) // prints: { hello: 'Ada' }
 *   server.stop()
 * }
 * serveHttp(
 *   (request, response) => {
 *     const name = request.body.text()
 *     response.json({ hello: name })
 *   },
 *   { port: 0, onListen: (server) => spawn.detached(client, server) },
 * )
 * ```
 */
export const serveHttp = parkable(function serveHttp(handler: HttpHandler, options: HttpServeOptions): void {
  const { onError, onUpgrade, onListen, ...rest } = options
  const upgraded = onUpgrade && {
    onUpgrade: (request: http.HttpRequest, stream: unknown) =>
      callTo(onUpgrade, [requestOf(request), streamOf<Stream>(stream as BufferedStream)]),
  }
  const listening = onListen && {
    onListen: (server: http.HttpServer) => onListen(faceOfKind(server, serverNames)),
  }
  return park(http.serveHttp(handlerOf(handler), { ...rest, ...errorsTo(options), ...upgraded, ...listening }))
})

/**
 * A handler as a listener for node's servers: of `node:http`, `https`, `http2`, or whatever hands on their requests. Each
 * request is a task, detached unless a scope is given.
 *
 * ```ts green
 * import { createServer } from 'node:http'
 * import { sleep } from 'fibril/green'
 * import { httpHandler } from 'fibril/green/http'
 *
 * const server = createServer(
 *   httpHandler((request, response) => {
 *     sleep(1)
 *     response.send(`hello ${request.path}`)
 *   }),
 * )
 * ```
 */
export function httpHandler(
  handler: HttpHandler,
  options: HttpHandlerOptions = {},
): (request: http.NodeRequest, response: http.NodeResponse) => void {
  const { scope, onError, ...rest } = options
  const owner = scope && { scope: thingOf(scope) as NonNullable<http.HttpHandlerOptions['scope']> }
  return http.httpHandler(handlerOf(handler), { ...rest, ...errorsTo(options), ...owner })
}

/** What answers a web `Request` by a web `Response`. */
export type WebHandler = (request: Request) => Response

/** A handler of the kind that `fetch` has two sides of: a `Request` in, a `Response` out; for `serveHttp` and `httpHandler`. */
export function webHandler(handler: WebHandler): HttpHandler {
  const serve = http.webHandler(handler)
  return parkable(function webHandler(request: HttpRequest, response: HttpResponse): void {
    return park(serve(thingOf(request) as http.HttpRequest, thingOf(response) as http.HttpResponse) as never)
  })
}
