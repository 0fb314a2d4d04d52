import { currentTask, fn } from '../../core/index.ts'
import { type ConnectOptions, connect } from '../connect.ts'
import { own } from '../ownership.ts'
import { clientEngine, shakeHands, type TlsClientOptions } from './handshake.ts'
import { TlsSocket } from './socket.ts'

/** Where to connect to, and how to speak TLS there. */
export interface ConnectTlsOptions extends ConnectOptions, TlsClientOptions {}

/**
 * Connects, and makes the connection safe: `connect`, and the client's side of a TLS handshake. `servername` is the host if left
 * out. Fails as `connect` does, and with a `TlsError` if the handshake does: the certificate is not in order, the peer does
 * not speak TLS, or is not done after `handshakeMs`. A cancel gives up whichever is under way, and leaves nothing behind.
 *
 * ```ts
 * import { readFileSync } from 'node:fs'
 * import { run, spawn } from 'fibril'
 * import { connectTls, listenTls } from 'fibril/net'
 *
 * const file = (name: string) => readFileSync(`test/net/certificates/${name}.pem`)
 * await run(function* () {
 *   const server = yield* listenTls({ port: 0, certificates: { cert: file('server'), key: file('server-key') } })
 *   spawn(server.serve(function* (socket) {
 *     yield* socket.write(`hello in ${socket.protocol}\n`)
 *   }))
 *   const socket = yield* connectTls({ host: 'localhost', port: server.port, ca: file('ca') })
 *   console.log(yield* socket.readLine()) // => hello in TLSv1.3
 *   yield* socket.close()
 *   yield* server.stop()
 * })
 * ```
 */
export const connectTls = fn(function* connectTls(options: ConnectTlsOptions) {
  const { host = '127.0.0.1', path, detached } = options
  const servername = options.servername ?? (path === undefined ? host : undefined)
  const make = clientEngine(servername === undefined ? options : { ...options, servername })
  const socket = new TlsSocket(yield* connect({ ...options, detached: true }), make, options)
  yield* shakeHands(socket, options.handshakeMs)
  if (detached !== true) own(socket, currentTask())
  return socket
})
