/**
 * Theory of operation: who waits for whom, small enough to be read.
 *
 * Tasks that are alike (one name, one sort of wait, the same holders) are one node. A task that waits for its children
 * only is left out: the tree shows that; unless a circle holds it up. What is in a circle comes first, then what most
 * tasks wait for, as long as there is room.
 */
import type { Circle } from '../../circles.ts'
import type { TaskRecord } from '../../format.ts'
import { reasonKind, timeless } from './reason-kind.ts'

export interface WaitNode {
  readonly key: string
  readonly name: string
  /** The tasks that it stands for. */
  readonly ids: readonly number[]
  /** What it waits for; null if it does not wait. */
  readonly reason: string | null
  readonly place: 'circle' | 'behind' | 'apart'
}

export interface WaitEdge {
  readonly from: string
  readonly to: string
  /** Both ends are in one circle. */
  readonly circle: boolean
}

export interface WaitGraph {
  readonly nodes: readonly WaitNode[]
  readonly edges: readonly WaitEdge[]
  /** Nodes for which there was no room. */
  readonly left: number
}

/** Holders of one task that are drawn. */
const HOLDERS = 8

interface Draft {
  readonly name: string
  readonly ids: number[]
  readonly task: TaskRecord
  readonly holders: readonly number[]
  readonly circle: number
  readonly behind: boolean
}

export function waitGraph(tasks: Iterable<TaskRecord>, circles: readonly Circle[], room = 240): WaitGraph {
  const circleOf = new Map<number, number>()
  const behind = new Set<number>()
  for (const [index, circle] of circles.entries()) {
    for (const { id } of circle.tasks) circleOf.set(id, index)
    for (const { id } of circle.behind) behind.add(id)
  }
  const byId = new Map<number, TaskRecord>()
  for (const task of tasks) byId.set(task.id, task)

  const held = new Set<number>()
  const waiting: TaskRecord[] = []
  for (const task of byId.values()) {
    if (task.holders.length === 0) continue
    const isInTrouble = circleOf.has(task.id) || behind.has(task.id)
    const isParent = isParentOf(task)
    if (isParent && !isInTrouble) continue
    waiting.push(task)
    if (!isParent) for (const id of drawn(task)) held.add(id)
  }

  const drafts = new Map<string, Draft>()
  const keyOf = new Map<number, string>()
  const put = (task: TaskRecord, holders: readonly number[]): void => {
    const { id, name } = task
    const circle = circleOf.get(id) ?? -1
    const isAlone = circle >= 0 || held.has(id)
    const key = isAlone ? String(id) : JSON.stringify([name, kindOf(task), holders, behind.has(id)])
    keyOf.set(id, key)
    const known = drafts.get(key)
    if (known === undefined) drafts.set(key, { name, ids: [id], task, holders, circle, behind: behind.has(id) })
    else known.ids.push(id)
  }
  for (const task of waiting) put(task, drawn(task))
  for (const id of held) {
    const task = byId.get(id)
    if (task !== undefined && !keyOf.has(id)) put(task, [])
  }

  const weight = new Map<string, number>()
  for (const { holders, ids } of drafts.values())
    for (const id of holders) {
      const to = keyOf.get(id)
      if (to !== undefined) weight.set(to, (weight.get(to) ?? 0) + ids.length)
    }
  const rank = ([key, { circle, behind, ids }]: readonly [string, Draft]): number =>
    (circle >= 0 ? 1e12 : behind ? 1e10 : 0) + Math.max(ids.length, weight.get(key) ?? 0)
  const ordered = [...drafts].sort((a, b) => rank(b) - rank(a))
  const shown = new Map(ordered.slice(0, room))

  const nodes: WaitNode[] = []
  const edges: WaitEdge[] = []
  for (const [key, { name, ids, task, holders, circle, behind }] of shown) {
    nodes.push({ key, name, ids, reason: task.reason, place: circle >= 0 ? 'circle' : behind ? 'behind' : 'apart' })
    // Several holders may be in one node.
    for (const to of new Set(holders.map((id) => keyOf.get(id)))) {
      if (to === undefined || !shown.has(to)) continue
      edges.push({ from: key, to, circle: circle >= 0 && shown.get(to)?.circle === circle })
    }
  }
  return { nodes, edges, left: ordered.length - shown.size }

  function isParentOf({ id, holders }: TaskRecord): boolean {
    return byId.get(holders[0] as number)?.parent === id
  }

  function drawn(task: TaskRecord): readonly number[] {
    const { id, holders } = task
    const circle = circleOf.get(id)
    // Of its children, those that keep it from ending.
    if (isParentOf(task)) return holders.filter((holder) => circleOf.has(holder) || behind.has(holder))
    if (holders.length <= HOLDERS) return holders
    // Those that close the circle are never the ones left out.
    const first =
      circle === undefined ? [] : holders.filter((holder) => circleOf.get(holder) === circle).slice(0, HOLDERS)
    return [...new Set([...first, ...holders.slice(0, HOLDERS)])].slice(0, HOLDERS)
  }
}

function kindOf({ reason, state }: TaskRecord): string {
  return reason === null ? state : reasonKind(reason)
}

/** All that waits for one thing. */
export interface WaitGroup {
  readonly reason: string
  readonly tasks: number
  /** The names of those tasks, the most frequent first, and how many have it. */
  readonly names: readonly (readonly [string, number])[]
  /** The first of them that could end it; null if none is known. */
  readonly holder: number | null
  /** Milliseconds, of the one that waits longest. */
  readonly longestMs: number
  readonly first: number
}

/** The waits by what is waited for, the most crowded first. Waits for children are left out: they are no trouble of their own. */
export function waitGroups(
  tasks: Iterable<{ readonly record: TaskRecord; readonly since: number }>,
  at: number,
): WaitGroup[] {
  const groups = new Map<
    string,
    { -readonly [name in keyof WaitGroup]: WaitGroup[name] } & { all: Map<string, number> }
  >()
  for (const { record, since } of tasks) {
    const { reason, name, id, holders } = record
    if (reason === null || reason === 'its children to end') continue
    const key = timeless(reason)
    let group = groups.get(key)
    if (group === undefined) {
      group = { reason: key, tasks: 0, names: [], holder: holders[0] ?? null, longestMs: 0, first: id, all: new Map() }
      groups.set(key, group)
    }
    group.tasks++
    group.all.set(name, (group.all.get(name) ?? 0) + 1)
    if (at - since > group.longestMs) {
      group.longestMs = at - since
      group.first = id
    }
  }
  return [...groups.values()]
    .map(({ all, ...group }) => ({ ...group, names: [...all].sort(([, a], [, b]) => b - a).slice(0, 3) }))
    .sort((a, b) => b.tasks - a.tasks || b.longestMs - a.longestMs)
}
