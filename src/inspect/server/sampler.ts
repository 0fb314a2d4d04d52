/**
 * Tells what changed among the tasks of a loop since the last time. Whether a task changed is seen by comparing what the
 * engine holds anyway, so that a record is made only of one that did.
 *
 * One sample makes a limited number of records. What is beyond comes with the next one, which begins where this one had to
 * stop: so a task that changes all the time cannot keep others from being told.
 */
import { type Loop, type Task, taskTotals } from '../../core/index.ts'
import { recordOf, sinceTurnOf } from '../snapshot.ts'
import { TaskWalk } from '../task-walk.ts'
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
    const cpu = process.cpuUsage()
    const number = ++this.#number
    const sinceTurn = sinceTurnOf(loop)
    const changed: number[] = []
    const lines: string[] = []
    let position = 0
    let behind = 0
    let stopped = 0
    let known = 0
    for (const walk = new TaskWalk(loop); walk.next(); ) {
      if (++position > TASKS) break
      const { task } = walk
      const told = this.#told.get(task.id)
      if (told !== undefined) {
        told.seen = number
        known++
      }
      if (told !== undefined && isAsTold(task, told)) continue
      if (position <= this.#skip || changed.length === RECORDS) {
        if (stopped === 0 && position > this.#skip) stopped = position - 1
        behind++
        continue
      }
      changed.push(task.id)
      lines.push(JSON.stringify(recordOf(task, walk.depth, sinceTurn, null)))
      if (told === undefined) known++
      this.#told.set(task.id, toldOf(task, number))
    }
    this.#skip = stopped
    if (behind === 0) this.catchingUp = false
    const ended = known === this.#told.size ? [] : this.#forget(number)
    const totals = taskTotals()
    const sample = { changed, ended, lines: lines.join('\n'), total: totals.spawned - totals.ended, behind }
    // On a machine that has much to do, most of the time is that of others; and the processor time is that of all threads.
    const { user, system } = process.cpuUsage(cpu)
    this.costMs = Math.min(performance.now() - start, (user + system) / 1000)
    return { at: Date.now(), ...sample }
  }

  /** Those that this sample has not seen. */
  #forget(number: number): number[] {
    const ended: number[] = []
    for (const [id, { seen }] of this.#told) if (seen !== number) ended.push(id)
    for (const id of ended) this.#told.delete(id)
    return ended
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
