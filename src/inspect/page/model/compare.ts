/** What two snapshots of one program, taken at different times, say about where its tasks are left. */
import type { Snapshot, TaskRecord } from '../../format.ts'
import { reasonKind } from './reason-kind.ts'

/** Tasks of one name, with one sort of wait on one line, from one place. */
export interface Group {
  readonly key: string
  readonly name: string
  /** The sort of wait; a state, if they do not wait. */
  readonly kind: string
  /** The line on which they wait, where that is known. */
  readonly at: string | null
  readonly spawnedAt: string | null
  readonly before: number
  readonly after: number
  /** Of those after: they were there before. */
  readonly stayed: number
  /** Of those after: one that was there before if there is one, and what it waits for. */
  readonly example: TaskRecord | null
  /** Milliseconds that the oldest of them after has been parked. */
  readonly longestMs: number
}

export interface Comparison {
  readonly seconds: number
  /** What grew most comes first. */
  readonly groups: readonly Group[]
  readonly figures: readonly {
    readonly name: string
    readonly before: number
    readonly after: number
    readonly bytes: boolean
  }[]
  /** They are of two processes, so that ids say nothing. */
  readonly strangers: boolean
}

type Draft = { -readonly [name in keyof Group]: Group[name] }

export function compareSnapshots(before: Snapshot, after: Snapshot): Comparison {
  const strangers = before.process.pid !== after.process.pid
  const groups = new Map<string, Draft>()
  const known = strangers ? new Set<number>() : new Set(before.tasks.map(({ id }) => id))
  for (const task of before.tasks) groupOf(groups, task).before++
  for (const task of after.tasks) {
    const group = groupOf(groups, task)
    group.after++
    const stayed = known.has(task.id)
    if (stayed) group.stayed++
    if (group.example === null) group.example = task
    group.longestMs = Math.max(group.longestMs, task.parkedMs ?? 0)
    // Some lines only are looked up, and few spawns recorded: one that is known speaks for all.
    group.at ??= placeOf(task)
    group.spawnedAt ??= task.spawnedAt[0] ?? null
  }
  return {
    seconds: (Date.parse(after.at) - Date.parse(before.at)) / 1000,
    groups: [...groups.values()].sort(
      (a, b) => b.after - b.before - (a.after - a.before) || b.after - a.after || (a.name < b.name ? -1 : 1),
    ),
    figures: figuresOf(before, after),
    strangers,
  }
}

function groupOf(groups: Map<string, Draft>, task: TaskRecord): Draft {
  const { name, reason, state, frames } = task
  const kind = reason === null ? state : reasonKind(reason)
  // Names that hold a number are of one sort.
  const sort = reasonKind(name) === 'other' ? name : reasonKind(name)
  const key = JSON.stringify([sort, kind, frames.map((frame) => frame.name)])
  let group = groups.get(key)
  if (group === undefined) {
    group = {
      ...{ key, name: sort, kind, at: placeOf(task), spawnedAt: task.spawnedAt[0] ?? null },
      ...{ before: 0, after: 0, stayed: 0, example: null, longestMs: 0 },
    }
    groups.set(key, group)
  }
  return group
}

function placeOf({ frames }: TaskRecord): string | null {
  return (
    frames.find(({ at }) => at !== null)?.at ?? frames.find(({ definedAt }) => definedAt !== null)?.definedAt ?? null
  )
}

function figuresOf(before: Snapshot, after: Snapshot): Comparison['figures'] {
  const pair = (name: string, of: (snapshot: Snapshot) => number, bytes = false) => ({
    ...{ name, before: of(before), after: of(after), bytes },
  })
  const kinds = new Set([...Object.keys(before.process.resources), ...Object.keys(after.process.resources)])
  return [
    pair('tasks', ({ tasks }) => tasks.length),
    pair('timers', ({ loop }) => loop.timers),
    pair('waits for the outside', ({ loop }) => loop.externals),
    pair('left open', ({ openings }) => openings.length),
    pair('memory, resident', ({ process }) => process.memoryBytes.rss, true),
    pair('memory, heap', ({ process }) => process.memoryBytes.heapUsed, true),
    ...[...kinds].sort().map((kind) => pair(kind, ({ process }) => process.resources[kind] ?? 0)),
  ]
}
