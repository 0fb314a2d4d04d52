import type { TaskNode, TaskStore } from './task-store.ts'

/** What a search asks for: `lock state:parked #12`; all words must be found. */
export type Question = (task: TaskNode) => boolean

/** Reads a search; null if it is empty. */
export function questionOf(text: string): Question | null {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return null
  const parts = words.map(partOf)
  return (task) => parts.every((part) => part(task))
}

function partOf(word: string): Question {
  if (/^#\d+$/.test(word)) return ({ record }) => record.id === Number(word.slice(1))
  if (word === 'is:cancelled') return ({ record }) => record.cancelled
  const [, field, what = ''] = /^(is|name|waits):(.+)$/.exec(word) ?? []
  if (field === 'is') return ({ record }) => record.state === what
  if (field === 'name') return ({ record }) => record.name.toLowerCase().includes(what)
  if (field === 'waits') return ({ record }) => record.reason?.toLowerCase().includes(what) === true
  return ({ record }) =>
    record.name.toLowerCase().includes(word) || record.reason?.toLowerCase().includes(word) === true
}

/** The lines of the tree, from top to bottom. */
export interface Rows {
  readonly tasks: readonly TaskNode[]
  /** For each line: how many tasks it stands for. */
  readonly stands: readonly number[]
  /** How many tasks were found by the search. */
  readonly found: number
}

export interface RowsOptions {
  readonly question?: Question | null
  /** Tasks whose children are not shown. */
  readonly closed?: ReadonlySet<number>
  /** Leaves that are alike stand in one line. */
  readonly together?: boolean
  /** Of those that are alike, one that is shown with all the others, one by one. */
  readonly apart?: ReadonlySet<number>
}

const none: ReadonlySet<number> = new Set()
/** Fewer leaves than these are shown one by one. */
const ALIKE = 4
let searches = 0

/** The tree as lines; in constant stack, linear in what is shown. */
export function rowsOf(store: TaskStore, options: RowsOptions = {}): Rows {
  const { question = null, closed = none, together = false, apart = none } = options
  const search = ++searches
  let found = store.tasks.size
  if (question !== null) {
    found = 0
    for (const task of store.tasks.values()) {
      if (!question(task)) continue
      found++
      for (let up: TaskNode | null = task; up !== null && up.shownFor !== search; up = up.parent) up.shownFor = search
    }
  }
  const isShown = (task: TaskNode): boolean => question === null || task.shownFor === search
  const tasks: TaskNode[] = []
  const stands: number[] = []
  const put = (task: TaskNode, depth: number, many: number): void => {
    task.depth = depth
    tasks.push(task)
    stands.push(many)
  }
  const lists: { readonly of: readonly TaskNode[]; readonly alike: Alike | null; at: number }[] = []
  const open = (list: readonly TaskNode[]): void => {
    const alike = together && list.length >= ALIKE ? alikeIn(list, isShown) : null
    lists.push({ of: list, alike, at: 0 })
  }
  open(store.roots)
  for (let list = lists.at(-1); list !== undefined; list = lists.at(-1)) {
    const task = list.of[list.at++]
    if (task === undefined) {
      lists.pop()
      continue
    }
    if (!isShown(task)) continue
    const depth = lists.length - 1
    const others = list.alike?.get(task)
    // Told already, by the first of them.
    if (others === null) continue
    if (others === undefined || others.length < ALIKE) put(task, depth, 1)
    else if (others.some(({ record }) => apart.has(record.id))) for (const one of others) put(one, depth, 1)
    else put(task, depth, others.length)
    if (task.children.length > 0 && (question !== null || !closed.has(task.record.id))) open(task.children)
  }
  return { tasks, stands, found }
}

/** For the first of each sort of leaves: all of them. For the others null, if they are told with the first. */
type Alike = Map<TaskNode, TaskNode[] | null>

function alikeIn(list: readonly TaskNode[], isShown: (task: TaskNode) => boolean): Alike {
  const sorts = new Map<string, TaskNode[]>()
  for (const task of list) {
    if (task.children.length > 0 || !isShown(task)) continue
    const { name, cancelled, holders } = task.record
    const sort = `${name}\n${task.kind}\n${holders.length}\n${holders[0] ?? ''}\n${cancelled}`
    const others = sorts.get(sort)
    if (others === undefined) sorts.set(sort, [task])
    else others.push(task)
  }
  const alike: Alike = new Map()
  for (const others of sorts.values())
    if (others.length >= ALIKE) for (const [i, task] of others.entries()) alike.set(task, i === 0 ? others : null)
  return alike
}
