import type { Waiter } from '../core/index.ts'
import type { TimeLimits } from './time-limits.ts'
import { type Wire, WireWait } from './wire.ts'

/** What the halves of a stream know of it. */
export interface StreamCore {
  readonly name: string
  readonly wire: Wire
  /** Null unless there are any. */
  readonly limits: TimeLimits | null
  /** Bytes came, or left. */
  moved(): void
}

/** A wait for bytes to come or to leave: while there is one, silence counts. */
export abstract class StreamWait<T> extends WireWait<T> {
  private counted: boolean

  constructor() {
    super()
    this.counted = false
  }

  protected abstract readonly stream: StreamCore

  protected override get external(): boolean {
    return this.stream.wire.external
  }

  override install(waiter: Waiter<T>): void {
    super.install(waiter)
    const { limits } = this.stream
    if (limits === null || this.waiter === null) return
    this.counted = true
    limits.waitBegins()
  }

  protected override release(): void {
    super.release()
    if (!this.counted) return
    this.counted = false
    this.stream.limits?.waitEnds()
  }
}
