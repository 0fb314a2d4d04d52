/**
 * Theory of operation: what the page knows, and from where.
 *
 *   /api/history   once: the figures and reports from before the page was opened
 *   /api/live      for as long as the page is open: tasks, figures, holds, reports
 *
 * The connection comes back by itself after the program was gone; then it tells all tasks anew. While the page is paused,
 * what comes is kept and shown later, so that nothing is lost. A page that nobody sees is told nothing, and asks again
 * when somebody looks.
 */
import { batch, computed, signal } from '@preact/signals'
import type { LoopRecord, ProcessRecord, TaskRecord } from '../format.ts'
import type { FigureRecord, HeldRecord, HelloEvent, HistoryRecord, HoldRecord, TasksEvent } from '../server/events.ts'
import { duration } from './model/quantities.ts'
import { TaskStore } from './model/task-store.ts'

/** How it stands with the program: the first word until something has come. */
export type Connection = 'connecting' | 'live' | 'lost' | 'refused'

type ReportRecord = HistoryRecord['reports'][number]

const FIGURES = 1200
const REPORTS = 500
/** Of what came while paused; more, and all tasks are asked for anew. */
const KEPT = 600

export const connection = signal<Connection>('connecting')
export const paused = signal(false)
export const processRecord = signal<ProcessRecord | null>(null)
export const loopRecord = signal<LoopRecord | null>(null)
export const figures = signal<readonly FigureRecord[]>([])
export const reports = signal<readonly ReportRecord[]>([])
/** Reports that came since somebody looked at them. */
export const unread = signal(0)
export const held = signal<HeldRecord | null>(null)
/** Counts what happened to `tasks`, which itself is changed in place. */
export const changes = signal(0)
export const lastFigures = computed(() => figures.value.at(-1) ?? null)

let store = new TaskStore()
let source: EventSource | null = null
let kept: TasksEvent[] = []

export function tasks(): TaskStore {
  return store
}

export function setPaused(value: boolean): void {
  paused.value = value
  if (value) return
  for (const event of kept) store.apply(event)
  kept = []
  changes.value++
}

/** Opens the connection, and does so again whenever the page comes to be seen. */
export function connect(): void {
  open()
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) close()
    else if (source === null) open()
  })
}

function close(): void {
  source?.close()
  source = null
}

function reopen(): void {
  close()
  open()
}

function tell(report: ReportRecord): void {
  reports.value = [...reports.peek().slice(1 - REPORTS), report]
  unread.value++
}

/** The program reports holds itself, if it is told to. */
function isReported({ at, sinceMs }: HeldRecord, reports: readonly ReportRecord[]): boolean {
  return reports.some((report) => report.kind === 'held' && Math.abs(report.at - at) < sinceMs + 2000)
}

/** A hold that is over. */
function reportOf({ at, text, stack, heldMs, sinceMs }: HoldRecord): ReportRecord {
  const lines = stack.slice(0, 8).map(({ name, at }) => `\n    at ${name} (${at})`)
  const what = `${stack[0]?.name ?? 'something'} held the loop for ${duration(heldMs ?? sinceMs)}`
  return { kind: 'held', at, data: {}, text: lines.length === 0 ? text : what + lines.join('') }
}

function open(): void {
  void readHistory()
  source = new EventSource('/api/live?interval=500')
  on<HelloEvent>('hello', (hello) => {
    connection.value = 'live'
    const known = processRecord.peek()
    if (known !== null && hello.process !== null && known.pid !== hello.process.pid) store = new TaskStore()
    processRecord.value = hello.process ?? known
    loopRecord.value = hello.loop
  })
  on<TasksEvent>('tasks', takeTasks)
  on<FigureRecord>('figures', (record) => {
    figures.value = [...figures.peek().slice(1 - FIGURES), record]
  })
  on<HeldRecord>('held', (record) => {
    held.value = record
  })
  on<{ heldMs: number }>('released', ({ heldMs }) => {
    const hold = held.peek()
    if (hold !== null && !isReported(hold, reports.peek())) tell(reportOf({ ...hold, heldMs }))
    held.value = null
    // It was held when the page came: who it is could not be told then.
    if (processRecord.peek() === null) reopen()
  })
  on<ReportRecord>('report', tell)
  source.onerror = () => {
    connection.value = 'lost'
    held.value = null
    // The browser gives up on an answer that is no stream: the process is gone, or has another token by now.
    if (source?.readyState === EventSource.CLOSED) setTimeout(() => document.hidden || open(), 2000)
  }
}

function on<T>(name: string, take: (data: T) => void): void {
  source?.addEventListener(name, (event) => batch(() => take(JSON.parse((event as MessageEvent<string>).data) as T)))
}

function takeTasks(event: TasksEvent): void {
  if (paused.peek() && store.complete) {
    if (kept.length < KEPT) kept.push(event)
    else reopen()
    return
  }
  store.apply(event)
  changes.value++
}

async function readHistory(): Promise<void> {
  const answer = await fetch('/api/history').catch(() => null)
  if (answer === null || !answer.ok) {
    if (answer?.status === 401) connection.value = 'refused'
    return
  }
  const history = (await answer.json()) as HistoryRecord
  const first = figures.peek()[0]?.at ?? Infinity
  batch(() => {
    figures.value = [...history.figures.filter(({ at }) => at < first), ...figures.peek()].slice(-FIGURES)
    const holds = history.held.filter((hold) => hold.heldMs !== null && !isReported(hold, history.reports))
    reports.value = [...history.reports, ...holds.map(reportOf)].sort((a, b) => a.at - b.at)
    const last = history.held.at(-1)
    if (last !== undefined && last.heldMs === null && held.peek() === null) held.value = last
  })
}

/** Times that a question is asked while the loop is held, and milliseconds between two. */
const TRIES = 12
const BETWEEN_MS = 700

/** All that is known of one task, with its stack; null if it has ended. Throws what is told instead. */
export async function askTask(id: number, signal: AbortSignal): Promise<TaskRecord | null> {
  const answer = await fetch(`/api/tasks/${id}`, { signal })
  if (answer.status === 404) return null
  if (!answer.ok) throw new Error(await refusal(answer))
  return (await answer.json()) as TaskRecord
}

/** A snapshot as its lines. A loop that is held is asked again, for a while. */
export async function askSnapshot(query: string): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    const answer = await fetch(`/api/snapshot?${query}`)
    if (answer.ok) return answer.text()
    if (answer.status !== 503 || attempt === TRIES) throw new Error(await refusal(answer))
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_MS))
  }
}

/** What happens in the next `ms`, in the trace-event format. */
export async function askTrace(ms: number, signal: AbortSignal): Promise<string> {
  const answer = await fetch(`/api/trace?ms=${ms}`, { signal })
  if (!answer.ok) throw new Error(await refusal(answer))
  return answer.text()
}

async function refusal(answer: Response): Promise<string> {
  if (answer.status === 503) return 'The loop is held: the program cannot answer until it is free again.'
  return `The program answered ${answer.status}: ${(await answer.text()).slice(0, 300)}`
}
