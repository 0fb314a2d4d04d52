import {
  type Authenticator,
  AuthorizationError,
  connect,
  credsAuthenticator,
  type NatsConnection,
  type NodeConnectionOptions,
  nkeyAuthenticator,
  TimeoutError,
} from '@nats-io/transport-node'
import { BrokenError } from '../../core/index.ts'
import { moduleUrl } from '../module-url.ts'
import { Names, tokenOf } from './names.ts'
import { versionOf } from './version.ts'

/** Where a cluster is, and what it is called. Submitters and workers that are to meet say the same. */
export interface ClusterOptions {
  /** The NATS servers. Default: `nats://127.0.0.1:4222`. */
  readonly servers?: string | readonly string[]
  /** Default: the name of the module's file. Letters, digits, `_` and `-`. */
  readonly name?: string
  /** Calls go only to workers of the same version. Default: a digest of the module's text, not of what it imports. */
  readonly version?: string
  /** Credentials, TLS and whatever else the client takes: https://github.com/nats-io/nats.js. */
  readonly connection?: NodeConnectionOptions
}

/** The name that a module's cluster has unless told another. */
export function clusterName(module: string, options: ClusterOptions): string {
  const file = module.startsWith('file:') ? /([^/?#]+?)(\.\w+)?(?:[?#].*)?$/.exec(module)?.[1] : undefined
  return options.name ?? file?.replace(/[^\w-]/g, '_') ?? 'work'
}

/** How long the server may take to say that it has heard everything. */
const FLUSH_MS = 2000

/** A cluster as one side of it sees it: an open connection, and how things are called. */
export class Connection {
  readonly nats: NatsConnection
  readonly names: Names
  readonly version: string
  private readonly listeners = new Set<() => void>()
  /** False while the client tries to reach the server again. */
  up = true

  constructor(nats: NatsConnection, names: Names, version: string) {
    this.nats = nats
    this.names = names
    this.version = version
    void this.watch()
  }

  /** Calls `listener` each time that the server was reached again: what was said meanwhile was not heard. Gives what ends that. */
  onReturn(listener: () => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** Calls `listener` when the client has given the server up, or was closed. */
  onEnd(listener: (error: BrokenError) => void): void {
    void this.nats.closed().then((cause) => {
      const message = `the connection of cluster "${this.names.cluster}" to NATS is closed`
      listener(new BrokenError(cause instanceof Error ? `${message}: ${cause.message}` : message, { cause }))
    })
  }

  /** Waits until the server has all that was said, but for no server that is away. */
  async flush(): Promise<void> {
    if (!this.up || this.nats.isClosed()) return
    let timer: NodeJS.Timeout | undefined
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, FLUSH_MS)
    })
    await Promise.race([this.nats.flush().catch(() => {}), patience])
    clearTimeout(timer)
  }

  /** The largest message that the server takes, in bytes. */
  get maxPayload(): number {
    return this.nats.info?.max_payload ?? 1 << 20
  }

  private async watch(): Promise<void> {
    for await (const { type } of this.nats.status()) {
      if (type === 'disconnect') this.up = false
      if (type !== 'reconnect') continue
      this.up = true
      for (const listener of this.listeners) listener()
    }
  }
}

/** Connects. `role` is what the server's list of connections shows. */
export async function openConnection(module: string | URL | null, options: ClusterOptions, role: string) {
  const url = module === null ? '' : moduleUrl(module)
  const names = new Names(clusterName(url, options))
  const version = tokenOf(options.version ?? (module === null ? 'none' : await versionOf(url)), 'the version')
  const servers = options.servers ?? options.connection?.servers ?? 'nats://127.0.0.1:4222'
  try {
    const nats = await connect({
      name: `fibril ${role} ${names.cluster}`,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 250,
      reconnectJitter: 250,
      // A wire that is silent is given up after two pings. The client's own two minutes are longer than any lease.
      pingInterval: 5000,
      ...options.connection,
      servers: typeof servers === 'string' ? servers : [...servers],
    })
    return new Connection(nats, names, version)
  } catch (cause) {
    throw new BrokenError(`no connection to NATS at ${servers}: ${whyNot(cause)}`, { cause })
  }
}

/** What is wrong, and what to do about it. */
function whyNot(cause: unknown): string {
  const { message, code } = cause instanceof Error ? (cause as NodeJS.ErrnoException) : { message: String(cause) }
  if (cause instanceof AuthorizationError)
    return `${message}: it wants other credentials. Say who you are by \`connection\` (--creds, --nkey, or in the URL)`
  if (code !== undefined && untrusted.test(code))
    return `${message}: its certificate is not trusted. Name the authority that signed it by \`connection: { tls: { caFile } }\` (--ca)`
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return `${message}: connect to a name that its certificate has`
  if (cause instanceof TimeoutError)
    return `${message}: it took the connection, and said nothing more. If it wants a certificate of its clients, give one by \`connection: { tls: { certFile, keyFile } }\` (--cert, --key)`
  return `${message}. Is the server there?`
}

const untrusted = /SELF_SIGNED|UNABLE_TO|CERT_(?:UNTRUSTED|SIGNATURE|HAS_EXPIRED|NOT_YET)|INVALID_CA/

/** For `connection.authenticator`: the content of a file of credentials, as `nsc` writes it. */
export function credentials(content: Uint8Array): Authenticator {
  return credsAuthenticator(content)
}

/** For `connection.authenticator`: the seed of a user's key, which the server knows the public half of. */
export function userKey(seed: Uint8Array): Authenticator {
  return nkeyAuthenticator(seed)
}
