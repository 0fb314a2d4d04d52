/**
 * What becomes of connections, by the names of Twisted. Each has a code of its own, is an error of Fibril, and keeps what it
 * came from as its `cause`.
 *
 *   ConnectionClosed                                ConnectError                          not even tried
 *     ConnectionDone      in order                    ConnectBindError                      NoProtocol
 *     ConnectionLost      not in order                ConnectionRefusedError                ConnectingCancelledError
 *       ConnectionAborted   by this side              DNSLookupError, NoRouteError          CannotListenError
 *                                                     ConnectTimeoutError, SSLError         AlreadyCalled, AlreadyCancelled …
 */
import { BrokenError, FibrilError, UsageError } from '../core/index.ts'
import {
  type Address,
  CertificateError,
  formatAddress,
  ConnectError as NetConnectError,
  TlsError,
} from '../net/index.ts'

/** A connection has ended. */
export class ConnectionClosed extends FibrilError {}

/** It was closed in order, by either side. */
export class ConnectionDone extends ConnectionClosed {
  constructor(message = 'the connection was closed in order') {
    super('FIBRIL_CONNECTION_DONE', message)
  }
}

/** It broke: the peer, or the way to it, was lost. */
export class ConnectionLost extends ConnectionClosed {
  constructor(message = 'the connection to the other side was lost', options?: { cause?: unknown }) {
    super('FIBRIL_CONNECTION_LOST', message, options)
  }
}

/** This side aborted it. */
export class ConnectionAborted extends ConnectionLost {
  constructor(message = 'the connection was aborted by this side', options?: { cause?: unknown }) {
    super(message, options)
  }
}

/** A connection could not be made. `systemCode` is that of the system, such as `ECONNREFUSED`, if there is one. */
export class ConnectError extends BrokenError {
  readonly systemCode: string | null

  constructor(message: string, options: { cause?: unknown; systemCode?: string | null } = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : {})
    this.systemCode = options.systemCode ?? null
  }
}

/** The address of this side could not be had. */
export class ConnectBindError extends ConnectError {}
/** Nobody listens there. */
export class ConnectionRefusedError extends ConnectError {}
/** There is no way to that host. */
export class NoRouteError extends ConnectError {}
/** The host has no address. */
export class DNSLookupError extends ConnectError {}
/** It took longer than was allowed, or than the system waits. What Twisted calls `TimeoutError`. */
export class ConnectTimeoutError extends ConnectError {}
/** The handshake of TLS failed. */
export class SSLError extends ConnectError {}

/** The attempt to connect was cancelled; `address` is where to. */
export class ConnectingCancelledError extends FibrilError {
  readonly address: Address

  constructor(address: Address) {
    super('FIBRIL_CONNECTING_CANCELLED', `the connection to ${formatAddress(address)} was cancelled before it was made`)
    this.address = address
  }
}

/** The connection was made, but the factory gave no protocol for it, and so it was closed. */
export class NoProtocol extends FibrilError {
  constructor(factory: object) {
    super(
      'FIBRIL_NO_PROTOCOL',
      `${factory} built no protocol for the connection, which was closed: buildProtocol gave null`,
    )
  }
}

/** An address could not be listened on. */
export class CannotListenError extends FibrilError {
  readonly systemCode: string | null

  constructor(message: string, cause: unknown, systemCode: string | null) {
    super('FIBRIL_CANNOT_LISTEN', message, { cause })
    this.systemCode = systemCode
  }
}

/** A message is longer than its length prefix can say. */
export class StringTooLongError extends UsageError {}
/** What was to be cancelled, or moved, has been called. */
export class AlreadyCalled extends UsageError {}
/** What was to be cancelled, or moved, was cancelled before. */
export class AlreadyCancelled extends UsageError {}
export class ReactorNotRunning extends UsageError {}
export class ReactorAlreadyRunning extends UsageError {}
export class ReactorNotRestartable extends UsageError {}
/** There is no attempt to connect that could be stopped. */
export class NotConnectingError extends UsageError {}

for (const [name, type] of Object.entries({
  ConnectionClosed,
  ConnectionDone,
  ConnectionLost,
  ConnectionAborted,
  ConnectError,
  ConnectBindError,
  ConnectionRefusedError,
  NoRouteError,
  DNSLookupError,
  ConnectTimeoutError,
  SSLError,
  ConnectingCancelledError,
  NoProtocol,
  CannotListenError,
  StringTooLongError,
  AlreadyCalled,
  AlreadyCancelled,
  ReactorNotRunning,
  ReactorAlreadyRunning,
  ReactorNotRestartable,
  NotConnectingError,
})) {
  Object.defineProperty(type.prototype, 'name', { value: name, configurable: true, writable: true })
}

const byCode: { readonly [code: string]: typeof ConnectError } = {
  ECONNREFUSED: ConnectionRefusedError,
  EADDRINUSE: ConnectBindError,
  EADDRNOTAVAIL: ConnectBindError,
  EHOSTUNREACH: NoRouteError,
  ENETUNREACH: NoRouteError,
  ENOTFOUND: DNSLookupError,
  EAI_AGAIN: DNSLookupError,
  ETIMEDOUT: ConnectTimeoutError,
}

/** @internal What `connect` of fibril/net failed with, by its name in Twisted. Of several attempts, that of the last one counts. */
export function connectErrorOf(error: unknown): unknown {
  if (error instanceof TlsError || error instanceof CertificateError)
    return new SSLError(error.message, { cause: error })
  if (!(error instanceof NetConnectError)) return error
  const systemCode = decidingCode(error)
  const type = (systemCode === null ? undefined : byCode[systemCode]) ?? ConnectError
  return new type(error.message, { cause: error, systemCode })
}

function decidingCode(error: NetConnectError): string | null {
  const { cause } = error
  // A limit of time has the failures of before it as its parts, and is none of them.
  if (!(cause instanceof AggregateError) || error.systemCode === 'ETIMEDOUT') return error.systemCode
  const last = cause.errors.at(-1) as { code?: unknown } | undefined
  return typeof last?.code === 'string' ? last.code : error.systemCode
}
