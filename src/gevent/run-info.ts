import { currentLoop, type Task } from '../core/index.ts'
import { Greenlet } from './greenlet.ts'
import { getHub } from './hub.ts'

/** A greenlet or task in the tree of who spawned whom. */
export interface GreenletNode {
  readonly name: string
  readonly state: string
  /** What it waits for; null unless it does. */
  readonly reason: string | null
  /** Its frames, the innermost first. */
  readonly frames: readonly string[]
  readonly spawnedAt: string | null
  readonly spawnTreeLocals: Readonly<Record<PropertyKey, unknown>> | null
  readonly children: readonly GreenletNode[]
}

/**
 * All that lives on this loop, as a tree by who spawned whom. A tree holds no greenlet, and greenlets do not hold their spawners:
 * one whose spawner has ended stands at the root.
 */
export class GreenletTree {
  readonly roots: readonly GreenletNode[]

  private constructor(roots: readonly GreenletNode[]) {
    this.roots = roots
  }

  /** The tree of the loop that runs. */
  static currentTree(): GreenletTree {
    const tasks: Task<unknown>[] = []
    const below = [...currentLoop().root] as Task<unknown>[]
    for (let task = below.shift(); task !== undefined; task = below.shift()) {
      tasks.push(task)
      below.push(...task.children)
    }
    const ids = new Set(tasks.map((task) => task.id))
    const spawned = new Map<number, Task<unknown>[]>()
    for (const task of tasks) {
      const by = spawnerOf(task)
      const key = ids.has(by) ? by : 0
      const list = spawned.get(key)
      if (list === undefined) spawned.set(key, [task])
      else list.push(task)
    }
    const nodesBelow = (id: number): GreenletNode[] =>
      (spawned.get(id) ?? []).map((task) => nodeOf(task, nodesBelow(task.id)))
    return new GreenletTree(nodesBelow(0))
  }

  /** The tree as lines of text. */
  formatLines(): string[] {
    const lines: string[] = []
    const walk = (nodes: readonly GreenletNode[], indent: string): void => {
      for (const [i, node] of nodes.entries()) {
        const last = i === nodes.length - 1
        const inner = `${indent}${last ? ' ' : '|'}   `
        lines.push(`${indent}+--- ${node.name}: ${node.state}`)
        if (node.reason !== null) lines.push(`${inner}    waits for ${node.reason}`)
        if (node.frames.length > 0) lines.push(`${inner}    in ${node.frames.join(' < ')}`)
        if (node.spawnedAt !== null) lines.push(`${inner}    spawned ${node.spawnedAt.trim().split('\n')[0]?.trim()}`)
        if (node.spawnTreeLocals !== null)
          lines.push(`${inner}    spawn tree locals ${JSON.stringify(node.spawnTreeLocals)}`)
        walk(node.children, inner)
      }
    }
    walk(this.roots, '')
    return lines
  }

  format(): string {
    return this.formatLines().join('\n')
  }
}

function spawnerOf(task: Task<unknown>): number {
  return task.namesake instanceof Greenlet ? task.namesake.spawnedBy : (task.parent?.id ?? 0)
}

function nodeOf(task: Task<unknown>, children: GreenletNode[]): GreenletNode {
  const greenlet = task.namesake instanceof Greenlet ? task.namesake : null
  const locals = greenlet?.spawnTreeLocals ?? {}
  return {
    name: String(greenlet ?? task),
    state: task.state === 'parked' ? `waiting for ${task.parkedMs} ms` : task.state,
    reason: task.reason,
    frames: task.frames,
    spawnedAt: task.spawnedAt,
    spawnTreeLocals: Object.keys(locals).length > 0 ? locals : null,
    children,
  }
}

/** What runs on this loop, as lines of text: greenlets and tasks as a tree, and the watchers of the hub. */
export function formatRunInfo(): string[] {
  const watchers = getHub().loop.active.map((watcher) => `  ${watcher}${watcher.ref ? '' : ' (does not count)'}`)
  return [
    'Greenlets',
    ...GreenletTree.currentTree().formatLines(),
    ...(watchers.length > 0 ? ['Watchers', ...watchers] : []),
  ]
}

/** Writes what runs on this loop, to standard error unless told otherwise. */
export function printRunInfo(file: { write(text: string): unknown } = process.stderr): void {
  file.write(`${formatRunInfo().join('\n')}\n`)
}
