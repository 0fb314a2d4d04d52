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
  authmechanism(value) {
    if (value !== 'SCRAM-SHA-256')
      throw new UsageError(`of the ways to log in only SCRAM-SHA-256 is known, not ${value}`)
    return {}
  },
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
 * What a connection string says: `mongodb://user:password@host:port,host2/database?option=value`. A `UsageError` for what this
 * client does not know: a wrong guess about a read concern, say, would be worse.
 */
export function parseUrl(url: string): { readonly hosts: readonly string[]; readonly options: ClientOptions } {
  const [, login, authority, database = '', query = ''] =
    /^mongodb:\/\/(?:([^@/?#]*)@)?([^@/?#]+)(?:\/([^?#]*))?(?:\?([^#]*))?$/.exec(url) ?? []
  if (authority === undefined) {
    const what = url.startsWith('mongodb+srv:') ? 'mongodb+srv:// is not supported' : 'it is not understood'
    throw new UsageError(`the URL of a MongoDB is mongodb://user:password@host:port,host:port/?option=value; ${what}`)
  }
  const hosts = authority.split(',').map((host) => (/:\d+$/.test(host) ? host : `${host}:27017`))
  const options: Settings = {}
  const given = new URLSearchParams(query)
  const source = given.get('authSource') ?? (database || 'admin')
  given.delete('authSource')
  if (login !== undefined) options.credentials = { ...credentialsOf(login), source }
  for (const [name, value] of given) {
    const read = readers[name.toLowerCase()]
    if (read === undefined) throw new UsageError(`the option ${name} in the URL of a MongoDB is not known here`)
    Object.assign(options, read(value))
  }
  return { hosts, options }
}

function credentialsOf(login: string): { readonly user: string; readonly password: string } {
  const [, user, password] = /^([^:]+):([^:]+)$/.exec(login) ?? []
  if (user === undefined || password === undefined)
    throw new UsageError(
      'before the @ in the URL of a MongoDB stands user:password, in which : / ? # @ are written %3A and so on',
    )
  return { user: decodeURIComponent(user), password: decodeURIComponent(password) }
}
