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
  /** The first of those that are alike and are shown one by one all the same. */
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
  const lists: { readonly of: readonly TaskNode[]; at: number }[] = [{ of: store.roots, at: 0 }]
  for (let list = lists.at(-1); list !== undefined; list = lists.at(-1)) {
    const task = list.of[list.at++]
    if (task === undefined) {
      lists.pop()
      continue
    }
    if (!isShown(task)) continue
    task.depth = lists.length - 1
    tasks.push(task)
    const end = together && !apart.has(task.record.id) ? endOfAlike(list.of, list.at - 1, isShown) : list.at
    stands.push(end - list.at + 1)
    if (end > list.at) list.at = end
    else if (together && apart.has(task.record.id)) showApart(list, task)
    else if (task.children.length > 0 && (question !== null || !closed.has(task.record.id)))
      lists.push({ of: task.children, at: 0 })
  }
  return { tasks, stands, found }

  function showApart(list: { readonly of: readonly TaskNode[]; at: number }, first: TaskNode): void {
    for (let next = list.of[list.at]; next !== undefined && areAlike(first, next); next = list.of[++list.at]) {
      if (!isShown(next)) continue
      next.depth = first.depth
      tasks.push(next)
      stands.push(1)
    }
  }
}

/** Where those end that are alike the one at `start`; only if there are several. */
function endOfAlike(list: readonly TaskNode[], start: number, isShown: (task: TaskNode) => boolean): number {
  const first = list[start] as TaskNode
  let end = start + 1
  for (let next = list[end]; next !== undefined && isShown(next) && areAlike(first, next); next = list[end]) end++
  return end - start >= ALIKE ? end : start + 1
}

function areAlike(a: TaskNode, b: TaskNode): boolean {
  return (
    a.children.length === 0 &&
    b.children.length === 0 &&
    a.kind === b.kind &&
    a.record.name === b.record.name &&
    a.record.cancelled === b.record.cancelled &&
    a.record.holders.length === b.record.holders.length &&
    a.record.holders[0] === b.record.holders[0]
  )
}
