import type { MemoryStream, StreamOptions } from '../net/index.ts'
import * as net from '../net/index.ts'
import { faceClass, mapped } from './face.ts'
import {
  type Handler,
  handlerOf,
  optionsOf,
  type ServeAtOptions,
  type Server,
  type Socket,
  type Stream,
  serverMembers,
  serverOf,
  streamOf,
} from './net.ts'
import { park, parkable } from './runtime/index.ts'

/** Where connections come from: the real network, or a host of a simulated one. Code is given it. */
export interface Net {
  /** As the function `connect`. */
  connect(options: net.ConnectOptions): Socket
  /** As the function `listen`. */
  listen(options: net.ListenOptions): Server
  /** As the function `serve`. */
  serve(handler: Handler, options: ServeAtOptions): void
}

/**
 * A net of `fibril/net` or `fibril/testing`, as green code sees it: the same code runs over the real network and over a
 * simulated one.
 *
 * ```ts green
 * import { type Net, net, spawn } from 'fibril/green'
 *
 * function greeting(net: Net, port: number) {
 *   const socket = net.connect({ port })
 *   return socket.readLine()
 * }
 * const server = net.listen({ port: 0 })
 * spawn(() => server.serve((socket) => socket.write('hello\n')))
 * console.log(greeting(net, server.port)) // prints: hello
 * server.stop()
 * ```
 */
export function netOf(source: net.Net): Net {
  return Object.freeze({
    connect: parkable(function connect(options: net.ConnectOptions): Socket {
      return park(mapped(source.connect(options), streamOf<Socket>))
    }),
    listen: parkable(function listen(options: net.ListenOptions): Server {
      return park(mapped(source.listen(options), serverOf as (server: unknown) => Server))
    }),
    serve: parkable(function serve(handler: Handler, options: ServeAtOptions): void {
      return park(source.serve(handlerOf(handler), optionsOf(options) as never))
    }),
  })
}

/** The real network. */
const real: Net = netOf(net.net)

export { real as net }

/** A server whose connections are in memory, for tests. */
export interface MemoryServer extends Server<Stream> {
  /** A connection to it, which it accepts when it gets to it. */
  connect(): Stream
  /** Has its next `accept` fail with `error`. */
  failAccept(error: unknown): void
}

export const MemoryServer: new (options?: StreamOptions) => MemoryServer = faceClass(
  net.MemoryServer,
  [...serverMembers.names, 'connect', 'failAccept'],
  {
    ...serverMembers.options,
    results: { ...serverMembers.options.results, connect: (stream: MemoryStream) => streamOf<Stream>(stream) },
  },
)
