/**
 * Theory of operation: the tasks of a program, as a tree that follows what it sends.
 *
 * The first events tell all tasks in parts; each later one tells what has changed. A part may be missing the parent of a
 * task, which then hangs at the root until its parent comes. Lists of children are cleaned once for each event, not once
 * for each task that ended: a task may have a hundred thousand of them.
 */
import type { TaskRecord } from '../../format.ts'
import type { TasksEvent } from '../../server/events.ts'
import { timeless } from './reason-kind.ts'

/** What was seen of a task at one moment. */
export interface Seen {
  readonly at: number
  readonly state: string
  readonly reason: string | null
}

/** Of one task so many moments are kept, and so many tasks after they ended. */
const MOMENTS = 60
const ENDED = 2000

export class TaskNode {
  record: TaskRecord
  parent: TaskNode | null = null
  readonly children: TaskNode[] = []
  /** Levels above it, as shown. */
  depth = 0
  /** When it began to be what it is, by this clock; only the program knows better. */
  since: number
  readonly seen: Seen[] = []
  endedAt: number | null = null
  /** Its wait without times; its state, if it does not wait. */
  kind: string
  /** In the parts of which telling it came last. */
  telling = 0
  /** The last search that it is shown for. */
  shownFor = 0

  constructor(record: TaskRecord, at: number) {
    this.record = record
    this.since = at - (record.parkedMs ?? 0)
    this.kind = kindOf(record)
    this.note(at)
  }

  update(record: TaskRecord, at: number): void {
    const before = this.record
    this.record = record
    const since = at - (record.parkedMs ?? 0)
    if (before.state === record.state && before.reason === record.reason && before.cancelled === record.cancelled) {
      // The same wait, or another like it that began in between.
      if (record.parkedMs !== null && since - this.since > 50) this.since = since
      return
    }
    this.since = since
    this.kind = kindOf(record)
    this.note(at)
  }

  end(at: number): void {
    this.endedAt = at
    this.seen.push({ at, state: 'ended', reason: null })
  }

  private note(at: number): void {
    const { state, reason, cancelled } = this.record
    if (this.seen.length === MOMENTS) this.seen.splice(0, MOMENTS / 2)
    this.seen.push({ at: reason === null ? at : this.since, state: cancelled ? `${state}, cancelled` : state, reason })
  }
}

function kindOf({ reason, state }: TaskRecord): string {
  return reason === null ? state : timeless(reason)
}

export class TaskStore {
  readonly tasks = new Map<number, TaskNode>()
  readonly roots: TaskNode[] = []
  /** Changes not told yet, as the program says. */
  behind = 0
  /** All tasks have been told at least once. */
  complete = false
  #telling = 0
  #begun = false
  /**
   * Those that ended while the page looked on: the last ones, and those before them. Not one map, from which the oldest is
   * deleted: the way to the oldest of a Map leads over all that were deleted before.
   */
  #ended = new Map<number, TaskNode>()
  #endedBefore = new Map<number, TaskNode>()
  readonly #orphans = new Map<number, TaskNode[]>()
  readonly #dirty = new Set<TaskNode | null>()

  get(id: number): TaskNode | undefined {
    return this.tasks.get(id) ?? this.#ended.get(id) ?? this.#endedBefore.get(id)
  }

  /** Takes in what an event tells. */
  apply({ at, full, first, complete, changed, ended, behind }: TasksEvent): void {
    if (full && (first === true || !this.#begun)) {
      this.#telling++
      this.#begun = true
    }
    for (const record of changed) this.#put(record, at)
    for (const id of ended) this.#end(id, at)
    if (full && complete === true) {
      for (const [id, task] of this.tasks) if (task.telling !== this.#telling) this.#end(id, at)
      this.#begun = false
      this.complete = true
    }
    this.#clean()
    this.behind = behind
  }

  #put(record: TaskRecord, at: number): void {
    const old = this.tasks.get(record.id)
    if (old !== undefined) {
      old.telling = this.#telling
      old.update(record, at)
      return
    }
    const task = new TaskNode(record, at)
    task.telling = this.#telling
    this.tasks.set(record.id, task)
    this.#hang(task)
    const orphans = this.#orphans.get(record.id)
    if (orphans === undefined) return
    this.#orphans.delete(record.id)
    for (const orphan of orphans) {
      if (orphan.endedAt !== null) continue
      orphan.parent = task
      task.children.push(orphan)
      this.#dirty.add(null)
    }
  }

  #hang(task: TaskNode): void {
    const { parent } = task.record
    task.parent = parent === null ? null : (this.tasks.get(parent) ?? null)
    if (task.parent !== null) {
      task.parent.children.push(task)
      return
    }
    this.roots.push(task)
    if (parent === null) return
    const others = this.#orphans.get(parent)
    if (others === undefined) this.#orphans.set(parent, [task])
    else others.push(task)
  }

  #end(id: number, at: number): void {
    const task = this.tasks.get(id)
    if (task === undefined) return
    this.tasks.delete(id)
    task.end(at)
    this.#dirty.add(task.parent)
    for (const child of task.children) {
      if (child.endedAt !== null) continue
      child.parent = null
      this.roots.push(child)
    }
    this.#ended.set(id, task)
    if (this.#ended.size < ENDED) return
    this.#endedBefore = this.#ended
    this.#ended = new Map()
  }

  #clean(): void {
    for (const parent of this.#dirty) {
      const list = parent === null ? this.roots : parent.children
      let kept = 0
      for (const task of list) if (task.endedAt === null && task.parent === parent) list[kept++] = task
      list.length = kept
    }
    this.#dirty.clear()
  }
}
