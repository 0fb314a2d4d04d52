import type { Backlog } from './backlog.ts'
import { LONG } from './cost.ts'
import type { Crew } from './crew.ts'
import type { Job, Seat } from './seat.ts'

/** A call that runs when this passes twice is slow: time enough for an interrupted thread to come back. */
const WATCH_MS = 5
/** Looks after which a call is known not to be a middle one. */
const LONG_LOOKS = 10

/**
 * Finds calls that take longer than was believed. While one is out that is not known to be long, somebody looks at the workers
 * every `WATCH_MS`; one that is in the same call at two looks in a row is slow.
 */
export class Watch {
  private readonly crew: Crew
  private readonly backlog: Backlog
  private readonly byHand: boolean
  private readonly looked: () => void
  private timer: NodeJS.Timeout | null = null
  private watching = false

  /** `looked` is called after each look. `byHand`: only whoever calls `look` looks. */
  constructor(crew: Crew, backlog: Backlog, byHand: boolean, looked: () => void) {
    this.crew = crew
    this.backlog = backlog
    this.byHand = byHand
    this.looked = looked
  }

  /** To be called when a call is sent that is not known to be long. */
  start(): void {
    if (this.watching || this.byHand) return
    this.watching = true
    if (this.timer === null) this.timer = setTimeout(() => this.look(), WATCH_MS).unref()
    else this.timer.refresh()
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
      if (seat.jobs.size > 0 && !(seat.slow && seat.jobs.first?.cost.kind === LONG)) this.start()
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
