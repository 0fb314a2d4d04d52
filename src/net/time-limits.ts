/**
 * Theory of operation: how long a stream may be silent, and how long it may live.
 *
 * Silence counts while a task waits for bytes to come or to leave: one that computes for a minute blames no peer for it.
 * It adds up over such waits until a byte moves, so a task that looks up every second does not begin it anew.
 *
 * One timer watches it, and is never moved: when it fires it sees how long the silence has been, and is started again
 * for what is missing. So a byte costs no timer, and a stream on which nobody waits has none for long.
 */
import type { LoopView, Timer, TimerBucket } from '../core/index.ts'
import { type Refusal, StreamTimeoutError } from './net-errors.ts'
import type { Wire } from './wire.ts'

/** What is limited. */
export interface Limited {
  readonly loop: LoopView
  readonly wire: Wire
  /** When the last byte came or left. */
  readonly movedAt: number
  /** Lets go of it. Whoever waits, or comes later, is refused. */
  expire(refusal: Refusal): void
}

class Alarm implements Timer {
  bucket: TimerBucket | null = null
  index = 0
  readonly fire: () => void

  constructor(fire: () => void) {
    this.fire = fire
  }
}

const ROUNDING_MS = 0.001

export class TimeLimits {
  private readonly stream: Limited
  private readonly idleMs: number
  private readonly silence = new Alarm(() => this.listen())
  private readonly life: Alarm | null
  private waits = 0
  /** Since when somebody waits. */
  private since = 0
  /** How long the silence was in waits before that. */
  private earlier = 0
  /** What the wire had not sent when it was looked at last. */
  private backlog: number | undefined

  constructor(stream: Limited, idleMs: number, totalMs: number) {
    this.stream = stream
    this.idleMs = idleMs
    this.life = totalMs === Infinity ? null : new Alarm(() => this.expire('its whole life', 'totalMs', totalMs))
    if (this.life !== null) stream.loop.startTimer(this.life, totalMs)
  }

  waitBegins(): void {
    if (this.idleMs === Infinity || this.waits++ > 0) return
    this.since = this.stream.loop.now()
    this.backlog = this.stream.wire.backlog
    if (this.silence.bucket === null) this.watch(this.idleMs - this.earlier)
  }

  waitEnds(): void {
    if (this.idleMs === Infinity) return
    if (this.waits === 1) this.earlier = this.silent()
    this.waits--
  }

  byteMoved(): void {
    this.earlier = 0
  }

  end(): void {
    const { loop } = this.stream
    loop.stopTimer(this.silence)
    if (this.life !== null) loop.stopTimer(this.life)
  }

  private watch(ms: number): void {
    this.stream.loop.startTimer(this.silence, ms)
  }

  private silent(): number {
    const { loop, movedAt } = this.stream
    return this.earlier + loop.now() - Math.max(this.since, movedAt)
  }

  private listen(): void {
    // Whoever waits next begins to watch again.
    if (this.waits === 0) return
    const { backlog } = this.stream.wire
    if (backlog !== this.backlog) {
      // A big write leaves bit by bit, of which nobody is told.
      this.backlog = backlog
      this.earlier = 0
      this.since = this.stream.loop.now()
    }
    const missing = this.idleMs - this.silent()
    // Not for what rounding has left: on a clock of fractions so little need not move a deadline beyond this very instant.
    if (missing > ROUNDING_MS) this.watch(missing)
    else this.expire('the silence on it', 'idleMs', this.idleMs)
  }

  private expire(what: string, option: string, ms: number): void {
    this.stream.expire(
      (refused) => new StreamTimeoutError(ms, `${refused}, which was closed by its ${option}: ${what}`),
    )
  }
}
