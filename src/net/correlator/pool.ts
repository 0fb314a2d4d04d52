/**
 * Theory of operation: a few connections, each shared by many requests.
 *
 *   request ──▶ the connection with the fewest in flight that has room ──▶ its reply
 *           └─▶ none has: stand in line; the first place that is free, on any connection, goes to the first in line
 *
 * Each connection is a lease of a `ConnectionPool`, held by a task of its own (`#lane`) for as long as the connection lives. So
 * that pool does the connecting, with its back-off, and this file knows only connections that are up: no request waits for one that
 * is down while another is up.
 *
 * Another connection is opened when all have requests in flight, up to `max`; nobody waits for that who need not.
 */
import {
  all,
  type Body,
  ClosedError,
  currentLoop,
  currentTask,
  fn,
  ListedWait,
  NOT_YET,
  type Operation,
  spawn,
  TimeoutError,
  timeoutOr,
  WaitList,
} from '../../core/index.ts'
import { ConnectError } from '../net-errors.ts'
import type { ConnectionPoolStats, PoolOptions } from '../pool/options.ts'
import { ConnectionPool } from '../pool/pool.ts'
import type { Correlator } from './correlator.ts'
import { LostRequestError } from './errors.ts'
import type { CorrelatorStats, RequestOptions } from './options.ts'

/** How a pool of correlators connects. Those that it shares with `PoolOptions` mean the same; `max` is 4 if left out. */
export interface CorrelatorPoolOptions<Request, Reply>
  extends Pick<
    PoolOptions<Correlator<Request, Reply>>,
    'name' | 'max' | 'acquireTimeoutMs' | 'connectTimeoutMs' | 'backoff' | 'failFast' | 'onError' | 'seed'
  > {
  /** Opens one: `() => openCorrelator(channel, …)`. It runs in a task of the connection's own, which owns the reader. */
  readonly connect: PoolOptions<Correlator<Request, Reply>>['connect']
}

/** Plain figures of a pool of correlators, at one moment. */
export interface CorrelatorPoolStats {
  readonly name: string
  /** Requests that wait for a connection with room. */
  readonly waiting: number
  /** Those that are up. */
  readonly connections: readonly CorrelatorStats[]
  readonly pool: ConnectionPoolStats
}

type Client = Correlator<unknown, unknown>

/** Waits for a place on a connection, which is then taken. */
class Place extends ListedWait<Client> {
  private readonly pool: CorrelatorPool<unknown, unknown>

  constructor(pool: CorrelatorPool<unknown, unknown>) {
    super()
    this.pool = pool
  }

  override get reason(): string {
    return `a connection of ${this.pool} with room`
  }

  override get line(): WaitList<Place> {
    return this.pool.line
  }

  override attempt(): Client | typeof NOT_YET {
    return this.pool.takePlace() ?? NOT_YET
  }
}

const LATE = Symbol('late')

/**
 * Requests of many tasks over a few connections, which are opened as the load demands, and again when they are lost. A request that
 * was not sent when its connection was lost is made over another; one that was sent fails with a `LostRequestError`.
 *
 * ```ts
 * import { all, run } from 'fibril'
 * import { CorrelatorPool, MemoryServer, type MemoryStream, openCorrelator } from 'fibril/net'
 *
 * const server = new MemoryServer()
 * const serving = run(server.serve(function* (socket) {
 *   for (let line; (line = yield* socket.readLine()) !== null; ) yield* socket.write(`${line}!\n`)
 * }))
 * const channelOver = (stream: MemoryStream) => ({
 *   receive: () => stream.readLine(),
 *   send: (line: string) => stream.write(`${line}\n`),
 *   close: () => stream.close(),
 * })
 *
 * const pool = new CorrelatorPool<string, string>({
 *   max: 2,
 *   connect: () =>
 *     openCorrelator(channelOver(server.connect()), {
 *       withId: (text: string, id) => `${id} ${text}`,
 *       idOf: (line) => Number.parseInt(line, 10),
 *       resultOf: (line) => line.slice(line.indexOf(' ') + 1),
 *     }),
 * })
 * await run(function* () {
 *   const replies = yield* all(['a', 'b', 'c'].map((text) => pool.request(text)))
 *   console.log(replies.join(' ')) // => a! b! c!
 *   yield* pool.close()
 *   yield* server.stop()
 * })
 * await serving
 * ```
 */
export class CorrelatorPool<Request, Reply> implements AsyncDisposable {
  readonly name: string
  /** @internal */
  readonly line = new WaitList<Place>()
  readonly #pool: ConnectionPool<Client>
  readonly #max: number
  readonly #patienceMs: number
  /** Those that are up. */
  readonly #clients = new Set<Client>()
  /** Connections that are up, or on their way. */
  #lanes = 0

  constructor(options: CorrelatorPoolOptions<Request, Reply>) {
    const { connect, max = 4, acquireTimeoutMs = 30_000, ...rest } = options
    this.name = options.name ?? ''
    this.#max = max
    this.#patienceMs = acquireTimeoutMs
    this.#pool = new ConnectionPool<Client>({
      ...rest,
      name: this.name,
      max,
      // Its lanes wait as long as somebody needs them.
      acquireTimeoutMs: Infinity,
      connect: connect as PoolOptions<Client>['connect'],
      close: (client) => client.close(),
    })
  }

  toString(): string {
    return String(this.#pool)
  }

  /**
   * Sends a request over the connection with the fewest in flight, and waits for its reply. Limits of time count from when it is
   * waited for, the wait for a connection included. It fails as a request of a `Correlator` does; and with an
   * `AcquireTimeoutError` if no connection had room in time, a `ConnectError` if none can be made and the pool is to fail fast.
   */
  request(message: Request, options: RequestOptions = {}): Operation<Reply> {
    return CorrelatorPool.#over(this as CorrelatorPool<unknown, unknown>, options, (client, limits) =>
      client.requestInPlace(message, limits),
    ) as Operation<Reply>
  }

  /** Sends a message that has no reply, over the same connection as a request. Limits of time are for finding that. */
  send(message: Request, options: RequestOptions = {}): Operation<void> {
    return CorrelatorPool.#over(this as CorrelatorPool<unknown, unknown>, options, (client) =>
      client.sendInPlace(message),
    ) as Operation<void>
  }

  /** Takes no more requests, waits for the replies that are due for `grace` ms (0 if left out), and closes all connections. */
  close(options: { readonly grace?: number } = {}): Operation<void> {
    return CorrelatorPool.#close(this as CorrelatorPool<unknown, unknown>, options.grace ?? 0)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close().then()
  }

  /** Plain figures of this moment. */
  stats(): CorrelatorPoolStats {
    return Object.freeze({
      name: this.name,
      waiting: this.line.size,
      connections: Object.freeze([...this.#clients].map((client) => client.stats())),
      pool: this.#pool.stats(),
    })
  }

  static readonly #over = fn(function* request(
    self: CorrelatorPool<unknown, unknown>,
    { timeoutMs, deadline = Infinity }: RequestOptions,
    attempt: (client: Client, limits: RequestOptions) => Operation<unknown>,
  ): Body<unknown> {
    // An instant, as there may be several attempts.
    const end = Math.min(deadline, currentLoop().now() + (timeoutMs ?? Infinity))
    // What each connection allows counts unless this request has its own limit.
    const limits = timeoutMs === undefined ? { deadline: end } : { deadline: end, timeoutMs: Infinity }
    for (;;) {
      const client = yield* CorrelatorPool.#place(self, end)
      try {
        return yield* attempt(client, limits)
      } catch (error) {
        if (!(error instanceof LostRequestError && !error.sent)) throw error
      }
    }
  })

  static readonly #place = fn(function* place(self: CorrelatorPool<unknown, unknown>, end: number): Body<Client> {
    const left = end - currentLoop().now()
    const patience = self.#patienceMs
    const client = yield* timeoutOr(Math.min(left, patience), LATE, new Place(self))
    if (client !== LATE) return client
    if (left < patience) throw new TimeoutError(Math.max(0, left), `a request to ${self}`)
    throw self.#pool.timeoutError(currentTask(), patience)
  })

  /** @internal Takes a place on the best connection; null if none has room, or others wait. Sees to it that there are enough. */
  takePlace(): Client | null {
    if (!this.#pool.open) throw this.#closedError()
    let best: Client | null = null
    for (const client of this.#clients) if (client.hasRoom && (best === null || client.load < best.load)) best = client
    if (best === null || best.load > 0) this.#grow()
    if (best === null || this.line.size > 0 || !best.takePlace()) return null
    return best
  }

  /** Opens another connection, if none is on its way already. */
  #grow(): void {
    if (this.#lanes > this.#clients.size || this.#lanes >= this.#max) return
    this.#lanes++
    spawn.detached(CorrelatorPool.#lane(this as CorrelatorPool<unknown, unknown>), { name: `lane of ${this}` })
  }

  /** One connection, and the next when that is lost, as long as somebody waits. */
  static readonly #lane = fn(function* lane(self: CorrelatorPool<unknown, unknown>): Body<void> {
    try {
      do {
        const lease = (yield* self.#pool.acquire()).detach()
        const client = lease.connection
        // It was handed over just before the close, which does not know of this one.
        if (!self.#pool.open) return lease.discard()
        self.#clients.add(client)
        client.whenRoom = () => self.#serve(client)
        self.#serve(client)
        const cause = yield* client.lost()
        self.#clients.delete(client)
        lease.discard(cause)
      } while (self.line.size > 0 && self.#pool.open)
    } catch (error) {
      if (!(error instanceof ConnectError || error instanceof ClosedError)) throw error
      // None can be had: those who wait are told, unless another connection may serve them.
      if (self.#clients.size === 0) self.#tellAll(() => new ConnectError(error.message, error.cause))
    } finally {
      self.#lanes--
    }
  })

  /** A connection has room. */
  #serve(client: Client): void {
    while (client.hasRoom) {
      const place = this.line.shift()
      if (place === null) return
      if (client.load > 0) this.#grow()
      client.takePlace()
      place.resume(client)
    }
    if (this.line.size > 0) this.#grow()
  }

  #tellAll(makeError: () => Error): void {
    for (let place = this.line.shift(); place !== null; place = this.line.shift()) place.reject(makeError())
  }

  static readonly #close = fn(function* close(self: CorrelatorPool<unknown, unknown>, grace: number): Body<void> {
    self.#pool.refuse()
    self.#tellAll(() => self.#closedError())
    const clients = [...self.#clients]
    try {
      yield* all(clients.map((client) => client.close({ grace })))
    } finally {
      for (const client of clients) client[Symbol.dispose]()
      yield* self.#pool.close({ grace: Infinity })
    }
  })

  #closedError(): ClosedError {
    return new ClosedError(`${this} is closed: no request can be made any more`)
  }
}
