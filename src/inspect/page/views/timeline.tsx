import { computed, signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { takeKeys } from '../keys.ts'
import { askTrace, processRecord } from '../live.ts'
import { count, duration, plural } from '../model/quantities.ts'
import { firstAfter, type Lane, readTrace, STEP, type Trace } from '../model/read-trace.ts'
import { FileButton, save } from '../parts/file-button.tsx'
import { KINDS, kindColour, LANE, paint, type Selection, TOP, type Window } from '../parts/paint-lanes.ts'
import { TaskLink } from '../parts/task-link.tsx'
import { addressOf } from '../route.ts'
import { painted } from '../theme.ts'

const lengths = [1, 5, 20] as const
const seconds = signal<(typeof lengths)[number]>(1)
const recording = signal<AbortController | null>(null)
const trouble = signal<string | null>(null)
/** What is looked at, its text, and what it is called. */
const shown = signal<{ readonly trace: Trace; readonly text: string; readonly name: string } | null>(null)
const search = signal('')
const selected = signal<Selection | null>(null)
const view = signal<Window>({ from: 0, scale: 1, top: 0, gutter: 150 })

const lanes = computed<readonly Lane[]>(() => {
  const all = shown.value?.trace.lanes ?? []
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean)
  return words.length === 0 ? all : all.filter(({ name }) => words.every((word) => name.toLowerCase().includes(word)))
})

/** What each task did over time: recorded from the program now, or from a file. */
export function TimelineView() {
  return (
    <section class="timeline" aria-label="Timeline">
      <div class="toolbar">
        <RecordButton />
        <span class="choice" role="group" aria-label="How long to record">
          {lengths.map((one) => (
            <button key={one} type="button" aria-pressed={seconds.value === one} onClick={() => (seconds.value = one)}>
              {one} s
            </button>
          ))}
        </span>
        <FileButton label="Open a trace" accept=".json,application/json" onText={(text, name) => show(text, name)} />
        {shown.value !== null && (
          <>
            <button
              type="button"
              class="button"
              title="The file opens in Perfetto and in Chrome as well"
              onClick={() => shown.value && save(shown.value.text, shown.value.name, 'application/json')}
            >
              Save
            </button>
            <input
              type="search"
              placeholder="Search  /"
              aria-label="Search lanes"
              value={search.value}
              onInput={({ currentTarget }) => {
                search.value = currentTarget.value
                selected.value = null
              }}
            />
            <span class="quiet">
              {shown.value.name}: {plural(lanes.value.length, 'task')}, {duration(shown.value.trace.length / 1000)}
            </span>
          </>
        )}
      </div>
      {trouble.value !== null && (
        <p class="strip strip-bad" role="alert">
          {trouble.value}
        </p>
      )}
      {shown.value === null ? (
        <p class="empty">
          Record what happens now, or open a file that <code>fibril trace</code> wrote, to see each task's steps and
          waits.
        </p>
      ) : (
        <Lanes trace={shown.value.trace} />
      )}
    </section>
  )
}

function RecordButton() {
  const running = recording.value
  return (
    <button type="button" class="button button-main" disabled={running !== null} onClick={record}>
      {running === null ? 'Record' : 'Recording…'}
    </button>
  )
}

async function record(): Promise<void> {
  const abort = new AbortController()
  recording.value = abort
  trouble.value = null
  try {
    const name = `trace-${processRecord.peek()?.pid ?? 'live'}-${new Date().toISOString().replaceAll(':', '-').slice(0, 19)}.json`
    show(await askTrace(seconds.value * 1000, abort.signal), name)
  } catch (error) {
    trouble.value = (error as Error).message
  } finally {
    recording.value = null
  }
}

function show(text: string, name: string): void {
  try {
    const trace = readTrace(text)
    search.value = ''
    selected.value = null
    shown.value = { trace, text, name }
    trouble.value = null
  } catch (error) {
    trouble.value = (error as Error).message
  }
}

function Lanes({ trace }: { readonly trace: Trace }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const size = (): { width: number; height: number } => ({
    width: (canvas.current?.clientWidth ?? 800) - view.peek().gutter,
    height: (canvas.current?.clientHeight ?? 400) - TOP,
  })
  const set = (next: Partial<Window>): void => {
    const { width, height } = size()
    const wanted = { ...view.peek(), ...next }
    const scale = Math.min(trace.length / width, Math.max(1e-3, wanted.scale))
    const from = Math.max(0, Math.min(trace.length - width * scale, wanted.from))
    const top = Math.max(0, Math.min(lanes.peek().length * LANE - height, wanted.top))
    view.value = { ...wanted, scale, from, top }
  }
  const zoom = (factor: number, x = size().width / 2): void => {
    const { from, scale } = view.peek()
    const next = Math.min(trace.length / size().width, Math.max(1e-3, scale / factor))
    set({ scale: next, from: from + x * (scale - next) })
  }
  const all = (): void => set({ from: 0, scale: trace.length / size().width })

  useEffect(() => {
    const gutter = (canvas.current?.clientWidth ?? 800) < 600 ? 96 : 170
    view.value = { from: 0, scale: 1, top: 0, gutter }
    all()
    return takeKeys((key) => onKey(key, zoom, set, all))
  }, [trace])

  useEffect(() => {
    const element = canvas.current as HTMLCanvasElement
    const observer = new ResizeObserver(() => set({}))
    observer.observe(element)
    const onWheel = (event: WheelEvent): void => {
      event.preventDefault()
      const { left } = element.getBoundingClientRect()
      const { gutter, from, scale, top } = view.peek()
      if (event.ctrlKey || event.metaKey) zoom(1.004 ** -event.deltaY, event.clientX - left - gutter)
      else if (event.shiftKey) set({ from: from + (event.deltaY || event.deltaX) * scale })
      else set({ top: top + event.deltaY, from: from + event.deltaX * scale })
    }
    element.addEventListener('wheel', onWheel, { passive: false })
    return () => {
      observer.disconnect()
      element.removeEventListener('wheel', onWheel)
    }
  }, [trace])

  // Painted at most once a frame.
  const [now, all2, chosen, colours] = [view.value, lanes.value, selected.value, painted.value]
  useEffect(() => {
    const frame = requestAnimationFrame(() => {
      if (canvas.current !== null) paint(canvas.current, trace, all2, now, chosen)
    })
    return () => cancelAnimationFrame(frame)
  }, [trace, now, all2, chosen, colours])

  const drag = useDrag(set, zoom, (x, y) => {
    selected.value = spanAt(x, y)
  })
  return (
    <>
      <div class="lanes">
        <canvas
          ref={canvas}
          role="img"
          aria-label={`${plural(lanes.value.length, 'lane')}, ${plural(trace.events, 'event')}; the arrow keys go from lane to lane`}
          {...drag}
        />
        <div class="zoom-buttons">
          <button type="button" aria-label="Nearer" onClick={() => zoom(1.6)}>
            +
          </button>
          <button type="button" aria-label="Farther" onClick={() => zoom(1 / 1.6)}>
            −
          </button>
          <button type="button" aria-label="All of it" onClick={all}>
            ⤢
          </button>
        </div>
      </div>
      <Chosen trace={trace} />
      <ul class="kinds" aria-label="Colours">
        {trace.kinds.slice(0, KINDS).map(({ name, us }, kind) => (
          <li key={name}>
            <i class={`swatch swatch-${kindColour(kind)}`} /> {name} <span class="quiet">{duration(us / 1000)}</span>
          </li>
        ))}
        {trace.kinds.length > KINDS && (
          <li>
            <i class={`swatch swatch-${kindColour(KINDS)}`} /> {plural(trace.kinds.length - KINDS, 'other kind')}
          </li>
        )}
        {trace.lanes.some(({ calls }) => calls.length > 0) && (
          <li>
            <i class="swatch swatch-violet" /> a call in a pool
          </li>
        )}
      </ul>
    </>
  )
}

/** Dragged with a pointer, pinched with two; a click selects. */
function useDrag(
  set: (next: Partial<Window>) => void,
  zoom: (factor: number, x: number) => void,
  select: (x: number, y: number) => void,
) {
  const fingers = useRef(new Map<number, { x: number; y: number }>())
  const moved = useRef(0)
  return {
    onPointerDown: (event: PointerEvent): void => {
      ;(event.currentTarget as HTMLElement).setPointerCapture(event.pointerId)
      fingers.current.set(event.pointerId, { x: event.clientX, y: event.clientY })
      moved.current = 0
    },
    onPointerMove: (event: PointerEvent): void => {
      const last = fingers.current.get(event.pointerId)
      if (last === undefined) return
      const [dx, dy] = [event.clientX - last.x, event.clientY - last.y]
      moved.current += Math.abs(dx) + Math.abs(dy)
      const other = [...fingers.current].find(([id]) => id !== event.pointerId)?.[1]
      const { from, scale, top, gutter } = view.peek()
      if (other === undefined) set({ from: from - dx * scale, top: top - dy })
      else {
        const { left } = (event.currentTarget as HTMLElement).getBoundingClientRect()
        const apart = (x: number): number => Math.max(8, Math.abs(x - other.x))
        zoom(apart(event.clientX) / apart(last.x), (event.clientX + other.x) / 2 - left - gutter)
      }
      fingers.current.set(event.pointerId, { x: event.clientX, y: event.clientY })
    },
    onPointerUp: (event: PointerEvent): void => {
      fingers.current.delete(event.pointerId)
      if (moved.current < 5) select(event.offsetX, event.offsetY)
    },
    onPointerCancel: (event: PointerEvent): void => {
      fingers.current.delete(event.pointerId)
    },
  }
}

function spanAt(x: number, y: number): Selection | null {
  const { from, scale, top, gutter } = view.peek()
  const index = Math.floor((y - TOP + top) / LANE)
  const lane = lanes.peek()[index]
  if (y < TOP || lane === undefined) return null
  if (x < gutter) return { lane: index, span: 0 }
  const at = from + (x - gutter) * scale
  // A pixel to either side: a step may be less than one wide.
  const span = firstAfter(lane.ends, at - scale)
  return { lane: index, span: (lane.starts[span] ?? Infinity) <= at + scale * 2 ? span : -1 }
}

function onKey(
  key: string,
  zoom: (factor: number) => void,
  set: (next: Partial<Window>) => void,
  all: () => void,
): boolean {
  const { from, scale, top } = view.peek()
  const lane = selected.peek()?.lane ?? -1
  if (key === '+' || key === '=') zoom(1.6)
  else if (key === '-') zoom(1 / 1.6)
  else if (key === '0') all()
  else if (key === 'ArrowLeft') set({ from: from - 80 * scale })
  else if (key === 'ArrowRight') set({ from: from + 80 * scale })
  else if (key === 'Escape') selected.value = null
  else if (key === 'ArrowUp' || key === 'ArrowDown') {
    const next = Math.max(0, Math.min(lanes.peek().length - 1, lane + (key === 'ArrowUp' ? -1 : 1)))
    selected.value = { lane: next, span: 0 }
    if (next * LANE < top) set({ top: next * LANE })
    else if (next * LANE > top + 300) set({ top: next * LANE - 300 })
  } else return false
  return true
}

/** What is selected, in words. */
function Chosen({ trace }: { readonly trace: Trace }) {
  const lane = lanes.value[selected.value?.lane ?? -1]
  if (lane === undefined || selected.value === null)
    return <p class="chosen quiet">Click a span, or go by the arrow keys. Ctrl and the wheel zoom; so do + and −.</p>
  const { span } = selected.value
  const { starts, ends, kinds, texts, calls, wakes } = lane
  const start = starts[span]
  const end = ends[span]
  const woken = start === undefined ? undefined : wakes.findLast(({ at }) => at <= start + 0.001)
  const call = calls.find((one) => start !== undefined && one.start < (end ?? 0) && one.end > start)
  return (
    <p class="chosen" aria-live="polite">
      <a class="task-link" href={addressOf('tasks', lane.id)}>
        <b>{lane.name}</b>
      </a>{' '}
      {start === undefined || end === undefined ? (
        <span class="quiet">neither runs nor waits there: it stands in line</span>
      ) : (
        <>
          {kinds[span] === STEP ? 'runs' : `waits for ${trace.texts[texts[span] as number]}`} for{' '}
          {duration((end - start) / 1000)} <span class="quiet">from {duration(start / 1000)} on</span>
          {kinds[span] === STEP && woken !== undefined && Math.abs(woken.at - start) < 1 && (
            <>
              , woken by <TaskLink id={woken.by} />
            </>
          )}
          {call !== undefined && <>; in a pool: {call.name}</>}
        </>
      )}
      <span class="quiet"> · {count(starts.length)} spans</span>
    </p>
  )
}
