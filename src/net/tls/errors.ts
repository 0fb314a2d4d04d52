import { BrokenError, FibrilError } from '../../core/index.ts'
import { systemCodeOf } from '../net-errors.ts'

/**
 * A TLS handshake failed, or a TLS connection broke. `tlsCode` is that of OpenSSL, Node or the system, such as `CERT_HAS_EXPIRED`,
 * `ERR_TLS_CERT_ALTNAME_INVALID` or `ECONNRESET`, or one of these: `HANDSHAKE_TIMEOUT`, `UNREAD_PLAINTEXT`, `TRUNCATED`,
 * `NO_CERTIFICATE`. `cause` has the rest.
 */
export class TlsError extends BrokenError {
  readonly tlsCode: string | null

  constructor(message: string, tlsCode: string | null, options?: { cause?: unknown }) {
    super(message, options)
    this.tlsCode = tlsCode
  }
}

/** A certificate, or its key, cannot be used. `tlsCode` is that of OpenSSL, such as `ERR_OSSL_PEM_NO_START_LINE`; `cause` has the rest. */
export class CertificateError extends FibrilError {
  readonly tlsCode: string | null

  constructor(message: string, cause: unknown) {
    super('FIBRIL_CERTIFICATE', message, { cause })
    this.tlsCode = systemCodeOf(cause)
  }
}

for (const [type, name] of [
  [TlsError, 'TlsError'],
  [CertificateError, 'CertificateError'],
] as const) {
  Object.defineProperty(type.prototype, 'name', { value: name, configurable: true, writable: true })
}

const noTls = 'the peer does not speak TLS: check the port, and that both sides mean the same protocol'
const unknownAuthority =
  'its certificate is not from an authority that this side knows: if it is to be trusted, give the certificate of its authority as `ca`'
const refused = 'the peer does not accept the certificate of this side'
const noCommon = 'the two sides have no version or cipher of TLS in common'

/** What each means, and what to do about it. */
const meanings: { readonly [code: string]: string } = {
  CERT_HAS_EXPIRED: 'its certificate has expired: have it renewed, and check the clock of this machine',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet: check the clocks of both machines',
  CERT_REVOKED: 'its certificate was revoked',
  CERT_SIGNATURE_FAILURE: 'the signature of its certificate is wrong',
  DEPTH_ZERO_SELF_SIGNED_CERT:
    'its certificate is signed by itself: if it is to be trusted, give that very certificate as `ca`',
  INVALID_PURPOSE: 'its certificate is not meant for this side of a connection',
  SELF_SIGNED_CERT_IN_CHAIN: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownAuthority,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownAuthority,
  ECONNRESET: 'the peer closed the connection before it was done',

  ERR_SSL_BAD_EXTENSION: noTls,
  ERR_SSL_BAD_PROTOCOL_VERSION_NUMBER: noTls,
  ERR_SSL_HTTP_REQUEST: 'the peer speaks plain HTTP: it is to use https, or another port',
  ERR_SSL_HTTPS_PROXY_REQUEST: 'the peer speaks plain HTTP, and takes this for a proxy',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: noTls,
  ERR_SSL_RECORD_LAYER_FAILURE: noTls,
  ERR_SSL_UNEXPECTED_MESSAGE: noTls,
  ERR_SSL_UNKNOWN_PROTOCOL: noTls,
  ERR_SSL_WRONG_VERSION_NUMBER: noTls,

  ERR_SSL_NO_PROTOCOLS_AVAILABLE: noCommon,
  ERR_SSL_NO_SHARED_CIPHER: `${noCommon}; or the server has no certificate for the name that was asked for`,
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: `${noCommon}; or the server has no certificate for the name that was asked for`,
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: noCommon,
  ERR_SSL_UNSUPPORTED_PROTOCOL: noCommon,
  ERR_SSL_NO_APPLICATION_PROTOCOL: 'the two sides have no application protocol in common: compare their `alpn`',
  ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL:
    'the two sides have no application protocol in common: compare their `alpn`',

  ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE:
    'the client showed no certificate, and one is required: have it given `cert` and `key`',
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: refused,
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: `${refused}: it has expired`,
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_REVOKED: `${refused}: it was revoked`,
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN: refused,
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'the server requires a certificate of this side: give `cert` and `key`',
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: `${refused}: it does not know its authority`,
}

/** What Node and OpenSSL say of a connection, in words, with the code. `null` has none. */
export function describeTlsError(error: unknown): string {
  const code = systemCodeOf(error)
  const { message, reason } = error as { message?: string; reason?: unknown }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return `its certificate is for other names (${reason ?? message}): use one of those, as host or \`servername\` (${code})`
  const meaning = code === null ? undefined : meanings[code]
  if (meaning !== undefined) return `${meaning} (${code})`
  return code === null ? String(message ?? error) : `${message} (${code})`
}
