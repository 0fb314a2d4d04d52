import { ListedWait, NOT_YET, type TaskView, Wait, type Waiter, type WaitList } from '../../core/index.ts'

/** What the waits need of their correlator. */
export interface Correlating {
  /** Who wait for their turn, in line. */
  readonly line: WaitList<Turn>
  /** Takes a place among those in flight, if there is one and nobody waits before. Throws once the connection is lost. */
  takePlace(): boolean
  /** The task that reads. */
  readonly reader: TaskView
  /** The tasks whose requests are in flight. */
  holders(): Iterable<object>
  toString(): string
}

/** Waits for a place among the requests in flight. */
export class Turn extends ListedWait<void> {
  private readonly correlator: Correlating

  constructor(correlator: Correlating) {
    super()
    this.correlator = correlator
  }

  override get reason(): string {
    return `its turn to ask ${this.correlator}`
  }

  override get line(): WaitList<Turn> {
    return this.correlator.line
  }

  override holders(): Iterable<object> {
    return this.correlator.holders()
  }

  override attempt(): void | typeof NOT_YET {
    return this.correlator.takePlace() ? undefined : NOT_YET
  }
}

/** Waits for the reply to one request. It may have come before the wait has begun. */
export class ReplyWait extends Wait<unknown> {
  readonly id: unknown
  waiter: Waiter<unknown> | null = null
  private readonly correlator: Correlating
  /** The request has left. */
  sent = false
  private message: unknown = NOT_YET
  private failure: Error | null = null

  constructor(correlator: Correlating, id: unknown) {
    super()
    this.correlator = correlator
    this.id = id
  }

  override get reason(): string {
    return `the reply to request ${String(this.id)} of ${this.correlator}`
  }

  override holders(): Iterable<object> {
    return [this.correlator.reader]
  }

  override attempt(): unknown {
    if (this.failure !== null) throw this.failure
    return this.message
  }

  override install(waiter: Waiter<unknown>): void {
    const message = this.attempt()
    if (message !== NOT_YET) return waiter.resume(message)
    this.waiter = waiter
  }

  override uninstall(): void {
    this.waiter = null
  }

  answer(message: unknown): void {
    const { waiter } = this
    this.waiter = null
    if (waiter === null) this.message = message
    else waiter.resume(message)
  }

  fail(error: Error): void {
    const { waiter } = this
    this.waiter = null
    if (waiter === null) this.failure = error
    else waiter.reject(error)
  }
}
