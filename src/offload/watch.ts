import type { Backlog } from './backlog.ts'
import { LONG } from './cost.ts'
import type { Crew } from './crew.ts'
import type { Job, Seat } from './seat.ts'

/** A call that runs when this passes twice is slow: time enough for an interrupted thread to come back. */
const WATCH_MS = 5
/** The same for a call with which no other waits, and that is thought to be short. */
const ALONE_MS = 50
/** Looks after which a call is known not to be a middle one. */
const LONG_LOOKS = 10

/**
 * Finds calls that take longer than was believed. While one is out that is not known to be long, somebody looks at the workers
 * now and then; one that is in the same call at two looks in a row is slow.
 *
 * Looks are not free, nor is it to wait for one: a system that is to wake a thread within five milliseconds sets its clock anew
 * each time that the thread goes to sleep, for a sixth of what a hop costs. So they are that frequent only where somebody waits
 * behind a call, or it is not thought to be short.
 */
export class Watch {
  private readonly crew: Crew
  private readonly backlog: Backlog
  private readonly byHand: boolean
  private readonly looked: () => void
  private timer: NodeJS.Timeout | null = null
  /** What the timer is set to. */
  private ms = 0
  private watching = false

  /** `looked` is called after each look. `byHand`: only whoever calls `look` looks. */
  constructor(crew: Crew, backlog: Backlog, byHand: boolean, looked: () => void) {
    this.crew = crew
    this.backlog = backlog
    this.byHand = byHand
    this.looked = looked
  }

  /** To be called when a worker is given a call that is not known to be long. */
  start(seat: Seat): void {
    if (this.byHand) return
    const ms = seat.bigs > 0 || seat.jobs.size > 1 ? WATCH_MS : ALONE_MS
    if (this.watching && this.ms <= ms) return
    if (this.timer !== null && this.ms === ms) this.timer.refresh()
    else {
      this.stop()
      this.timer = setTimeout(() => this.look(), ms).unref()
      this.ms = ms
    }
    this.watching = true
  }

  stop(): void {
    if (this.timer !== null) clearTimeout(this.timer)
  }

  look(): void {
    this.watching = false
    for (const seat of this.crew.seats) {
      seat.link?.collect()
      const { running } = seat
      if (running === null || running.id !== seat.seen) {
        seat.seen = running?.id ?? 0
        seat.looks = 0
      } else if (++seat.looks === 1) this.foundSlow(seat, running)
      else if (seat.looks === LONG_LOOKS) this.overran(seat, running)
      if (seat.jobs.size > 0 && !(seat.slow && seat.jobs.first?.cost.kind === LONG)) this.start(seat)
    }
    this.looked()
  }

  private foundSlow(seat: Seat, job: Job): void {
    if (!job.big) {
      job.big = true
      seat.bigs++
      seat.overdue = true
    }
    seat.slow = true
    this.backlog.putBack(seat.takeBack())
    this.overran(seat, job)
  }

  /** What it will have taken in the end is not known, but it is more than this. */
  private overran(seat: Seat, { cost }: Job): void {
    const before = cost.kind
    cost.overrun((seat.looks * WATCH_MS + 1) * 1000)
    this.backlog.moved(cost, before)
  }
}
