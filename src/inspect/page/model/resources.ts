import { type ResourceRecord, readSnapshot, type Snapshot } from '../../format.ts'

/** All of one kind, as a table. */
export interface ResourceTable {
  readonly kind: string
  readonly columns: readonly string[]
  readonly rows: readonly ResourceRecord[]
}

export interface Lists {
  readonly snapshot: Snapshot
  readonly tables: readonly ResourceTable[]
  /** False if the program's platform cannot tell. */
  readonly told: boolean
}

/** Kinds that are looked for most often come first. */
const order = [
  'pool',
  'server',
  'socket',
  'queue',
  'channel',
  'lock',
  'semaphore',
  'limit',
  'event',
  'condition',
  'barrier',
  'future',
]

/** What a snapshot with resources lists besides its tasks, by kind. */
export function readLists(text: string): Lists {
  const snapshot = readSnapshot(text)
  const kinds = new Map<string, ResourceRecord[]>()
  for (const record of snapshot.resources ?? []) {
    const rows = kinds.get(record.kind)
    if (rows === undefined) kinds.set(record.kind, [record])
    else rows.push(record)
  }
  const place = (kind: string): number => (order.indexOf(kind) + order.length + 1) % (order.length + 1)
  const tables = [...kinds].map(([kind, rows]) => tableOf(kind, rows))
  return { snapshot, tables: tables.sort((a, b) => place(a.kind) - place(b.kind)), told: snapshot.resources !== null }
}

function tableOf(kind: string, rows: ResourceRecord[]): ResourceTable {
  const columns = new Set<string>()
  for (const { stats } of rows) for (const key of Object.keys(stats)) if (key !== 'name') columns.add(key)
  // The busiest first: those with the largest figures of what waits or is held back.
  const weight = ({ stats }: ResourceRecord): number =>
    ['waiting', 'getters', 'putters', 'size', 'unfinished', 'queued', 'pending', 'connections', 'bytesRead'].reduce(
      (sum, key) => sum + (typeof stats[key] === 'number' ? (stats[key] as number) : 0),
      0,
    )
  return { kind, columns: [...columns], rows: rows.toSorted((a, b) => weight(b) - weight(a)) }
}
