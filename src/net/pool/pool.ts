/**
 * Theory of operation: a pool lends connections to tasks.
 *
 *   acquire ──▶ a connection is ready ──────────────────────────▶ lease ──release──▶ reset? ──▶ the first who waits
 *           └─▶ none is: stand in line, and see to it that                                  └─▶ nobody does: idle
 *               enough connections are on their way (`provide`)
 *
 * Rules.
 *  1. While somebody waits, no connection is both idle and ready to be lent. So whoever finds one overtakes nobody, and one that
 *     becomes ready goes to the first in line, in the same step; nobody can barge in between.
 *  2. Who waits only waits. All that takes time (connect, validate, reset, close) is done by the connection's own task, so a
 *     cancelled or timed out acquire leaves its line and nothing else: what was begun for it serves the next.
 *  3. That task hangs on the loop and belongs to nobody: a connection may outlive whoever had it opened. What `connect` spawns is
 *     owned by it, and ends with the connection; the failure of such a task is how a connection is known to be broken.
 *  4. `max` counts a connection from before `connect` until after `close`. It is a promise to the other side.
 *  5. After a connect that failed nobody connects for a pause, and then one at a time until one succeeds: a server that
 *     comes back is not met by a stampede.
 *  6. A connection that may be amid a request is not lent again: its next user would read the former's reply. The pool
 *     knows how the body of `use` ended, and whether the task that returns a lease is being cancelled; `isUsable` knows better.
 */
import {
  type Body,
  ClosedError,
  callOf,
  currentLoop,
  currentTask,
  fn,
  NOT_YET,
  type Operation,
  TaskLocal,
  type TaskView,
  timeoutOr,
  UsageError,
  type Wait,
  WaitList,
} from '../../core/index.ts'
import { AcquireTimeoutError } from './errors.ts'
import { type Condition, Lease } from './lease.ts'
import type { Member } from './member.ts'
import { type ConnectionPoolStats, type Limits, limitsOf, type PoolOptions } from './options.ts'
import { Roster, textOf } from './roster.ts'
import { Acquire, Drained } from './waits.ts'

/** What one task has of a pool. */
class Holdings<C> {
  readonly shelf = new Set<Lease<C>>()
  /** The one that `current` gives. */
  own: Lease<C> | null = null
}

/**
 * Connections that are made when needed, lent to one task at a time, and used again. First come, first served.
 *
 * Three ways to borrow, from the safest: `use` runs a body with a connection, and knows how it ended; `current` gives the task
 * one connection for the rest of its life; `acquire` gives a lease to be released by hand or by `using`. None of them can leak.
 *
 * ```ts
 * import { all, fn, run } from 'fibril'
 * import { ConnectionPool, MemoryServer, type MemoryStream } from 'fibril/net'
 *
 * const server = new MemoryServer()
 * const serving = run(server.serve(function* (socket) {
 *   for (let line; (line = yield* socket.readLine()) !== null; ) yield* socket.write(`${line}!\n`)
 * }))
 *
 * const pool = new ConnectionPool<MemoryStream>({
 *   name: 'greeter',
 *   connect: () => server.connect(),
 *   close: (stream) => stream.close(),
 *   max: 2,
 * })
 * const greet = fn(function* (name: string) {
 *   return yield* pool.use(function* (stream) {
 *     yield* stream.write(`hello ${name}\n`)
 *     return yield* stream.readLine()
 *   })
 * })
 * await run(function* () {
 *   const greetings = yield* all(['Ada', 'Grace', 'Barbara'].map(greet))
 *   console.log(greetings.join(' ')) // => hello Ada! hello Grace! hello Barbara!
 *   console.log(pool.stats().created) // => 2
 *   yield* pool.close()
 *   yield* server.stop()
 * })
 * await serving
 * ```
 */
export class ConnectionPool<C> implements AsyncDisposable {
  readonly name: string
  /** @internal */
  readonly waiters = new WaitList<Acquire<C>>()
  /** @internal */
  readonly drainers = new WaitList<Drained>()
  readonly #broken: PoolOptions<C>['broken']
  readonly #limits: Limits
  readonly #roster: Roster<C>
  /** The oldest first. */
  readonly #leases = new Set<Lease<C>>()
  readonly #holdings: TaskLocal<Holdings<C>>
  #state: ConnectionPoolStats['state'] = 'open'
  #timeouts = 0
  readonly #waits = { count: 0, totalMs: 0, longestMs: 0 }

  constructor(options: PoolOptions<C>) {
    this.name = options.name ?? ''
    this.#broken = options.broken
    this.#limits = limitsOf(options)
    this.#roster = new Roster<C>(this, options, this.#limits)
    this.#holdings = new TaskLocal({
      create: () => new Holdings<C>(),
      dispose: (holdings) => this.#taskEnded(holdings),
    })
    if (this.#limits.min > 0) this.provide()
  }

  toString(): string {
    return this.name === '' ? 'a pool' : `pool "${this.name}"`
  }

  /** Connections that count against `max`. */
  get size(): number {
    return this.#roster.size
  }

  /** False once `close` was called. */
  get open(): boolean {
    return this.#state === 'open'
  }

  /** Acquires that wait. */
  get waiting(): number {
    return this.waiters.size
  }

  // -- borrowing

  /**
   * Borrows a connection; waits in line while none is free. An `AcquireTimeoutError` tells who holds them if that takes longer
   * than `timeoutMs` (as the pool says, if left out), a `ConnectError` that none can be made, if the pool is to fail fast; a
   * `ClosedError` that it is closed. A cancelled acquire has taken nothing.
   *
   * Release the lease: `using lease = yield* pool.acquire()`. If its task ends before, there is a warning, and the
   * connection is closed.
   */
  acquire(options: { readonly timeoutMs?: number } = {}): Wait<Lease<C>> {
    const { timeoutMs = this.#limits.acquireTimeoutMs } = options
    if (!(timeoutMs >= 0)) throw new UsageError(`acquire: the timeout is in milliseconds, not ${timeoutMs}`)
    return new Acquire(this, timeoutMs, true)
  }

  /**
   * Runs `body` with a connection, gives its result, and returns the connection whatever happens. If `body` fails or is
   * cancelled, the connection may be amid a request: it is closed, unless the pool's `isUsable` or `broken` vouch for it.
   */
  use<T>(body: (connection: C, lease: Lease<C>) => Body<T> | PromiseLike<T> | T): Operation<T> {
    return ConnectionPool.#use(this as ConnectionPool<unknown>, body as UseBody<unknown, T>) as Operation<T>
  }

  /**
   * The connection of this task: borrowed at the first call, the same at each that follows, and returned when the task ends,
   * after its children have. Each child has its own. Let one that broke go by `discard`; the next call gives another.
   *
   * How a task ended is not known here, only whether it was cancelled: then the connection is closed, unless `isUsable` vouches
   * for it. Otherwise it is validated before its next use, where the pool has a `validate`.
   */
  current(): Operation<Lease<C>> {
    if (currentTask() === null) {
      throw new UsageError(
        `current() was called on ${this} outside any task: there is no end at which to return it. Use acquire()`,
      )
    }
    return ConnectionPool.#current(this as ConnectionPool<unknown>) as Operation<Lease<C>>
  }

  // -- ending it

  /**
   * Closes it: from now on acquires get a `ClosedError`, also those that wait. Connections are closed as they come back, for
   * `grace` ms (10000 if left out); then the leases that are still out are revoked, and their connections closed under the
   * hands of who holds them. Ends when the last is gone. May be called again, say with a shorter grace; a cancel ends only
   * the waiting.
   */
  close(options: { readonly grace?: number } = {}): Operation<void> {
    return ConnectionPool.#close(this as ConnectionPool<unknown>, options.grace ?? 10_000)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close().then()
  }

  /** Plain figures of this moment. */
  stats(): ConnectionPoolStats {
    const now = currentLoop().now()
    const leases = [...this.#leases].map(({ holder, since }) => {
      return Object.freeze({ task: holder === null ? null : String(holder), heldMs: now - since })
    })
    return Object.freeze({
      name: this.name,
      state: this.#state,
      ...this.#roster.figures(),
      leases: Object.freeze(leases),
      waiting: this.waiters.size,
      failures: Object.freeze({ ...this.#roster.failures, timeouts: this.#timeouts }),
      waits: Object.freeze({ ...this.#waits }),
    })
  }

  static readonly #use = fn(function* use<T>(pool: ConnectionPool<unknown>, body: UseBody<unknown, T>): Body<T> {
    const lease = yield* new Acquire(pool, pool.#limits.acquireTimeoutMs, false)
    // What it stays at if the body is cancelled.
    let condition: Condition = 'unclean'
    let fault: unknown
    try {
      const result = yield* callOf<T>(() => body(lease.connection, lease))
      condition = 'clean'
      return result
    } catch (error) {
      fault = error
      if (pool.#broken?.(error) === false) condition = 'clean'
      throw error
    } finally {
      lease.end(condition, fault)
    }
  })

  static readonly #current = fn(function* current(pool: ConnectionPool<unknown>): Body<Lease<unknown>> {
    const holdings = pool.#holdings.get()
    const { own } = holdings
    if (own !== null && !own.over) {
      if (!own.member.broken) return own
      own.discard(own.member.fault)
    }
    holdings.own = yield* new Acquire(pool, pool.#limits.acquireTimeoutMs, false)
    return holdings.own
  })

  static readonly #close = fn(function* close(pool: ConnectionPool<unknown>, grace: number): Body<void> {
    pool.refuse()
    if ((yield* timeoutOr(grace, false, new Drained(pool))) === false) {
      for (const lease of pool.#leases) {
        pool.#leases.delete(lease)
        lease.revoke()
        pool.#roster.retire(lease.member)
      }
      yield* new Drained(pool)
    }
  })

  // -- lending

  /** @internal */
  lend(acquire: Acquire<C>): Lease<C> | typeof NOT_YET {
    if (!this.open) throw this.#closedError()
    const member = this.waiting === 0 ? this.#roster.take() : null
    return member === null ? NOT_YET : this.#lendTo(acquire, member)
  }

  /** @internal */
  lendToFirst(member: Member<C>): void {
    const acquire = this.waiters.shift() as Acquire<C>
    acquire.resume(this.#lendTo(acquire, member))
  }

  #lendTo(acquire: Acquire<C>, member: Member<C>): Lease<C> {
    const lease = new Lease<C>(this, member, acquire.caller, currentLoop().now())
    lease.shelf = acquire.home
    acquire.home?.add(lease)
    this.#leases.add(lease)
    return lease
  }

  /** @internal */
  returned(lease: Lease<C>, condition: Condition, fault?: unknown): void {
    this.#leases.delete(lease)
    this.#roster.takeBack(lease.member, condition, fault)
  }

  /** @internal */
  provide(): void {
    this.#roster.provide()
  }

  /** @internal */
  tellAll(makeError: () => Error): void {
    for (let acquire = this.waiters.shift(); acquire !== null; acquire = this.waiters.shift())
      acquire.reject(makeError())
  }

  /** @internal */
  allGone(): void {
    this.#state = 'closed'
    for (let drained = this.drainers.shift(); drained !== null; drained = this.drainers.shift()) drained.resume()
  }

  // -- the rest

  /** @internal What `close` begins with. */
  refuse(): void {
    if (this.#state !== 'open') return
    this.#state = this.size === 0 ? 'closed' : 'closing'
    this.tellAll(() => this.#closedError())
    this.#roster.shut()
  }

  #taskEnded({ shelf, own }: Holdings<C>): void {
    const task = currentTask()
    if (own !== null) own.end(task?.cancelled === true ? 'unclean' : 'suspect')
    for (const lease of shelf) {
      const held = Math.round(currentLoop().now() - lease.since)
      const where = task?.spawnedAt ? `\nThe task was spawned\n${task.spawnedAt}` : ''
      currentLoop().host.warn(
        `${task} ended and held a lease of ${lease.member}, since ${held} ms: the connection is closed. ` +
          `Release it (\`using lease = yield* pool.acquire()\`, or \`pool.use\`), or \`detach\` the lease to hand it on.${where}`,
      )
      lease.discard()
    }
  }

  #closedError(): ClosedError {
    return new ClosedError(`${this} is closed: no connection can be had of it`)
  }

  /** @internal */
  timeoutError(task: TaskView | null, ms: number): AcquireTimeoutError {
    this.#timeouts++
    const now = currentLoop().now()
    const leases = [...this.#leases]
    const held = leases
      .slice(0, 3)
      .map(({ holder, since }) => `${holder ?? 'nobody in particular'} for ${Math.round(now - since)} ms`)
    const more = leases.length > 3 ? `, and ${leases.length - 3} more` : ''
    const out = leases.length === 0 ? '' : `, held by ${held.join(', ')}${more}`
    const { lastFailure } = this.#roster
    const what =
      lastFailure === undefined
        ? 'Release connections sooner, or raise `max`'
        : `The last connect failed: ${textOf(lastFailure)}`
    return new AcquireTimeoutError(
      ms,
      `${task ?? 'code outside any task'} got no connection of ${this} within ${ms} ms: ` +
        `${leases.length} of at most ${this.#limits.max} are leased${out}; ${this.waiting} more wait. ${what}.`,
      lastFailure,
    )
  }

  /** @internal */
  waited(ms: number): void {
    this.#waits.count++
    this.#waits.totalMs += ms
    this.#waits.longestMs = Math.max(this.#waits.longestMs, ms)
  }

  /** @internal The leases of the running task. */
  shelf(): Set<Lease<C>> {
    return this.#holdings.get().shelf
  }

  /** @internal The tasks that hold leases, the oldest lease first. */
  *holders(): Iterable<object> {
    for (const { holder } of this.#leases) if (holder !== null) yield holder
  }
}

type UseBody<C, T> = (connection: C, lease: Lease<C>) => Body<T> | PromiseLike<T> | T
