/**
 * Theory of operation: the timeline on a canvas. From top to bottom: the time, the loop's lag, a lane for each task that is
 * in sight. In a lane, what is narrower than a pixel is skipped by halving to the next pixel, so a lane costs its pixels, not its
 * spans. A step is always seen, be it a pixel wide.
 */

import { duration } from '../model/quantities.ts'
import { firstAfter, type Lane, STEP, type Trace } from '../model/read-trace.ts'
import { colour } from '../theme.ts'

export const LANE = 20
export const RULER = 22
export const LAG = 34
export const TOP: number = RULER + LAG
/** Colours for kinds of waits; the last is for all others. */
export const KINDS = 8

/** What of the trace is in sight. */
export interface Window {
  /** Microseconds at the left edge, and per pixel. */
  readonly from: number
  readonly scale: number
  /** Pixels that the lanes are scrolled. */
  readonly top: number
  /** Pixels for the names at the left. */
  readonly gutter: number
}

export interface Selection {
  readonly lane: number
  readonly span: number
}

export function kindColour(kind: number): string {
  return kind === STEP ? 'accent' : `kind-${Math.min(kind, KINDS) - 1}`
}

export function paint(
  canvas: HTMLCanvasElement,
  trace: Trace,
  lanes: readonly Lane[],
  view: Window,
  selected: Selection | null,
): void {
  const ratio = devicePixelRatio
  const { clientWidth: width, clientHeight: height } = canvas
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio)
    canvas.height = Math.round(height * ratio)
  }
  const to = canvas.getContext('2d', { alpha: false }) as CanvasRenderingContext2D
  to.setTransform(ratio, 0, 0, ratio, 0, 0)
  to.fillStyle = colour('panel')
  to.fillRect(0, 0, width, height)
  const { gutter, from, scale } = view
  const x = (at: number): number => gutter + (at - from) / scale
  const first = Math.max(0, Math.floor(view.top / LANE))
  const end = Math.min(lanes.length, Math.ceil((view.top + height - TOP) / LANE))
  const y = (lane: number): number => TOP + lane * LANE - view.top

  to.save()
  to.beginPath()
  to.rect(0, TOP, width, height - TOP)
  to.clip()
  to.fillStyle = colour('back')
  for (let lane = first; lane < end; lane++) if (lane % 2 === 1) to.fillRect(0, y(lane), width, LANE)
  if (selected !== null) {
    to.fillStyle = colour('accent-pale')
    to.fillRect(0, y(selected.lane), width, LANE)
  }
  grid(to, trace, view, width, height)
  for (let lane = first; lane < end; lane++) spans(to, lanes[lane] as Lane, view, y(lane), width)
  if (selected !== null) chosen(to, lanes, selected, x, y, width, gutter)
  names(to, lanes, first, end, y, gutter, height)
  to.restore()
  lag(to, trace, x, width, gutter)
}

function spans(
  to: CanvasRenderingContext2D,
  lane: Lane,
  { from, scale, gutter }: Window,
  y: number,
  width: number,
): void {
  const { starts, ends, kinds, calls } = lane
  const last = from + (width - gutter) * scale
  for (let i = firstAfter(ends, from); i < starts.length && (starts[i] as number) < last; ) {
    const start = starts[i] as number
    const kind = kinds[i] as number
    const left = Math.max(gutter, gutter + (start - from) / scale)
    const right = gutter + ((ends[i] as number) - from) / scale
    to.fillStyle = colour(kindColour(kind))
    if (kind === STEP) to.fillRect(left, y + 3, Math.max(1, right - left), LANE - 6)
    else to.fillRect(left, y + 6, Math.max(0.5, right - left), LANE - 12)
    // What ends within this pixel would be painted onto the same one.
    if (right - left >= 1) i++
    else i = Math.max(i + 1, firstAfter(ends, from + (Math.floor(left) + 1 - gutter) * scale, i))
  }
  to.fillStyle = colour('violet')
  for (const { start, end } of calls) {
    if (end < from || start > last) continue
    const left = Math.max(gutter, gutter + (start - from) / scale)
    to.fillRect(left, y + LANE - 4, Math.max(1, gutter + (end - from) / scale - left), 2)
  }
}

/** The span that is selected, and who woke its task. */
function chosen(
  to: CanvasRenderingContext2D,
  lanes: readonly Lane[],
  { lane: index, span }: Selection,
  x: (at: number) => number,
  y: (lane: number) => number,
  width: number,
  gutter: number,
): void {
  const lane = lanes[index]
  if (lane === undefined) return
  const start = lane.starts[span]
  if (start !== undefined) {
    to.strokeStyle = colour('text')
    to.lineWidth = 1.5
    const left = Math.max(x(start), gutter)
    to.strokeRect(left, y(index) + 2.5, Math.max(2, x(lane.ends[span] as number) - left), LANE - 5)
  }
  to.strokeStyle = colour('amber')
  to.fillStyle = colour('amber')
  to.lineWidth = 1
  const places = new Map(lanes.map(({ id }, at) => [id, at]))
  let drawn = 0
  for (const { at, from, by } of lane.wakes) {
    const waker = places.get(by)
    if (waker === undefined || x(at) < gutter || x(from) > width) continue
    if (++drawn > 300) break
    to.beginPath()
    to.moveTo(x(from), y(waker) + LANE / 2)
    to.lineTo(x(at), y(index) + LANE / 2)
    to.stroke()
    to.beginPath()
    to.arc(x(from), y(waker) + LANE / 2, 2.5, 0, 7)
    to.fill()
  }
}

function names(
  to: CanvasRenderingContext2D,
  lanes: readonly Lane[],
  first: number,
  end: number,
  y: (lane: number) => number,
  gutter: number,
  height: number,
): void {
  to.fillStyle = colour('panel')
  to.fillRect(0, TOP, gutter, height)
  to.fillStyle = colour('text')
  to.font = '12px ui-monospace, "DejaVu Sans Mono", monospace'
  to.textBaseline = 'middle'
  const room = Math.floor((gutter - 16) / 7.25)
  for (let lane = first; lane < end; lane++) {
    const { name } = lanes[lane] as Lane
    to.fillText(name.length <= room ? name : `${name.slice(0, room - 1)}…`, 8, y(lane) + LANE / 2 + 1)
  }
  to.fillStyle = colour('line')
  to.fillRect(gutter - 1, TOP, 1, height)
}

/** Steps of the ruler: 1, 2 or 5 of a power of ten, a hundred pixels or so apart. */
function stepOf(scale: number): number {
  const wanted = scale * 100
  const power = 10 ** Math.floor(Math.log10(wanted))
  return [1, 2, 5, 10].map((one) => one * power).find((one) => one >= wanted) as number
}

/** A moment of the ruler, as exactly as its steps are. */
function tick(at: number, step: number): string {
  const [unit, name] = step >= 1e6 ? [1e6, 's'] : step >= 100 ? [1e3, 'ms'] : [1, 'µs']
  return `${Number((at / unit).toFixed(3))} ${name}`
}

function grid(to: CanvasRenderingContext2D, { length }: Trace, view: Window, width: number, height: number): void {
  const step = stepOf(view.scale)
  to.fillStyle = colour('line')
  for (let at = Math.ceil(view.from / step) * step; at <= length; at += step) {
    const x = view.gutter + (at - view.from) / view.scale
    if (x > width) break
    to.fillRect(Math.round(x), TOP, 1, height)
  }
}

function lag(
  to: CanvasRenderingContext2D,
  trace: Trace,
  x: (at: number) => number,
  width: number,
  gutter: number,
): void {
  to.fillStyle = colour('panel')
  to.fillRect(0, 0, width, TOP)
  to.font = '11px system-ui, "Liberation Sans", sans-serif'
  to.textBaseline = 'middle'
  const scale = 1 / (x(1) - x(0))
  const step = stepOf(scale)
  const from = (gutter - x(0)) * scale
  for (let at = Math.max(0, Math.ceil(from / step) * step); at <= trace.length; at += step) {
    const place = x(at)
    if (place > width) break
    to.fillStyle = colour('line')
    to.fillRect(Math.round(place), 0, 1, TOP)
    to.fillStyle = colour('quiet')
    if (place < width - 40) to.fillText(tick(at, step), place + 4, RULER / 2)
  }
  const most = trace.lags.reduce((max, { lagMs }) => Math.max(max, lagMs), 1)
  to.fillStyle = colour('red')
  for (const [i, { at, lagMs }] of trace.lags.entries()) {
    const left = x(at)
    const right = x(trace.lags[i + 1]?.at ?? trace.length)
    if (right < gutter || left > width) continue
    const high = Math.max(1, (lagMs / most) * (LAG - 8))
    to.fillRect(Math.max(gutter, left), TOP - 3 - high, Math.max(1, right - Math.max(gutter, left)), high)
  }
  to.fillStyle = colour('panel')
  to.fillRect(0, 0, gutter, TOP)
  to.fillStyle = colour('quiet')
  to.fillText('time', 8, RULER / 2)
  to.fillText(trace.lags.length === 0 ? 'lag not told' : `lag, to ${duration(most)}`, 8, RULER + LAG / 2)
  to.fillStyle = colour('line')
  to.fillRect(0, TOP - 1, width, 1)
  to.fillRect(gutter - 1, 0, 1, TOP)
}
