/**
 * Draws the path of coroutines through the loop, from a recorded run: who ran when, what each waited for, and who woke it.
 * The record comes from the engine's instrument hooks, so it shows what happened and not what should have.
 */
import { addInstrument, type TaskView } from '../core/index.ts'

/** One event of a run, in its order. */
export interface FlowEvent {
  readonly kind: 'spawned' | 'step' | 'parked' | 'ready' | 'ended'
  /** Who: one lane of the chart. */
  readonly task: string
  readonly id: number
  /** Who ran when it happened, and its id; null: the loop. */
  readonly by: string | null
  readonly byId: number | null
  /** What it waits for, or how it ended. */
  readonly detail: string
}

/** What was recorded. */
export interface FlowRecord {
  readonly events: readonly FlowEvent[]
}

/**
 * Records every task until it is stopped.
 *
 * ```ts
 * import { coroutine, drawFlow, IOLoop, recordFlow, sleep } from 'fibril/tornado'
 *
 * const getUrl = coroutine(function* getUrl(url: string) {
 *   yield sleep(1)
 *   return url
 * })
 * const recording = recordFlow()
 * await IOLoop.current().runSync(() => getUrl('URL1'))
 * const { text, svg } = drawFlow(recording.stop())
 * console.log(text.includes('getUrl'), svg.startsWith('<svg')) // => true true
 * ```
 */
export function recordFlow(): { stop(): FlowRecord } {
  const events: FlowEvent[] = []
  // A coroutine runs its first step inside of a step of its caller.
  const running: TaskView[] = []
  const add = (kind: FlowEvent['kind'], task: TaskView, detail: string): void => {
    const by = running.at(-1) ?? null
    events.push({ kind, task: task.name, id: task.id, by: by?.name ?? null, byId: by?.id ?? null, detail })
  }
  const remove = addInstrument({
    spawned: (task) => add('spawned', task, ''),
    ready: (task) => add('ready', task, ''),
    stepBegins(task) {
      add('step', task, '')
      running.push(task)
    },
    stepEnds: () => void running.pop(),
    parked: (task, reason) => add('parked', task, reason),
    ended: (task, status) => add('ended', task, status),
  })
  return {
    stop() {
      remove()
      return { events: [...events] }
    },
  }
}

const words: { readonly [kind in FlowEvent['kind']]: (event: FlowEvent) => string } = {
  spawned: ({ by }) => (by === null ? 'is started' : `is started by ${by}`),
  step: () => 'runs',
  parked: ({ detail }) => `waits for ${detail}`,
  ready: ({ by }) => (by === null ? 'is woken by the loop' : `is woken by ${by}`),
  ended: ({ detail }) => ({ done: 'has ended', failed: 'has failed' })[detail] ?? 'was cancelled',
}

const LANE = 190
const ROW = 26
const colours: { readonly [kind in FlowEvent['kind']]: string } = {
  spawned: '#6b7280',
  step: '#2563eb',
  parked: '#d97706',
  ready: '#059669',
  ended: '#7c3aed',
}

/** The chart of a record: as text, a line for each event; and as SVG, a lane for each task, from top to bottom. */
export function drawFlow(record: FlowRecord): { readonly text: string; readonly svg: string } {
  const lanes = new Map<number, { readonly name: string; readonly x: number }>()
  for (const { id, task } of record.events) {
    if (!lanes.has(id)) lanes.set(id, { name: task, x: LANE * (lanes.size + 1) })
  }
  return { text: textOf(record, lanes), svg: svgOf(record, lanes) }
}

type Lanes = ReadonlyMap<number, { readonly name: string; readonly x: number }>

function textOf({ events }: FlowRecord, lanes: Lanes): string {
  const width = Math.max(4, ...[...lanes.values()].map(({ name }) => name.length))
  return events.map((event) => `${event.task.padEnd(width)}  ${words[event.kind](event)}`).join('\n')
}

function svgOf({ events }: FlowRecord, lanes: Lanes): string {
  const width = LANE * (lanes.size + 2)
  const height = ROW * (events.length + 3)
  const parts: string[] = []
  const head = (x: number, name: string): void => {
    parts.push(`<line x1="${x}" y1="${ROW * 1.5}" x2="${x}" y2="${height - ROW / 2}" class="lane"/>`)
    parts.push(`<text x="${x}" y="${ROW}" class="head">${escaped(name)}</text>`)
  }
  head(LANE / 2, 'the loop')
  for (const { name, x } of lanes.values()) head(x + LANE / 2, name)
  const xOf = (id: number | null): number => (id === null ? 0 : (lanes.get(id)?.x ?? 0)) + LANE / 2
  events.forEach((event, i) => {
    const y = ROW * (i + 2.5)
    const x = xOf(event.id)
    const colour = colours[event.kind]
    const from = xOf(event.byId)
    if ((event.kind === 'spawned' || event.kind === 'ready' || event.kind === 'step') && from !== x) {
      parts.push(`<line x1="${from}" y1="${y}" x2="${x}" y2="${y}" stroke="${colour}" marker-end="url(#arrow)"/>`)
    }
    if (event.kind === 'parked')
      parts.push(`<line x1="${x}" y1="${y}" x2="${LANE / 2}" y2="${y}" stroke="${colour}" stroke-dasharray="3 3"/>`)
    parts.push(`<circle cx="${x}" cy="${y}" r="4" fill="${colour}"/>`)
    parts.push(`<text x="${x + 8}" y="${y - 5}" fill="${colour}">${escaped(words[event.kind](event))}</text>`)
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="11">`,
    '<style>.lane{stroke:#d1d5db}.head{text-anchor:middle;font-weight:600;font-size:13px;fill:#6b7280}</style>',
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z" fill="context-stroke"/></marker></defs>',
    ...parts,
    '</svg>',
  ].join('\n')
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`)
}
