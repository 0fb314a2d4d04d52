import type { Loop, Task } from '../../core/index.ts'
import { type Circle, findCircles, type Waits } from '../circles.ts'
import { describeCircle, describeTask } from '../describe.ts'
import type { TaskRecord } from '../format.ts'
import { Locations } from '../locations.ts'
import { holdersOf, recordOf, sinceTurnOf } from '../snapshot.ts'
import { TaskWalk } from '../task-walk.ts'
import type { Finding } from './record.ts'

/** A task at a look. */
interface Seen extends Waits {
  readonly task: Task<unknown>
  readonly depth: number
}

export interface TaskLimits {
  readonly longParkMs: number
  readonly slowTaskMs: number
}

/** Looks at the tasks of a loop now and then, and tells what it had not told before. */
export class TaskLooks {
  private readonly limits: TaskLimits
  /** The circles of the look before: one that comes and goes is none. */
  private circles = new Map<string, 'seen' | 'told'>()
  /** The tasks that waited too long at the look before. */
  private parks = new Set<number>()
  /** When each task was seen first, on the loop's clock; those that were told have Infinity. */
  private ages = new Map<number, number>()

  constructor(limits: TaskLimits) {
    this.limits = limits
  }

  look(loop: Loop): Finding[] {
    const seen = new Map<number, Seen>()
    const waiting: Seen[] = []
    for (const walk = new TaskWalk(loop); walk.next(); ) {
      const { task, depth } = walk
      const one = { id: task.id, task, depth, ...holdersOf(task, task.waitingOn) }
      seen.set(one.id, one)
      if (one.needs !== 'none') waiting.push(one)
    }
    const sinceTurn = sinceTurnOf(loop)
    using lookup = new Locations(100)
    const recorded = ({ task, depth }: Seen): TaskRecord => recordOf(task, depth, sinceTurn, lookup)
    return [
      ...this.deadlocks(waiting).map((circle) => deadlock(circle, recorded)),
      ...this.longParks(waiting, seen, sinceTurn).map((one) => longPark(recorded(one), seen)),
      ...this.slowOnes(seen, loop.now()).map(([one, ms]) => slow(recorded(one), ms)),
    ]
  }

  private deadlocks(waiting: readonly Seen[]): Circle<Seen>[] {
    const now = new Map<string, 'seen' | 'told'>()
    const found: Circle<Seen>[] = []
    for (const circle of findCircles(waiting)) {
      const key = circle.tasks
        .map(({ id }) => id)
        .sort((a, b) => a - b)
        .join()
      const before = this.circles.get(key)
      if (before === 'seen') found.push(circle)
      now.set(key, before === undefined ? 'seen' : 'told')
    }
    this.circles = now
    return found
  }

  /** Waits that another task holds up. Who waits for an event, a socket, a queue or its own children may do so for ever. */
  private longParks(waiting: readonly Seen[], seen: ReadonlyMap<number, Seen>, sinceTurn: number): Seen[] {
    const { longParkMs } = this.limits
    if (longParkMs === Infinity) return []
    const now = new Set<number>()
    const found: Seen[] = []
    for (const one of waiting) {
      const { id, task, holders } = one
      if ((task.parkedMs ?? 0) + sinceTurn < longParkMs) continue
      if (holders.every((holder) => isBelow(seen.get(holder)?.task ?? null, task))) continue
      now.add(id)
      if (!this.parks.has(id)) found.push(one)
    }
    this.parks = now
    return found
  }

  private slowOnes(seen: ReadonlyMap<number, Seen>, now: number): [Seen, number][] {
    const { slowTaskMs } = this.limits
    if (slowTaskMs === Infinity) return []
    const ages = new Map<number, number>()
    const found: [Seen, number][] = []
    for (const [id, one] of seen) {
      const since = this.ages.get(id) ?? now
      const isSlow = now - since >= slowTaskMs
      ages.set(id, isSlow ? Infinity : since)
      if (isSlow) found.push([one, now - since])
    }
    this.ages = ages
    return found
  }
}

function isBelow(task: Task<unknown> | null, above: Task<unknown>): boolean {
  for (let one = task?.parent ?? null; one !== null; one = one.parent) if (one === above) return true
  return false
}

function deadlock({ tasks, behind }: Circle<Seen>, recorded: (one: Seen) => TaskRecord): Finding {
  const circle = { tasks: tasks.map(recorded), behind: behind.slice(0, 20).map(recorded) }
  return {
    kind: 'deadlock',
    text: describeCircle(circle),
    ...taskOf(circle.tasks[0]),
    data: { tasks: circle.tasks, behind: behind.map(({ id }) => id) },
  }
}

function longPark(record: TaskRecord, seen: ReadonlyMap<number, Seen>): Finding {
  const names = new Map(
    [...seen].map(([id, { task }]) => [id, { name: task.name, id, parent: task.parent?.id ?? null }]),
  )
  return { kind: 'park', text: `long wait: ${describeTask(record, names)}`, ...taskOf(record), data: { ...record } }
}

function slow(record: TaskRecord, ms: number): Finding {
  const age = `${(ms / 1000).toFixed(1)} s after it was first seen`
  const text = `slow: ${record.name} #${record.id} has not ended ${age}: ${describeTask(record)}`
  return { kind: 'slow', text, ...taskOf(record), data: { ...record, ageMs: Math.round(ms) } }
}

function taskOf(record: TaskRecord | undefined): { readonly task?: number } {
  return record === undefined ? {} : { task: record.id }
}
