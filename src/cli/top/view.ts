/** What `fibril top` knows of a program, and what the user chose to see of it. */
import type { FigureRecord, HeldRecord, ProcessRecord, TaskRecord } from '../../inspect/index.ts'

/** Those that can be had; lag is not known of a process that is asked by signals. */
export type Figures = Omit<FigureRecord, 'lagMs' | 'lagMaxMs'> & {
  readonly lagMs: number | null
  readonly lagMaxMs: number | null
}

/** What is known of a program. */
export interface Seen {
  readonly process: ProcessRecord | null
  readonly figures: Figures | null
  /** In any order. */
  readonly tasks: readonly TaskRecord[]
  /** When that was, in milliseconds since 1970. */
  readonly at: number
  readonly held: Pick<HeldRecord, 'sinceMs' | 'text'> | null
  /** Tasks that were not told yet. */
  readonly behind: number
  /** All tasks have been told. */
  readonly complete: boolean
}

export const columns = ['tasks', 'name', 'state', 'waits for', 'longest'] as const
export type Column = (typeof columns)[number]

/** What the user chose. */
export interface Choice {
  readonly sort: Column
  readonly tree: boolean
  readonly filter: string
  /** The filter is being typed. */
  readonly typing: boolean
  /** Rows above the first that is shown. */
  readonly top: number
  readonly quit: boolean
}

export const firstChoice: Choice = { sort: 'tasks', tree: false, filter: '', typing: false, top: 0, quit: false }

/** A key as Node's readline tells it. */
export interface Key {
  readonly name?: string | undefined
  readonly sequence?: string | undefined
  readonly ctrl?: boolean | undefined
}

/** What a key makes of it. `page` is how many rows are shown at once. */
export function pressed(choice: Choice, { name = '', sequence = '', ctrl = false }: Key, page: number): Choice {
  if (ctrl && name === 'c') return { ...choice, quit: true }
  if (choice.typing) return typed(choice, name, sequence)
  switch (name) {
    case 'q':
    case 'escape':
      return { ...choice, quit: true }
    case 's':
    case 'right':
      return { ...choice, sort: columnAfter(choice.sort, 1) }
    case 'left':
      return { ...choice, sort: columnAfter(choice.sort, columns.length - 1) }
    case 't':
      return { ...choice, tree: !choice.tree, top: 0 }
    case 'up':
      return { ...choice, top: Math.max(0, choice.top - 1) }
    case 'down':
      return { ...choice, top: choice.top + 1 }
    case 'pageup':
      return { ...choice, top: Math.max(0, choice.top - page) }
    case 'pagedown':
    case 'space':
      return { ...choice, top: choice.top + page }
    case 'home':
      return { ...choice, top: 0 }
    default:
      return sequence === '/' ? { ...choice, typing: true, filter: '', top: 0 } : choice
  }
}

function typed(choice: Choice, name: string, sequence: string): Choice {
  if (name === 'return' || name === 'enter') return { ...choice, typing: false }
  if (name === 'escape') return { ...choice, typing: false, filter: '' }
  if (name === 'backspace') return { ...choice, filter: [...choice.filter].slice(0, -1).join('') }
  return /^[^\p{Cc}]+$/u.test(sequence) ? { ...choice, filter: choice.filter + sequence, top: 0 } : choice
}

function columnAfter(column: Column, steps: number): Column {
  return columns[(columns.indexOf(column) + steps) % columns.length] as Column
}

/** A line of the table. */
export interface Row {
  /** How many tasks are alike. */
  readonly tasks: number
  readonly name: string
  readonly state: string
  readonly reason: string
  /** Milliseconds that the one of them has been parked that has been so longest; null if none is. */
  readonly longestMs: number | null
}

/** The rows of the table: tasks that are alike in one, or each in its place in the tree. */
export function rowsOf(seen: Seen, { filter, tree, sort }: Choice, now: number): Row[] {
  const sinceSeen = now - seen.at
  const wanted = filter.toLowerCase()
  const isWanted = ({ name, reason, state, id }: TaskRecord): boolean =>
    wanted === '' || `${name} #${id} ${state} ${reason ?? ''}`.toLowerCase().includes(wanted)
  if (tree) return treeRows(inTree(seen.tasks).filter(isWanted), sinceSeen)
  return sorted(groups(seen.tasks.filter(isWanted), sinceSeen), sort)
}

/** Each task before its children, brothers and sisters by their ids. One whose parent is not known yet counts as at the left. */
function inTree(tasks: readonly TaskRecord[]): TaskRecord[] {
  const known = new Set(tasks.map(({ id }) => id))
  const children = new Map<number | null, TaskRecord[]>()
  // Youngest first: the last of a list is taken first.
  for (const task of [...tasks].sort((a, b) => b.id - a.id)) {
    const parent = task.parent !== null && known.has(task.parent) ? task.parent : null
    const others = children.get(parent)
    if (others === undefined) children.set(parent, [task])
    else others.push(task)
  }
  const ordered: TaskRecord[] = []
  const next = children.get(null) ?? []
  for (let task = next.pop(); task !== undefined; task = next.pop()) {
    ordered.push(task)
    for (const child of children.get(task.id) ?? []) next.push(child)
  }
  return ordered
}

function treeRows(tasks: readonly TaskRecord[], sinceSeen: number): Row[] {
  return tasks.map((task) => ({
    tasks: 1,
    name: `${'  '.repeat(task.depth)}${task.name} #${task.id}`,
    state: stateOf(task),
    reason: task.reason ?? '',
    longestMs: task.parkedMs === null ? null : task.parkedMs + sinceSeen,
  }))
}

function groups(tasks: readonly TaskRecord[], sinceSeen: number): Row[] {
  const groups = new Map<string, { -readonly [Name in keyof Row]: Row[Name] }>()
  for (const task of tasks) {
    const state = stateOf(task)
    const key = JSON.stringify([task.name, state, task.reason])
    const ms = task.parkedMs === null ? null : task.parkedMs + sinceSeen
    const group = groups.get(key)
    if (group === undefined)
      groups.set(key, { tasks: 1, name: task.name, state, reason: task.reason ?? '', longestMs: ms })
    else {
      group.tasks++
      if (ms !== null) group.longestMs = Math.max(group.longestMs ?? 0, ms)
    }
  }
  return [...groups.values()]
}

function stateOf({ state, cancelled }: TaskRecord): string {
  return cancelled ? `${state}, cancelled` : state
}

function sorted(rows: Row[], sort: Column): Row[] {
  const text = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
  const orders: Readonly<Record<Column, (a: Row, b: Row) => number>> = {
    tasks: (a, b) => b.tasks - a.tasks,
    name: (a, b) => text(a.name, b.name),
    state: (a, b) => text(a.state, b.state),
    'waits for': (a, b) => text(a.reason, b.reason),
    longest: (a, b) => (b.longestMs ?? -1) - (a.longestMs ?? -1),
  }
  return rows.sort((a, b) => orders[sort](a, b) || b.tasks - a.tasks || text(a.name, b.name))
}
