import type { Document } from 'bson'
import { type Body, BrokenError, FibrilError, fn, type Operation } from 'fibril'
import { ConnectError, type Correlator, CorrelatorPool, type CorrelatorPoolStats } from 'fibril/net'
import { Collection } from './collection.ts'
import type { CommandOptions, Commands } from './commands.ts'
import { type Connection, type Hello, openConnection } from './connection.ts'
import { MongoError } from './errors.ts'
import type { Request } from './request.ts'
import { type ClientOptions, parseUrl } from './url.ts'

/**
 * MongoDB for tasks: all that waits is an operation. A command goes over the connection with the fewest commands in flight.
 *
 * A connection that is lost fails what it owed with a `LostRequestError` (which knows whether the command had left), and is
 * opened again when it is needed, after the pauses that `backoff` says. A command that is cancelled is carried out all
 * the same if it had left; its late reply is dropped.
 */
export class MongoClient implements Commands, AsyncDisposable {
  readonly #pool: CorrelatorPool<Request, Document>
  readonly #hosts: readonly string[]
  readonly #options: ClientOptions
  #hello: Hello | null = null

  /** Connects when the first command needs it. */
  constructor(url: string, options: ClientOptions = {}) {
    const { hosts, options: inUrl } = parseUrl(url)
    this.#hosts = hosts
    this.#options = { ...inUrl, ...options }
    const { maxPoolSize = 4, acquireTimeoutMs = 30_000, backoff = { baseMs: 1000, maxMs: 60_000 } } = this.#options
    this.#pool = new CorrelatorPool<Request, Document>({
      name: `mongo ${hosts.join(',')}`,
      connect: () => this.#connect(),
      max: maxPoolSize,
      // A connect may try several hosts, each with a limit of its own.
      connectTimeoutMs: Infinity,
      acquireTimeoutMs: acquireTimeoutMs === 0 ? Infinity : acquireTimeoutMs,
      failFast: (error) => acquireTimeoutMs === 0 || error instanceof MongoError,
      backoff,
    })
  }

  /** The collection of this name in a database. Asks nothing of the server. */
  collection<T extends Document = Document>(database: string, name: string): Collection<T> {
    return new Collection<T>(this, database, name)
  }

  /**
   * Has the server carry out a command, such as `{ ping: 1 }`, and gives its reply.
   *
   * What the server refuses is a `MongoError`. A limit of time is a `TimeoutError`, a connection that was lost meanwhile a
   * `LostRequestError`, none to be had an `AcquireTimeoutError` whose cause is why.
   */
  command(database: string, command: Document, options: CommandOptions = {}): Operation<Document> {
    const { sequences = [], timeoutMs = this.#options.timeoutMs, deadline } = options
    const limits = {
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...(deadline === undefined ? {} : { deadline }),
    }
    return this.#pool.request({ command: { ...command, $db: database }, sequences }, limits)
  }

  /** Sends a command to which no reply is wanted: nobody will know whether it worked. */
  tell(database: string, command: Document, { sequences = [], ...limits }: CommandOptions = {}): Operation<void> {
    const concerned = { ...command, writeConcern: { w: 0 }, $db: database }
    return this.#pool.send({ command: concerned, sequences, unacknowledged: true }, limits)
  }

  /** What the server said of itself when the newest connection was made; null before the first. */
  get hello(): Hello | null {
    return this.#hello
  }

  stats(): CorrelatorPoolStats {
    return this.#pool.stats()
  }

  /** Takes no more commands, waits for the replies that are due for `grace` ms (0 if left out), and closes all connections. */
  close(options: { readonly grace?: number } = {}): Operation<void> {
    return this.#pool.close(options)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close().then()
  }

  *#connect(): Body<Correlator<Request, Document>> {
    const { hello, commands } = yield* connectToPrimary(this.#hosts, this.#options)
    this.#hello = hello
    return commands
  }
}

/** Tries the hosts in order, and next whom one of them calls the primary. */
const connectToPrimary = fn(function* (hosts: readonly string[], options: ClientOptions): Body<Connection> {
  const failures: Error[] = []
  const left = [...hosts]
  const tried = new Set<string>()
  for (let host: string | undefined; (host = left.shift()) !== undefined; ) {
    if (tried.has(host)) continue
    tried.add(host)
    try {
      const connection = yield* openConnection(host, options)
      if (connection.hello.primary || options.secondaryOk === true) return connection
      connection.commands[Symbol.dispose]()
      failures.push(new BrokenError(`${host} is not the primary`))
      const { primaryAddress } = connection.hello
      if (primaryAddress !== null) left.unshift(primaryAddress)
    } catch (error) {
      // A password that is wrong for one host is wrong for all, and stays so.
      if (!FibrilError.is(error) || error instanceof MongoError) throw error
      failures.push(error)
    }
  }
  const [first] = failures
  if (failures.length === 1) throw new ConnectError(`no primary: ${first?.message}`, first)
  const reasons = failures.map(({ message }) => message).join('; ')
  throw new ConnectError(`none of ${failures.length} hosts is the primary: ${reasons}`, new AggregateError(failures))
})
