/**
 * Theory of operation: the connections of a pool, each with a task of its own, from before it is open until it is gone. The states
 * are drawn in pool-member.ts; rules 3 to 5 at the head of pool.ts are kept here.
 *
 *     the task:   connect ──▶ wait for work: validate, reset ──▶ close
 *                    └──── in one scope: what `connect` spawned, and the watch ────┘
 */
import {
  type Body,
  BrokenError,
  callOf,
  currentLoop,
  FibrilError,
  fn,
  scope,
  shield,
  spawn,
  timeout,
} from '../../core/index.ts'
import { ConnectError } from '../net-errors.ts'
import { Alarm } from './alarm.ts'
import { Backoff, seeded } from './backoff.ts'
import type { Condition } from './lease.ts'
import { Member, type MemberState } from './member.ts'
import type { ConnectionPoolStats, Hooked, Limits, PoolActivity, PoolOptions } from './options.ts'

/** What the roster needs of those for whom it is kept. */
export interface Borrowers<C> {
  /** The pool has not been closed. */
  readonly open: boolean
  /** How many wait. */
  readonly waiting: number
  lendToFirst(member: Member<C>): void
  /** None can be had: an error for each who waits. */
  tellAll(makeError: () => Error): void
  /** The last connection of a pool that was closed is gone. */
  allGone(): void
  toString(): string
}

type Figure = 'size' | 'connecting' | 'idle' | 'checking' | 'leased' | 'created' | 'closed' | 'retryInMs'

export class Roster<C> {
  /** Failures of its whole life. */
  readonly failures = { connect: 0, validate: 0, reset: 0, close: 0, idle: 0 }
  readonly #borrowers: Borrowers<C>
  readonly #hooks: PoolOptions<C>
  readonly #limits: Limits
  readonly #backoff: Backoff
  readonly #random: () => number
  readonly #members = new Set<Member<C>>()
  /** How many are in each state. */
  readonly #counts: Record<MemberState, number> = { connecting: 0, idle: 0, checking: 0, leased: 0, closing: 0 }
  /** Who was idle for longest is first; the last is lent first, so that a pool that is too big shrinks. */
  readonly #idle: Member<C>[] = []
  readonly #alarm = new Alarm(() => this.#tidy())
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

  constructor(borrowers: Borrowers<C>, options: PoolOptions<C>, limits: Limits) {
    const { backoff, seed } = options
    this.#borrowers = borrowers
    this.#hooks = options
    this.#limits = limits
    this.#backoff =
      backoff instanceof Backoff ? backoff : new Backoff({ ...(seed === undefined ? {} : { seed }), ...backoff })
    this.#random = seed === undefined ? Math.random : seeded(seed)
  }

  /** Connections that count against `max`. */
  get size(): number {
    return this.#members.size
  }

  /** What the last connect failed with; undefined if it did not. */
  get lastFailure(): unknown {
    return this.#lastFailure
  }

  /** A connection that can be lent at once, if there is one; it counts as leased from then on. Never while somebody waits. */
  take(): Member<C> | null {
    const now = currentLoop().now()
    for (let member = this.#idle.at(-1); member !== undefined; member = this.#idle.at(-1)) {
      if (this.#usable(member, now)) {
        if (this.#needsCheck(member, now)) return null
        this.#idle.pop()
        this.#enter(member, 'leased')
        return member
      }
      this.retire(member)
    }
    return null
  }

  /** A connection was returned, in some condition. */
  takeBack(member: Member<C>, condition: Condition, fault: unknown): void {
    member.suspect = condition === 'suspect'
    if (member.broken || condition === 'discarded' || !this.#borrowers.open) return this.retire(member, fault)
    if (!this.#vouchedFor(member, condition)) {
      const why = condition === 'unclean' ? 'was left amid a request' : 'is not usable any more'
      return this.retire(member, fault ?? new BrokenError(`${member} ${why}`))
    }
    const { reset } = this.#hooks
    let resetting: Hooked<void>
    try {
      resetting = reset?.(member.connection as C)
    } catch (error) {
      this.#fault(error, 'reset')
      this.retire(member, error)
      return
    }
    if (resetting === undefined) return this.#ready(member)
    this.#enter(member, 'checking')
    member.do(Roster.#reset(this as Roster<unknown>, member as Member<unknown>, resetting))
  }

  /**
   * Sees to it that connections are on their way: one for each who waits, and `min` in all. Called whenever there
   * is one more who waits, or room for one more connection.
   */
  provide(): void {
    if (!this.#borrowers.open) return
    const now = currentLoop().now()
    for (let wanted = this.#borrowers.waiting - this.#counts.connecting - this.#counts.checking; wanted > 0; wanted--) {
      const member = this.#idle.pop()
      if (member === undefined) {
        if (this.#mayConnect(now)) this.#connect()
        else break
      } else if (this.#usable(member, now)) this.#check(member)
      else {
        this.retire(member)
        wanted++
      }
    }
    while (this.#alive < this.#limits.min && this.#mayConnect(now)) this.#connect()
    if (this.#final && now < this.#retryAt) this.#tellOfFailure(now)
  }

  /** Takes it out of use, to be closed. */
  retire(member: Member<C>, fault?: unknown): void {
    if (member.state === 'closing') return
    if (member.state === 'idle') {
      const at = this.#idle.lastIndexOf(member)
      if (at >= 0) this.#idle.splice(at, 1)
    }
    this.#enter(member, 'closing')
    member.fault ??= fault
    member.do('close')
  }

  /** The pool was closed: what is not lent goes. */
  shut(): void {
    this.#alarm.stop()
    for (const member of [...this.#members]) {
      if (member.state === 'idle') this.retire(member)
      else if (member.state === 'connecting') {
        member.task?.cancel(`${this.#borrowers} was closed`)
        // One that had not begun has nothing to tell.
        if (member.task?.state === 'ended') this.#gone(member)
      }
    }
  }

  /** What `stats` tells of the connections. */
  figures(): Pick<ConnectionPoolStats, Figure> {
    const { connecting, idle, checking, leased } = this.#counts
    const now = currentLoop().now()
    return {
      size: this.size,
      connecting,
      idle,
      checking,
      leased,
      created: this.#created,
      closed: this.#closed,
      retryInMs: this.#retryAt > now ? this.#retryAt - now : null,
    }
  }

  // -- a connection's life

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
    const member = new Member<C>(`connection ${++this.#begun} of ${this.#borrowers}`)
    this.#members.add(member)
    this.#counts.connecting++
    member.task = spawn.detached(Roster.#tend(this as Roster<unknown>, member as Member<unknown>), {
      name: member.name,
    })
  }

  /** The task of a connection. */
  static readonly #tend = fn(function* tend(roster: Roster<unknown>, member: Member<unknown>): Body<void> {
    const hooks = roster.#hooks
    try {
      yield* scope(function* (own) {
        const connect = (): unknown => hooks.connect()
        member.connection = yield* timeout(roster.#limits.connectTimeoutMs, callOf(connect))
        if (hooks.watch !== undefined) own.spawn(Roster.#watch(roster, member), { name: `watch ${member}` })
        roster.#opened(member)
        yield* Roster.#work(roster, member)
        own.cancel(`${member} is closed`)
      })
    } catch (error) {
      if (member.opened) {
        roster.#broke(member, error)
        // Who holds it may go on with it for a while.
        if (!member.closed) yield* Roster.#work(roster, member)
      } else roster.#connectFailed(member, error)
    } finally {
      if (member.opened && !member.closed) yield* Roster.#closeOne(roster, member)
      roster.#gone(member)
    }
  })

  static readonly #work = fn(function* work(roster: Roster<unknown>, member: Member<unknown>): Body<void> {
    for (let work = yield* member; work !== 'close'; work = yield* member) yield* work
    yield* Roster.#closeOne(roster, member)
  })

  static readonly #watch = fn(function* watch(roster: Roster<unknown>, member: Member<unknown>): Body<void> {
    yield* callOf(() => roster.#hooks.watch?.(member.connection))
    throw new BrokenError(`${member} broke: its watch ended`)
  })

  static readonly #validate = fn(function* validate(roster: Roster<unknown>, member: Member<unknown>): Body<void> {
    let valid = false
    try {
      const validate = (): Hooked<boolean> => roster.#hooks.validate?.(member.connection) ?? true
      valid = yield* timeout(roster.#limits.hookTimeoutMs, callOf<boolean>(validate))
      if (!valid) roster.failures.validate++
    } catch (error) {
      roster.#fault(error, 'validate')
    }
    member.suspect = false
    if (valid) return roster.#ready(member)
    roster.retire(member)
    roster.provide()
  })

  static readonly #reset = fn(function* reset(
    roster: Roster<unknown>,
    member: Member<unknown>,
    resetting: Hooked<void>,
  ): Body<void> {
    try {
      const reset = (): Hooked<void> => resetting
      yield* timeout(roster.#limits.hookTimeoutMs, callOf<void>(reset))
    } catch (error) {
      roster.#fault(error, 'reset')
      roster.retire(member, error)
      roster.provide()
      return
    }
    roster.#ready(member)
  })

  static readonly #closeOne = fn(function* close(roster: Roster<unknown>, member: Member<unknown>): Body<void> {
    member.closed = true
    const close = (): Hooked<void> => roster.#hooks.close(member.connection, member.fault)
    try {
      // Shielded: a cancel that came while it was connecting would otherwise be carried out here, amid the close.
      yield* shield(timeout(roster.#limits.hookTimeoutMs, callOf<void>(close)))
    } catch (error) {
      roster.#fault(error, 'close')
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
    if (!this.#borrowers.open) return
    const now = currentLoop().now()
    this.failures.connect++
    this.#failuresInARow++
    this.#lastFailure = error
    // Those that were begun together fail together, which is one failure as far as pauses are concerned.
    if (now >= this.#retryAt) this.#retryAt = now + this.#backoff.next().value
    const { failFast = false } = this.#hooks
    this.#final = typeof failFast === 'function' ? failFast(error, this.#failuresInARow) : failFast
    const told = this.#final && this.#borrowers.waiting > 0 && this.#tellOfFailure(now)
    if (!told) this.#report(error, 'connect')
  }

  /** Tells those who wait that there is no connection, unless one may yet come. */
  #tellOfFailure(now: number): boolean {
    const { idle, checking, leased, connecting } = this.#counts
    if (idle + checking + leased + connecting > 0) return false
    const pause = Math.ceil(this.#retryAt - now)
    const message = `${this.#borrowers} cannot connect: ${textOf(this.#lastFailure)}. It will not be tried again for ${pause} ms.`
    this.#borrowers.tellAll(() => new ConnectError(message, this.#lastFailure))
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
    this.retire(member, error)
    this.provide()
  }

  /** It can be lent. */
  #ready(member: Member<C>): void {
    const now = currentLoop().now()
    if (!this.#borrowers.open || !(now < member.expires)) {
      this.retire(member)
      return
    }
    // One that its last user left in doubt goes round by `validate`.
    if (member.suspect && this.#hooks.validate !== undefined && this.#borrowers.waiting > 0) return this.#check(member)
    if (this.#borrowers.waiting > 0) {
      this.#enter(member, 'leased')
      this.#borrowers.lendToFirst(member)
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
    member.do(Roster.#validate(this as Roster<unknown>, member as Member<unknown>))
  }

  #gone(member: Member<C>): void {
    if (!this.#members.delete(member)) return
    this.#counts[member.state]--
    if (member.opened) this.#closed++
    if (this.#borrowers.open) this.provide()
    else if (this.size === 0) this.#borrowers.allGone()
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
      if (now >= member.expires) this.retire(member)
      else if (now >= member.idleSince + this.#limits.idleMs && this.#alive > this.#limits.min) this.retire(member)
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

  #fault(error: unknown, during: PoolActivity): void {
    this.failures[during]++
    this.#report(error, during)
  }

  #report(error: unknown, during: PoolActivity): void {
    const { onError } = this.#hooks
    const { host } = currentLoop()
    if (onError === undefined) {
      const code = FibrilError.is(error) ? error.code : null
      if (code !== 'FIBRIL_BROKEN' && code !== 'FIBRIL_TIMEOUT')
        host.warn(`${this.#borrowers}, ${during}: ${textOf(error)}`)
      return
    }
    try {
      onError(error, during)
    } catch (failure) {
      host.warn(`${this.#borrowers}: its onError failed: ${textOf(failure)}`)
    }
  }
}

/** @internal */
export function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
