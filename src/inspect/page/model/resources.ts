import { readSnapshot, type Snapshot } from '../../format.ts'

/** Something that lives besides the tasks, and that they may wait for. */
export interface ResourceRecord {
  readonly kind: string
  readonly type: string
  readonly name: string
  readonly stats: Readonly<Record<string, unknown>>
}

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

const others = new Set(['snapshot', 'task', 'opening', 'end'])

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
  const kinds = new Map<string, ResourceRecord[]>()
  let told = false
  for (const line of text.split('\n')) {
    // Most lines are tasks: they need not be read twice.
    if (line === '' || line.startsWith('{"kind":"task"')) continue
    const record = JSON.parse(line) as ResourceRecord & { readonly resources?: number | null }
    if (record.kind === 'end') told = record.resources != null
    if (others.has(record.kind) || typeof record.stats !== 'object' || record.stats === null) continue
    const rows = kinds.get(record.kind)
    if (rows === undefined) kinds.set(record.kind, [record])
    else rows.push(record)
  }
  const place = (kind: string): number => (order.indexOf(kind) + order.length + 1) % (order.length + 1)
  const tables = [...kinds].map(([kind, rows]) => tableOf(kind, rows))
  return { snapshot: readSnapshot(text), tables: tables.sort((a, b) => place(a.kind) - place(b.kind)), told }
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
