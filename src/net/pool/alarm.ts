import { currentLoop, type Timer, type TimerBucket } from '../../core/index.ts'

/** A timer that calls back. */
export class Alarm implements Timer {
  bucket: TimerBucket | null = null
  index = 0
  /** When it will ring, on the loop's clock; Infinity while it is not set. */
  due = Infinity
  private readonly ring: () => void

  constructor(ring: () => void) {
    this.ring = ring
  }

  /** Rings at `due`, or earlier if it was set to. */
  set(due: number): void {
    if (due >= this.due) return
    this.stop()
    this.due = due
    const loop = currentLoop()
    loop.startTimer(this, Math.max(0, due - loop.now()))
  }

  stop(): void {
    this.bucket?.loop.stopTimer(this)
    this.due = Infinity
  }

  fire(): void {
    this.due = Infinity
    this.ring()
  }
}
