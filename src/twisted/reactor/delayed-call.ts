import { type Context, openings, type Timer, type TimerBucket, UsageError } from '../../core/index.ts'
import { AlreadyCalled, AlreadyCancelled } from '../network-errors.ts'
import { type Site, siteLines } from '../sites.ts'

/** Any function. */
export type Callback = (...args: never[]) => unknown

/** @internal Who has the time, and calls when it has come. */
export interface Timing {
  now(): number
  /** Has `call.fire` called at `call.getTime()`, in place of any earlier wish. */
  schedule(call: DelayedCall): void
  unschedule(call: DelayedCall): void
  /** Its time has come. */
  due(call: DelayedCall): void
}

/**
 * A call that is to come: what `callLater` gives. It can be cancelled or moved until it is made; after that each of these
 * is an `AlreadyCalled`, and after a cancel an `AlreadyCancelled`.
 *
 * ```ts
 * import { Clock } from 'fibril/twisted'
 *
 * const clock = new Clock()
 * const call = clock.callLater(1000, console.log, 'two seconds')
 * call.delay(1000)
 * clock.advance(1999)
 * console.log(call.active()) // prints: true
 * clock.advance(1)
 * // prints: two seconds
 * ```
 */
export class DelayedCall implements Timer {
  called = false
  cancelled = false
  readonly func: Callback
  readonly args: readonly unknown[]
  /** @internal What the deadlines of a loop keep here. */
  bucket: TimerBucket | null = null
  /** @internal */
  index = 0
  /** @internal The context in which it was asked for, and in which it is made. */
  readonly context: Context | null
  /** @internal It was asked for while somebody watched for leaks. */
  readonly watched: boolean
  private readonly timing: Timing
  private readonly site: Site | null
  private time: number

  /** @internal Use `callLater`. */
  constructor(
    timing: Timing,
    ms: number,
    func: Callback,
    args: readonly unknown[],
    context: Context | null,
    site: Site | null,
  ) {
    if (!(ms >= 0 && ms < Infinity)) {
      throw new UsageError(`callLater(${ms}): give a number of milliseconds from 0 up`)
    }
    if (typeof func !== 'function') throw new UsageError(`callLater was given ${String(func)}, which is no function`)
    this.timing = timing
    this.func = func
    this.args = args
    this.context = context
    this.site = site
    this.watched = openings.watchers > 0
    this.time = timing.now() + ms
    timing.schedule(this)
  }

  /** When it is due, on the clock it was asked of, in milliseconds. */
  getTime(): number {
    return this.time
  }

  /** Takes it back. */
  cancel(): void {
    this.checkActive()
    this.cancelled = true
    this.timing.unschedule(this)
  }

  /** Has it made `ms` from now, sooner or later than it was to be. */
  reset(ms: number): void {
    this.move(this.timing.now() + ms)
  }

  /** Has it made `ms` later than it was to be; sooner, if that is negative. */
  delay(ms: number): void {
    this.move(this.time + ms)
  }

  /** It is still to come. */
  active(): boolean {
    return !this.called && !this.cancelled
  }

  /** Where it was asked for, if that was recorded: lines of a stack trace. */
  get madeAt(): string {
    return this.site === null ? '' : siteLines(this.site)
  }

  /** @internal */
  fire(): void {
    this.called = true
    this.timing.due(this)
  }

  toString(): string {
    const state = this.called ? 'called' : this.cancelled ? 'cancelled' : `due at ${this.time} ms`
    return `DelayedCall ${this.func.name || 'anonymous'}(${this.args.length === 0 ? '' : '…'}) (${state})`
  }

  private move(time: number): void {
    this.checkActive()
    if (Number.isNaN(time)) throw new UsageError('a DelayedCall was to be moved by what is no number of milliseconds')
    this.time = time
    this.timing.schedule(this)
  }

  private checkActive(): void {
    if (this.cancelled) throw new AlreadyCancelled(`${this} cannot be cancelled or moved: that was done before`)
    if (this.called) throw new AlreadyCalled(`${this} cannot be cancelled or moved: it has been made`)
  }
}
