/**
 * Theory of operation: which call runs on which worker, and when.
 *
 * The aim: a small call never waits behind a big one, and as many big ones run at once as the pool has size. What is
 * small is believed of each kind of call (cost.ts), and may be wrong.
 *
 *              ┌ SHORT  ─▶ any open worker, stacked up to `STACK_MICROS` of work
 *   submit ──▶ │ MIDDLE ─▶ a worker of its own; beyond `size`, one at a time, a spare worker: the scout
 *              └ LONG   ─▶ a worker of its own, at most `size` at once
 *
 * 1. A worker is *open* until it gets a call that is not short; then it is *held*, and gets no other until that is back.
 *    A big call may follow short ones on its worker: they are over soon. Nothing follows a big one.
 * 2. Workers are started as calls need them, up to `size`. Once `size` of them are held by calls that really take long,
 *    spares are started: one that stays open for short calls, and a scout, for newcomers and middle ones. So even the first
 *    `fib(1)` gets through while every worker is in `fib(40)`, and is known from then on. A newcomer that turns out to be
 *    long keeps the scout, and newcomers after it wait; calls that are known to be short never do.
 * 3. Kinds of calls take turns, not calls (backlog.ts): ten thousand of one kind do not hold up another.
 * 4. Beliefs may be wrong, so calls that are out are watched (watch.ts). The worker of one that turns out to be slow is held
 *    from then on, and the calls stacked behind it go elsewhere. Each runs once: taking back and beginning are one atomic
 *    exchange (slots.ts).
 * 5. A call that is cancelled before it begins is taken back. One that runs is abandoned: its result is dropped when it
 *    comes, and if it has not come after `killAfter` ms, its worker is stopped; not while it also runs calls that
 *    somebody waits for.
 * 6. With a worker that dies, the calls that it had begun fail; the others go back to their lines.
 *
 * This is one long file because each of these rules reads and moves the same calls; what could be told apart is beside it.
 *
 * Calls are sent at the end of the turn in which they were submitted, in one message per worker. An engine (link.ts) only
 * carries them: threads, processes and clusters share all that is said here.
 */
// The global is a getter, which takes as long as reading the clock.
import { performance } from 'node:perf_hooks'
import { BrokenError, ClosedError, Future, UsageError } from '../core/index.ts'
import { Backlog } from './backlog.ts'
import { tellCall } from './calls.ts'
import { type Cost, FunctionCosts, type Kind, LONG, MIDDLE, SHORT } from './cost.ts'
import { Crew, type CrewOwner, inWords, type Launch } from './crew.ts'
import { KeepAlive } from './keep-alive.ts'
import type { Reply } from './link.ts'
import { RESULTS, type Told, type WireUsage } from './messages.ts'
import type { FunctionStats, PoolState, PoolStats } from './pool.ts'
import { continueStack, unsendable } from './revive-error.ts'
import type { Job, Seat } from './seat.ts'
import { Shrink } from './shrink.ts'
import { linesOf, withoutStack } from './site.ts'
import { Watch } from './watch.ts'

/** Short calls are stacked on one worker up to this much work, so that it has some while replies travel. */
const STACK_MICROS = 1000
/** Up to this much, one worker is preferred to waking a second. */
const PACK_MICROS = 100
/** Workers beyond `size`: an open one for short calls, and the scout. */
const SPARES = 2
/** Workers beyond these, while spares are held by calls that were thought to be short. */
const STANDINS = 2

const now = Promise.resolve()

/** Sites that are noted in one turn: those of a burst are not worth their microseconds each. */
const NOTES = 16

export interface SchedulerOptions {
  readonly name: string
  readonly size: number
  readonly express: boolean
  readonly maxQueue: number
  readonly killAfter: number
  readonly idleAfter: number
  readonly minSize: number
  /** The most that a run may take to be worth running inline, in µs. */
  readonly inlineMicros: number
  /** Slow calls are looked for when `look` is called only: for tests, which have no time. */
  readonly unwatched?: boolean
}

export class Scheduler implements CrewOwner {
  private readonly options: SchedulerOptions
  private readonly crew: Crew
  private readonly backlog: Backlog
  private readonly watch: Watch
  private readonly shrink: Shrink
  private readonly functions = new Map<string, FunctionCosts<Job>>()
  private state: PoolState = 'open'
  private readonly closed = new Future<void>('the end of a pool')
  private readonly starters: { resolve(): void; reject(error: unknown): void }[] = []
  /** Held by each who waits: calls, and whoever waits for the workers to start. */
  private readonly alive = new KeepAlive()
  private longWasLast = false
  /** Calls were posted, and wait to be sent. */
  private posted = false
  private flushing = false
  private notes = NOTES
  private readonly flushLater = (): void => this.flush()

  constructor(options: SchedulerOptions, launch: Launch) {
    this.options = options
    this.backlog = new Backlog(options.maxQueue)
    this.crew = new Crew(this, launch)
    this.watch = new Watch(this.crew, this.backlog, options.unwatched ?? false, () => this.dispatchNow())
    this.shrink = new Shrink(this.crew, options.idleAfter, options.minSize)
  }

  toString(): string {
    return `pool "${this.options.name}"`
  }

  // -- calls

  /** What is believed of calls of `name`. */
  costsOf(name: string): FunctionCosts<Job> {
    let costs = this.functions.get(name)
    if (costs === undefined) {
      costs = new FunctionCosts<Job>(this.options.inlineMicros)
      // A name that the module does not have will be refused, and is nothing to remember.
      if (this.crew.names?.has(name) !== false) this.functions.set(name, costs)
    }
    return costs
  }

  /** Throws if no call of `name` can be made. */
  check(name: string): void {
    const { names } = this.crew
    if (this.state === 'open' && (names === null || names.has(name))) return
    const error = this.refusal(`${name}(…)`, name)
    Error.captureStackTrace(error, this.check)
    throw error
  }

  /** True if it is worth its while to note where a call with this cost was made. */
  mayNote(cost: Cost<Job>): boolean {
    return !cost.trivial && this.notes-- > 0
  }

  private refusal(call: string, name: string): Error {
    return withoutStack(() => {
      if (this.state === 'broken') {
        const why = this.crew.broken?.why
        return new BrokenError(`${call} was not run: ${this} can have no worker: ${inWords(why)}`, { cause: why })
      }
      if (this.state !== 'open') return new ClosedError(`${call} was not run: ${this} is ${this.state}`)
      const names = [...(this.crew.names ?? [])].join(', ') || 'none'
      return new UsageError(`the module of ${this} exports no function ${JSON.stringify(name)}; it has: ${names}`)
    })
  }

  submit(job: Job): void {
    this.alive.hold()
    const seat = job.cost.kind === SHORT && this.backlog.size === 0 ? this.seatForShort() : null
    if (seat !== null) this.post(seat, job)
    else {
      this.backlog.add(job)
      if (job.outside) return
      this.dispatch()
    }
    this.flushSoon()
  }

  /** Nobody waits for `job` any more. */
  cancel(job: Job): void {
    const { seat } = job
    job.leave()
    job.cost.owner.cancelled++
    if (seat === null) this.backlog.remove(job)
    else if (seat.link?.takeBack(job)) seat.remove(job)
    else this.abandon(seat, job)
    this.unhold()
    this.dispatch()
    this.flushSoon()
  }

  /** A call, whose results come one by one, may make so many more. */
  grant(job: Job, count: number): void {
    job.seat?.link?.grant(job, count)
  }

  private fail(job: Job, error: unknown): void {
    if (job.waiter === null) return
    continueStack(error, linesOf(job.site))
    job.reject(error)
    this.unhold()
  }

  /** It had begun on a worker that is no more. */
  private lose(seat: Seat, job: Job, message: string, cause?: unknown): void {
    job.cost.owner.calls++
    job.cost.owner.failed++
    tellCall(this.options.name, seat.id, job, 'lost', 0)
    this.fail(
      job,
      withoutStack(() => new BrokenError(message, cause === undefined ? {} : { cause })),
    )
  }

  private failAllQueued(makeError: (job: Job) => Error): void {
    for (const costs of this.functions.values()) {
      for (const job of this.backlog.takeAll(costs)) this.fail(job, makeError(job))
    }
  }

  // -- placing

  private dispatch(): void {
    const { backlog } = this
    while (backlog.count(SHORT) > 0) {
      const seat = this.seatForShort()
      if (seat === null) break
      this.post(seat, backlog.take(SHORT))
    }
    while (backlog.bigs > 0) {
      const kind = this.nextBig()
      const seat = kind === null ? null : this.seatForBig()
      if (kind === null || seat === null) break
      this.post(seat, backlog.take(kind))
    }
    this.grow()
  }

  private seatForShort(): Seat | null {
    let best: Seat | null = null
    for (const seat of this.crew.seats) {
      if (!seat.open || seat.load >= STACK_MICROS) continue
      if (seat.load < PACK_MICROS) return seat
      if (best === null || seat.load < best.load) best = seat
    }
    return best
  }

  private seatForBig(): Seat | null {
    let best: Seat | null = null
    for (const seat of this.crew.seats) {
      if (!seat.open) continue
      if (seat.jobs.size === 0) return seat
      if (best === null || seat.load < best.load) best = seat
    }
    return best
  }

  /** Of which kind the next call may be that gets a worker of its own. */
  private nextBig(): Kind | null {
    const { backlog, crew } = this
    if (crew.count(isHeld) < this.options.size) {
      const [middle, long] = [backlog.priority(MIDDLE), backlog.priority(LONG)]
      this.longWasLast = long > middle || (long === middle && !this.longWasLast)
      return this.longWasLast ? LONG : MIDDLE
    }
    return this.mayScout() && crew.count(isOpen) >= 2 ? MIDDLE : null
  }

  /** True if a newcomer may use a worker beyond `size`: those within it are held, all, and not for a moment only. */
  private mayScout(): boolean {
    const { size, express } = this.options
    return (
      express && this.backlog.count(MIDDLE) > 0 && this.crew.count(isHeld) === size && this.crew.count(isSlow) === size
    )
  }

  /** Starts the workers that are missing. */
  private grow(): void {
    const { backlog, crew } = this
    const { size, express } = this.options
    const wantsSpare = express && crew.count(isSlow) >= size
    if (!wantsSpare && backlog.size === 0) return
    const open = crew.count(isOpen)
    // All that is open is full if short calls still wait.
    const forShort = backlog.count(SHORT) > 0 ? open + 1 : 0
    let wanted = Math.max(Math.min(backlog.bigs, size - crew.count(isHeld)), forShort)
    let limit = size
    if (wantsSpare) {
      wanted = Math.max(wanted, this.mayScout() ? 2 : 1)
      limit += SPARES + Math.min(STANDINS, crew.count(isOverdue))
    }
    for (let missing = wanted - open - crew.count(isStarting); missing > 0 && crew.seats.length < limit; missing--) {
      if (!crew.start()) break
    }
    if (wanted > 0) this.shrink.start()
  }

  private post(seat: Seat, job: Job): void {
    seat.post(job)
    if (job.cost.kind !== LONG) this.watch.start(seat)
    this.posted = true
  }

  private flushSoon(): void {
    if (!this.posted || this.flushing) return
    this.flushing = true
    // Costs half of what `queueMicrotask` does, which makes a resource of each.
    void now.then(this.flushLater)
  }

  private flush(): void {
    this.flushing = true
    this.notes = NOTES
    while (this.posted) {
      this.posted = false
      for (const seat of this.crew.seats) seat.link?.flush()
    }
    this.flushing = false
  }

  private dispatchNow(): void {
    this.dispatch()
    this.flush()
  }

  // -- slow and cancelled calls

  /** Looks for slow calls, as is done every few milliseconds. */
  look(): void {
    this.watch.look()
  }

  /** It runs, and nobody wants its result. */
  private abandon(seat: Seat, job: Job): void {
    const { killAfter } = this.options
    seat.link?.cancel(job)
    if (killAfter === Infinity) return
    const graceIsOver = (): void => {
      seat.doomed = true
      this.reap(seat)
      this.dispatchNow()
    }
    if (killAfter === 0) graceIsOver()
    else job.grace = setTimeout(graceIsOver, killAfter).unref()
  }

  /** Stops a worker for the sake of the cancelled calls that it runs, unless it also runs one that somebody waits for. */
  private reap(seat: Seat): void {
    let wanted = false
    let unwanted = false
    for (const job of seat.jobs) {
      if (job.waiter === null) unwanted = true
      else if (seat.link?.isRunning(job)) wanted = true
    }
    seat.doomed = unwanted
    if (!unwanted || wanted || !this.crew.retire(seat)) return
    this.crew.restarts++
    seat.link?.collect()
    this.backlog.putBack(seat.takeBack())
    for (const job of seat.jobs) {
      seat.remove(job)
      this.lose(seat, job, `${job.name}(…) was lost: worker ${seat.id} of ${this} was stopped to end a cancelled call`)
    }
  }

  // -- what workers tell

  workerReady(first: boolean): void {
    if (first) {
      for (const [name, costs] of this.functions) {
        if (this.crew.names?.has(name)) continue
        this.functions.delete(name)
        for (const job of this.backlog.takeAll(costs)) this.fail(job, this.refusal(`${name}(…)`, name))
      }
    }
    this.tellStarters()
    this.dispatchNow()
  }

  workerLost(seat: Seat, why: unknown): void {
    this.backlog.putBack(seat.takeBack())
    for (const job of seat.jobs) {
      seat.remove(job)
      const lost = `${job.name}(…) ran on worker ${seat.id} of ${this} when that died: ${inWords(why)}`
      this.lose(seat, job, `${lost}. It may have had effects, and was not tried again`, why)
    }
    if (this.crew.broken !== null) {
      if (this.state === 'open') this.state = 'broken'
      this.failAllQueued((job) => this.refusal(`${job.name}(…)`, job.name))
      this.tellStarters()
    }
    this.dispatchNow()
  }

  workerStopped(): void {
    this.closeIfDone()
  }

  told(job: Job, what: Told[1], value: unknown): void {
    const { waiter, seat } = job
    if (waiter === null) return
    const { take, onProgress } = job.special
    try {
      if (what === RESULTS) take?.(value as readonly unknown[])
      else onProgress?.(value)
    } catch (error) {
      this.fail(job, error)
      if (seat !== null) this.abandon(seat, job)
    }
  }

  replied(seat: Seat, job: Job, { failed, value, micros, sync, usage }: Reply): void {
    seat.remove(job)
    const { cost, waiter } = job
    const tally = cost.owner
    const before = cost.kind
    // A body that was cancelled ends early, which says nothing of its cost.
    if (waiter !== null || micros > cost.mean) cost.learn(micros, sync)
    this.backlog.moved(cost, before)
    tally.calls++
    tally.runMs += micros / 1000
    const queueMs = Math.max(0, performance.now() - job.submittedAt - micros / 1000)
    tally.queueMs += queueMs
    if (failed) tally.failed++
    if (usage !== undefined) tally.cpuMs += cpuMsOf(usage) ?? 0
    tellCall(this.options.name, seat.id, job, waiter === null ? 'cancelled' : failed ? 'failed' : 'done', micros)
    if (waiter === null) return
    const { onUsage } = job.special
    if (onUsage !== null && usage !== undefined) {
      try {
        const maxRssMb = usage[1] < 0 ? undefined : usage[1] / 1024
        onUsage(Object.freeze({ queueMs, runMs: micros / 1000, cpuMs: cpuMsOf(usage), maxRssMb }))
      } catch (error) {
        return this.fail(job, error)
      }
    }
    if (failed) {
      continueStack(value, `    at ${job.name} (worker ${seat.id} of ${this})`)
      return this.fail(job, value)
    }
    job.resolve(value)
    this.unhold()
  }

  settled(seat: Seat): void {
    if (seat.doomed) this.reap(seat)
    else if (seat.jobs.size === 0 && this.crew.seats.length > this.options.size + SPARES) this.crew.retire(seat)
    this.dispatchNow()
  }

  unsendable(seat: Seat, job: Job, error: unknown): void {
    seat.remove(job)
    this.fail(
      job,
      withoutStack(() => new UsageError(unsendable(`an argument of ${job.name}(…)`, error))),
    )
    this.dispatch()
  }

  // -- the life of the pool

  /** Starts all workers, and the spare for short calls. Fulfilled when they have loaded the module. */
  async warmUp(): Promise<void> {
    if (this.state !== 'open') throw this.refusal('waitReady()', '')
    const { size, express } = this.options
    const all = express ? size + 1 : size
    while (this.crew.seats.length < all && this.state === 'open' && this.crew.start());
    this.shrink.start()
    this.alive.hold()
    try {
      await new Promise<void>((resolve, reject) => {
        this.starters.push({ resolve, reject })
        this.tellStarters()
      })
    } finally {
      this.unhold()
    }
  }

  private tellStarters(): void {
    if (this.starters.length === 0) return
    if (this.state === 'open' && this.crew.seats.some(isStarting)) return
    for (const { resolve, reject } of this.starters.splice(0)) {
      if (this.state === 'open') resolve()
      else reject(this.refusal('waitReady()', ''))
    }
  }

  /** Takes no more calls; `now`: fails those that it has. Fulfilled when no worker is left. */
  close(now: boolean): Promise<void> {
    if (this.state !== 'closed') this.state = 'closing'
    this.tellStarters()
    if (now) {
      this.failAllQueued((job) => this.refusal(`${job.name}(…)`, job.name))
      for (const seat of this.crew.seats) {
        for (const job of seat.jobs) {
          const message = `${job.name}(…) was cut short: ${this} was closed`
          this.fail(
            job,
            withoutStack(() => new ClosedError(message)),
          )
        }
      }
    }
    this.closeIfDone()
    return this.closed.then()
  }

  private unhold(): void {
    this.alive.release()
    this.closeIfDone()
  }

  private closeIfDone(): void {
    if (this.state !== 'closing' || this.alive.held) return
    for (const seat of this.crew.seats) {
      this.crew.retire(seat)
      for (const job of seat.jobs) seat.remove(job)
    }
    if (!this.crew.gone) return
    this.state = 'closed'
    this.alive.end()
    this.watch.stop()
    this.shrink.stop()
    this.closed.resolve()
  }

  stats(): PoolStats {
    const functions: Record<string, FunctionStats> = {}
    for (const [name, costs] of this.functions) functions[name] = costs.stats()
    return Object.freeze({
      name: this.options.name,
      state: this.state,
      queued: this.backlog.size,
      waitingForRoom: this.backlog.outside,
      running: this.crew.seats.reduce((sum, seat) => sum + seat.jobs.size, 0),
      restarts: this.crew.restarts,
      workers: Object.freeze(this.crew.seats.map((seat) => seat.stats())),
      functions: Object.freeze(functions),
    })
  }
}

const cpuMsOf = ([micros]: WireUsage): number | undefined => (micros < 0 ? undefined : micros / 1000)
const isOpen = (seat: Seat): boolean => seat.open
const isHeld = (seat: Seat): boolean => seat.bigs > 0
const isSlow = (seat: Seat): boolean => seat.slow
const isOverdue = (seat: Seat): boolean => seat.overdue
const isStarting = (seat: Seat): boolean => seat.state === 'starting'
