import { UsageError } from './errors.ts'
import { machine, type Timer, type TimerBucket, type Waiter } from './machine.ts'
import { busy, Wait } from './operation.ts'

class Sleep extends Wait<void> implements Timer {
  bucket: TimerBucket | null
  index: number
  private readonly ms: number
  private waiter: Waiter<void> | null

  constructor(ms: number) {
    super()
    this.bucket = null
    this.index = 0
    this.ms = ms
    this.waiter = null
  }

  override get reason(): string {
    return this.ms === Infinity ? 'ever' : `${this.ms} ms to pass`
  }

  override install(waiter: Waiter<void>): void {
    if (this.waiter !== null) throw busy(this.reason)
    if (this.ms <= 0) return waiter.resume()
    this.waiter = waiter
    if (this.ms === Infinity) return
    machine.loop?.startTimer(this, this.ms)
  }

  override uninstall(): void {
    this.waiter = null
    this.bucket?.loop.stopTimer(this)
  }

  fire(): void {
    const waiter = this.waiter
    this.waiter = null
    waiter?.resume()
  }
}

/**
 * Waits for `ms` milliseconds: never less, and tasks whose time comes at the same moment run in the order in which they
 * fell asleep. 0 or less lets other tasks run and goes on; Infinity waits until cancelled. NaN is a `UsageError`.
 *
 * ```ts
 * import { run, sleep } from 'fibril'
 *
 * await run(function* () {
 *   yield* sleep(5)
 * })
 * ```
 */
export function sleep(ms: number): Wait<void> {
  if (typeof ms !== 'number' || Number.isNaN(ms))
    throw new UsageError(`sleep(${String(ms)}): give a number of milliseconds`)
  return new Sleep(ms)
}
