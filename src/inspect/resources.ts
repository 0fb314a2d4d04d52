import { Inspectable, KIND } from '../core/index.ts'
import type { ResourceRecord } from './format.ts'
import { PlatformInspector } from './platform-inspector.ts'

/**
 * What there is besides tasks: the queues, locks, sockets and pools that live. Nobody kept account of them: the platform is
 * asked for all objects of that class, for which it collects garbage. Null where it cannot be asked.
 */
export function resourceRecords(): ResourceRecord[] | null {
  using inspector = PlatformInspector.open()
  if (inspector === null) return null
  try {
    return inspector.livingOf(Inspectable).flatMap(recordOf).sort(byKind)
  } catch {
    return null
  }
}

function recordOf(thing: Inspectable): ResourceRecord[] {
  try {
    const stats = { ...thing.stats() } as Record<string, unknown>
    // What is over is of no interest: only those are listed that somebody may wait for.
    if (stats['closed'] === true || stats['state'] === 'closed') return []
    if (stats['status'] !== undefined && stats['status'] !== 'pending') return []
    return [{ kind: thing[KIND], type: thing.constructor.name, name: String(thing), stats }]
  } catch {
    // It is being made, or a class of the program's own has a fault.
    return []
  }
}

function byKind(a: ResourceRecord, b: ResourceRecord): number {
  return a.kind < b.kind ? -1 : a.kind > b.kind ? 1 : 0
}
