/**
 * Theory of operation: TLS on a connection that has been plain so far (STARTTLS).
 *
 * The danger is in bytes that came before the handshake. Whoever sits in between can add some to the plain part, say a command
 * behind STARTTLS; a program that reads them after the handshake takes them for the peer's own, safe from anybody's hands. (That hole
 * was found in most mail servers there are: https://nostarttls.secvuln.info.) So:
 *
 *   1. The new stream has buffers of its own. What was buffered in plain never gets there but through TLS itself, which takes
 *      a handshake and nothing else.
 *   2. On the client's side nothing may have come: the server speaks only when it was spoken to.
 *   3. On the server's side with `goAhead`, nothing may have come before that was sent; what comes from then on is the
 *      client's part of the handshake. This is how SMTP, IMAP, XMPP and PostgreSQL go.
 *   4. On the server's side without it, the client's part of the handshake may have come already, and is given to TLS; but
 *      what came must begin as a handshake does. This is how one port serves both, by a look at the first bytes.
 *
 * If it is refused, or the handshake fails, the connection is closed: a program that went on in plain would do what an attacker
 * wants. The plain stream only stands for the safe one afterwards: reading and writing are refused, closing closes that.
 */
import { BusyError, ClosedError, currentTask, fn, UsageError } from '../../core/index.ts'
import { BufferedStream } from '../buffered-stream.ts'
import { own } from '../ownership.ts'
import type { Stream, StreamOptions } from '../stream.ts'
import { codeName } from '../wire.ts'
import { TlsError } from './errors.ts'
import { clientEngine, serverEngine, shakeHands, type TlsClientOptions, type TlsServerOptions } from './handshake.ts'
import { TlsSocket } from './socket.ts'

/** The client's side: it has asked for TLS, and the server has agreed. */
export interface StartTlsClientOptions extends StreamOptions, TlsClientOptions {
  readonly side: 'client'
}

/** The server's side: the client has asked for TLS. */
export interface StartTlsServerOptions extends StreamOptions, TlsServerOptions {
  readonly side: 'server'
  /** What tells the client to begin, such as `220 go ahead\r\n`: it is sent once it is certain that nothing else has come. */
  readonly goAhead?: string | Uint8Array
}

/**
 * Makes a live connection safe, on either side, and gives the stream to use from then on. Any stream will do: one over TCP or a Unix
 * socket, one in memory, one in TLS already.
 *
 * Bytes that the peer sent in plain and nobody has read are a `TlsError` (`UNREAD_PLAINTEXT`): they must not be taken for some that
 * came in TLS. So read the peer's request for TLS, and no more; then call this, on the server's side with `goAhead`, the answer that
 * the client waits for. A stream that another task reads from or writes to is a `BusyError`. When the handshake fails or
 * is cancelled the connection is closed. The plain stream is of no more use; closing it closes the safe one.
 *
 * ```ts
 * import { readFileSync } from 'node:fs'
 * import { run, spawn } from 'fibril'
 * import { connect, listen, startTls } from 'fibril/net'
 *
 * const file = (name: string) => readFileSync(`test/net/certificates/${name}.pem`)
 * const certificates = { cert: file('server'), key: file('server-key') }
 * await run(function* () {
 *   const server = yield* listen({ port: 0 })
 *   spawn(server.serve(function* (plain) {
 *     if ((yield* plain.readLine()) !== 'STARTTLS') return
 *     const socket = yield* startTls(plain, { side: 'server', certificates, goAhead: '220 go ahead\n' })
 *     yield* socket.write(`the secret is ${yield* socket.readLine()}\n`)
 *   }))
 *   const plain = yield* connect({ port: server.port })
 *   yield* plain.write('STARTTLS\n')
 *   console.log(yield* plain.readLine()) // => 220 go ahead
 *   const socket = yield* startTls(plain, { side: 'client', servername: 'localhost', ca: file('ca') })
 *   yield* socket.write('42\n')
 *   console.log(yield* socket.readLine()) // => the secret is 42
 *   yield* socket.close()
 *   yield* server.stop()
 * })
 * ```
 */
export const startTls = fn(function* startTls(plain: Stream, options: StartTlsClientOptions | StartTlsServerOptions) {
  if (!(plain instanceof BufferedStream)) throw new UsageError(`startTls: ${plain.name} is not a stream of fibril/net`)
  const make = options.side === 'client' ? clientEngine(options) : serverEngine(options)
  const goAhead = options.side === 'client' ? undefined : options.goAhead
  refuseOthers(plain)
  if (options.side === 'client' || goAhead !== undefined || !beginsAsHandshake(plain)) refuseUnread(plain)
  if (goAhead !== undefined) yield* plain.write(goAhead)
  const socket = new TlsSocket(plain, make, options)
  handOver(plain, socket)
  own(socket, currentTask())
  yield* shakeHands(socket, options.handshakeMs)
  return socket
})

function refuseOthers({ name, closed, receiver, sender }: BufferedStream): void {
  const who = codeName(currentTask())
  if (closed) throw new ClosedError(`${who} cannot start TLS on ${name}: it is closed.`)
  const other = receiver.reader ?? sender.writer
  if (other === null) return
  throw new BusyError(
    `${who} cannot start TLS on ${name}: ${other.waiter?.waitingTask ?? 'other code'} is waiting on it. Have that one end first.`,
  )
}

function refuseUnread(plain: BufferedStream): void {
  const length = plain.receiver.unreadBytes
  if (length === 0) return
  plain.destroy()
  throw new TlsError(
    `${codeName(currentTask())} cannot start TLS on ${plain.name}: ${length} bytes had come in plain that nobody has read, and they ` +
      'must not pass for bytes that came in TLS. The connection is closed: the peer, or somebody in between, does not keep to the protocol.',
    'UNREAD_PLAINTEXT',
  )
}

/** The type of a record of TLS that has a message of the handshake in it. */
const HANDSHAKE = 22

/** True if nothing has come, or what has is the beginning of a handshake. */
function beginsAsHandshake({ receiver: { firstByte } }: BufferedStream): boolean {
  return firstByte === null || firstByte === HANDSHAKE
}

/** From now on `plain` only stands for `socket`. */
function handOver(plain: BufferedStream, socket: TlsSocket): void {
  const refuse = (): never => {
    throw new ClosedError(
      `${codeName(currentTask())} cannot use ${plain.name} any more: it carries TLS. Use the stream that startTls gave.`,
    )
  }
  for (const verb of ['read', 'readExactly', 'readUntil', 'readLine', 'write', 'tryWrite', 'flush', 'end'] as const)
    plain[verb] = refuse
  plain.stopReading = () => socket.stopReading()
  plain.peerEnd = () => socket.peerEnd()
  plain.close = () => socket.close()
  plain.closeAtOnce = () => socket.closeAtOnce()
  plain.destroy = () => socket.destroy()
  plain.reset = () => socket.reset()
  plain[Symbol.dispose] = () => socket[Symbol.dispose]()
}
