import { isIP } from 'node:net'
import {
  checkServerIdentity,
  connect as connectNode,
  type PeerCertificate,
  type SecureContext,
  TLSSocket,
} from 'node:tls'
import { currentTask, fn, timeoutOr, UsageError } from '../../core/index.ts'
import { systemCodeOf } from '../net-errors.ts'
import { codeName } from '../wire.ts'
import { makeContext, type TlsCertificateOptions, TlsCertificates, type TlsIdentity } from './certificates.ts'
import { describeTlsError, TlsError } from './errors.ts'
import type { Engine, MakeEngine, TlsSocket } from './socket.ts'

/** What is the same on both sides. */
export interface TlsOptions {
  /** The application protocols that this side speaks, the best first, such as `['h2', 'http/1.1']`. The server chooses. */
  readonly alpn?: readonly string[]
  /** Milliseconds for the handshake. 10000 if left out. */
  readonly handshakeMs?: number
}

/** How a client speaks TLS: `ca` if not the authorities that everybody knows, `cert` and `key` if it is to show who it is. */
export interface TlsClientOptions extends TlsOptions, TlsIdentity {
  /** The name, or the address, that the server's certificate must be for; a name is told to the server, too. */
  readonly servername?: string
  /** False accepts any certificate: then nobody knows who the peer is. Look at `authorized`, or use it in tests only. */
  readonly rejectUnauthorized?: boolean
  /** Made once by Node's `tls.createSecureContext`, in place of the options that it takes: cheaper for many connections. */
  readonly secureContext?: SecureContext
  /** Checks that a certificate is for that name, in place of Node's `tls.checkServerIdentity`. */
  readonly checkServerIdentity?: (servername: string, certificate: PeerCertificate) => Error | undefined
}

/** How a server speaks TLS. */
export interface TlsServerOptions extends TlsOptions {
  /** What it shows. A `TlsCertificates` can be renewed later, and may serve others as well. */
  readonly certificates: TlsCertificates | TlsCertificateOptions
  /**
   * Whether clients are to show who they are, by a certificate of the authorities in `ca`. `requested` accepts those that do not: look
   * at `authorized`. `none` if left out.
   */
  readonly clientCertificate?: 'none' | 'requested' | 'required'
}

/** What node has and does not document. On the server's side there is no other way without a server of node's for each connection. */
interface Undocumented {
  /** What is wrong with the peer's certificate, or that there is none. */
  readonly ssl: { verifyError(): (Error & { code: string }) | null }
  /** From here on its errors are told by 'error'. */
  _releaseControl(): void
}

/** The client's side of a handshake. */
export function clientEngine(options: TlsClientOptions): MakeEngine {
  const { servername, alpn, rejectUnauthorized = true, checkServerIdentity: check = checkServerIdentity } = options
  if (servername === undefined && rejectUnauthorized)
    throw new UsageError('TLS: give `servername`, the name that the certificate of the server must be for')
  const secureContext = options.secureContext ?? makeContext(options, 'of this client')
  const isName = servername !== undefined && isIP(servername) === 0
  return (carrier): Engine => {
    const socket = connectNode({
      socket: carrier,
      secureContext,
      rejectUnauthorized,
      checkServerIdentity: (_, certificate) => (servername === undefined ? undefined : check(servername, certificate)),
      ...(alpn === undefined ? {} : { ALPNProtocols: [...alpn] }),
      // An address is not asked for: it only must be in the certificate.
      ...(isName ? { servername } : {}),
    })
    const whenSecure: Engine['whenSecure'] = (done) => {
      // A code, whatever its type says.
      socket.once('secureConnect', () => done(socket.authorized ? null : String(socket.authorizationError)))
    }
    return { socket, whenSecure }
  }
}

/** The server's side of a handshake, for any number of connections. */
export function serverEngine(options: TlsServerOptions): MakeEngine {
  const { certificates, alpn, clientCertificate = 'none' } = options
  const table = certificates instanceof TlsCertificates ? certificates : new TlsCertificates(certificates)
  const asked = clientCertificate !== 'none'
  const required = clientCertificate === 'required'
  const SNICallback = (name: string, done: (error: Error | null, context?: SecureContext) => void): void => {
    const chosen = table.select(name)
    if ('then' in chosen) chosen.then((context) => done(null, context), done)
    else done(null, chosen)
  }
  return (carrier): Engine => {
    const socket = new TLSSocket(carrier, {
      isServer: true,
      secureContext: table.fallback,
      SNICallback,
      requestCert: asked,
      rejectUnauthorized: required,
      ...(alpn === undefined ? {} : { ALPNProtocols: [...alpn] }),
    })
    const whenSecure: Engine['whenSecure'] = (done) => {
      socket.once('secure', () => {
        const { ssl } = socket as unknown as Undocumented
        ;(socket as unknown as Undocumented)._releaseControl()
        // Asked first: a session that is resumed without a certificate is in order for node.
        const error = !asked ? null : socket.getPeerX509Certificate() === undefined ? noCertificate : ssl.verifyError()
        if (required && error !== null) socket.destroy(error)
        else done(error === null ? null : error.code)
      })
    }
    return { socket, whenSecure }
  }
}

const noCertificate = Object.assign(new Error('the client showed no certificate, and one is required'), {
  code: 'NO_CERTIFICATE',
})

/** Waits until the handshake of `socket` is over. If it is not within `ms`, fails or is cancelled, nothing is left of the connection. */
export const shakeHands = fn(function* shakeHands(socket: TlsSocket, ms: number = 10_000) {
  const failed = (what: string, code: string | null, cause?: unknown): TlsError =>
    new TlsError(`${codeName(currentTask())} could not make ${socket.name} safe: ${what}.`, code, { cause })
  try {
    if ((yield* timeoutOr(ms, 'late', socket.secured())) !== 'late') return
  } catch (cause) {
    throw failed(describeTlsError(cause), systemCodeOf(cause), cause)
  } finally {
    if (!socket.isSecure) socket.destroy()
  }
  throw failed(
    `the peer did not do its part of the handshake within ${ms} ms; \`handshakeMs\` allows more`,
    'HANDSHAKE_TIMEOUT',
  )
})
