import { UsageError } from './errors.ts'
import { DONE, machine, PARK, type Timer, type TimerBucket, type Waiter } from './machine.ts'
import { busy, carried, outside, Wait } from './operation.ts'

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

/** What a task is resumed with after `yieldNow`: tells the one shared operation that its wait is over. */
const TURN = Symbol('turn')

/** Has no state, so one serves all: a switch of tasks allocates nothing. */
class YieldNow extends Wait<void> {
  override get reason(): string {
    return 'its turn'
  }

  override next(value?: unknown): IteratorResult<unknown, unknown> {
    if (machine.task === null) throw new UsageError(outside)
    if (value !== TURN && !(machine.returning && carried(this, this.next))) {
      machine.op = this
      return PARK
    }
    DONE.value = undefined
    return DONE
  }

  override install(waiter: Waiter<void>): void {
    // One among several in a `race` is not resumed by the engine, and its value may be seen.
    ;(waiter as Waiter<unknown>).resume((waiter as unknown) === machine.task ? TURN : undefined)
  }

  override uninstall(): void {}
}

const turn = new YieldNow()

/**
 * Lets every task that is ready run before this one goes on.
 *
 * ```ts
 * import { run, spawn, yieldNow } from 'fibril'
 *
 * await run(function* () {
 *   spawn(function* () {
 *     console.log('first')
 *   })
 *   yield* yieldNow()
 *   console.log('second')
 * })
 * // prints: first
 * // prints: second
 * ```
 */
export function yieldNow(): Wait<void> {
  return turn
}
