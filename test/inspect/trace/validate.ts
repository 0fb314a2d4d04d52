import assert from 'node:assert/strict'

/** An event, as it is in the file. */
export interface TraceEvent {
  readonly ph: string
  readonly name: string
  readonly cat?: string
  readonly pid: number
  readonly tid: number
  readonly ts: number
  readonly dur: number
  readonly id?: number
  readonly args?: Readonly<Record<string, unknown>>
}

export interface TraceFile {
  readonly traceEvents: readonly TraceEvent[]
  readonly displayTimeUnit: string
  readonly otherData: { readonly version: number; readonly events: number; readonly ended: string; readonly ms: number }
}

/** The trace of this text; fails unless it keeps all rules of the format that viewers rely on. */
export function validTrace(text: string, pid: number = process.pid): TraceFile {
  const file = JSON.parse(text) as TraceFile
  assert.equal(file.displayTimeUnit, 'ms')
  assert.equal(file.otherData.version, 1)
  assert.equal(file.otherData.events, file.traceEvents.length)
  validEvents(file.traceEvents, pid)
  return file
}

/** Messages are made for what is wrong only: there may be millions of events. */
function check(holds: boolean, message: () => string): asserts holds {
  if (!holds) assert.fail(message())
}

export function validEvents(events: readonly TraceEvent[], process: number): void {
  const named = new Set<number>()
  const slices = new Map<number, TraceEvent[]>()
  const open = new Map<string, TraceEvent>()
  const flows = new Map<number, TraceEvent>()
  const ends: TraceEvent[] = []
  for (const event of events) {
    const { ph, name, cat, pid, tid, ts, dur, id } = event
    check(typeof name === 'string' && pid === process && Number.isInteger(tid) && tid >= 0, () => JSON.stringify(event))
    if (ph === 'M') {
      if (name === 'thread_name') {
        check(!named.has(tid), () => `track ${tid} is named twice`)
        named.add(tid)
      }
      continue
    }
    check(ts >= 0 && Math.abs(ts * 1000 - Math.round(ts * 1000)) < 1e-3, () => `ts ${ts} is no time`)
    if (ph === 'X') {
      check((cat === 'step' || cat === 'park') && dur >= 0, () => JSON.stringify(event))
      const track = slices.get(tid)
      if (track === undefined) slices.set(tid, [event])
      else track.push(event)
    } else if (ph === 'b') {
      check(!open.has(`${cat} ${id}`), () => `${cat} ${id} begins twice`)
      open.set(`${cat} ${id}`, event)
    } else if (ph === 'e') {
      const begin = open.get(`${cat} ${id}`)
      check(begin?.name === name && begin.ts <= ts, () => `${cat} ${id} ends and had not begun`)
      open.delete(`${cat} ${id}`)
    } else if (ph === 's') {
      check(!flows.has(id as number), () => `flow ${id} begins twice`)
      flows.set(id as number, event)
    } else if (ph === 'f') {
      const begin = flows.get(id as number)
      check(begin !== undefined && begin.ts <= ts, () => `flow ${id} ends and had not begun`)
      flows.delete(id as number)
      ends.push(begin, event)
    } else check(ph === 'i' || ph === 'C', () => `what is ph ${ph}?`)
  }
  assert.equal(open.size, 0, 'an async span is not ended')
  assert.equal(flows.size, 0, 'a flow has no end')
  for (const [tid, track] of slices) {
    assert.ok(tid === 0 || named.has(tid), `track ${tid} has no name`)
    assertApart(track)
  }
  for (const { id, tid, ts } of ends) {
    check(within(slices.get(tid) ?? [], ts), () => `flow ${id} does not meet a step of ${tid} at ${ts}`)
  }
}

/** Steps and waits of one task come one after the other. Sorts them. */
function assertApart(track: TraceEvent[]): void {
  track.sort((a, b) => a.ts - b.ts || a.dur - b.dur)
  let end = 0
  for (const { name, ts, dur } of track) {
    check(nanos(ts) >= end, () => `${name} begins at ${ts}, before ${end / 1000}`)
    end = nanos(ts) + nanos(dur)
  }
}

function within(track: readonly TraceEvent[], ts: number): boolean {
  let low = 0
  for (let high = track.length; low < high; ) {
    const middle = (low + high) >> 1
    if (nanos((track[middle] as TraceEvent).ts) > nanos(ts)) high = middle
    else low = middle + 1
  }
  // A wait may end in the very moment that the step begins.
  for (let i = low - 1; i >= 0; i--) {
    const { cat, ts: from, dur } = track[i] as TraceEvent
    if (cat !== 'step') continue
    return nanos(from) + nanos(dur) >= nanos(ts)
  }
  return false
}

const nanos = (us: number): number => Math.round(us * 1000)
