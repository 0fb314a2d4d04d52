/**
 * Theory of operation: who may read. The page tells all about a program, so:
 *
 *  1. It listens on 127.0.0.1 alone.
 *  2. Whoever asks must name this machine in `Host`: a foreign name that was made to point here (DNS rebinding) is refused.
 *  3. A browser that asks on behalf of another site says so, in `Origin` or `Sec-Fetch-Site`: refused. Another port of this
 *     machine is another site.
 *  4. Whoever asks must know the token: 256 random bits, compared in a time that tells nothing. It comes in `Authorization`, or
 *     once in the address, in exchange for a cookie that scripts cannot read and that goes to no other site.
 *  5. There is nothing to change: GET and HEAD alone.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/** Sent with every answer. */
export const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
}

/** Why an answer is refused: a status and what to do about it. */
export interface Refusal {
  readonly status: 401 | 403 | 405
  readonly text: string
}

type Asked = Pick<IncomingMessage, 'method' | 'headers'>

export class Gate {
  readonly #digest: Buffer
  readonly #cookie: string

  constructor(token: string, port: number) {
    this.#digest = digestOf(token)
    this.#cookie = `fibril-${port}`
  }

  /** Null if whoever asks may come in but for the token. */
  refusal({ method, headers }: Asked): Refusal | null {
    if (method !== 'GET' && method !== 'HEAD')
      return { status: 405, text: 'Only GET and HEAD: the inspector reads, and never steers.\n' }
    const { host = '', origin } = headers
    if (!/^(?:127\.0\.0\.1|localhost)(?::\d+)?$/i.test(host))
      return { status: 403, text: 'Ask for 127.0.0.1 or localhost: another name is not served.\n' }
    const site = headers['sec-fetch-site'] ?? 'none'
    if (
      (origin !== undefined && origin !== `http://${host.toLowerCase()}`) ||
      !['none', 'same-origin'].includes(`${site}`)
    )
      return { status: 403, text: 'Another site may not ask. Paste the address into the address bar of the browser.\n' }
    return null
  }

  /** Whether a request carries the token, in a header or as the cookie. */
  knows({ headers }: Asked): boolean {
    const { authorization = '', cookie = '' } = headers
    if (authorization.slice(0, 7).toLowerCase() === 'bearer ') return this.accepts(authorization.slice(7).trim())
    const named = cookie.split(';').map((part) => part.trim().split('='))
    return named.some(([name, value = '']) => name === this.#cookie && this.accepts(value))
  }

  /** Whether this is the token. */
  accepts(given: string): boolean {
    return timingSafeEqual(digestOf(given), this.#digest)
  }

  cookieOf(token: string): string {
    return `${this.#cookie}=${token}; Path=/; HttpOnly; SameSite=Strict`
  }
}

export const NO_TOKEN: Refusal = {
  status: 401,
  text: 'Open the whole address that the program printed on standard error, with ?token=… at its end. Other clients send it as\nAuthorization: Bearer TOKEN\n',
}

/** Of one length, whatever is given. */
function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
