/**
 * The form of a snapshot, version 1: plain data, in memory and as JSON lines. Fields may be added; should one have to change,
 * `version` counts up.
 *
 * As lines, a snapshot is one JSON object a line, told apart by `kind`:
 *
 *     {"kind":"snapshot","version":1,"at":…,"process":{…},"loop":{…}}     first
 *     {"kind":"task","id":1,…}                                            each task, before its children
 *     {"kind":"opening",…}                                                each thing that was left open
 *     {"kind":"queue","type":"Queue",…}                                   each resource, of whatever kind, if asked for
 *     {"kind":"end","tasks":1,"openings":0,"resources":1}                 last: nothing was lost on the way
 */
import { type HoldersNeeded, type TaskState, UsageError } from '../core/index.ts'

/** One activation on a task's stack. */
export interface FrameRecord {
  /** The name of its function. */
  readonly name: string
  /** The line where it waits, `file:line:column`; null where that is not known. */
  readonly at: string | null
  /** Where only that is known: the place of its function. */
  readonly definedAt: string | null
  /** The names of the variables of the function, those of the innermost block first; null where they are not known. */
  readonly locals: readonly string[] | null
}

/** A task that has not ended. */
export interface TaskRecord {
  readonly id: number
  readonly name: string
  readonly state: TaskState
  /** How its code is written: `fibril` (generators), `green`, `async`, `gevent`, `tornado`. */
  readonly dialect: string
  /** The id of the task whose scope owns it; null for one that hangs on the loop. */
  readonly parent: number | null
  /** How many tasks are above it. */
  readonly depth: number
  /** What it waits for, in words; null unless parked. */
  readonly reason: string | null
  /** Milliseconds that it has been parked; null unless parked. */
  readonly parkedMs: number | null
  /** The tasks that could end this wait, as far as known: the edges of the wait graph. */
  readonly holders: readonly number[]
  /** How many of them must let go before it can end: `none` if it may end without them. */
  readonly needs: HoldersNeeded
  /** It was asked to cancel, and has not ended yet. */
  readonly cancelled: boolean
  /** Its stack, the innermost frame first; empty if it was not asked for. */
  readonly frames: readonly FrameRecord[]
  /** Where it was spawned, the innermost line first, where that was recorded (`FIBRIL_DEBUG=1` records all). */
  readonly spawnedAt: readonly string[]
  /** Steps that it has made, and milliseconds that they took, since `watchSteps()`; null while nobody watches. */
  readonly steps: number | null
  readonly cpuMs: number | null
}

/** Something left open that no task shows: a Deferred that has not fired. Known of those made while somebody watched. */
export interface OpeningRecord {
  readonly kind: string
  readonly name: string
  readonly reason: string
  readonly madeAt: readonly string[]
}

/** Something that lives besides the tasks, and that they may wait for. */
export interface ResourceRecord {
  /** `queue`, `channel`, `lock`, `semaphore`, `limit`, `event`, `condition`, `barrier`, `future`, `socket`, `server`, `pool`. */
  readonly kind: string
  /** The name of its class. */
  readonly type: string
  /** As reasons and errors name it. */
  readonly name: string
  /** What its `stats()` gives. */
  readonly stats: Readonly<Record<string, unknown>>
}

export interface LoopRecord {
  /** Milliseconds on the loop's clock. */
  readonly nowMs: number
  /** Tasks in the line. */
  readonly ready: number
  /** Timers that run: sleeps and timeouts. */
  readonly timers: number
  /** Waits that something outside the loop will end: sockets, workers, promises. */
  readonly externals: number
  /** Milliseconds that it was late at the last look; null unless `watchSteps()` is on. */
  readonly lagMs: number | null
  /** Steps between two looks at the clock. */
  readonly batch: number
  /** The next deadlines: milliseconds from now, and how many timers each has. */
  readonly deadlines: readonly { readonly inMs: number; readonly timers: number }[]
}

export interface ProcessRecord {
  readonly pid: number
  /** 0 in the main thread. */
  readonly thread: number
  /** The program and its arguments. */
  readonly command: readonly string[]
  /** Of Node. */
  readonly version: string
  readonly uptimeMs: number
  /** Since the process began. */
  readonly cpuMs: { readonly user: number; readonly system: number }
  readonly memoryBytes: { readonly rss: number; readonly heapUsed: number; readonly external: number }
  /** What keeps the process alive, as the platform counts it: kind (`TCPSocketWrap`) to number. */
  readonly resources: Readonly<Record<string, number>>
}

/** What a loop and its process were at one moment. */
export interface SnapshotHead {
  readonly version: 1
  /** The moment: ISO 8601. */
  readonly at: string
  readonly process: ProcessRecord
  readonly loop: LoopRecord
}

/** All that one moment shows. */
export interface Snapshot extends SnapshotHead {
  /** The tree, each task before its children, brothers and sisters oldest first. */
  readonly tasks: readonly TaskRecord[]
  readonly openings: readonly OpeningRecord[]
  /** Queues, locks, sockets, pools and pending futures of the whole thread; null if they were not asked for, or cannot be told. */
  readonly resources: readonly ResourceRecord[] | null
}

/**
 * Makes a snapshot of its lines, or of the whole text. A `UsageError` if they are no snapshot, of another version, or cut
 * off.
 *
 * ```ts
 * import { readSnapshot, snapshotLines } from 'fibril/inspect'
 *
 * console.log(readSnapshot(snapshotLines()).tasks) // prints: []
 * ```
 */
export function readSnapshot(lines: string | Iterable<string>): Snapshot {
  const tasks: TaskRecord[] = []
  const openings: OpeningRecord[] = []
  const resources: ResourceRecord[] = []
  let head: SnapshotHead | null = null
  let end: { readonly tasks: number; readonly openings: number; readonly resources?: number | null } | null = null
  for (const line of typeof lines === 'string' ? lines.split('\n') : lines) {
    if (line.trim() === '') continue
    const { kind, ...rest } = parsed(line)
    if (head === null) {
      if (kind !== 'snapshot') throw new UsageError(`these lines are no snapshot: the first is a ${String(kind)}`)
      if (rest['version'] !== 1) throw new UsageError(`a snapshot of version ${rest['version']}: this Fibril reads 1`)
      head = rest as unknown as SnapshotHead
    } else if (kind === 'task') tasks.push(rest as unknown as TaskRecord)
    else if (kind === 'opening') openings.push(opened(rest))
    else if (kind === 'end') end = rest as unknown as { tasks: number; openings: number }
    else resources.push({ kind, ...rest } as unknown as ResourceRecord)
  }
  if (head === null) throw new UsageError('these lines are no snapshot: there are none')
  if (end === null || end.tasks !== tasks.length || end.openings !== openings.length)
    throw new UsageError(`the snapshot was cut off after ${tasks.length} tasks`)
  return { ...head, tasks, openings, resources: end.resources == null ? null : resources }
}

/** An opening has a kind of its own, which on its line is `what`. */
function opened({ what, ...rest }: Record<string, unknown>): OpeningRecord {
  return { kind: what, ...rest } as unknown as OpeningRecord
}

function parsed(line: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line)
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
  } catch {}
  throw new UsageError(`these lines are no snapshot: ${JSON.stringify(line.slice(0, 60))} is no JSON object`)
}
