import { BusyError, type LoopView, machine, NOT_YET, Wait, type Waiter } from '../core/index.ts'
import type { Settings } from './settings.ts'
import type { TimeLimits } from './time-limits.ts'
import type { Wire } from './wire.ts'

/** What the halves of a stream know of it. */
export interface StreamCore {
  readonly name: string
  readonly wire: Wire
  readonly settings: Settings
  /** Null unless there are any. */
  readonly limits: TimeLimits | null
  /** Bytes came, or left. */
  moved(): void
}

/**
 * A wait for bytes to come or to leave: while there is one, silence counts. Not a `WireWait`: of most kinds there is one at a time,
 * and every idle connection has one, so it has a place and no line to stand in.
 */
export abstract class StreamWait<T> extends Wait<T> {
  /** Whom to wake; set while it waits. */
  waiter: Waiter<T> | null
  private held: LoopView | null
  private counted: boolean

  constructor() {
    super()
    this.waiter = null
    this.held = null
    this.counted = false
  }

  protected abstract readonly stream: StreamCore

  /** Takes its place among those who wait. */
  protected abstract enter(): void

  /** Gives it up. */
  protected abstract leave(): void

  /** True if something outside the loop will end it. */
  protected get external(): boolean {
    return this.stream.wire.external
  }

  override install(waiter: Waiter<T>): void {
    if (this.waiter !== null) throw new BusyError(`two tasks wait on one operation (${this.reason}): make one for each`)
    // A spent budget skips `attempt` once: what was ready then must not be waited for now.
    const value = this.attempt()
    if (value !== NOT_YET) return waiter.resume(value)
    this.waiter = waiter
    this.enter()
    if (this.external) {
      this.held = machine.loop
      this.held?.holdExternal()
    }
    const { limits } = this.stream
    if (limits === null) return
    this.counted = true
    limits.waitBegins()
  }

  override uninstall(): void {
    this.over()
  }

  /** Ends the wait. */
  resume(value: T): void {
    this.over().resume(value)
  }

  /** Ends it with an error. */
  reject(error: unknown): void {
    this.over().reject(error)
  }

  private over(): Waiter<T> {
    const waiter = this.waiter as Waiter<T>
    this.waiter = null
    this.leave()
    this.held?.releaseExternal()
    this.held = null
    if (this.counted) {
      this.counted = false
      this.stream.limits?.waitEnds()
    }
    return waiter
  }
}
