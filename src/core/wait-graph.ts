import type { Child, Children } from './children.ts'
import type { WaitEdge } from './errors.ts'

const SHOWN = 20

interface Waiting extends Child {
  readonly waitingOn: { holders?(): Iterable<object> } | null
  readonly parkedMs: number | null
}

/** Who waits for what, since when, in one message: for a program in which nothing can run any more. */
export function waitGraph(root: Children): { message: string; edges: WaitEdge[] } {
  const edges: WaitEdge[] = []
  const waits = new Map<object, object[]>()
  const below: Children[] = [root]
  for (let set = below.pop(); set !== undefined; set = below.pop()) {
    for (const child of set as Iterable<Waiting>) {
      for (let scope = child.scopes; scope !== null; scope = scope.outer) below.push(scope)
      if (child.state !== 'parked') continue
      const holders = [...(child.waitingOn === null ? child.children : (child.waitingOn.holders?.() ?? []))]
      waits.set(child, holders)
      edges.push({
        task: String(child),
        reason: child.reason ?? '',
        sinceMs: child.parkedMs ?? 0,
        holders: holders.map(String),
        spawnedAt: child.spawnedAt,
      })
    }
  }
  const cycle = findCycle(waits)
  const lines = edges.slice(0, SHOWN).map((edge) => {
    const held = edge.holders.length === 0 ? '' : ` (held by ${edge.holders.slice(0, 3).join(', ')})`
    const first = edge.spawnedAt?.split('\n')[0]?.trim()
    return `  ${edge.task} has waited ${edge.sinceMs} ms for ${edge.reason}${held}${first ? `, spawned ${first}` : ''}`
  })
  if (edges.length > SHOWN) lines.push(`  … and ${edges.length - SHOWN} more (see error.graph)`)
  const head = `every task waits and nothing outside can wake one (${edges.length} parked)`
  const round = cycle === null ? '' : `\n  in a circle: ${cycle.map(String).join(' → ')}`
  return { message: `${head}:\n${lines.join('\n')}${round}`, edges }
}

/** Tasks that wait for one another in a circle, the first repeated at the end; null if there are none. */
function findCycle(waits: Map<object, object[]>): object[] | null {
  const done = new Set<object>()
  for (const start of waits.keys()) {
    const path: object[] = []
    const onPath = new Set<object>()
    // The first holder only: a wait with several holders ends when any of them lets go.
    for (let task: object | undefined = start; task !== undefined && !done.has(task); task = waits.get(task)?.[0]) {
      if (onPath.has(task)) return [...path.slice(path.indexOf(task)), task]
      path.push(task)
      onPath.add(task)
    }
    for (const task of path) done.add(task)
  }
  return null
}
