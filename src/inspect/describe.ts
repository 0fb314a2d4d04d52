/** A snapshot as text for a terminal. */
import { isAbsolute, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Circle, findCircles } from './circles.ts'
import type { ResourceRecord, Snapshot, TaskRecord } from './format.ts'

// Frames of Fibril's own, where only the function is known, say nothing.
const built = fileURLToPath(new URL('../', import.meta.url))
const source = built.replace(/dist([\\/]src[\\/])$/, '$1')

/** Levels of the tree that are drawn; those further up are left out at the left. */
const LEVELS = 16
const NAMED = 5
/** Figures of a resource that is in use if one of them is not 0. */
const USED = [
  'waiting',
  'size',
  'getters',
  'putters',
  'senders',
  'receivers',
  'unread',
  'unsent',
  'connections',
  'running',
  'queued',
]
/** Of what is left when a program leaves, and in a circle, so many are told. */
const LEFT = 20

/** What is said of a task that holds another up. */
type Named = Pick<TaskRecord, 'id' | 'name' | 'parent'>

export interface DescribeOptions {
  /** How many tasks are told; the others are counted. 1000 unless said. */
  readonly limit?: number
  /** A line for each task: without its stack. */
  readonly brief?: boolean
}

/**
 * The tree of tasks, what each waits for and where, for how long; then the circles of tasks that wait for one another.
 * Leaves of a branch that are alike are told once and counted. What a program named cannot move the terminal's cursor.
 *
 * ```ts
 * import { run, sleep, spawn } from 'fibril'
 * import { describeTasks, snapshot } from 'fibril/inspect'
 *
 * const task = run(function* main() {
 *   for (let i = 0; i < 3; i++) spawn(sleep(1000), { name: 'nap' })
 * })
 * await sleep(1)
 * console.log(describeTasks(snapshot())) // => … main #… waits for its children to end, …nap #… and 2 alike …
 * task.cancel()
 * ```
 */
export function describeTasks(snapshot: Snapshot, options: DescribeOptions = {}): string {
  const { tasks } = snapshot
  const lines = [headLine(snapshot)]
  const told = options.brief ? tasks.map((task) => ({ ...task, frames: [], spawnedAt: [] })) : tasks
  if (tasks.length > 0) lines.push('', ...tree(told, options.limit ?? 1000))
  const circles = findCircles(tasks)
  for (const circle of circles.slice(0, NAMED)) lines.push('', ...circleLines(circle))
  if (circles.length > NAMED) lines.push('', `… and ${circles.length - NAMED} more circles (see findCircles)`)
  if (snapshot.openings.length > 0) lines.push('', 'left open:', ...openingLines(snapshot))
  if (snapshot.resources !== null) lines.push('', ...resourceLines(snapshot.resources))
  return text(lines)
}

/** What is left when a program leaves; see `leakReport`. */
export function describeLeft(snapshot: Snapshot): string {
  const { tasks, openings } = snapshot
  const lines: string[] = []
  if (tasks.length > 0) {
    lines.push(tasks.length === 1 ? 'this task never ended:' : `these ${tasks.length} tasks never ended:`)
    for (const line of tree(tasks, LEFT)) lines.push(`  ${line}`)
  }
  if (openings.length > 0) lines.push('this was left open:', ...openingLines(snapshot))
  return text(lines)
}

function openingLines({ openings }: Snapshot): string[] {
  const lines = openings.slice(0, LEFT).map(({ name, reason, madeAt: [place] }) => {
    return `  ${name}: ${reason}${place === undefined ? '' : `, made at ${placeText(place)}`}`
  })
  if (openings.length > LEFT) lines.push(`  … and ${openings.length - LEFT} more`)
  return lines
}

/** How many there are of each kind, and the figures of those that somebody waits for, or that hold something. */
function resourceLines(resources: readonly ResourceRecord[]): string[] {
  const counts = new Map<string, number>()
  for (const { kind } of resources) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  const kinds = [...counts].map(([kind, n]) => count(n, kind))
  const used = resources.filter(({ stats }) => USED.some((figure) => Number(stats[figure]) > 0))
  const lines = used.slice(0, LEFT).map(({ name, stats }) => `  ${name}: ${figuresOf(stats)}`)
  if (used.length > LEFT) lines.push(`  … and ${used.length - LEFT} more`)
  return [`besides: ${kinds.length === 0 ? 'nothing' : kinds.join(', ')}`, ...lines]
}

function figuresOf(stats: ResourceRecord['stats']): string {
  const told = Object.entries(stats).filter(([key, value]) => {
    return key !== 'name' && (typeof value === 'string' || (typeof value === 'number' && value !== 0))
  })
  return told.map(([key, value]) => `${key} ${value}`).join(', ')
}

function text(lines: readonly string[]): string {
  return `${lines.map((line) => printable(line)).join('\n')}\n`
}

function headLine({ at, process, loop, tasks }: Snapshot): string {
  const parked = tasks.filter(({ state }) => state === 'parked').length
  const where = process.thread === 0 ? '' : `, thread ${process.thread}`
  const figures = `${loop.ready} ready, ${count(loop.timers, 'timer')}, ${count(loop.externals, 'wait')} for something outside`
  return `${count(tasks.length, 'task')}, ${parked} parked (${figures}) in process ${process.pid}${where}, up ${duration(process.uptimeMs)}, at ${at}`
}

function tree(tasks: readonly TaskRecord[], limit: number): string[] {
  const lines: string[] = []
  const last = lastOfTheirs(tasks)
  const names = new Map(tasks.map((task) => [task.id, task]))
  const open: boolean[] = [] // per level: more of that branch follows
  let shown = 0
  for (let i = 0, next = 0; i < tasks.length; i = next) {
    const task = tasks[i] as TaskRecord
    next = endOfAlike(tasks, i)
    if (shown === limit) {
      lines.push(`… and ${count(tasks.length - i, 'more task')}`)
      break
    }
    shown++
    const { depth } = task
    open.length = depth
    const cut = depth > LEVELS ? '…' : ''
    const above = open.slice(Math.max(1, depth - LEVELS)).map((more) => (more ? '│  ' : '   '))
    const ended = last[next - 1] as boolean
    open[depth] = !ended
    const before = `${cut}${above.join('')}`
    const [branch, beside] = depth === 0 ? ['', ''] : ended ? ['└─ ', '   '] : ['├─ ', '│  ']
    const alike = next - i > 1 ? ` and ${next - i - 1} alike` : ''
    const below = tasks[next]?.parent === task.id ? '│  ' : '   '
    lines.push(`${before}${branch}${taskLine(task, names, alike)}`)
    for (const detail of details(task)) lines.push(`${before}${beside}${below}${detail}`)
  }
  return lines
}

/** For each task: no brother or sister comes after it. */
function lastOfTheirs(tasks: readonly TaskRecord[]): boolean[] {
  const last: boolean[] = []
  const seen: boolean[] = []
  for (let i = tasks.length - 1; i >= 0; i--) {
    const { depth } = tasks[i] as TaskRecord
    seen.length = Math.min(seen.length, depth + 1)
    last[i] = seen[depth] !== true
    seen[depth] = true
  }
  return last
}

/** Where the leaves end that are brothers and sisters of this one and alike. */
function endOfAlike(tasks: readonly TaskRecord[], start: number): number {
  const first = tasks[start] as TaskRecord
  let end = start + 1
  const isLeaf = (i: number): boolean => (tasks[i + 1]?.depth ?? 0) <= (tasks[i] as TaskRecord).depth
  if (!isLeaf(start)) return end
  while (end < tasks.length && isLeaf(end) && areAlike(first, tasks[end] as TaskRecord)) end++
  return end
}

function areAlike(a: TaskRecord, b: TaskRecord): boolean {
  if (a.parent !== b.parent || a.name !== b.name || a.state !== b.state || a.reason !== b.reason) return false
  if (a.cancelled !== b.cancelled || a.frames.length !== b.frames.length) return false
  // The first ones only are looked up to the line.
  return a.frames.every((frame, i) => {
    const other = b.frames[i]
    return frame.name === other?.name && (frame.at === other.at || other.at === null)
  })
}

/** A task and what it waits for, in one line. */
function taskLine(task: TaskRecord, tasks: ReadonlyMap<number, Named>, alike = ''): string {
  const name = `${nameOf(task)}${alike}`
  const cancelled = task.cancelled ? ' (cancelled)' : ''
  if (task.reason === null) return `${name} is ${task.state}${cancelled}`
  const verb = alike === '' ? 'waits' : 'wait'
  return `${name} ${verb} for ${task.reason}${heldBy(task, tasks)}, ${duration(task.parkedMs ?? 0)}${cancelled}`
}

/** One task: what it waits for, since when, held by whom, and where. `others` are those that may hold it. */
export function describeTask(task: TaskRecord, others: ReadonlyMap<number, Named> = new Map()): string {
  return text([taskLine(task, others), ...details(task).map((line) => `    ${line}`)]).trimEnd()
}

/** A circle of tasks, with what each waits for and where. */
export function describeCircle(circle: Circle): string {
  return text(circleLines(circle)).trimEnd()
}

/** Who could end its wait, unless the reason says so: its children, the task that it joins. */
function heldBy(task: TaskRecord, tasks: ReadonlyMap<number, Named>): string {
  const others = task.holders.filter((id) => tasks.get(id)?.parent !== task.id && !task.reason?.endsWith(`#${id}`))
  if (others.length === 0) return ''
  return `, held by ${list(others.map((id) => nameOf(tasks.get(id) ?? { name: 'a task that has ended', id })))}`
}

/** The stack of a task and where it was spawned. */
function details({ frames, spawnedAt }: TaskRecord): string[] {
  const lines: string[] = []
  for (const { name, at, definedAt } of frames) {
    if (definedAt?.startsWith(built) || definedAt?.startsWith(source)) continue
    const line =
      at !== null
        ? `at ${name} (${placeText(at)})`
        : `in ${name}${definedAt ? ` (defined at ${placeText(definedAt)})` : ''}`
    // A call may have a frame of its own over that of its function.
    if (line !== lines.at(-1)) lines.push(line)
  }
  if (spawnedAt[0] !== undefined) lines.push(`spawned at ${placeText(spawnedAt[0])}`)
  return lines
}

function circleLines({ tasks, behind }: Circle): string[] {
  const lines = ['deadlock: in a circle, which only a timeout or a cancel can end,']
  for (const [i, task] of tasks.slice(0, LEFT).entries()) {
    const next = tasks[(i + 1) % tasks.length] as TaskRecord
    const held = task.reason?.endsWith(`#${next.id}`) ? '' : `, held by ${nameOf(next)}`
    lines.push(`  ${nameOf(task)} waits for ${task.reason}${held}`, ...details(task).map((line) => `      ${line}`))
  }
  if (tasks.length > LEFT) lines.push(`  … and so on, over ${tasks.length - LEFT} more`)
  if (behind.length > 0) lines.push(`  and behind ${tasks.length === 1 ? 'it' : 'them'}: ${list(behind.map(nameOf))}`)
  return lines
}

function nameOf({ name, id }: { readonly name: string; readonly id: number }): string {
  return `${name} #${id}`
}

function list(names: readonly string[]): string {
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : ''
  return `${names.slice(0, NAMED).join(', ')}${more}`
}

/** A place, or a line of a stack, with paths as seen from here. */
function placeText(place: string): string {
  return place.replace(/(?:file:\/\/)?(\/[^():]+)/, (_, path: string) => {
    const near = relative(process.cwd(), path)
    return near.startsWith('..') || isAbsolute(near) ? path : near
  })
}

function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`
}

export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  const s = ms / 1000
  if (s < 120) return `${s.toFixed(1)} s`
  if (s < 7200) return `${Math.floor(s / 60)} min ${Math.floor(s % 60)} s`
  return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`
}

/**
 * What a terminal may be given: control characters are spelled out, but for those that are said to be kept. Names and reasons are
 * a program's own, and a dump may be another program's.
 */
export function printable(text: string, kept = ''): string {
  return text.replace(/\p{Cc}|\p{Bidi_Control}/gu, (char) =>
    kept.includes(char) ? char : `\\u{${char.codePointAt(0)?.toString(16)}}`,
  )
}
