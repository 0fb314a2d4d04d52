/**
 * Theory of operation: what happened to tasks, as events of the trace-event format.
 *
 *     began      parked  stopped          woken      began
 *       ├──── step ────────┤├──── park ─────┤          ├── step …
 *                                           s ────────▶ f          wake: from the step of who woke it
 *
 * A park is drawn from the end of its step to the moment of the wake; what is left until the next step is the time that the
 * task stood in the loop's line. Slices (`X`) are written when they end, so a trace is balanced wherever it is cut; and a flow
 * is written, both ends, when its second end is known. So times go back and forth in the file, as the format allows.
 *
 * What tasks do between two events is kept in a `Lane` each, until they end. Times are whole nanoseconds here, so that
 * rounding cannot make slices overlap.
 *
 * The format: https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
 */
import { type Batch, BEGAN, ENDED, PARKED, READY, SPAWNED, STOPPED } from './batch.ts'

/** A task's track. */
interface Lane {
  readonly id: number
  /** Its name as JSON. */
  readonly name: string
  /** When the step began that it is in; -1 outside one. */
  began: number
  /** Since when it is parked; -1 if it is not. */
  parkedSince: number
  /** It parked in this step, and was not woken in it. */
  parking: boolean
  /** Why it is parked, as JSON. */
  reason: string
  /** The task that woke it; 0 if it was none. */
  waker: number
  wokenAt: number
  ended: boolean
}

/** Texts whose JSON is remembered: names and reasons come again and again. */
const TEXTS = 4096

export class Events {
  /** How many were written. */
  count = 0
  private text = ''
  private readonly lanes = new Map<number, Lane>()
  private readonly quoted = new Map<string, string>()
  private flows = 0
  /** Moment 0 of the trace, in milliseconds. */
  private readonly zero: number
  private readonly pid: number

  constructor(pid: number, zero: number) {
    this.pid = pid
    this.zero = zero
  }

  /** What was written since the last call. */
  take(): string {
    const { text } = this
    this.text = ''
    return text
  }

  process(name: string): void {
    this.meta('process_name', 0, `{"name":${this.quote(name)}}`)
    this.meta('thread_name', 0, '{"name":"the loop"}')
    this.meta('thread_sort_index', 0, '{"sort_index":0}')
  }

  /** A task that was there before; `reason` is null unless it is parked, since `at`. */
  found(id: number, name: string, reason: string | null, at: number): void {
    const lane = this.open(id, name)
    if (reason === null) return
    lane.reason = this.quote(reason)
    lane.parkedSince = Math.max(0, this.ns(at))
  }

  add(batch: Batch): void {
    const { kinds, times, ids, others, texts, size } = batch
    for (let i = 0; i < size; i++) {
      const kind = kinds[i] as number
      const at = this.ns(times[i] as number)
      const id = ids[i] as number
      const other = others[i] as number
      const text = texts[i] as string
      texts[i] = ''
      if (kind === SPAWNED) this.spawned(id, at, other, text)
      else if (kind === BEGAN) this.began(this.lanes.get(id) ?? this.open(id, text), at)
      else {
        const lane = this.lanes.get(id)
        // Nothing was seen of it but its end, or it was woken before it was seen to park.
        if (lane === undefined) continue
        if (kind === READY) this.woken(lane, at, other)
        else if (kind === STOPPED) this.stopped(lane, at)
        else if (kind === PARKED) {
          lane.parking = true
          lane.reason = this.quote(text)
        } else if (kind === ENDED) this.ended(lane, at, text)
      }
    }
    batch.size = 0
  }

  /** The figures of the loop at one moment. */
  loop(at: number, lagMs: number, ready: number): void {
    const values = `{"lagMs":${Math.round(lagMs * 1000) / 1000},"ready":${ready}}`
    this.line(`{"ph":"C","cat":"loop","name":"loop",${this.where(0, this.ns(at))},"args":${values}}`)
  }

  /** A call in a pool, which is over; times in milliseconds. */
  call(call: {
    readonly id: number
    readonly name: string
    readonly task: number
    readonly begunAt: number
    readonly endedAt: number
    readonly args: object
  }): void {
    const head = `"cat":"offload","id":${call.id},"name":${this.quote(call.name)}`
    const begun = Math.max(0, this.ns(call.begunAt))
    this.line(`{"ph":"b",${head},${this.where(call.task, begun)},"args":${JSON.stringify(call.args)}}`)
    this.line(`{"ph":"e",${head},${this.where(call.task, Math.max(begun, this.ns(call.endedAt)))}}`)
  }

  /** Ends what is open at the end of the trace. */
  finish(at: number): void {
    const end = this.ns(at)
    for (const lane of this.lanes.values()) {
      if (lane.began >= 0) this.slice(lane, 'step', lane.name, lane.began, end, '')
      this.unpark(lane, end)
    }
    this.lanes.clear()
  }

  private open(id: number, name: string): Lane {
    const lane: Lane = {
      id,
      name: this.quote(name),
      began: -1,
      parkedSince: -1,
      parking: false,
      reason: '',
      waker: 0,
      wokenAt: 0,
      ended: false,
    }
    this.lanes.set(id, lane)
    this.meta('thread_name', id, `{"name":${this.quote(`${name} #${id}`)}}`)
    this.meta('thread_sort_index', id, `{"sort_index":${id}}`)
    return lane
  }

  private spawned(id: number, at: number, parent: number, name: string): void {
    const lane = this.open(id, name)
    this.instant('spawned', id, at, `{"parent":${parent === 0 ? null : parent}}`)
    lane.waker = parent
    lane.wokenAt = at
  }

  private began(lane: Lane, at: number): void {
    lane.began = at
    lane.parking = false
    const { waker } = lane
    lane.waker = 0
    // It was ready when the trace began, or nobody is known to have woken it.
    if (waker === 0 || waker === lane.id) return
    const head = `"cat":"wake","name":"wake","id":${++this.flows}`
    this.line(`{"ph":"s",${head},${this.where(waker, lane.wokenAt)}}`)
    this.line(`{"ph":"f","bp":"e",${head},${this.where(lane.id, at)}}`)
  }

  private woken(lane: Lane, at: number, waker: number): void {
    lane.parking = false
    lane.waker = waker
    lane.wokenAt = at
    this.unpark(lane, at)
  }

  private unpark(lane: Lane, at: number): void {
    const { parkedSince, reason } = lane
    if (parkedSince < 0) return
    this.slice(lane, 'park', reason, parkedSince, at, `,"args":{"reason":${reason}}`)
    lane.parkedSince = -1
  }

  private stopped(lane: Lane, at: number): void {
    if (lane.began >= 0) this.slice(lane, 'step', lane.name, lane.began, at, '')
    lane.began = -1
    if (lane.ended) this.lanes.delete(lane.id)
    else if (lane.parking) lane.parkedSince = at
    lane.parking = false
  }

  private ended(lane: Lane, at: number, status: string): void {
    this.unpark(lane, at)
    this.instant('ended', lane.id, at, `{"status":"${status}"}`)
    lane.ended = true
    if (lane.began < 0) this.lanes.delete(lane.id)
  }

  private slice(lane: Lane, category: string, name: string, from: number, to: number, args: string): void {
    this.line(
      `{"ph":"X","cat":"${category}","name":${name},${this.where(lane.id, from)},"dur":${micros(to - from)}${args}}`,
    )
  }

  private instant(name: string, id: number, at: number, args: string): void {
    this.line(`{"ph":"i","s":"t","cat":"task","name":"${name}",${this.where(id, at)},"args":${args}}`)
  }

  private meta(name: string, id: number, args: string): void {
    this.line(`{"ph":"M","name":"${name}","pid":${this.pid},"tid":${id},"args":${args}}`)
  }

  private where(id: number, ns: number): string {
    return `"pid":${this.pid},"tid":${id},"ts":${micros(ns)}`
  }

  private line(text: string): void {
    this.text += this.count === 0 ? text : `,\n${text}`
    this.count++
  }

  private ns(ms: number): number {
    return Math.round((ms - this.zero) * 1e6)
  }

  private quote(text: string): string {
    let quoted = this.quoted.get(text)
    if (quoted === undefined) {
      if (this.quoted.size === TEXTS) this.quoted.clear()
      quoted = JSON.stringify(text)
      this.quoted.set(text, quoted)
    }
    return quoted
  }
}

/** Whole nanoseconds as microseconds. */
function micros(ns: number): string {
  const rest = ns % 1000
  const whole = (ns - rest) / 1000
  return rest === 0 ? `${whole}` : `${whole}.${rest < 10 ? '00' : rest < 100 ? '0' : ''}${rest}`
}
