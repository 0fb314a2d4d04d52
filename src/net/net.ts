import type { Operation } from '../core/index.ts'
import type { Address } from './address.ts'
import type { BufferedStream } from './buffered-stream.ts'
import { type ConnectOptions, connect } from './connect.ts'
import { listen, type ServeAtOptions, serve } from './listen.ts'
import type { Handler, Server } from './server.ts'
import type { ListenOptions } from './socket-listener.ts'

/** A stream between two addresses: a `Socket`, or one of a simulated network. */
export interface Connection extends BufferedStream {
  /** This side. */
  readonly local: Address
  /** The other side. */
  readonly remote: Address
}

/**
 * Where connections come from. Code that is given one, in place of importing `connect` and `listen`, runs over the real
 * network (`net`) and over a simulated one (a host of a `SimNetwork`, in `fibril/testing`) alike.
 *
 * ```ts
 * import { fn, run, spawn } from 'fibril'
 * import { type Net, net } from 'fibril/net'
 *
 * const greeting = fn(function* (net: Net, port: number) {
 *   using connection = yield* net.connect({ port })
 *   return yield* connection.readLine()
 * })
 *
 * await run(function* () {
 *   const server = yield* net.listen({ port: 0 })
 *   spawn(server.serve((connection) => connection.write('hello\n')))
 *   console.log(yield* greeting(net, server.port)) // => hello
 *   yield* server.stop()
 * })
 * ```
 */
export interface Net {
  /** As the function `connect`. */
  connect(options: ConnectOptions): Operation<Connection>
  /** As the function `listen`. */
  listen(options: ListenOptions): Operation<Server<Connection>>
  /** As the function `serve`. */
  serve(handler: Handler<Connection>, options: ServeAtOptions<Connection>): Operation<void>
}

/** The real network. */
export const net: Net = Object.freeze({ connect, listen, serve })
