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
 * What is known of a task between two events is kept in a `Lane`, until it ends. Times are whole nanoseconds here, so that
 * rounding cannot make slices overlap.
 *
 * The format: https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
 */
import { Ascii, asciiJson } from './ascii.ts'
import { type Batch, BEGAN, ENDED, PARKED, READY, SPAWNED, STOPPED } from './batch.ts'

/** A task's track. */
interface Lane {
  readonly id: number
  /** Its name as JSON. Nothing else is kept as text: there may be very many tasks. */
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
  private readonly out = new Ascii(1 << 19)
  private readonly lanes = new Map<number, Lane>()
  private readonly quoted = new Map<string, string>()
  private flows = 0
  /** Moment 0 of the trace, in milliseconds. */
  private readonly zero: number
  private readonly pidText: string

  constructor(pid: number, zero: number) {
    this.pidText = `,"pid":${pid},"tid":`
    this.zero = zero
  }

  /** What was written since the last call, in ASCII; good until something is written again. */
  take(): Buffer {
    return this.out.take()
  }

  /** Writes something around the events. */
  frame(text: string): void {
    this.out.text(text)
  }

  process(name: string): void {
    this.meta('process_name', 0).text(`{"name":${this.quote(name)}}}`)
    this.meta('thread_name', 0).text('{"name":"the loop"}}')
    this.meta('thread_sort_index', 0).text('{"sort_index":0}}')
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
    this.event('{"ph":"C","cat":"loop","name":"loop"')
    this.on(0, this.ns(at)).text(`,"args":{"lagMs":${Math.round(lagMs * 1000) / 1000},"ready":${ready}}}`)
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
    this.event(`{"ph":"b",${head}`)
    this.on(call.task, begun).text(`,"args":${asciiJson(call.args)}}`)
    this.event(`{"ph":"e",${head}`)
    this.on(call.task, Math.max(begun, this.ns(call.endedAt))).text('}')
  }

  /** Ends what is open at the end of the trace. */
  finish(at: number): void {
    const end = this.ns(at)
    for (const lane of this.lanes.values()) {
      this.step(lane, end)
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
    this.meta('thread_name', id).text('{"name":').text(lane.name.slice(0, -1)).text(' #').whole(id).text('"}}')
    this.meta('thread_sort_index', id).text('{"sort_index":').whole(id).text('}}')
    return lane
  }

  private spawned(id: number, at: number, parent: number, name: string): void {
    this.open(id, name)
    this.event('{"ph":"i","s":"t","cat":"task","name":"spawned"')
    this.on(id, at).text(',"args":{"parent":')
    if (parent === 0) this.out.text('null}}')
    else this.out.whole(parent).text('}}')
  }

  private began(lane: Lane, at: number): void {
    lane.began = at
    lane.parking = false
    const { waker } = lane
    lane.waker = 0
    // It was ready when the trace began, or nobody is known to have woken it.
    if (waker === 0 || waker === lane.id) return
    this.flows++
    this.event('{"ph":"s","cat":"wake","name":"wake","id":').whole(this.flows)
    this.on(waker, lane.wokenAt).text('}')
    this.event('{"ph":"f","bp":"e","cat":"wake","name":"wake","id":').whole(this.flows)
    this.on(lane.id, at).text('}')
  }

  private woken(lane: Lane, at: number, waker: number): void {
    lane.parking = false
    // A step that began before the trace is not in it.
    const { began = -1 } = this.lanes.get(waker) ?? {}
    lane.waker = began < 0 ? 0 : waker
    lane.wokenAt = at
    this.unpark(lane, at)
  }

  private unpark(lane: Lane, at: number): void {
    const { id, parkedSince, reason } = lane
    if (parkedSince < 0) return
    lane.parkedSince = -1
    this.event('{"ph":"X","cat":"park","name":').text(reason)
    this.on(id, parkedSince)
      .text(',"dur":')
      .micros(at - parkedSince)
    this.out.text(',"args":{"reason":').text(reason).text('}}')
  }

  private step(lane: Lane, at: number): void {
    const { began } = lane
    if (began < 0) return
    lane.began = -1
    this.event('{"ph":"X","cat":"step","name":').text(lane.name)
    this.on(lane.id, began)
      .text(',"dur":')
      .micros(at - began)
      .text('}')
  }

  private stopped(lane: Lane, at: number): void {
    this.step(lane, at)
    if (lane.ended) this.lanes.delete(lane.id)
    else if (lane.parking) lane.parkedSince = at
    lane.parking = false
  }

  private ended(lane: Lane, at: number, status: string): void {
    this.unpark(lane, at)
    this.event('{"ph":"i","s":"t","cat":"task","name":"ended"')
    this.on(lane.id, at).text(',"args":{"status":"').text(status).text('"}}')
    lane.ended = true
    if (lane.began < 0) this.lanes.delete(lane.id)
  }

  /** What is known of a track; its `args` are still to come. */
  private meta(name: string, id: number): Ascii {
    return this.event('{"ph":"M","name":"').text(name).text('"').text(this.pidText).whole(id).text(',"args":')
  }

  /** On which track an event is, and when. */
  private on(id: number, ns: number): Ascii {
    return this.out.text(this.pidText).whole(id).text(',"ts":').micros(ns)
  }

  /** Begins an event; one a line. */
  private event(text: string): Ascii {
    return this.out.text(this.count++ === 0 ? '\n' : ',\n').text(text)
  }

  private ns(ms: number): number {
    return Math.round((ms - this.zero) * 1e6)
  }

  private quote(text: string): string {
    let quoted = this.quoted.get(text)
    if (quoted === undefined) {
      if (this.quoted.size === TEXTS) this.quoted.clear()
      quoted = asciiJson(text)
      this.quoted.set(text, quoted)
    }
    return quoted
  }
}
