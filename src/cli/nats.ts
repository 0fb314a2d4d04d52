import { readFileSync } from 'node:fs'
import type { ClusterOptions } from '../offload/cluster/index.ts'
import { CommandError } from './usage.ts'

/** Options of all commands that talk to a NATS server. */
export const natsOptions = {
  nats: { type: 'string', multiple: true },
  creds: { type: 'string' },
  ca: { type: 'string' },
  cert: { type: 'string' },
  key: { type: 'string' },
} as const

interface NatsValues {
  readonly nats?: string[] | undefined
  readonly creds?: string | undefined
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

/** What the options say of where the cluster is. */
export async function clusterOptions({ nats = [], creds, ca, cert, key }: NatsValues): Promise<ClusterOptions> {
  const urls = nats.map(parse)
  const { username, password } = urls.find((url) => url.username !== '') ?? { username: '', password: '' }
  const tls = {
    ...(ca === undefined ? {} : { caFile: ca }),
    ...(cert === undefined ? {} : { certFile: cert }),
    ...(key === undefined ? {} : { keyFile: key }),
  }
  return {
    ...(urls.length === 0 ? {} : { servers: urls.map(({ host }) => host) }),
    connection: {
      ...(username === '' ? {} : { user: decodeURIComponent(username), pass: decodeURIComponent(password) }),
      ...(creds === undefined ? {} : { authenticator: (await loadCluster()).credentials(read(creds)) }),
      ...(Object.keys(tls).length === 0 ? {} : { tls }),
    },
  }
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
