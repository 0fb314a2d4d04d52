/**
 * Reads what a loop is at this moment. Nothing was recorded for it before: what a task waits for, and its stack, is what the
 * engine itself works with. It reads and never steers.
 */
import { threadId } from 'node:worker_threads'
import { currentLoop, KIND, type Loop, openings, type Task } from '../core/index.ts'
import type { FrameRecord, OpeningRecord, ProcessRecord, Snapshot, SnapshotHead, TaskRecord } from './format.ts'
import { Locations, nowhere } from './locations.ts'
import { resourceRecords } from './resources.ts'
import { lagMs, usageOf } from './steps.ts'
import { TaskWalk } from './task-walk.ts'

/** Deadlines that are told. */
const DEADLINES = 5

export interface SnapshotOptions {
  /** In place of the current loop. */
  readonly loop?: Loop
  /** Tell each task's stack. True unless said. */
  readonly frames?: boolean
  /** For how many frames the line is looked up where it waits; the loop stands for about 0.1 ms each. 1000 unless said. */
  readonly locations?: number
  /**
   * List queues, locks, sockets, pools and pending futures as well. The platform collects garbage to find them: the loop
   * stands still for some 100 ms, more with a large heap. False unless said.
   */
  readonly resources?: boolean
}

/**
 * What all tasks of a loop wait for, as plain data; see `Snapshot`. By default of the current loop: the thread's.
 *
 * ```ts
 * import { Event, run, sleep } from 'fibril'
 * import { snapshot } from 'fibril/inspect'
 *
 * const task = run(function* main() {
 *   yield* new Event({ name: 'doors open' }).wait()
 * })
 * await sleep(1)
 * const [main] = snapshot().tasks
 * console.log(main?.name, main?.state, main?.reason) // prints: main parked event "doors open"
 * console.log(main?.frames.map(({ name }) => name)) // prints: [ 'main' ]
 * task.cancel()
 * ```
 */
export function snapshot(options: SnapshotOptions = {}): Snapshot {
  const loop = options.loop ?? currentLoop()
  const tasks = [...taskRecords(loop, options)]
  const resources = options.resources === true ? resourceRecords() : null
  return { ...headOf(loop), tasks, openings: [...openingRecords(loop)], resources }
}

/**
 * The same as JSON lines, without line ends, one at a time: a million tasks are never held twice. Take all of them in one
 * step, or they tell of several moments.
 */
export function* snapshotLines(options: SnapshotOptions = {}): Generator<string, void, undefined> {
  const loop = options.loop ?? currentLoop()
  yield JSON.stringify({ kind: 'snapshot', ...headOf(loop) })
  const end = { kind: 'end', tasks: 0, openings: 0, resources: null as number | null }
  for (const task of taskRecords(loop, options)) {
    end.tasks++
    yield JSON.stringify({ kind: 'task', ...task })
  }
  for (const { kind, ...rest } of openingRecords(loop)) {
    end.openings++
    yield JSON.stringify({ kind: 'opening', what: kind, ...rest })
  }
  if (options.resources === true) {
    const resources = resourceRecords()
    for (const resource of resources ?? []) yield JSON.stringify(resource)
    end.resources = resources?.length ?? null
  }
  yield JSON.stringify(end)
}

export function headOf(loop: Loop): SnapshotHead {
  return {
    version: 1,
    at: new Date().toISOString(),
    process: processRecord(),
    loop: { nowMs: Math.round(loop.now()), ...loop.stats(), lagMs: lagMs(), deadlines: loop.upcoming(DEADLINES) },
  }
}

function processRecord(): ProcessRecord {
  const { user, system } = process.cpuUsage()
  const { rss, heapUsed, external } = process.memoryUsage()
  const resources: Record<string, number> = {}
  for (const kind of process.getActiveResourcesInfo()) resources[kind] = (resources[kind] ?? 0) + 1
  return {
    pid: process.pid,
    thread: threadId,
    command: process.argv.slice(1),
    version: process.version,
    uptimeMs: Math.round(process.uptime() * 1000),
    cpuMs: { user: Math.round(user / 1000), system: Math.round(system / 1000) },
    memoryBytes: { rss, heapUsed, external },
    resources,
  }
}

function* taskRecords(loop: Loop, { frames = true, locations = 1000 }: SnapshotOptions): Generator<TaskRecord> {
  const lookup = frames ? new Locations(locations) : null
  const sinceTurn = sinceTurnOf(loop)
  try {
    for (const walk = new TaskWalk(loop); walk.next(); ) yield recordOf(walk.task, walk.depth, sinceTurn, lookup)
  } finally {
    lookup?.[Symbol.dispose]()
  }
}

/** One task of a loop, with its stack; null if it has ended. */
export function taskRecord(id: number, loop: Loop = currentLoop()): TaskRecord | null {
  for (const walk = new TaskWalk(loop); walk.next(); ) {
    if (walk.task.id !== id) continue
    using lookup = new Locations(1000)
    return recordOf(walk.task, walk.depth, sinceTurnOf(loop), lookup)
  }
  return null
}

/** Milliseconds that a turn has not seen yet: it took the time when it began. */
export function sinceTurnOf(loop: Loop): number {
  return (loop.now() | 0) - loop.tick
}

/** `lookup`: null to leave the stack out. */
export function recordOf(task: Task<unknown>, depth: number, sinceTurn: number, lookup: Locations | null): TaskRecord {
  const { parkedMs, waitingOn } = task
  const usage = usageOf(task)
  return {
    id: task.id,
    name: task.name,
    state: task.state,
    dialect: dialectOf(task),
    parent: task.parent?.id ?? null,
    depth,
    reason: task.reason,
    parkedMs: parkedMs === null ? null : Math.max(0, parkedMs + sinceTurn),
    ...holdersOf(task, waitingOn),
    cancelled: task.cancelled,
    frames: lookup === null ? [] : frameRecords(task, lookup),
    spawnedAt: linesOf(task.spawnedAt),
    steps: usage?.steps ?? null,
    cpuMs: usage === null ? null : Math.round(usage.cpuMs * 1000) / 1000,
  }
}

/** It is not kept anywhere: what stands for the task says so, or else the outermost frame that is of a dialect. */
function dialectOf(task: Task<unknown>): string {
  const { namesake } = task
  let dialect = kindOf(namesake)
  if (dialect !== undefined) return dialect
  for (const frame of task.stack) dialect = kindOf(frame) ?? kindOf(frame.body) ?? dialect
  return dialect ?? (isAsync(namesake) ? 'async' : 'fibril')
}

function kindOf(thing: object | null): string | undefined {
  return (thing as { readonly [KIND]?: string } | null)?.[KIND]
}

const isAsync = (thing: unknown): boolean => Object.prototype.toString.call(thing) === '[object AsyncFunction]'

export function holdersOf(
  task: Task<unknown>,
  waitingOn: Task<unknown>['waitingOn'],
): Pick<TaskRecord, 'holders' | 'needs'> {
  if (task.state !== 'parked') return { holders: [], needs: 'none' }
  if (waitingOn === null) return { holders: task.children.map(({ id }) => id), needs: 'all' }
  const { holders, needs = 'one' } = waitingOn as { holders?(): Iterable<object>; needs?: TaskRecord['needs'] }
  const ids = [...(holders?.call(waitingOn) ?? [])].flatMap((holder) => {
    const { id } = holder as { id?: unknown }
    return typeof id === 'number' ? [id] : []
  })
  return { holders: ids, needs: ids.length === 0 ? 'none' : needs }
}

function frameRecords(task: Task<unknown>, lookup: Locations): FrameRecord[] {
  const { stack } = task
  // One that runs stands elsewhere by now: on the native stack.
  const places = task.state === 'running' ? [] : lookup.of(stack.map(({ standing }) => standing))
  return stack.map(({ name }, i) => ({ name, ...(places[i] ?? nowhere) }))
}

function* openingRecords(loop: Loop): Generator<OpeningRecord> {
  for (const { kind, name, reason, madeAt } of openings.list(loop))
    yield { kind, name, reason, madeAt: linesOf(madeAt) }
}

function linesOf(stack: string | null): string[] {
  return (stack ?? '')
    .split('\n')
    .map((line) => line.trim().replace(/^at /, ''))
    .filter((line) => line !== '')
}
