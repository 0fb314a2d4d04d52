/**
 * Theory of operation: a trace-event file as lanes that can be painted fast.
 *
 * Each task has a lane, and its steps and parks, which never overlap, stand in it in order: their starts and ends in
 * arrays of numbers, so that what is in sight is found by halving, and a million of them take no more than their
 * numbers. Parks have a kind each, the most time-consuming first. Other tools' files can be read as well, as far as they
 * have complete events (`X`).
 */
import { reasonKind } from './reason-kind.ts'

/** The kind of a span that is a step; parks count from 1. */
export const STEP = 0

export interface Lane {
  readonly id: number
  readonly name: string
  /** Microseconds since the trace began. */
  readonly starts: Float64Array
  readonly ends: Float64Array
  readonly kinds: Uint16Array
  /** Per span, an index into `Trace.texts`. */
  readonly texts: Uint32Array
  /** When it was woken, in order, and by which task. */
  readonly wakes: readonly { readonly at: number; readonly from: number; readonly by: number }[]
  /** Its calls in pools. */
  readonly calls: readonly Call[]
  readonly spawnedAt: number | null
  readonly endedAt: number | null
}

export interface Call {
  readonly name: string
  readonly start: number
  end: number
}

export interface Trace {
  /** By when they first did something. */
  readonly lanes: readonly Lane[]
  /** Names of the kinds of spans: the step, then the sorts of waits. */
  readonly kinds: readonly { readonly name: string; readonly us: number }[]
  readonly texts: readonly string[]
  readonly lags: readonly { readonly at: number; readonly lagMs: number; readonly ready: number }[]
  /** Microseconds from the first to the last that is told. */
  readonly length: number
  readonly events: number
}

/** A text that is no trace, or none that says anything. */
export class TraceError extends Error {}

interface Event {
  readonly ph: string
  readonly name?: string
  readonly cat?: string
  readonly tid?: number
  readonly ts?: number
  readonly dur?: number
  readonly id?: number | string
  readonly args?: Readonly<Record<string, unknown>>
}

interface Draft {
  readonly id: number
  name: string
  readonly spans: { start: number; end: number; park: number; text: number }[]
  readonly wakes: Lane['wakes'][number][]
  readonly calls: Call[]
  spawnedAt: number | null
  endedAt: number | null
}

export function readTrace(text: string): Trace {
  const events = eventsIn(text)
  const drafts = new Map<number, Draft>()
  const texts = new Map<string, number>()
  const parks: { name: string; us: number; index: number }[] = []
  const parkOf = new Map<string, number>()
  const wakers = new Map<number | string, { readonly at: number; readonly by: number }>()
  const calls = new Map<number | string, Call>()
  const lags: { at: number; lagMs: number; ready: number }[] = []
  let first = Infinity
  let last = -Infinity
  for (const { ts, dur = 0, ph } of events) {
    if (ts === undefined || ph === 'M') continue
    if (ts < first) first = ts
    if (ts + dur > last) last = ts + dur
  }
  if (first === Infinity) throw new TraceError('This trace is empty: nothing happened in it.')

  const laneOf = (id: number): Draft => {
    let draft = drafts.get(id)
    if (draft === undefined) {
      draft = { id, name: `#${id}`, spans: [], wakes: [], calls: [], spawnedAt: null, endedAt: null }
      drafts.set(id, draft)
    }
    return draft
  }
  const textOf = (text: string): number => {
    let index = texts.get(text)
    if (index === undefined) texts.set(text, (index = texts.size))
    return index
  }

  for (const { ph, name = '', cat, tid = 0, ts = 0, dur = 0, id = '', args } of events) {
    const at = ts - first
    if (ph === 'M') {
      if (name === 'thread_name') laneOf(tid).name = String(args?.['name'] ?? '')
    } else if (ph === 'X') {
      let park = -1
      if (cat === 'park') {
        const kind = reasonKind(name)
        park = parkOf.get(kind) ?? parks.push({ name: kind, us: 0, index: parks.length }) - 1
        parkOf.set(kind, park)
        ;(parks[park] as { us: number }).us += dur
      }
      laneOf(tid).spans.push({ start: at, end: at + dur, park, text: textOf(name) })
    } else if (ph === 'i' && cat === 'task') {
      const lane = laneOf(tid)
      if (name === 'spawned') lane.spawnedAt = at
      else if (name === 'ended') lane.endedAt = at
    } else if (ph === 's') wakers.set(id, { at, by: tid })
    else if (ph === 'f') {
      const from = wakers.get(id)
      wakers.delete(id)
      if (from !== undefined) laneOf(tid).wakes.push({ at, from: from.at, by: from.by })
    } else if (ph === 'C' && name === 'loop')
      lags.push({ at, lagMs: Number(args?.['lagMs'] ?? 0), ready: Number(args?.['ready'] ?? 0) })
    else if (ph === 'b') {
      const call = { name, start: at, end: last - first }
      calls.set(id, call)
      laneOf(tid).calls.push(call)
    } else if (ph === 'e') {
      const call = calls.get(id)
      if (call !== undefined) call.end = at
    }
  }

  const order = parks.toSorted((a, b) => b.us - a.us)
  const kindOf = new Uint16Array(parks.length)
  for (const [rank, { index }] of order.entries()) kindOf[index] = rank + 1
  let stepUs = 0
  const lanes: Lane[] = []
  for (const { spans, wakes, ...rest } of drafts.values()) {
    if (spans.length === 0 && rest.calls.length === 0) continue
    spans.sort((a, b) => a.start - b.start || a.end - b.end)
    for (const { start, end, park } of spans) if (park < 0) stepUs += end - start
    lanes.push({
      ...rest,
      wakes: wakes.sort((a, b) => a.at - b.at),
      starts: Float64Array.from(spans, ({ start }) => start),
      ends: Float64Array.from(spans, ({ end }) => end),
      kinds: Uint16Array.from(spans, ({ park }) => (park < 0 ? STEP : (kindOf[park] as number))),
      texts: Uint32Array.from(spans, ({ text }) => text),
    })
  }
  const begin = ({ spawnedAt, starts }: Lane): number => spawnedAt ?? starts[0] ?? 0
  lanes.sort((a, b) => begin(a) - begin(b) || a.id - b.id)
  return {
    lanes,
    kinds: [{ name: 'a step', us: stepUs }, ...order.map(({ name, us }) => ({ name, us }))],
    texts: [...texts.keys()],
    lags: lags.sort((a, b) => a.at - b.at),
    length: Math.max(1, last - first),
    events: events.length,
  }
}

function eventsIn(text: string): readonly Event[] {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new TraceError(`This is no trace-event file: ${(error as Error).message}`)
  }
  const events = Array.isArray(value) ? value : (value as { traceEvents?: unknown } | null)?.traceEvents
  if (!Array.isArray(events)) throw new TraceError('This is no trace-event file: it has no traceEvents.')
  return events.filter((event) => typeof event === 'object' && event !== null && typeof event.ph === 'string')
}

/** The first of these ascending numbers that is more than `value`. */
export function firstAfter(numbers: Float64Array, value: number, from = 0): number {
  let low = from
  let high = numbers.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((numbers[middle] as number) > value) high = middle
    else low = middle + 1
  }
  return low
}
