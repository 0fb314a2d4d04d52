import { readFileSync } from 'node:fs'
import type { ClusterOptions } from '../offload/cluster/index.ts'
import { CommandError } from './usage.ts'

/** Options of all commands that talk to a NATS server. */
export const natsOptions = {
  nats: { type: 'string', multiple: true },
  creds: { type: 'string' },
  nkey: { type: 'string' },
  ca: { type: 'string' },
  cert: { type: 'string' },
  key: { type: 'string' },
} as const

interface NatsValues {
  readonly nats?: string[] | undefined
  readonly creds?: string | undefined
  readonly nkey?: string | undefined
  readonly ca?: string | undefined
  readonly cert?: string | undefined
  readonly key?: string | undefined
}

type Cluster = typeof import('../offload/cluster/index.ts')

/** The cluster's own packages are installed only where they are wanted. */
export async function loadCluster(): Promise<Cluster> {
  try {
    return await import('../offload/cluster/index.ts')
  } catch (error) {
    const missing = /'(@nats-io\/[\w-]+)'/.exec((error as Error).message)?.[1]
    if (missing === undefined) throw error
    throw new CommandError(
      `this needs the package ${missing}: npm install @nats-io/transport-node @nats-io/jetstream @nats-io/obj`,
    )
  }
}

/** What the options say of where the cluster is, and who comes. */
export async function clusterOptions({ nats = [], creds, nkey, ca, cert, key }: NatsValues): Promise<ClusterOptions> {
  const urls = nats.map(parse)
  const tls = {
    ...(ca === undefined ? {} : { caFile: ca }),
    ...(cert === undefined ? {} : { certFile: cert }),
    ...(key === undefined ? {} : { keyFile: key }),
  }
  return {
    ...(urls.length === 0 ? {} : { servers: urls.map(({ host }) => host) }),
    connection: {
      ...userOf(urls),
      ...(creds === undefined ? {} : { authenticator: (await loadCluster()).credentials(read(creds)) }),
      ...(nkey === undefined ? {} : { authenticator: (await loadCluster()).userKey(read(nkey)) }),
      ...(Object.keys(tls).length === 0 ? {} : { tls }),
    },
  }
}

/** A user and a password; a name alone is a token. */
function userOf(urls: readonly URL[]): { user?: string; pass?: string; token?: string } {
  const url = urls.find(({ username }) => username !== '')
  if (url === undefined) return {}
  const name = decodeURIComponent(url.username)
  return url.password === '' ? { token: name } : { user: name, pass: decodeURIComponent(url.password) }
}

function parse(text: string): URL {
  const url = text.includes('://') ? text : `nats://${text}`
  if (!URL.canParse(url)) throw new CommandError(`--nats takes a URL such as nats://127.0.0.1:4222, not ${text}`)
  return new URL(url)
}

function read(file: string): Uint8Array {
  try {
    return readFileSync(file)
  } catch (error) {
    throw new CommandError(`cannot read ${file}: ${(error as Error).message}`)
  }
}
