import { BrokenError, ClosedError, FibrilError, TimeoutError } from '../core/index.ts'

/** A connection could not be made. `systemCode` is that of the system, such as `ECONNREFUSED`; `cause` has the rest. */
export class ConnectError extends BrokenError {
  readonly systemCode: string | null

  constructor(message: string, cause: unknown) {
    super(message, { cause })
    this.systemCode = systemCodeOf(cause)
  }
}

/** An address could not be listened on. `systemCode` is that of the system, such as `EADDRINUSE`; `cause` has the rest. */
export class ListenError extends FibrilError {
  readonly systemCode: string | null

  constructor(message: string, cause: unknown) {
    super('FIBRIL_LISTEN', message, { cause })
    this.systemCode = systemCodeOf(cause)
  }
}

/** The peer sent a line or a frame that is longer than allowed. `limit` is in bytes. */
export class LimitError extends FibrilError {
  readonly limit: number

  constructor(message: string, limit: number, options?: { cause?: unknown }) {
    super('FIBRIL_LIMIT', message, options)
    this.limit = limit
  }
}

/** A stream was silent, or open, for longer than its `idleMs` or `totalMs` allows. `ms` is that limit. The stream is closed. */
export class StreamTimeoutError extends TimeoutError {}

for (const [type, name] of [
  [ConnectError, 'ConnectError'],
  [ListenError, 'ListenError'],
  [LimitError, 'LimitError'],
  [StreamTimeoutError, 'StreamTimeoutError'],
] as const) {
  Object.defineProperty(type.prototype, 'name', { value: name, configurable: true, writable: true })
}

/** Makes the error for who wants something of a stream that was closed, of what cannot be done, and by whom. */
export type Refusal = (what: string) => Error

/** The refusal of what was closed on this side, by `closer`. */
export function closedBy(closer: string): Refusal {
  return (what) => new ClosedError(`${what}: it was closed by ${closer}.`)
}

/** The system's code for an error, such as `ECONNRESET`, or null. */
export function systemCodeOf(error: unknown): string | null {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : null
}

/** What each means, and what to do about it. */
const meanings: { readonly [code: string]: string } = {
  EACCES: 'that needs a privilege this process does not have: take a port above 1023',
  EADDRINUSE: 'another socket listens there already: stop that one, or take another port (0 is any that is free)',
  EADDRNOTAVAIL: 'this machine does not have that address',
  ECONNABORTED: 'the connection was aborted',
  ECONNREFUSED: 'nobody listens there: check the address, and that the server runs',
  ECONNRESET: 'the peer reset the connection',
  EHOSTUNREACH: 'there is no way to that host',
  EMFILE: 'this process has as many files open as it may: raise `ulimit -n`, or allow fewer connections',
  ENETUNREACH: 'there is no way to that network',
  ENFILE: 'this machine has as many files open as it can',
  EAI_AGAIN: 'the name server does not answer',
  EINVAL: 'the address does not fit: is the local one of the same family?',
  ENOENT: 'there is no socket at that path',
  ENOTFOUND: 'there is no host of that name',
  EPIPE: 'the peer has closed the connection',
  ETIMEDOUT: 'the peer does not answer',
}

/** In words, with the system's code. */
export function describeSystemError(error: unknown): string {
  const code = systemCodeOf(error)
  const meaning = code === null ? undefined : meanings[code]
  if (meaning !== undefined) return `${meaning} (${code})`
  return error instanceof Error ? error.message : String(error)
}
