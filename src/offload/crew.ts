/**
 * Theory of operation: which workers there are, and what becomes of those that fail.
 *
 *            start             has loaded the module                retire, or it died
 *     ─────────────▶ starting ──────────────────────▶ ready ──────────────────────────▶ stopping (in service no more)
 *                        └────────── cannot load it, or died ───────────▲
 *
 * Somebody else says when a worker is needed, and finds the calls of one that leaves still on its seat. A worker that dies
 * is not replaced for its own sake: calls that wait will ask for one.
 *
 * Workers that fail without having served anything are not started for ever. After `FRUITLESS` of them in a row no more are
 * started; if none is left in service, the crew is broken for good. If the first of all cannot load the module, none can.
 */
import { BrokenError } from '../core/index.ts'
import type { Link, LinkEvents, Reply } from './link.ts'
import type { Told } from './messages.ts'
import { type Job, Seat } from './seat.ts'

const FRUITLESS = 3

/** Starts a worker. */
export type Launch = (id: number, events: LinkEvents<Job>) => Link<Job>

/** Whom the crew works for. */
export interface CrewOwner {
  toString(): string
  /** A worker can be given calls. `first`: so the names are known from now on. */
  workerReady(first: boolean): void
  /** A worker died, or could not start; its calls are still on its seat. */
  workerLost(seat: Seat, why: unknown): void
  /** The last step of a worker's stop was taken. */
  workerStopped(): void
  told(job: Job, what: Told[1], value: unknown): void
  replied(seat: Seat, job: Job, reply: Reply): void
  settled(seat: Seat): void
  unsendable(seat: Seat, job: Job, error: unknown): void
}

export class Crew {
  /** Those in service, oldest first. */
  seats: readonly Seat[] = []
  /** The functions of the module, once a worker has loaded it. */
  names: ReadonlySet<string> | null = null
  /** Set when there is no worker and never will be. */
  broken: { readonly why: unknown } | null = null
  /** How many died, or were stopped to end a call. */
  restarts = 0
  private readonly owner: CrewOwner
  private readonly launch: Launch
  private readonly stopping = new Set<Promise<void>>()
  private lastId = 0
  private fruitless = 0

  constructor(owner: CrewOwner, launch: Launch) {
    this.owner = owner
    this.launch = launch
  }

  /** True once none is left of those that ever were. */
  get gone(): boolean {
    return this.seats.length === 0 && this.stopping.size === 0
  }

  count(is: (seat: Seat) => boolean): number {
    let count = 0
    for (const seat of this.seats) if (is(seat)) count++
    return count
  }

  /** Starts one more; false if there is no sense in it. */
  start(): boolean {
    if (this.fruitless >= FRUITLESS || this.broken !== null) return false
    const seat = new Seat(++this.lastId)
    this.seats = [...this.seats, seat]
    try {
      seat.link = this.launch(seat.id, {
        ready: (names) => this.ready(seat, names),
        unloadable: (error) => this.startFailed(seat, error),
        told: (job, what, value) => {
          if (job.seat === seat) this.owner.told(job, what, value)
        },
        replied: (job, reply) => {
          if (job.seat !== seat) return
          if (seat.finished++ === 0) this.fruitless = 0
          this.owner.replied(seat, job, reply)
        },
        settled: () => this.owner.settled(seat),
        unsendable: (job, error) => this.owner.unsendable(seat, job, error),
        ended: (why) => this.ended(seat, why),
      })
      return true
    } catch (error) {
      this.startFailed(seat, error)
      return false
    }
  }

  /** Takes a worker out of service and stops it. False if it was out of service already. */
  retire(seat: Seat): boolean {
    const idle = seat.state === 'ready' && seat.jobs.size === 0
    if (!this.leaves(seat)) return false
    const gone = (seat.link?.stop(idle) ?? Promise.resolve()).then(() => {
      this.stopping.delete(gone)
      this.owner.workerStopped()
    })
    this.stopping.add(gone)
    return true
  }

  private leaves(seat: Seat): boolean {
    if (seat.state === 'stopping') return false
    seat.state = 'stopping'
    this.seats = this.seats.filter((other) => other !== seat)
    return true
  }

  private ready(seat: Seat, names: readonly string[]): void {
    if (seat.state !== 'starting') return
    seat.state = 'ready'
    const first = this.names === null
    if (first) this.names = new Set(names)
    this.owner.workerReady(first)
  }

  private startFailed(seat: Seat, why: unknown): void {
    if (!this.retire(seat)) return
    this.fruitless = this.names === null ? FRUITLESS : this.fruitless + 1
    this.failed(seat, why)
  }

  private ended(seat: Seat, why: unknown): void {
    if (seat.state === 'starting') {
      const message = `worker ${seat.id} of ${this.owner} ended while it loaded the module: ${inWords(why)}`
      return this.startFailed(seat, new BrokenError(message, { cause: why }))
    }
    if (!this.leaves(seat)) return
    this.restarts++
    if (seat.running === null) this.fruitless++
    this.failed(seat, why)
  }

  private failed(seat: Seat, why: unknown): void {
    if (this.fruitless >= FRUITLESS && !this.seats.some((other) => other.state === 'ready')) {
      this.broken = { why }
      for (const other of this.seats) this.retire(other)
    }
    this.owner.workerLost(seat, why)
  }
}

/** An error, or whatever else there is, for use in a message. */
export function inWords(why: unknown): string {
  return why instanceof Error ? `${why.name}: ${why.message}` : String(why)
}
