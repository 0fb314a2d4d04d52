import * as core from '../core/index.ts'
import { machine, type Operation, type Timer, type TimerBucket, Wait, type Waiter } from '../core/index.ts'

/**
 * Waits for `ms` milliseconds: never less. `sleep(0)`, or without a number, lets all greenlets that are ready run once.
 * Those whose time comes at the same moment go on in the order in which they fell asleep.
 */
export function sleep(ms = 0): Wait<void> {
  return ms <= 0 ? core.yieldNow() : core.sleep(ms)
}

class Idle extends Wait<void> implements Timer {
  bucket: TimerBucket | null = null
  index = 0
  private waiter: Waiter<void> | null = null

  override get reason(): string {
    return 'the loop to have nothing else to do'
  }

  override install(waiter: Waiter<void>): void {
    this.waiter = waiter
    machine.loop?.startTimer(this, 0)
  }

  override uninstall(): void {
    this.bucket?.loop.stopTimer(this)
  }

  fire(): void {
    this.waiter?.resume()
  }
}

/** Waits until all that is ready has run, and all that is due. */
export function idle(): Operation<void> {
  return new Idle()
}
