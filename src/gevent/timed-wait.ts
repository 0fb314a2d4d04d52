import { ListedWait, machine, type Timer, type TimerBucket, UsageError, type Waiter } from '../core/index.ts'

/** Milliseconds that a wait may take; none, null and Infinity set no limit. */
export type TimeLimit = number | null | undefined

let makeHub: () => unknown = () => {}

/** @internal Set by what makes hubs: a loop on which something waits has one, which is told when nothing can go on. */
export function makeHubsBy(make: () => unknown): void {
  makeHub = make
}

/** A wait in a line, that may be limited in time. */
export abstract class TimedWait<T> extends ListedWait<T> implements Timer {
  bucket: TimerBucket | null
  index: number
  /** The limit that it was given, in milliseconds; Infinity for none. */
  readonly ms: number

  constructor(limit: TimeLimit) {
    super()
    this.bucket = null
    this.index = 0
    this.ms = limit ?? Infinity
    if (Number.isNaN(this.ms)) throw new UsageError('a timeout is NaN: give a number of milliseconds, or null for none')
  }

  /** The time is over, and it stands in its line no more: `resume` or `reject` it. */
  protected abstract expired(): void

  override install(waiter: Waiter<T>): void {
    super.install(waiter)
    makeHub()
    if (this.ms !== Infinity && this.waiter !== null) machine.loop?.startTimer(this, Math.max(0, this.ms))
  }

  override uninstall(): void {
    super.uninstall()
    this.bucket?.loop.stopTimer(this)
  }

  override resume(value: T): void {
    this.bucket?.loop.stopTimer(this)
    super.resume(value)
  }

  override reject(error: unknown): void {
    this.bucket?.loop.stopTimer(this)
    super.reject(error)
  }

  /** @internal */
  fire(): void {
    this.line.remove(this)
    this.expired()
  }
}
