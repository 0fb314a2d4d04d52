import type { Operation } from '../../core/index.ts'
import { callTo, faceClass, type Green, type Socket, streamOf } from '../../green/index.ts'
import { park, parkable } from '../../green/runtime/index.ts'
import type { HttpBody } from '../../net/http/index.ts'
import * as backdoors from '../backdoor.ts'
import * as wsgi from '../pywsgi.ts'
import type { StreamServerOptions } from '../stream-server.ts'
import * as servers from '../stream-server.ts'
import { bodyOf } from './http-body.ts'

const names = [
  'started',
  'closed',
  'serverPort',
  'address',
  'start',
  'serveForever',
  'close',
  'stop',
  'toString',
] as const

/** What serves a connection, as plain code: when it ends, the connection is closed. */
export type StreamHandler = (socket: Socket, address: string) => unknown

/** Accepts connections, and runs a handler for each in a greenlet; see `StreamServer` of `fibril/gevent`. */
export interface StreamServer extends Green<servers.StreamServer, (typeof names)[number]> {}
export const StreamServer: new (
  listener: servers.ListenerAddress,
  handle: StreamHandler,
  options?: StreamServerOptions,
) => StreamServer = faceClass<servers.StreamServer, never>(servers.StreamServer, names, {
  create: (listener: servers.ListenerAddress, handle: StreamHandler, options?: StreamServerOptions) =>
    new servers.StreamServer(
      listener,
      (socket, address) => callTo(handle, [streamOf<Socket>(socket as never), address]),
      options,
    ),
})

/** A prompt into a running process; see `BackdoorServer` of `fibril/gevent`. */
export interface BackdoorServer extends StreamServer {}
export const BackdoorServer: new (
  listener: servers.ListenerAddress,
  options?: backdoors.BackdoorOptions,
) => BackdoorServer = faceClass<backdoors.BackdoorServer, never>(backdoors.BackdoorServer, names)

/** A request by the names of WSGI; `environ['wsgi.input'].text()` is a plain call. */
export interface Environ extends Omit<wsgi.Environ, 'wsgi.input'> {
  readonly 'wsgi.input': Green<HttpBody, 'text' | 'json' | 'bytes' | 'read' | 'readLine'>
}

/** Says how the response begins; what it gives writes parts of the body, and waits while the client is slow. */
export type StartResponse = (
  status: string,
  headers: readonly (readonly [name: string, value: string])[],
) => (data: string | Uint8Array) => void

/** What answers a request, as plain code. */
export type Application = (environ: Environ, startResponse: StartResponse) => unknown

const httpNames = ['started', 'serverPort', 'start', 'serveForever', 'stop', 'toString'] as const

/** Serves an application over HTTP; see `WSGIServer` of `fibril/gevent`. */
export interface WSGIServer extends Green<wsgi.WSGIServer, (typeof httpNames)[number]> {}
export const WSGIServer: new (
  listener: servers.ListenerAddress,
  application: Application,
  options?: wsgi.WSGIServerOptions,
) => WSGIServer = faceClass<wsgi.WSGIServer, never>(wsgi.WSGIServer, httpNames, {
  create: (listener: servers.ListenerAddress, application: Application, options?: wsgi.WSGIServerOptions) =>
    new wsgi.WSGIServer(
      listener,
      (environ, startResponse) => callTo(application, [blocking(environ), starting(startResponse)]),
      options,
    ),
})

function blocking(environ: wsgi.Environ): Environ {
  const given = Object.defineProperties({}, Object.getOwnPropertyDescriptors(environ))
  Object.defineProperty(given, 'wsgi.input', { get: () => bodyOf(environ['wsgi.input']), enumerable: true })
  return given as Environ
}

function starting(startResponse: wsgi.StartResponse): StartResponse {
  return (status, headers) => {
    const write = startResponse(status, headers)
    return parkable(function write_(data: string | Uint8Array): void {
      return park(write(data) as Operation<void>)
    })
  }
}
