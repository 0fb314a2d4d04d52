import type {
  ConnectOptions,
  ConnectTlsOptions,
  ListenOptions,
  ListenTlsOptions,
  SocketOptions,
} from '../../net/index.ts'

/** How to connect. */
export interface ClientOptions extends SocketOptions {
  /** Milliseconds that it may take. 30,000 if left out. */
  readonly timeout?: number
  /** The address of this side. The system chooses if left out. */
  readonly bindAddress?: string
}

/** How to listen. */
export interface ListenerOptions extends SocketOptions {
  /** How many connections may wait to be accepted. 50 if left out. */
  readonly backlog?: number
  /** The address to listen on. That is all of them if left out. */
  readonly interface?: string
}

/** How to listen on a path. */
export interface UnixListenerOptions extends Omit<ListenerOptions, 'interface'> {
  /** Who may use the socket, such as `0o600`. */
  readonly mode?: number
  /** Takes the place of a socket that a process has left behind: what Twisted does by a lock file, `wantPID`. */
  readonly replaceStale?: boolean
}

/** How to connect, and to speak TLS. */
export type TlsClientSettings = Omit<ConnectTlsOptions, keyof ConnectOptions>
/** How to listen, and to speak TLS. */
export type TlsServerSettings = Omit<ListenTlsOptions, keyof ListenOptions>

/** @internal */
export function tcpOptions(host: string, port: number, options: ClientOptions): ConnectOptions {
  const { timeout = 30_000, bindAddress, ...rest } = options
  return {
    ...rest,
    host,
    port,
    timeoutMs: timeout,
    detached: true,
    ...(bindAddress === undefined ? {} : { localAddress: bindAddress }),
  }
}

/** @internal */
export function unixOptions(path: string, options: Omit<ClientOptions, 'bindAddress'>): ConnectOptions {
  const { timeout = 30_000, ...rest } = options
  return { ...rest, path, timeoutMs: timeout, detached: true }
}

/** @internal */
export function tlsOptions(
  host: string,
  port: number,
  tls: TlsClientSettings,
  options: ClientOptions,
): ConnectTlsOptions {
  return { handshakeMs: options.timeout ?? 30_000, ...tls, ...tcpOptions(host, port, options) }
}
