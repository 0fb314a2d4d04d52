import { computed, signal } from '@preact/signals'
import type { FigureRecord } from '../../server/events.ts'
import { figures } from '../live.ts'
import { brief, bytes, duration } from '../model/quantities.ts'
import { type Line, Plot } from '../parts/plot.tsx'

const spans = [1, 5, 10] as const
const minutes = signal<(typeof spans)[number]>(5)

const shown = computed(() => {
  const last = figures.value.at(-1)
  if (last === undefined) return []
  const from = last.at - minutes.value * 60_000
  return figures.value.filter(({ at }) => at >= from)
})

type Name = { [name in keyof FigureRecord]: FigureRecord[name] extends number ? name : never }[keyof FigureRecord]

const plots: readonly {
  readonly title: string
  readonly lines: readonly (readonly [Name, label: string, colour: string])[]
  readonly show: (value: number) => string
  /** The counts come from the program, which says nothing while it is held. */
  readonly stops: boolean
}[] = [
  {
    title: 'Loop lag',
    lines: [
      ['lagMaxMs', 'longest', 'red'],
      ['lagMs', 'last', 'amber'],
    ],
    show: duration,
    stops: false,
  },
  {
    title: 'Throughput, per second',
    lines: [
      ['stepsPerS', 'steps', 'blue'],
      ['turnsPerS', 'turns', 'violet'],
    ],
    show: brief,
    stops: true,
  },
  {
    title: 'Tasks',
    lines: [
      ['tasks', 'tasks', 'blue'],
      ['ready', 'ready', 'amber'],
    ],
    show: brief,
    stops: true,
  },
  {
    title: 'Spawned and ended, per second',
    lines: [
      ['spawnedPerS', 'spawned', 'green'],
      ['endedPerS', 'ended', 'violet'],
    ],
    show: brief,
    stops: true,
  },
  {
    title: 'Memory',
    lines: [
      ['rss', 'resident', 'blue'],
      ['heapUsed', 'heap', 'green'],
    ],
    show: bytes,
    stops: false,
  },
  {
    title: 'CPU, of one core',
    lines: [['cpu', 'used', 'green']],
    show: (value) => `${Math.round(value * 100)} %`,
    stops: false,
  },
  {
    title: 'Waits for the outside, and timers',
    lines: [
      ['externals', 'outside', 'blue'],
      ['timers', 'timers', 'amber'],
    ],
    show: brief,
    stops: true,
  },
]

/** The figures of the loop and its process over time. */
export function PlotsView() {
  const records = shown.value
  const times = records.map(({ at }) => at / 1000)
  return (
    <section class="plots" aria-label="Plots">
      <div class="toolbar">
        <h1>Figures</h1>
        <span class="choice" role="group" aria-label="How far back">
          {spans.map((one) => (
            <button key={one} type="button" aria-pressed={minutes.value === one} onClick={() => (minutes.value = one)}>
              {one} min
            </button>
          ))}
        </span>
      </div>
      {records.length < 2 ? (
        <p class="empty">Waiting for figures: they come twice a second.</p>
      ) : (
        <div class="plot-grid">
          {plots.map(({ title, lines, show, stops }) => (
            <Plot
              key={title}
              title={title}
              times={times}
              lines={lines.map((line) => lineOf(line, records, stops))}
              show={show}
            />
          ))}
        </div>
      )}
    </section>
  )
}

function lineOf(
  [name, label, colour]: readonly [Name, string, string],
  records: readonly FigureRecord[],
  stops: boolean,
): Line {
  return { label, colour, values: records.map((record) => (stops && record.held ? null : record[name])) }
}
