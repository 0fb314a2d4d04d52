import type { X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import { suspend, type Wait, type Wake } from '../../core/index.ts'
import type { Address } from '../address.ts'
import { BufferedStream } from '../buffered-stream.ts'
import { Socket } from '../socket.ts'
import type { StreamOptions } from '../stream.ts'
import type { Piece, Wire } from '../wire.ts'
import { Carrier } from './carrier.ts'
import { describeTlsError, TlsError } from './errors.ts'

/** Node's half of a TLS connection, over the duplex that it is given. */
export interface Engine {
  readonly socket: TLSSocket
  /** Calls `done` when the handshake is over, with what is wrong with the peer's certificate, or null. */
  whenSecure(done: (authorizationError: string | null) => void): void
}

/** Makes it. */
export type MakeEngine = (carrier: Carrier) => Engine

/** What nobody can be asked any more once it is closed. */
interface Agreed {
  readonly protocol: string | null
  readonly cipher: string | null
  readonly alpn: string | null
  readonly servername: string | null
  readonly peerCertificate: X509Certificate | null
  readonly authorized: boolean
  readonly authorizationError: string | null
}

const nothing: Agreed = {
  protocol: null,
  cipher: null,
  alpn: null,
  servername: null,
  peerCertificate: null,
  authorized: false,
  authorizationError: null,
}

/**
 * Theory of operation: TLS as a wire, between two streams of ours.
 *
 *   the stream of the user ◀─▶ TlsWire ◀─▶ node's TLSSocket ◀─▶ Carrier ◀─▶ the stream beneath: TCP, Unix, memory, TLS
 *
 *   handshaking ──▶ secure ──▶ closed
 *        └─────────────────▶ failed
 *
 * What breaks beneath is told by the carrier, with its cause; what is wrong with TLS itself, by node's socket. An end is one only
 * if the peer said so in TLS (close_notify); without it the connection was cut off, by whoever, and that is a failure.
 */
class TlsWire implements Wire {
  readonly external = true
  private readonly stream: TlsSocket
  private readonly carrier: Carrier
  private readonly socket: TLSSocket
  private readonly whenSent = (): void => {
    // Also called after a write that another followed.
    if (this.socket.writableLength === 0) this.stream.sender.sent()
  }
  private readonly flush = (): void => this.stream.sender.flush()

  constructor(stream: TlsSocket, inner: BufferedStream, make: MakeEngine) {
    this.stream = stream
    this.carrier = new Carrier(inner, (cause) => this.fail(cause))
    const engine = make(this.carrier)
    const { socket } = engine
    this.socket = socket
    const { receiver } = stream
    engine.whenSecure((error) => stream.agreed(this.agreement(error)))
    this.hearEnd()
    socket.on('data', (chunk: Buffer) => receiver.push(chunk))
    socket.on('error', (error) => this.fail(error))
    socket.on('close', () => this.fail(gone))
  }

  /** The 'end' of node's socket comes when its buffer is empty, which may be long after; so this listens where it is put in. */
  private hearEnd(): void {
    const { socket, carrier, stream } = this
    const push = socket.push
    let cutOff = false
    socket.push = (chunk, encoding): boolean => {
      if (chunk === null) cutOff = carrier.drained
      return push.call(socket, chunk, encoding)
    }
    socket.on('end', () => {
      if (!stream.isSecure) this.fail(closedEarly)
      else if (cutOff) stream.receiver.fail(new TlsError(truncated, 'TRUNCATED'))
      else stream.receiver.end()
    })
  }

  private agreement(authorizationError: string | null): Agreed {
    const { socket } = this
    const { alpnProtocol, servername } = socket as { alpnProtocol: unknown; servername?: unknown }
    const peerCertificate = socket.getPeerX509Certificate() ?? null
    return {
      protocol: socket.getProtocol(),
      cipher: socket.getCipher().standardName,
      alpn: typeof alpnProtocol === 'string' ? alpnProtocol : null,
      servername: typeof servername === 'string' ? servername : null,
      peerCertificate,
      authorized: authorizationError === null && peerCertificate !== null,
      authorizationError,
    }
  }

  private fail(cause: unknown): void {
    const { stream } = this
    const { receiver, sender } = stream
    stream.failed(cause)
    // Node's errors of TLS are for those who know OpenSSL; those of the connection beneath are described as they are.
    const error =
      cause !== gone && isTls(cause)
        ? new TlsError(describeTlsError(cause), (cause as { code: string }).code, { cause })
        : cause
    if (!receiver.peerIsGone) receiver.fail(error)
    if (cause !== gone || !this.socket.writableFinished) sender.fail(error)
  }

  pause(): void {
    this.socket.pause()
  }

  resume(): void {
    this.socket.resume()
  }

  written(): void {
    process.nextTick(this.flush)
  }

  transmit(pieces: readonly Piece[]): boolean {
    const { socket, carrier } = this
    const size = this.stream.sender.unsent
    const before = carrier.written
    const last = pieces.length - 1
    if (last > 0) socket.cork()
    for (let i = 0; i < last; i++) socket.write(pieces[i] as Piece)
    socket.write(pieces[last] as Piece, this.whenSent)
    if (last > 0) socket.uncork()
    // Node tells of it in the next macrotask. But a record is longer than what is in it, so if more than was given has left
    // meanwhile, and it fits in one record, it has left already.
    return size <= LONGEST_RECORD && carrier.written - before > size && carrier.idle
  }

  finish(): void {
    this.socket.once('finish', () => this.stream.sender.finished())
    this.socket.end()
  }

  abort(reset: boolean): void {
    this.stream.failed(gone)
    if (reset) this.carrier.reset()
    else if (!this.stream.isSecure) this.carrier.destroy()
    else {
      this.socket.end()
      this.carrier.leave()
    }
  }
}

/** Bytes that one record of TLS can hold. */
const LONGEST_RECORD = 16_384

const gone = new Error('the TLS connection was destroyed')
const closedEarly = Object.assign(new Error('the peer ended the connection'), { code: 'ECONNRESET' })
const truncated =
  'the connection was cut off: the peer did not say in TLS that it had ended, so what it sent last may be missing'

/** True for an error of OpenSSL or of node's TLS, rather than of the connection beneath. */
function isTls(error: unknown): boolean {
  const { code } = error as { code?: unknown }
  return typeof code === 'string' && /^ERR_(SSL|TLS|OSSL)_|CERT/.test(code)
}

/**
 * A connection in TLS: a stream like any other, and what the two sides have agreed on. `connectTls` and `startTls` make one,
 * and a server that `listenTls` made accepts them; all give it out after its handshake.
 *
 * Its end is one only if the peer said so in TLS; a connection that is cut off is a `BrokenError`, whose `cause` is a `TlsError`
 * with the code `TRUNCATED`. `end` sends that and the end of the connection beneath, and reading goes on, as with any stream; but many
 * peers close altogether when they read it.
 */
export class TlsSocket extends BufferedStream {
  override readonly name: string
  /** @internal */
  override readonly peerName: string
  /** This side of the connection beneath. */
  readonly local: Address
  /** The other side. */
  readonly remote: Address
  /** @internal */
  override readonly wire: Wire
  private state: 'handshaking' | 'secure' | 'failed' = 'handshaking'
  private agreement: Agreed = nothing
  private cause: unknown = null
  private wake: Wake<void> | null = null

  /** @internal `inner` is its alone from now on. */
  constructor(inner: BufferedStream, make: MakeEngine, options: StreamOptions) {
    super(options)
    // Its time is measured here, where records that hold no byte do not count.
    inner.liftTimeLimits()
    const { local, remote } = inner instanceof Socket || inner instanceof TlsSocket ? inner : { local: {}, remote: {} }
    this.local = local
    this.remote = remote
    this.name = `tls over ${inner.name}`
    this.peerName = inner.peerName
    this.wire = new TlsWire(this, inner, make)
  }

  /** Such as `TLSv1.3`. */
  get protocol(): string | null {
    return this.agreement.protocol
  }

  /** By its standard name, such as `TLS_AES_256_GCM_SHA384`. */
  get cipher(): string | null {
    return this.agreement.cipher
  }

  /** The application protocol that was chosen from both sides' `alpn`; null if none was. */
  get alpn(): string | null {
    return this.agreement.alpn
  }

  /** The name that the client asked for (SNI); null if it asked for none. */
  get servername(): string | null {
    return this.agreement.servername
  }

  /** What the peer showed; null if nothing. It proves something only if `authorized`. */
  get peerCertificate(): X509Certificate | null {
    return this.agreement.peerCertificate
  }

  /** The peer showed a certificate of an authority that this side knows, for the name that was meant. */
  get authorized(): boolean {
    return this.agreement.authorized
  }

  /** What is wrong with the peer's certificate, such as `CERT_HAS_EXPIRED`; null if nothing, or none was asked for. */
  get authorizationError(): string | null {
    return this.agreement.authorizationError
  }

  /** @internal */
  get isSecure(): boolean {
    return this.state === 'secure'
  }

  /** @internal The handshake is over. */
  agreed(agreement: Agreed): void {
    if (this.state !== 'handshaking') return
    this.state = 'secure'
    this.agreement = agreement
    this.wake?.(undefined)
  }

  /** @internal It will never be. */
  failed(cause: unknown): void {
    if (this.state !== 'handshaking') return
    this.state = 'failed'
    this.cause = cause
    this.wake?.fail(cause)
  }

  /** @internal Waits until the handshake is over; throws what node says if it failed. One task at a time. */
  secured(): Wait<void> {
    return suspend<void>(
      `${this.name}: the handshake`,
      (wake) => {
        if (this.state === 'secure') return wake(undefined)
        if (this.state === 'failed') return wake.fail(this.cause)
        this.wake = wake
        return () => {
          this.wake = null
        }
      },
      { external: true },
    )
  }
}
