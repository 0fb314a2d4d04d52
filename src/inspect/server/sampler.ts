/**
 * Tells what changed among the tasks of a loop since the last time. Whether a task changed is seen by comparing what the
 * engine holds anyway, so that a record is made only of one that did.
 *
 * One sample makes a limited number of records. What is beyond comes with the next one, which begins where this one had to
 * stop: so a task that changes all the time cannot keep others from being told.
 */
import { type Loop, type Task, taskTotals } from '../../core/index.ts'
import { recordOf, sinceTurnOf, tasksOf } from '../snapshot.ts'
import type { Sample } from './messages.ts'

/** Records that one sample makes: about 10 ms. */
const RECORDS = 4000
/** Tasks that are watched. Those beyond are only counted. */
const TASKS = 250_000

/** What was told of a task. */
interface Told {
  state: Task<unknown>['state']
  /** On the loop's clock. */
  parkedAt: number
  waitingOn: object | null
  cancelled: boolean
  /** Number of the sample that saw it last. */
  seen: number
}

export class Sampler {
  /** Milliseconds that the last sample took. */
  costMs = 0
  /** Not all tasks have been told yet. */
  catchingUp = true
  readonly #told = new Map<number, Told>()
  #number = 0
  /** Changes of so many tasks, in the order of the tree, wait for their turn. */
  #skip = 0

  sample(loop: Loop): Sample {
    const start = performance.now()
    const number = ++this.#number
    const sinceTurn = sinceTurnOf(loop)
    const changed: number[] = []
    const lines: string[] = []
    let position = 0
    let behind = 0
    let stopped = 0
    for (const { task, depth } of tasksOf(loop)) {
      if (++position > TASKS) break
      const told = this.#told.get(task.id)
      if (told !== undefined) told.seen = number
      if (told !== undefined && isAsTold(task, told)) continue
      if (position <= this.#skip || changed.length === RECORDS) {
        if (stopped === 0 && position > this.#skip) stopped = position - 1
        behind++
        continue
      }
      changed.push(task.id)
      lines.push(JSON.stringify(recordOf(task, depth, sinceTurn, null)))
      this.#told.set(task.id, toldOf(task, number))
    }
    this.#skip = stopped
    if (behind === 0) this.catchingUp = false
    const ended: number[] = []
    for (const [id, { seen }] of this.#told) if (seen !== number) ended.push(id)
    for (const id of ended) this.#told.delete(id)
    const totals = taskTotals()
    const sample = { changed, ended, lines: lines.join('\n'), total: totals.spawned - totals.ended, behind }
    this.costMs = performance.now() - start
    return { at: Date.now(), ...sample }
  }
}

function isAsTold(task: Task<unknown>, told: Told): boolean {
  return (
    task.waitingOn === told.waitingOn &&
    task.state === told.state &&
    parkedAt(task) === told.parkedAt &&
    task.cancelled === told.cancelled
  )
}

function toldOf(task: Task<unknown>, seen: number): Told {
  const { state, waitingOn, cancelled } = task
  return { state, parkedAt: parkedAt(task), waitingOn, cancelled, seen }
}

function parkedAt(task: Task<unknown>): number {
  const { parkedMs } = task
  return parkedMs === null ? -1 : task.loop.tick - parkedMs
}
