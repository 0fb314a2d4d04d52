import { BusyError, machine, NOT_YET, Wait, type Waiter } from '../core/index.ts'
import type { Cost } from './cost.ts'
import { Detour, type Inline } from './inline.ts'
import { continueStack } from './revive-error.ts'
import type { Scheduler } from './scheduler.ts'
import { Job, PLAIN, type Special } from './seat.ts'
import { linesOf, type Site, siteOf } from './site.ts'
import { type Carrier, withContext } from './special.ts'
import { isMarked } from './transfer.ts'

/** Tells calls of one function apart that cost differently. */
export type KindOf = (name: string, args: readonly unknown[]) => number | string

/** What makes calls: the parts of a pool that one needs. */
export interface CallMaker {
  readonly scheduler: Scheduler
  readonly inline: Inline | null
  readonly kindOf: KindOf
  /** What is carried over from the context of the submitter; null if nothing is. */
  readonly carry: Carrier | null
}

/** The kind of the arguments of all streams. */
const STREAM = 'stream'

/** What `pool.submit` gives. */
export class Submission<T> extends Wait<T> {
  private readonly maker: CallMaker
  private readonly name: string
  private readonly args: readonly unknown[]
  private readonly site: Site | null
  private readonly special: Special
  private readonly cost: Cost<Job>
  private job: Job | null = null
  /** It began to run inline and then waited: what is to be waited for instead. */
  private detour: Wait<T> | null = null
  private detoured: Wait<T> | null = null

  /** `skip` is the function whose caller makes the call. */
  constructor(
    maker: CallMaker,
    name: string,
    args: readonly unknown[],
    skip: (...args: never[]) => unknown,
    special: Special = PLAIN,
  ) {
    super()
    this.maker = maker
    this.name = name
    this.args = args
    this.special = maker.carry === null ? special : withContext(special, maker.carry())
    // A stream takes as long as whoever takes its results.
    this.cost = maker.scheduler.costsOf(name).of(special.take === null ? maker.kindOf(name, args) : STREAM)
    // In a task the place shows when the error is thrown there (`throw`). Elsewhere it must be noted now.
    this.site = machine.task === null && maker.scheduler.mayNote(this.cost) ? siteOf(skip) : null
  }

  override get reason(): string {
    const { job } = this
    const where =
      job?.waiter == null
        ? ''
        : job.outside
          ? ', waiting for room'
          : job.seat === null
            ? ', queued'
            : ` on worker ${job.seat.id}`
    return `${this.name}(…) in ${this.maker.scheduler}${where}`
  }

  override attempt(): T | typeof NOT_YET {
    const { cost } = this
    const { scheduler, inline } = this.maker
    scheduler.check(this.name)
    if (inline === null || this.detour !== null || !inline.mayRun(cost) || isMarked(this.args)) return NOT_YET
    const { special } = this
    if (special.take !== null || special.onProgress !== null || special.onUsage !== null) return NOT_YET
    const value = inline.run(this.name, this.args, cost, special.extra?.context)
    if (!(value instanceof Detour)) return value as T
    this.detour = value.wait as Wait<T>
    return NOT_YET
  }

  override install(waiter: Waiter<T>): void {
    if (this.job?.waiter != null)
      throw new BusyError(`two tasks wait on one operation (${this.reason}): make one for each`)
    // The engine skips the attempt when the budget of a step is spent.
    const value = this.attempt()
    if (value !== NOT_YET) return waiter.resume(value)
    this.detoured = this.detour
    this.detour = null
    if (this.detoured !== null) return this.detoured.install(waiter)
    const { name, args, cost, site, special } = this
    this.job = new Job(name, args, cost, waiter as Waiter<unknown>, machine.loop, site, special)
    this.maker.scheduler.submit(this.job)
  }

  /** So many results more may be made. */
  grant(count: number): void {
    if (this.job !== null) this.maker.scheduler.grant(this.job, count)
  }

  override uninstall(): void {
    if (this.detoured !== null) this.detoured.uninstall()
    else if (this.job !== null) this.maker.scheduler.cancel(this.job)
  }

  /** @internal The task's code is on the stack now, at the line that waits: the error is given that line. */
  override throw(error: unknown): IteratorResult<unknown, unknown> {
    continueStack(error, linesOf(siteOf(this.throw)))
    return super.throw(error)
  }
}
