import type { TaskRecord } from '../format.ts'
import type { Sample } from './messages.ts'

/** The tasks as the samples told of them, in this thread: whoever connects has them without asking the program. */
export class Mirror {
  /** `TaskRecord`s as JSON. */
  readonly tasks = new Map<TaskRecord['id'], string>()
  total = 0
  behind = 0
  /** All tasks have been told once. */
  complete = false

  take({ lines, changed, ended, total, behind }: Sample): void {
    const records = changed.length === 0 ? [] : lines.split('\n')
    for (const [i, id] of changed.entries()) this.tasks.set(id, records[i] as string)
    for (const id of ended) this.tasks.delete(id)
    this.total = total
    this.behind = behind
    if (behind === 0) this.complete = true
  }

  /** Nobody samples any more. */
  clear(): void {
    this.tasks.clear()
    this.complete = false
  }
}
