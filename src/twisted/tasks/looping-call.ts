import { UsageError } from '../../core/index.ts'
import { Deferred } from '../deferred.ts'
import type { Failure } from '../failure.ts'
import { maybeDeferred } from '../make.ts'
import type { ReactorTime } from '../reactor/clock.ts'
import type { Callback, DelayedCall } from '../reactor/delayed-call.ts'
import { reactor } from '../reactor/reactor.ts'

/**
 * Calls a function again and again, on a grid of time that does not drift: the call number n is due n intervals after the start. While
 * one is under way, which is until a Deferred or promise that it gave has fired, no other begins; those that are missed are
 * skipped. A failure ends the loop.
 *
 * ```ts
 * import { Clock, LoopingCall } from 'fibril/twisted'
 *
 * const loop = new LoopingCall((what: string) => console.log(what, loop.clock.now()), 'tick')
 * const clock = new Clock()
 * loop.clock = clock
 * loop.start(1000).addCallback(() => console.log('stopped'))
 * clock.pump([1000, 1000])
 * loop.stop()
 * // prints: tick 0
 * // prints: tick 1000
 * // prints: tick 2000
 * // prints: stopped
 * ```
 */
export class LoopingCall {
  /** What has the time: the reactor, unless it is set before `start`. */
  clock: ReactorTime = reactor
  /** Between `start` and `stop`, or the failure. */
  running = false
  /** Milliseconds between two calls; null before the first `start`. */
  interval: number | null = null
  private readonly func: Callback
  private readonly args: readonly unknown[]
  private call: DelayedCall | null = null
  private ended: Deferred<LoopingCall> | null = null
  private startedAt = 0
  private startedAtOnce = false
  private lastCounted: number | null = null

  constructor(func: Callback, ...args: unknown[]) {
    if (typeof func !== 'function') throw new UsageError(`LoopingCall was given ${String(func)}, which is no function`)
    this.func = func
    this.args = args
  }

  /**
   * One whose function is given how many calls were due since it was called last: 1, or more if some were missed. Always 1
   * with an interval of 0.
   */
  static withCount(func: (count: number) => unknown): LoopingCall {
    const loop = new LoopingCall((): unknown => {
      const count = loop.countMissed()
      return count > 0 ? func(count) : undefined
    })
    return loop
  }

  /**
   * Begins; with `now`, by a call at once. An interval of 0 is as soon as possible, each in a turn of its own. The
   * Deferred fires with this when it was stopped, and fails with what a call did.
   */
  start(interval: number, now = true): Deferred<LoopingCall> {
    if (this.running) throw new UsageError(`${this} was to be started, but it runs: stop it first`)
    if (!(interval >= 0)) throw new RangeError(`the interval is ${interval}: give a number of milliseconds from 0 up`)
    const ended = new Deferred<LoopingCall>(() => this.running && this.stop())
    this.running = true
    this.ended = ended
    this.interval = interval
    this.startedAt = this.clock.now()
    this.startedAtOnce = now
    this.lastCounted = null
    if (now) this.run()
    else this.schedule()
    return ended
  }

  /** Ends it: no call is made any more. If one is under way, the Deferred of `start` fires when that is over. */
  stop(): void {
    if (!this.running) throw new UsageError(`${this} was to be stopped, but it does not run`)
    this.running = false
    if (this.call === null) return
    this.call.cancel()
    this.call = null
    this.finish(this)
  }

  /** Begins the grid anew from here: the next call is due one interval from now. */
  reset(): void {
    if (!this.running) throw new UsageError(`${this} was to be reset, but it does not run`)
    if (this.call === null) return
    this.call.cancel()
    this.startedAt = this.clock.now()
    this.lastCounted = null
    this.startedAtOnce = false
    this.schedule()
  }

  toString(): string {
    const every = this.interval === null ? '' : `, every ${this.interval} ms`
    return `LoopingCall ${this.func.name || 'anonymous'}${every}`
  }

  private run(): void {
    this.call = null
    maybeDeferred(this.func as (...args: readonly unknown[]) => unknown, ...this.args).addCallbacks(
      () => {
        if (this.running) this.schedule()
        else this.finish(this)
      },
      (failure) => {
        this.running = false
        this.finish(failure)
      },
    )
  }

  private finish(result: LoopingCall | Failure): void {
    const { ended } = this
    this.ended = null
    if (ended !== null && !ended.called) ended.callback(result)
  }

  private schedule(): void {
    this.call = this.clock.callLater(this.untilNext(), () => this.run())
  }

  private untilNext(): number {
    const { interval, startedAt } = this
    if (interval === null || interval === 0) return 0
    const now = this.clock.now()
    const next = startedAt + (this.gridAt(now) + 1) * interval
    return next > now ? next - now : interval
  }

  /**
   * How many points of the grid have passed at `time`. A clock that has stepped there may be short of one by what fractions lose: that
   * is no time at all.
   */
  private gridAt(time: number): number {
    const { interval, startedAt } = this
    if (interval === null) return 0
    const passed = (time - startedAt) / interval
    const nearest = Math.round(passed)
    const error = 1e-9 + 4 * Number.EPSILON * Math.abs(time / interval)
    return Math.abs(passed - nearest) <= error ? nearest : Math.floor(passed)
  }

  private countMissed(): number {
    if (this.interval === 0) return 1
    const here = this.gridAt(this.clock.now())
    const before = this.lastCounted ?? (this.startedAtOnce ? -1 : 0)
    if (here > before) this.lastCounted = here
    return here - before
  }
}
