import { NOT_YET, WaitList } from '../core/index.ts'
import { TimedWait, type TimeLimit } from './timed-wait.ts'
import { Timeout } from './timeout.ts'

/** What a wait for the end of a greenlet needs of it. */
export interface Ending {
  /** Who waits. */
  endWaits: WaitList<EndWait> | null
  readonly task: object | null
  readonly value: unknown
  readonly exception: unknown
  ready(): boolean
  successful(): boolean
  valueOrThrow(): unknown
  toString(): string
}

/** Waits for the end of a greenlet. */
export class EndWait extends TimedWait<unknown> {
  private readonly greenlet: Ending
  private readonly forValue: boolean

  constructor(greenlet: Ending, forValue: boolean, limit: TimeLimit) {
    super(limit)
    this.greenlet = greenlet
    this.forValue = forValue
  }

  override get reason(): string {
    return `the end of ${this.greenlet}`
  }

  override get line(): WaitList<EndWait> {
    this.greenlet.endWaits ??= new WaitList()
    return this.greenlet.endWaits
  }

  override holders(): Iterable<object> {
    return this.greenlet.task === null ? [] : [this.greenlet.task]
  }

  override attempt(): unknown {
    if (!this.greenlet.ready()) return NOT_YET
    return this.forValue ? this.greenlet.valueOrThrow() : undefined
  }

  /** The greenlet has ended. */
  deliver(): void {
    const { exception } = this.greenlet
    if (!this.forValue) this.resume(undefined)
    else if (this.greenlet.successful()) this.resume(this.greenlet.value)
    else this.reject(exception)
  }

  protected override expired(): void {
    if (this.forValue) this.reject(new Timeout(this.ms))
    else this.resume(undefined)
  }
}
