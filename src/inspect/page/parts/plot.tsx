import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { colour, painted } from '../theme.ts'

export interface Line {
  readonly label: string
  /** Of the palette. */
  readonly colour: string
  readonly values: readonly (number | null)[]
}

export interface PlotProps {
  readonly title: string
  /** Seconds since 1970. */
  readonly times: readonly number[]
  readonly lines: readonly Line[]
  /** A value in words. */
  readonly show: (value: number) => string
}

const HEIGHT = 150

/** Lines over time. All plots of a page share their cursor. */
export function Plot({ title, times, lines, show }: PlotProps) {
  const box = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | null>(null)
  const data: uPlot.AlignedData = [times as number[], ...lines.map(({ values }) => values as number[])]
  const paint = painted.value

  useEffect(() => {
    const element = box.current as HTMLDivElement
    const axis = {
      stroke: colour('quiet'),
      grid: { stroke: colour('line'), width: 1 },
      ticks: { show: false },
      font: '11px system-ui, sans-serif',
    }
    plot.current = new uPlot(
      {
        width: element.clientWidth,
        height: HEIGHT,
        padding: [8, 4, 0, 0],
        cursor: { sync: { key: 'plots' }, points: { size: 6 }, drag: { x: false, y: false } },
        legend: { show: true, live: true },
        scales: { y: { range: (_, __, max) => [0, max > 0 ? max * 1.1 : 1] } },
        axes: [
          {
            ...axis,
            size: 24,
            values: (_, splits) => splits.map((at) => new Date(at * 1000).toTimeString().slice(0, 8)),
            space: 90,
          },
          { ...axis, size: 64, values: (_, splits) => splits.map(show), space: 34 },
        ],
        series: [
          { label: 'time', value: (_, at) => (at == null ? '' : new Date(at * 1000).toTimeString().slice(0, 8)) },
          ...lines.map(({ label, colour: name }, index) => ({
            label,
            stroke: colour(name),
            width: 1.5,
            points: { show: false },
            value: (_: uPlot, value: number | null) => (value == null ? '–' : show(value)),
            ...(index === 0 ? { fill: colour(`${name}-pale`) } : {}),
          })),
        ],
      },
      data,
      element,
    )
    const observer = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height: HEIGHT }))
    observer.observe(element)
    return () => {
      observer.disconnect()
      plot.current?.destroy()
      plot.current = null
    }
  }, [paint])

  useEffect(() => {
    const drawn = plot.current
    drawn?.setData(data)
    // Where nobody points, the values of this moment are told.
    if (drawn?.cursor.idx == null) drawn?.setLegend({ idx: times.length - 1 }, false)
  })

  return (
    <figure class="plot">
      <figcaption>{title}</figcaption>
      <div
        ref={box}
        role="img"
        aria-label={`${title}: ${lines.map(({ label, values }) => `${label} ${lastOf(values, show)}`).join(', ')}`}
      />
    </figure>
  )
}

function lastOf(values: readonly (number | null)[], show: (value: number) => string): string {
  const last = values.at(-1)
  return last == null ? 'not known' : show(last)
}
