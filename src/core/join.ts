import { NOT_YET } from './operation.ts'
import { ListedWait, type WaitList } from './wait-list.ts'

/** What a join needs of its task. */
export interface Joinable<T> {
  readonly ended: boolean
  readonly joiners: WaitList<Join<unknown>>
  resultOrThrow(): T
  toString(): string
}

/** `yield* task`. */
export class Join<T> extends ListedWait<T> {
  private readonly task: Joinable<T>

  constructor(task: Joinable<T>) {
    super()
    this.task = task
  }

  override get reason(): string {
    return `the end of ${this.task}`
  }

  override get line(): WaitList<Join<T>> {
    return this.task.joiners as WaitList<Join<T>>
  }

  override holders(): Iterable<object> {
    return [this.task]
  }

  override attempt(): T | typeof NOT_YET {
    return this.task.ended ? this.task.resultOrThrow() : NOT_YET
  }
}
