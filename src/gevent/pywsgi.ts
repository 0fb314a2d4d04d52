/**
 * The counterpart of gevent's `pywsgi`: an HTTP server that runs each request in a greenlet, with an application in the form of
 * WSGI, which may block.
 */
import { type Body, Future, fn, type Operation, UsageError } from '../core/index.ts'
import { type HttpRequest, type HttpResponse, type HttpServer, serveHttp } from '../net/http/index.ts'
import { callRun, type Run } from './bodies.ts'
import { Greenlet } from './greenlet.ts'
import { getHub } from './hub.ts'
import { Pool } from './pool.ts'
import { type ListenerAddress, listenOptions } from './stream-server.ts'
import type { TimeLimit } from './timed-wait.ts'

/** A request, by the names of WSGI, and what Node and Fibril make of it. */
export interface Environ {
  readonly REQUEST_METHOD: string
  readonly PATH_INFO: string
  readonly QUERY_STRING: string
  readonly REMOTE_ADDR: string
  readonly SERVER_PROTOCOL: string
  readonly CONTENT_TYPE: string
  readonly CONTENT_LENGTH: string
  /** The body: `yield* environ['wsgi.input'].text()`, `.json()`, `.read()`. */
  readonly 'wsgi.input': HttpRequest['body']
  readonly 'wsgi.url_scheme': 'http' | 'https'
  readonly 'fibril.request': HttpRequest
  readonly 'fibril.response': HttpResponse
  /** `HTTP_HOST` and the other headers. */
  readonly [header: string]: unknown
}

/** Says how the response begins: `'200 OK'`, and headers as pairs. Gives a `write` for parts of the body. */
export type StartResponse = (
  status: string,
  headers: readonly (readonly [name: string, value: string])[],
) => (data: string | Uint8Array) => Operation<void>

/** What answers a request: a body, or its parts one by one. */
export type Application = (environ: Environ, startResponse: StartResponse) => unknown

/** How requests are run. */
export interface WSGIServerOptions {
  /** A number: so many at a time, the others wait. A pool: in that. */
  readonly spawn?: number | Pool | null
  /** Where each request is written, as a line; null (if left out): nowhere. */
  readonly log?: { write(text: string): unknown } | null
}

/**
 * Serves an application over HTTP.
 *
 * ```ts
 * import { run } from 'fibril'
 * import { fetchUrl } from 'fibril/net/http'
 * import { sleep, WSGIServer } from 'fibril/gevent'
 *
 * await run(function* () {
 *   const server = new WSGIServer(0, function* (environ, startResponse) {
 *     yield* sleep(1)
 *     startResponse('200 OK', [['content-type', 'text/plain']])
 *     return [`hello `, environ.PATH_INFO]
 *   })
 *   yield* server.start()
 *   const response = yield* fetchUrl(`http://127.0.0.1:${server.serverPort}/Ada`)
 *   console.log(yield* response.body.text()) // prints: hello /Ada
 *   yield* server.stop()
 * })
 * ```
 */
export class WSGIServer {
  /** How long `stop` lets requests finish, in milliseconds, unless told otherwise. */
  stopTimeout = 1000
  readonly pool: Pool
  private readonly where: { readonly host?: string; readonly port?: number; readonly path?: string }
  private readonly application: Application
  private readonly log: WSGIServerOptions['log']
  private http: HttpServer | null = null
  private greenlet: Greenlet | null = null

  constructor(listener: ListenerAddress, application: Application, options: WSGIServerOptions = {}) {
    this.where = listenOptions(listener) as { host?: string; port?: number; path?: string }
    this.application = application
    this.pool = options.spawn instanceof Pool ? options.spawn : new Pool(options.spawn ?? null)
    this.log = options.log ?? null
  }

  /** The port that it listens on, also if any free one was asked for. */
  get serverPort(): number {
    if (this.http === null) throw new UsageError('this server is not listening: start it')
    return this.http.port
  }

  get started(): boolean {
    return this.greenlet !== null && !this.greenlet.ready()
  }

  /** Listens, and begins to serve. */
  start(): Operation<void> {
    return start(this)
  }

  /** Starts it if need be, and waits until it was stopped; a cancel stops it. */
  serveForever(): Operation<void> {
    return serveForever(this)
  }

  /** Accepts no more, lets requests finish for `timeout` milliseconds, and cancels those that have not. */
  stop(timeout: TimeLimit = this.stopTimeout): Operation<void> {
    return stop(this, timeout)
  }

  // -- the other side

  /** @internal */
  *starting(): Body<void> {
    if (this.started) return
    const listening = new Future<void>('the server to listen')
    const serving = serveHttp((request, response) => answering(this as WSGIServer, request, response), {
      ...this.where,
      onListen: (http) => {
        this.http = http
        listening.resolve()
      },
      onError: (error, request) => getHub().safely(request ?? this, error),
    })
    this.greenlet = Greenlet.spawn(() => serving)
    this.greenlet.linkException((failed) => void listening.tryReject(failed.exception))
    yield* listening
  }

  /** @internal */
  *answering(request: HttpRequest, response: HttpResponse): Body<void> {
    const begun = performance.now()
    const greenlet = yield* this.pool.spawn(run, this.application, request, response)
    try {
      const failure = yield* greenlet.get()
      if (failure instanceof Failure) throw failure.error
    } finally {
      // The client is gone, or the server was stopped.
      greenlet.kill(undefined, { block: false })
      const ms = (performance.now() - begun).toFixed(3)
      this.log?.write(
        `${request.client} - - [${new Date().toISOString()}] "${request.method} ${request.url} HTTP/1.1" ${response.status} ${ms} ms\n`,
      )
    }
  }

  /** @internal */
  *stopping(timeout: TimeLimit): Body<void> {
    if (this.http !== null) yield* this.http.stop({ grace: timeout ?? Infinity })
    if (this.greenlet !== null) yield* this.greenlet.join()
  }

  /** @internal */
  ended(): Operation<unknown> {
    return (this.greenlet as Greenlet).get()
  }

  toString(): string {
    return this.http === null ? 'an HTTP server' : String(this.http)
  }
}

const start = fn(function* start(server: WSGIServer): Body<void> {
  yield* server.starting()
})

const serveForever = fn(function* serveForever(server: WSGIServer): Body<void> {
  yield* server.starting()
  try {
    yield* server.ended()
  } finally {
    if (server.started) yield* server.stop()
  }
})

const stop = fn(function* stop(server: WSGIServer, timeout: TimeLimit): Body<void> {
  yield* server.stopping(timeout)
})

function answering(server: WSGIServer, request: HttpRequest, response: HttpResponse): Body<void> {
  return server.answering(request, response)
}

/** What the application failed with: the answer to a request, and no failure of its greenlet. */
class Failure {
  readonly error: unknown

  constructor(error: unknown) {
    this.error = error
  }
}

function* run(application: Application, request: HttpRequest, response: HttpResponse): Body<Failure | undefined> {
  try {
    const parts = yield* callRun(application as Run, [environOf(request, response), starter(response)])
    yield* writeParts(response, parts)
    return undefined
  } catch (error) {
    return new Failure(error)
  }
}

function starter(response: HttpResponse): StartResponse {
  return (status, headers) => {
    response.status = Number.parseInt(status, 10)
    for (const [name, value] of headers) response.setHeader(name, value)
    return (data) => response.write(data)
  }
}

const writeParts = fn(function* write(response: HttpResponse, parts: unknown): Body<void> {
  if (parts === undefined || parts === null) return
  if (typeof parts === 'string' || parts instanceof Uint8Array) return yield* response.write(parts)
  for (const part of parts as Iterable<string | Uint8Array>) yield* response.write(part)
})

function environOf(request: HttpRequest, response: HttpResponse): Environ {
  const { headers, url } = request
  const at = url.indexOf('?')
  const environ: Record<string, unknown> = {
    REQUEST_METHOD: request.method,
    PATH_INFO: decodeURIComponent(at < 0 ? url : url.slice(0, at)),
    QUERY_STRING: at < 0 ? '' : url.slice(at + 1),
    REMOTE_ADDR: request.client,
    SERVER_PROTOCOL: `HTTP/${request.message.httpVersion}`,
    CONTENT_TYPE: headers['content-type'] ?? '',
    CONTENT_LENGTH: headers['content-length'] ?? '',
    'wsgi.url_scheme': 'encrypted' in request.message.socket ? 'https' : 'http',
    'fibril.request': request,
    'fibril.response': response,
  }
  for (const [name, value] of Object.entries(headers))
    environ[`HTTP_${name.toUpperCase().replaceAll('-', '_')}`] = Array.isArray(value) ? value.join(', ') : value
  // Asked for, the body is read.
  Object.defineProperty(environ, 'wsgi.input', { get: () => request.body, enumerable: true, configurable: true })
  return environ as unknown as Environ
}
