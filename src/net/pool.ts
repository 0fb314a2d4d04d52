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
  BrokenError,
  ClosedError,
  callOf,
  currentLoop,
  currentTask,
  FibrilError,
  fn,
  NOT_YET,
  type Operation,
  scope,
  shield,
  spawn,
  TaskLocal,
  type TaskView,
  timeout,
  timeoutOr,
  UsageError,
  type Wait,
  WaitList,
} from '../core/index.ts'
import { Backoff, seeded } from './backoff.ts'
import { ConnectError } from './net-errors.ts'
import { Alarm } from './pool-alarm.ts'
import { AcquireTimeoutError } from './pool-errors.ts'
import { type Condition, Lease } from './pool-lease.ts'
import { Member, type MemberState } from './pool-member.ts'
import type { ConnectionPoolStats, Hooked, PoolActivity, PoolOptions } from './pool-options.ts'
import { Acquire, Drained } from './pool-waits.ts'

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
  readonly #hooks: PoolOptions<C>
  readonly #limits: Limits
  readonly #backoff: Backoff
  readonly #random: () => number
  readonly #members = new Set<Member<C>>()
  /** How many are in each state. */
  readonly #counts: Record<MemberState, number> = { connecting: 0, idle: 0, checking: 0, leased: 0, closing: 0 }
  /** Who was idle for longest is first; the last is lent first, so that a pool that is too big shrinks. */
  readonly #idle: Member<C>[] = []
  /** The oldest first. */
  readonly #leases = new Set<Lease<C>>()
  readonly #holdings: TaskLocal<Holdings<C>>
  readonly #alarm = new Alarm(() => this.#tidy())
  #state: ConnectionPoolStats['state'] = 'open'
  /** Connects that failed since the last that did not. */
  #failuresInARow = 0
  #lastFailure: unknown = undefined
  /** Who waits is to be told of it. */
  #final = false
  #retryAt = 0
  /** Connects that were begun, to name them. */
  #begun = 0
  #created = 0
  #closed = 0
  readonly #failures = { connect: 0, validate: 0, reset: 0, close: 0, idle: 0, timeouts: 0 }
  readonly #waits = { count: 0, totalMs: 0, longestMs: 0 }

  constructor(options: PoolOptions<C>) {
    const { name = '', backoff, seed } = options
    this.name = name
    this.#hooks = options
    this.#limits = limitsOf(options)
    this.#backoff =
      backoff instanceof Backoff ? backoff : new Backoff({ ...(seed === undefined ? {} : { seed }), ...backoff })
    this.#random = seed === undefined ? Math.random : seeded(seed)
    this.#holdings = new TaskLocal({
      create: () => new Holdings<C>(),
      dispose: (holdings) => this.#taskEnded(holdings),
    })
    this.provide()
  }

  toString(): string {
    return this.name === '' ? 'a pool' : `pool "${this.name}"`
  }

  /** Connections that count against `max`. */
  get size(): number {
    return this.#members.size
  }

  /** True once `close` was called. */
  get closed(): boolean {
    return this.#state !== 'open'
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
    return new Acquire(this, options.timeoutMs ?? this.#limits.acquireTimeoutMs, true)
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
    const { connecting, idle, checking, leased } = this.#counts
    return Object.freeze({
      name: this.name,
      state: this.#state,
      size: this.size,
      connecting,
      idle,
      checking,
      leased,
      leases: Object.freeze(leases),
      waiting: this.waiters.size,
      created: this.#created,
      closed: this.#closed,
      failures: Object.freeze({ ...this.#failures }),
      waits: Object.freeze({ ...this.#waits }),
      retryInMs: this.#retryAt > now ? this.#retryAt - now : null,
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
      if (pool.#hooks.broken?.(error) === false) condition = 'clean'
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
    pool.#refuse()
    if ((yield* timeoutOr(grace, false, new Drained(pool))) === false) {
      for (const lease of pool.#leases) {
        pool.#leases.delete(lease)
        lease.revoke()
        pool.#retire(lease.member)
      }
      yield* new Drained(pool)
    }
  })

  // -- lending

  /** @internal */
  lend(acquire: Acquire<C>): Lease<C> | typeof NOT_YET {
    if (this.#state !== 'open') throw this.#closedError()
    if (this.waiters.size > 0) return NOT_YET
    const now = currentLoop().now()
    for (let member = this.#idle.at(-1); member !== undefined; member = this.#idle.at(-1)) {
      if (this.#usable(member, now)) return this.#needsCheck(member, now) ? NOT_YET : this.#lendTo(acquire, member, now)
      this.#retire(member)
    }
    return NOT_YET
  }

  #lendTo(acquire: Acquire<C>, member: Member<C>, now: number): Lease<C> {
    if (member.state === 'idle') this.#idle.pop()
    this.#enter(member, 'leased')
    const lease = new Lease<C>(this, member, acquire.caller, now)
    lease.shelf = acquire.home
    acquire.home?.add(lease)
    this.#leases.add(lease)
    return lease
  }

  /** @internal */
  returned(lease: Lease<C>, condition: Condition, fault?: unknown): void {
    const { member } = lease
    this.#leases.delete(lease)
    member.suspect = condition === 'suspect'
    if (member.broken || condition === 'discarded' || this.#state !== 'open' || !this.#vouchedFor(member, condition)) {
      this.#retire(member, fault)
      return
    }
    const { reset } = this.#hooks
    let resetting: Hooked<void>
    try {
      resetting = reset?.(member.connection as C)
    } catch (error) {
      this.#fault(error, 'reset')
      this.#retire(member, error)
      return
    }
    if (resetting === undefined) return this.#ready(member)
    this.#enter(member, 'checking')
    member.do(ConnectionPool.#reset(this as ConnectionPool<unknown>, member as Member<unknown>, resetting))
  }

  /** It can be lent. */
  #ready(member: Member<C>): void {
    const now = currentLoop().now()
    if (this.#state !== 'open' || !(now < member.expires)) {
      this.#retire(member)
      return
    }
    // One that its last user left in doubt goes round by `validate`.
    if (member.suspect && this.#hooks.validate !== undefined && this.waiters.size > 0) return this.#check(member)
    const acquire = this.waiters.shift()
    if (acquire !== null) {
      acquire.resume(this.#lendTo(acquire, member, now))
      return
    }
    this.#enter(member, 'idle')
    member.idleSince = now
    this.#idle.push(member)
    this.#alarm.set(this.#due(member))
  }

  #vouchedFor(member: Member<C>, condition: Condition): boolean {
    return this.#hooks.isUsable === undefined ? condition !== 'unclean' : this.#isUsable(member)
  }

  #isUsable({ connection }: Member<C>): boolean {
    try {
      return this.#hooks.isUsable?.(connection as C) ?? true
    } catch (error) {
      this.#fault(error, 'validate')
      return false
    }
  }

  #usable(member: Member<C>, now: number): boolean {
    return now < member.expires && this.#isUsable(member)
  }

  #needsCheck(member: Member<C>, now: number): boolean {
    if (this.#hooks.validate === undefined) return false
    return member.suspect || now - member.idleSince >= this.#limits.validateAfterIdleMs
  }

  #check(member: Member<C>): void {
    this.#enter(member, 'checking')
    member.do(ConnectionPool.#validate(this as ConnectionPool<unknown>, member as Member<unknown>))
  }

  /**
   * @internal Sees to it that connections are on their way: one for each who waits, and `min` in all. Called whenever there
   * is one more who waits, or room for one more connection.
   */
  provide(): void {
    if (this.#state !== 'open') return
    const now = currentLoop().now()
    for (let wanted = this.waiters.size - this.#counts.connecting - this.#counts.checking; wanted > 0; wanted--) {
      const member = this.#idle.pop()
      if (member === undefined) {
        if (this.#mayConnect(now)) this.#connect()
        else break
      } else if (this.#usable(member, now)) this.#check(member)
      else {
        this.#retire(member)
        wanted++
      }
    }
    while (this.size - this.#counts.closing < this.#limits.min && this.#mayConnect(now)) this.#connect()
    if (this.#final && now < this.#retryAt) this.#tellOfFailure(now)
  }

  // -- the life of a connection

  #mayConnect(now: number): boolean {
    if (this.size >= this.#limits.max) return false
    if (this.#failuresInARow === 0) return true
    if (now < this.#retryAt) {
      this.#alarm.set(this.#retryAt)
      return false
    }
    return this.#counts.connecting === 0
  }

  #connect(): void {
    const member = new Member<C>(`connection ${++this.#begun} of ${this}`)
    this.#members.add(member)
    this.#counts.connecting++
    member.task = spawn.detached(ConnectionPool.#tend(this as ConnectionPool<unknown>, member as Member<unknown>), {
      name: member.name,
    })
  }

  /** The task of a connection. */
  static readonly #tend = fn(function* tend(pool: ConnectionPool<unknown>, member: Member<unknown>): Body<void> {
    const hooks = pool.#hooks
    try {
      yield* scope(function* (own) {
        const connect = (): unknown => hooks.connect()
        member.connection = yield* timeout(pool.#limits.connectTimeoutMs, callOf(connect))
        if (hooks.watch !== undefined) own.spawn(ConnectionPool.#watch(pool, member), { name: `watch ${member}` })
        pool.#opened(member)
        yield* ConnectionPool.#work(pool, member)
        own.cancel(`${member} is closed`)
      })
    } catch (error) {
      if (member.opened) {
        pool.#broke(member, error)
        // Who holds it may go on with it for a while.
        if (!member.closed) yield* ConnectionPool.#work(pool, member)
      } else pool.#connectFailed(member, error)
    } finally {
      if (member.opened && !member.closed) yield* ConnectionPool.#closeOne(pool, member)
      pool.#gone(member)
    }
  })

  static readonly #work = fn(function* work(pool: ConnectionPool<unknown>, member: Member<unknown>): Body<void> {
    for (let work = yield* member; work !== 'close'; work = yield* member) yield* work
    yield* ConnectionPool.#closeOne(pool, member)
  })

  static readonly #watch = fn(function* watch(pool: ConnectionPool<unknown>, member: Member<unknown>): Body<void> {
    yield* callOf(() => pool.#hooks.watch?.(member.connection))
    throw new BrokenError(`${member} broke: its watch ended`)
  })

  static readonly #validate = fn(function* validate(
    pool: ConnectionPool<unknown>,
    member: Member<unknown>,
  ): Body<void> {
    let valid = false
    try {
      const validate = (): Hooked<boolean> => pool.#hooks.validate?.(member.connection) ?? true
      valid = yield* timeout(pool.#limits.hookTimeoutMs, callOf<boolean>(validate))
      if (!valid) pool.#failures.validate++
    } catch (error) {
      pool.#fault(error, 'validate')
    }
    member.suspect = false
    if (valid) return pool.#ready(member)
    pool.#retire(member)
    pool.provide()
  })

  static readonly #reset = fn(function* reset(
    pool: ConnectionPool<unknown>,
    member: Member<unknown>,
    resetting: Hooked<void>,
  ): Body<void> {
    try {
      const reset = (): Hooked<void> => resetting
      yield* timeout(pool.#limits.hookTimeoutMs, callOf<void>(reset))
    } catch (error) {
      pool.#fault(error, 'reset')
      pool.#retire(member, error)
      pool.provide()
      return
    }
    pool.#ready(member)
  })

  static readonly #closeOne = fn(function* close(pool: ConnectionPool<unknown>, member: Member<unknown>): Body<void> {
    member.closed = true
    const close = (): Hooked<void> => pool.#hooks.close(member.connection, member.fault)
    try {
      // Shielded: a cancel that came while it was connecting would otherwise be carried out here, amid the close.
      yield* shield(timeout(pool.#limits.hookTimeoutMs, callOf<void>(close)))
    } catch (error) {
      pool.#fault(error, 'close')
    }
  })

  #opened(member: Member<C>): void {
    member.opened = true
    this.#created++
    this.#failuresInARow = 0
    this.#final = false
    this.#retryAt = 0
    this.#lastFailure = undefined
    this.#backoff.reset()
    const { maxAgeMs } = this.#limits
    if (maxAgeMs !== Infinity) member.expires = currentLoop().now() + maxAgeMs * (1 - this.#random() / 10)
    this.#ready(member)
    // One at a time was allowed, until now.
    this.provide()
  }

  #connectFailed(member: Member<C>, error: unknown): void {
    this.#enter(member, 'closing')
    if (this.#state !== 'open') return
    const now = currentLoop().now()
    this.#failures.connect++
    this.#failuresInARow++
    this.#lastFailure = error
    // Those that were begun together fail together, which is one failure as far as pauses are concerned.
    if (now >= this.#retryAt) this.#retryAt = now + this.#backoff.next().value
    const { failFast = false } = this.#hooks
    this.#final = typeof failFast === 'function' ? failFast(error, this.#failuresInARow) : failFast
    const told = this.#final && this.waiters.size > 0 && this.#tellOfFailure(now)
    if (!told) this.#report(error, 'connect')
  }

  /** Tells those who wait that there is no connection, unless one may yet come. */
  #tellOfFailure(now: number): boolean {
    const { idle, checking, leased, connecting } = this.#counts
    if (idle + checking + leased + connecting > 0) return false
    const pause = Math.ceil(this.#retryAt - now)
    const message = `${this} cannot connect: ${textOf(this.#lastFailure)}. It will not be tried again for ${pause} ms.`
    for (let acquire = this.waiters.shift(); acquire !== null; acquire = this.waiters.shift())
      acquire.reject(new ConnectError(message, this.#lastFailure))
    return true
  }

  /** Something that `connect` spawned failed, or its watch ended. */
  #broke(member: Member<C>, error: unknown): void {
    if (member.state === 'closing') return
    if (member.state === 'leased') {
      // Its holder will see for itself.
      member.broken = true
      member.fault = error
      return
    }
    this.#fault(error, 'idle')
    this.#retire(member, error)
    this.provide()
  }

  /** Takes it out of use, to be closed. */
  #retire(member: Member<C>, fault?: unknown): void {
    if (member.state === 'closing') return
    if (member.state === 'idle') {
      const at = this.#idle.lastIndexOf(member)
      if (at >= 0) this.#idle.splice(at, 1)
    }
    this.#enter(member, 'closing')
    member.fault ??= fault
    member.do('close')
  }

  #gone(member: Member<C>): void {
    if (!this.#members.delete(member)) return
    this.#counts[member.state]--
    if (member.opened) this.#closed++
    if (this.#state === 'open') return this.provide()
    if (this.size > 0) return
    this.#state = 'closed'
    for (let drained = this.drainers.shift(); drained !== null; drained = this.drainers.shift()) drained.resume()
  }

  #enter(member: Member<C>, state: MemberState): void {
    this.#counts[member.state]--
    member.state = state
    this.#counts[state]++
  }

  /** The alarm rang: something is too old or was idle for too long, or the pause after a failure is over. */
  #tidy(): void {
    const now = currentLoop().now()
    for (const member of [...this.#idle]) {
      if (now >= member.expires) this.#retire(member)
      else if (now >= member.idleSince + this.#limits.idleMs && this.#alive > this.#limits.min) this.#retire(member)
    }
    // Those below `min` are no reason to come again.
    for (const member of this.#idle)
      this.#alarm.set(this.#alive > this.#limits.min ? this.#due(member) : member.expires)
    this.provide()
  }

  #due(member: Member<C>): number {
    return Math.min(member.expires, member.idleSince + this.#limits.idleMs)
  }

  get #alive(): number {
    return this.size - this.#counts.closing
  }

  // -- the rest

  #refuse(): void {
    if (this.#state !== 'open') return
    this.#state = this.size === 0 ? 'closed' : 'closing'
    this.#alarm.stop()
    for (let acquire = this.waiters.shift(); acquire !== null; acquire = this.waiters.shift())
      acquire.reject(this.#closedError())
    for (const member of [...this.#members]) {
      if (member.state === 'idle') this.#retire(member)
      else if (member.state === 'connecting') {
        member.task?.cancel(`${this} was closed`)
        // One that had not begun has nothing to tell.
        if (member.task?.state === 'ended') this.#gone(member)
      }
    }
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

  #fault(error: unknown, during: PoolActivity): void {
    this.#failures[during]++
    this.#report(error, during)
  }

  #report(error: unknown, during: PoolActivity): void {
    const { onError } = this.#hooks
    const { host } = currentLoop()
    if (onError === undefined) {
      const code = FibrilError.is(error) ? error.code : null
      if (code !== 'FIBRIL_BROKEN' && code !== 'FIBRIL_TIMEOUT') host.warn(`${this}, ${during}: ${textOf(error)}`)
      return
    }
    try {
      onError(error, during)
    } catch (failure) {
      host.warn(`${this}: its onError failed: ${textOf(failure)}`)
    }
  }

  #closedError(): ClosedError {
    return new ClosedError(`${this} is closed: no connection can be had of it`)
  }

  /** @internal */
  timeoutError(task: TaskView | null, ms: number): AcquireTimeoutError {
    this.#failures.timeouts++
    const now = currentLoop().now()
    const { max } = this.#limits
    const leases = [...this.#leases]
    const held = leases
      .slice(0, 3)
      .map(({ holder, since }) => `${holder ?? 'nobody in particular'} for ${Math.round(now - since)} ms`)
    const more = leases.length > 3 ? `, and ${leases.length - 3} more` : ''
    const out = leases.length === 0 ? '' : `, held by ${held.join(', ')}${more}`
    const failure = this.#failuresInARow === 0 ? '' : ` The last connect failed: ${textOf(this.#lastFailure)}.`
    const advice = failure === '' ? ' Release connections sooner, or raise `max`.' : ''
    return new AcquireTimeoutError(
      ms,
      `${task ?? 'code outside any task'} got no connection of ${this} within ${ms} ms: ` +
        `${leases.length} of at most ${max} are leased${out}; ${this.waiters.size} more wait.${failure}${advice}`,
      this.#failuresInARow === 0 ? undefined : this.#lastFailure,
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

type Limits = Required<
  Pick<
    PoolOptions<never>,
    | 'min'
    | 'max'
    | 'maxAgeMs'
    | 'idleMs'
    | 'validateAfterIdleMs'
    | 'acquireTimeoutMs'
    | 'connectTimeoutMs'
    | 'hookTimeoutMs'
  >
>

function limitsOf(options: Partial<Limits>): Limits {
  const { min = 0, max = 10 } = options
  if (!(Number.isInteger(max) && max >= 1))
    throw new UsageError(`the \`max\` of a pool is a whole number from 1, not ${max}`)
  if (!(Number.isInteger(min) && min >= 0 && min <= max))
    throw new UsageError(`the \`min\` of a pool is a whole number from 0 to its \`max\` of ${max}, not ${min}`)
  const limits = {
    maxAgeMs: options.maxAgeMs ?? Infinity,
    idleMs: options.idleMs ?? 60_000,
    validateAfterIdleMs: options.validateAfterIdleMs ?? 1000,
    acquireTimeoutMs: options.acquireTimeoutMs ?? 30_000,
    connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
    hookTimeoutMs: options.hookTimeoutMs ?? 5000,
  }
  for (const [name, ms] of Object.entries(limits)) {
    if (!(typeof ms === 'number' && ms >= 0))
      throw new UsageError(`the \`${name}\` of a pool is in milliseconds, not ${String(ms)}`)
  }
  return { min, max, ...limits }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
