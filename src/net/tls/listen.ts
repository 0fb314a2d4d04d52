import { fn, type Operation } from '../../core/index.ts'
import type { Address } from '../address.ts'
import { listen } from '../listen.ts'
import { type Handler, type Listener, type ServeOptions, Server } from '../server.ts'
import type { Socket } from '../socket.ts'
import type { ListenOptions } from '../socket-listener.ts'
import { serverEngine, shakeHands, type TlsServerOptions } from './handshake.ts'
import { type MakeEngine, TlsSocket } from './socket.ts'

/** Where to listen, and how to speak TLS there. */
export interface ListenTlsOptions extends ListenOptions, TlsServerOptions {}

/** What a plain server accepts, as connections that are to become safe before anybody reads from them. */
class TlsListener implements Listener<TlsSocket> {
  private readonly plain: Server<Socket>
  private readonly make: MakeEngine
  private readonly options: ListenTlsOptions

  constructor(plain: Server<Socket>, make: MakeEngine, options: ListenTlsOptions) {
    this.plain = plain
    this.make = make
    this.options = options
  }

  get name(): string {
    return `tls over ${this.plain.name}`
  }

  get address(): Address {
    return this.plain.address
  }

  get waiting(): number {
    return this.plain.stats().waiting
  }

  get refused(): number {
    return this.plain.stats().refused
  }

  accept(): Operation<TlsSocket> {
    return accepted(this.plain, this.make, this.options)
  }

  greet(socket: TlsSocket): Operation<void> {
    return shakeHands(socket, this.options.handshakeMs)
  }

  close(): void {
    this.plain.close()
  }
}

const accepted = fn(function* accept(plain: Server<Socket>, make: MakeEngine, options: ListenTlsOptions) {
  return new TlsSocket(yield* plain.accept(), make, options)
})

/**
 * Listens as `listen` does, for connections in TLS. Each makes its handshake in a task of its own, before its handler begins and for
 * `handshakeMs` at most, and counts towards `maxConnections` from the beginning. A handshake that fails is a `TlsError` for the server's
 * `onError`, and harms nobody else; when the server is stopped, those that are not done are dropped. `accept` by hand waits for the
 * handshake, too.
 *
 * ```ts
 * import { readFileSync } from 'node:fs'
 * import { run } from 'fibril'
 * import { listenTls } from 'fibril/net'
 *
 * const file = (name: string) => readFileSync(`test/net/certificates/${name}.pem`)
 * await run(function* () {
 *   using server = yield* listenTls({ port: 0, certificates: { cert: file('server'), key: file('server-key') } })
 *   console.log(server.port > 0) // => true
 * })
 * ```
 */
export const listenTls = fn(function* listenTls(options: ListenTlsOptions) {
  const make = serverEngine(options)
  return new Server<TlsSocket>(new TlsListener(yield* listen(options), make, options))
})

/** Where and how to serve in TLS. */
export interface ServeTlsOptions extends ListenTlsOptions, ServeOptions<TlsSocket> {
  /** Told when it listens: its port, and how to stop it. */
  readonly onListen?: (server: Server<TlsSocket>) => void
}

/** Listens, and runs `handler` for each connection: `listenTls` and `Server.serve` in one. Ends when it was stopped. */
export const serveTls = fn(function* serveTls(handler: Handler<TlsSocket>, options: ServeTlsOptions) {
  const server = yield* listenTls(options)
  options.onListen?.(server)
  yield* server.serve(handler, options)
})
