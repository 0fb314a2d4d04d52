import { UsageError } from 'fibril'
import type { BackoffOptions } from 'fibril/net'
import type { ConnectionOptions } from './connection.ts'

/** How a client connects. Durations are in milliseconds. What is said here counts more than what the URL says. */
export interface ClientOptions extends ConnectionOptions {
  /** How many connections there may be. 4 if left out. */
  readonly maxPoolSize?: number
  /** How long any command may take, unless it says otherwise; waiting for a connection included. No limit if left out. */
  readonly timeoutMs?: number
  /** How long a command waits for a connection, while none can be made. 30000 if left out; 0: it fails with the first attempt. */
  readonly acquireTimeoutMs?: number
  /** The pauses between attempts to connect. From one second to a minute if left out. */
  readonly backoff?: BackoffOptions
  /** Also servers that are not primary will do: for reading what may be a little old. */
  readonly secondaryOk?: boolean
}

type Settings = { -readonly [name in keyof ClientOptions]: ClientOptions[name] }

const number = (name: keyof Settings) => (value: string) => {
  if (!/^\d+$/.test(value)) throw new UsageError(`${name} in the URL is in whole numbers, not ${JSON.stringify(value)}`)
  return { [name]: Number(value) }
}
const readers: Readonly<Record<string, (value: string) => Settings>> = {
  appname: (value) => ({ appName: value }),
  connecttimeoutms: number('connectTimeoutMs'),
  heartbeatfrequencyms: number('heartbeatMs'),
  maxpoolsize: number('maxPoolSize'),
  readpreference: (value) => ({ secondaryOk: value !== 'primary' }),
  replicaset: () => ({}), // the servers know it
  serverselectiontimeoutms: number('acquireTimeoutMs'),
  ssl: (value) => ({ tls: value === 'true' }),
  timeoutms: number('timeoutMs'),
  tls: (value) => ({ tls: value === 'true' }),
}

/**
 * What a connection string says: `mongodb://host:port,host2/?option=value`. A `UsageError` for what this client does not
 * know: a wrong guess about a password or a read concern would be worse.
 */
export function parseUrl(url: string): { readonly hosts: readonly string[]; readonly options: ClientOptions } {
  const [, authority, query = ''] = /^mongodb:\/\/([^/?#]+)(?:\/[^?#]*)?(?:\?([^#]*))?$/.exec(url) ?? []
  if (authority === undefined) {
    const what = url.startsWith('mongodb+srv:') ? 'mongodb+srv:// is not supported' : 'it is not understood'
    throw new UsageError(`the URL of a MongoDB is mongodb://host:port,host:port/?option=value; ${what}`)
  }
  if (authority.includes('@')) throw new UsageError('this client cannot log in: give a URL without user and password')
  const hosts = authority.split(',').map((host) => (/:\d+$/.test(host) ? host : `${host}:27017`))
  const options: Settings = {}
  for (const [name, value] of new URLSearchParams(query)) {
    const read = readers[name.toLowerCase()]
    if (read === undefined) throw new UsageError(`the option ${name} in the URL of a MongoDB is not known here`)
    Object.assign(options, read(value))
  }
  return { hosts, options }
}
