// The global is a getter, which takes as long as reading the clock.
import { performance } from 'node:perf_hooks'
import type { LoopView, Waiter } from '../core/index.ts'
import { type Cost, LONG, SHORT } from './cost.ts'
import { Line, type Standing } from './line.ts'
import type { Link, Posted } from './link.ts'
import type { Extra } from './messages.ts'
import type { CallUsage, WorkerStats } from './pool.ts'
import type { Site } from './site.ts'

/** How a call is not like most. */
export interface Special {
  readonly priority: number
  readonly extra: Extra | null
  /** Is given results of a stream, as they come. */
  readonly take: ((results: readonly unknown[]) => void) | null
  readonly onProgress: ((value: unknown) => void) | null
  readonly onUsage: ((usage: CallUsage) => void) | null
}

/** As most are. */
export const PLAIN: Special = Object.freeze({ priority: 0, extra: null, take: null, onProgress: null, onUsage: null })

/** A call under way: from the moment that somebody waits for it until it is back, or can no longer come back. */
export class Job implements Posted, Standing<Job> {
  before: Job | null = null
  after: Job | null = null
  readonly name: string
  readonly args: readonly unknown[]
  readonly cost: Cost<Job>
  /** Whom to wake; null once nobody waits any more. */
  waiter: Waiter<unknown> | null
  private readonly loop: LoopView | null
  readonly submittedAt = performance.now()
  readonly site: Site | null
  readonly special: Special
  /** The worker that has it. */
  seat: Seat | null = null
  /** It waits for room in the queue. */
  outside = false
  id = 0
  slot = 0
  big = false
  /** What it adds to the load of its seat. */
  weight = 0
  /** When this fires, a cancelled call has had its grace. */
  grace: NodeJS.Timeout | null = null

  constructor(
    name: string,
    args: readonly unknown[],
    cost: Cost<Job>,
    waiter: Waiter<unknown>,
    loop: LoopView | null,
    site: Site | null,
    special: Special = PLAIN,
  ) {
    this.name = name
    this.args = args
    this.cost = cost
    this.waiter = waiter
    this.loop = loop
    this.site = site
    this.special = special
    loop?.holdExternal()
  }

  get priority(): number {
    return this.special.priority
  }

  get extra(): Extra | null {
    return this.special.extra
  }

  resolve(value: unknown): void {
    this.leave()?.resume(value)
  }

  reject(error: unknown): void {
    this.leave()?.reject(error)
  }

  /** Nobody waits from now on. Gives who did. */
  leave(): Waiter<unknown> | null {
    const waiter = this.waiter
    this.waiter = null
    this.loop?.releaseExternal()
    return waiter
  }
}

/** A worker, as the scheduler sees it. */
export class Seat {
  readonly id: number
  /** Null only while it is being made. */
  link: Link<Job> | null = null
  state: 'starting' | 'ready' | 'stopping' = 'starting'
  /** Calls that it has, in the order in which they were sent. */
  readonly jobs = new Line<Job>()
  /** How many of them may be long. Invariant: while there is one, it gets no other call. */
  bigs = 0
  /** What its calls are thought to take together, in µs. */
  load = 0
  finished = 0
  /** It runs a call that is known to take long, or has taken long already. */
  slow = false
  /** That call was thought to be short. */
  overdue = false
  /** It ran a cancelled call when the grace of that was over. */
  doomed = false
  /** The call that was found running at the last look, and how many looks in a row. */
  seen = 0
  looks = 0

  constructor(id: number) {
    this.id = id
  }

  /** True if it can be given a call. */
  get open(): boolean {
    return this.state === 'ready' && this.bigs === 0 && this.jobs.size < (this.link as Link<Job>).capacity
  }

  /** The first of its calls that has begun and not ended. */
  get running(): Job | null {
    for (const job of this.jobs) if (this.link?.isRunning(job)) return job
    return null
  }

  post(job: Job): void {
    job.seat = this
    job.big = job.cost.kind !== SHORT
    job.weight = job.cost.mean + OVERHEAD_MICROS
    this.jobs.push(job)
    this.load += job.weight
    if (job.big) this.bigs++
    if (job.cost.kind === LONG) this.slow = true
    this.link?.post(job)
  }

  /** A call is back, or is not to come back. */
  remove(job: Job): void {
    this.jobs.remove(job)
    job.seat = null
    this.load = this.jobs.size === 0 ? 0 : this.load - job.weight
    if (job.grace !== null) clearTimeout(job.grace)
    job.grace = null
    if (!job.big || --this.bigs > 0) return
    this.slow = false
    this.overdue = false
  }

  /** Takes back the calls that it has not begun. */
  takeBack(): Job[] {
    const jobs: Job[] = []
    for (const job of this.jobs) if (this.link?.takeBack(job)) jobs.push(job)
    for (const job of jobs) this.remove(job)
    return jobs
  }

  stats(): WorkerStats {
    const state = this.state !== 'ready' ? 'starting' : this.bigs > 0 ? 'held' : this.jobs.size > 0 ? 'busy' : 'idle'
    return Object.freeze({ id: this.id, state, running: this.jobs.size, finished: this.finished })
  }
}

/** What a call costs a worker besides its run, in µs. */
const OVERHEAD_MICROS = 3
