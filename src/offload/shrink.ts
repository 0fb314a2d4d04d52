import type { Crew } from './crew.ts'
import type { Seat } from './seat.ts'

/**
 * Stops workers that have had nothing to do for a while, the newest first. Looks once in that time, and only while there are
 * more workers than are kept in any case: a pool at rest has no timer.
 */
export class Shrink {
  private readonly crew: Crew
  private readonly idleAfter: number
  private readonly minSize: number
  private timer: NodeJS.Timeout | null = null
  /** How many calls each worker had finished at the last look, of those that were idle then. */
  private seen = new Map<Seat, number>()

  constructor(crew: Crew, idleAfter: number, minSize: number) {
    this.crew = crew
    this.idleAfter = idleAfter
    this.minSize = minSize
  }

  /** To be called when there may be a worker more. */
  start(): void {
    if (this.timer !== null || this.idleAfter === Infinity || this.crew.seats.length <= this.minSize) return
    this.timer = setTimeout(() => {
      this.timer = null
      this.look()
    }, this.idleAfter).unref()
  }

  stop(): void {
    if (this.timer !== null) clearTimeout(this.timer)
    this.timer = null
  }

  look(): void {
    const seen = new Map<Seat, number>()
    for (const seat of [...this.crew.seats].reverse()) {
      if (seat.state !== 'ready' || seat.jobs.size > 0) continue
      seen.set(seat, seat.finished)
      if (this.crew.seats.length > this.minSize && this.seen.get(seat) === seat.finished) this.crew.retire(seat)
    }
    this.seen = seen
    this.start()
  }
}
