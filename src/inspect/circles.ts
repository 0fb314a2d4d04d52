import type { TaskRecord } from './format.ts'

/** What is looked at of a task. */
export type Waits = Pick<TaskRecord, 'id' | 'holders' | 'needs'>

/** Tasks that wait for one another. */
export interface Circle<T extends Waits = TaskRecord> {
  /** Each waits for the next, the last for the first. */
  readonly tasks: readonly T[]
  /** Others that cannot go on before these do. */
  readonly behind: readonly T[]
}

/**
 * The circles in a wait graph: tasks that nothing but a timeout or a cancel will ever wake.
 *
 * Who could go on is taken away, and whoever waits only for such; in what is left each task waits for another that is
 * left, so whoever follows these waits comes to a circle. Linear in tasks and edges.
 */
export function findCircles<T extends Waits = TaskRecord>(tasks: readonly T[]): Circle<T>[] {
  const stuck = new Map(tasks.map((task) => [task.id, task]))
  const waiting = new Map<number, T[]>()
  const left = new Map<number, number>()
  const free: T[] = []
  for (const task of tasks) {
    // A holder that has ended is in nobody's way; whoever waits for any of them is not told here.
    const holders = task.holders.filter((id) => stuck.has(id))
    const needed = task.needs === 'all' ? holders.length : holders.length < task.holders.length ? 0 : 1
    if (task.needs === 'none' || needed === 0) free.push(task)
    else left.set(task.id, needed)
    for (const id of holders) {
      const others = waiting.get(id)
      if (others === undefined) waiting.set(id, [task])
      else others.push(task)
    }
  }
  for (const task of free) stuck.delete(task.id)
  for (let task = free.pop(); task !== undefined; task = free.pop()) {
    for (const other of waiting.get(task.id) ?? []) {
      const now = (left.get(other.id) ?? 0) - 1
      left.set(other.id, now)
      if (now === 0 && stuck.delete(other.id)) free.push(other)
    }
  }
  return follow(stuck)
}

/** Each of these waits for another of them: follows the first such wait of each. */
function follow<T extends Waits>(stuck: ReadonlyMap<number, T>): Circle<T>[] {
  const circles: Circle<T>[] = []
  const behind = new Map<number, T[]>() // of the circle that a task leads to
  for (const start of stuck.values()) {
    const path = new Set<T>()
    let task = start
    while (!behind.has(task.id) && !path.has(task)) {
      path.add(task)
      task = stuck.get(task.holders.find((id) => stuck.has(id)) as number) as T
    }
    const line = [...path]
    let others = behind.get(task.id)
    if (others === undefined) {
      others = []
      circles.push({ tasks: line.splice(line.indexOf(task)), behind: others })
    }
    for (const one of line) others.push(one)
    for (const { id } of path) behind.set(id, others)
  }
  return circles
}
