import { Graph, layout } from '@dagrejs/dagre'
import { computed } from '@preact/signals'
import { useEffect, useMemo } from 'preact/hooks'
import { circles } from '../circles.ts'
import { now } from '../clock.ts'
import { changes, tasks } from '../live.ts'
import { count, duration, plural } from '../model/quantities.ts'
import { type WaitGraph, waitGraph, waitGroups } from '../model/wait-graph.ts'
import { TaskLink } from '../parts/task-link.tsx'
import { useZoom, type Zoom } from '../parts/zoom.ts'
import { addressOf } from '../route.ts'

const graph = computed(() => {
  void changes.value
  return waitGraph(
    [...tasks().tasks.values()].map(({ record }) => record),
    circles.value,
  )
})
/** Changes only when there is something else to lay out. */
const shape = computed(() =>
  JSON.stringify([graph.value.nodes.map(({ key, ids, reason }) => [key, ids.length, reason]), graph.value.edges]),
)
const groups = computed(() => {
  void changes.value
  return waitGroups(tasks().tasks.values(), now.value)
})

/** Groups that are listed. */
const LISTED = 200

/** Who waits for whom, and what all wait for. */
export function WaitsView() {
  const { nodes, left } = graph.value
  return (
    <div class={nodes.length === 0 ? 'waits waits-empty' : 'waits'}>
      <section class="graph" aria-label="Wait graph">
        <div class="toolbar">
          <h1>Who waits for whom</h1>
          {circles.value.length > 0 ? (
            <b class="bad-text">{plural(circles.value.length, 'deadlock')}</b>
          ) : (
            <span class="quiet">no deadlock</span>
          )}
          {left > 0 && <span class="quiet">{count(left)} more are not drawn</span>}
          <span class="legend quiet">an arrow leads from the one who waits to the one who could end that</span>
        </div>
        {nodes.length === 0 ? (
          <p class="empty">No task waits for another. What they wait for is listed below.</p>
        ) : (
          <Drawing graph={graph.value} shape={shape.value} />
        )}
      </section>
      <section class="groups" aria-label="What is waited for">
        <h1>What is waited for</h1>
        <table>
          <thead>
            <tr>
              <th class="number">tasks</th>
              <th>wait for</th>
              <th>held by</th>
              <th class="number">longest</th>
              <th>who</th>
            </tr>
          </thead>
          <tbody>
            {groups.value.slice(0, LISTED).map(({ reason, tasks, names, holder, longestMs, first }) => (
              <tr key={reason}>
                <td class="number">{count(tasks)}</td>
                <td>
                  <a href={addressOf('tasks', first)}>{reason}</a>
                </td>
                <td>{holder === null ? <span class="quiet">–</span> : <TaskLink id={holder} />}</td>
                <td class="number">{duration(longestMs)}</td>
                <td class="quiet">{names.map(([name, n]) => (n === 1 ? name : `${name} ×${count(n)}`)).join(', ')}</td>
              </tr>
            ))}
          </tbody>
        </table>
        {groups.value.length > LISTED && <p class="quiet">and {count(groups.value.length - LISTED)} more</p>}
        {groups.value.length === 0 && <p class="empty">Nothing is waited for.</p>}
      </section>
    </div>
  )
}

const LINE = 30
const short = (text: string): string => (text.length <= LINE ? text : `${text.slice(0, LINE - 1)}…`)

interface Placed {
  readonly nodes: readonly { readonly index: number; readonly x: number; readonly y: number; readonly width: number }[]
  readonly paths: readonly { readonly d: string; readonly circle: boolean }[]
  readonly width: number
  readonly height: number
}

const HEIGHT = 44

function place({ nodes, edges }: WaitGraph): Placed {
  const drawing = new Graph({ multigraph: true })
  drawing.setGraph({ rankdir: 'LR', nodesep: 18, ranksep: 70, edgesep: 14, marginx: 16, marginy: 16 })
  drawing.setDefaultEdgeLabel(() => ({}))
  for (const { key, name, ids, reason } of nodes) {
    const length = Math.max(titleOf(name, ids).length, reason === null ? 0 : short(reason).length, 10)
    drawing.setNode(key, { width: 22 + length * 7.1, height: HEIGHT })
  }
  for (const [index, { from, to }] of edges.entries())
    drawing.setEdge(from, to, { width: 4, height: 12, labelpos: 'c' }, String(index))
  layout(drawing)
  const { width = 0, height = 0 } = drawing.graph() as { width?: number; height?: number }
  return {
    nodes: nodes.map(({ key }, index) => {
      const { x = 0, y = 0, width = 0 } = drawing.node(key) as { x?: number; y?: number; width?: number }
      return { index, x, y, width }
    }),
    paths: edges.map(({ from, to, circle }, index) => {
      const { points = [] } = drawing.edge(from, to, String(index)) as { points?: { x: number; y: number }[] }
      return { d: curve(points), circle }
    }),
    width,
    height,
  }
}

function curve(points: readonly { readonly x: number; readonly y: number }[]): string {
  const [first, ...rest] = points
  if (first === undefined) return ''
  let d = `M${first.x.toFixed(1)} ${first.y.toFixed(1)}`
  for (let i = 0; i < rest.length - 1; i++) {
    const [a, b] = [rest[i] as { x: number; y: number }, rest[i + 1] as { x: number; y: number }]
    const isLast = i === rest.length - 2
    const end = isLast ? b : { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 }
    d += `Q${a.x.toFixed(1)} ${a.y.toFixed(1)} ${end.x.toFixed(1)} ${end.y.toFixed(1)}`
  }
  return d
}

function titleOf(name: string, ids: readonly number[]): string {
  return ids.length === 1 ? `${short(name)} #${ids[0]}` : `${short(name)} ×${count(ids.length)}`
}

function Drawing({ graph, shape }: { readonly graph: WaitGraph; readonly shape: string }) {
  const placed = useMemo(() => place(graph), [shape])
  const fit = (): Zoom => {
    const { clientWidth = 800, clientHeight = 400 } = box.current ?? {}
    const scale = Math.min(1.15, clientWidth / placed.width, clientHeight / placed.height)
    return { scale, x: (clientWidth - placed.width * scale) / 2, y: (clientHeight - placed.height * scale) / 2 }
  }
  const { zoom, setZoom, box, handlers, by } = useZoom(fit)
  useEffect(() => setZoom(fit()), [placed])
  const middle = (factor: number) => () =>
    by(factor, (box.current?.clientWidth ?? 0) / 2, (box.current?.clientHeight ?? 0) / 2)
  return (
    <div class="drawing">
      <svg
        ref={box}
        {...handlers}
        role="group"
        aria-label={`${plural(graph.nodes.length, 'node')}, ${plural(graph.edges.length, 'wait')}`}
      >
        <defs>
          {(['apart', 'circle'] as const).map((kind) => (
            <marker
              key={kind}
              id={`arrow-${kind}`}
              class={`arrow-${kind}`}
              viewBox="0 0 8 8"
              refX="7"
              refY="4"
              markerWidth="8"
              markerHeight="8"
              orient="auto-start-reverse"
            >
              <path d="M0 0L8 4L0 8z" />
            </marker>
          ))}
        </defs>
        <g transform={`translate(${zoom.x} ${zoom.y}) scale(${zoom.scale})`}>
          {placed.paths.map(({ d, circle }, index) => (
            <path
              key={index}
              d={d}
              class={circle ? 'edge edge-circle' : 'edge'}
              marker-end={`url(#arrow-${circle ? 'circle' : 'apart'})`}
            />
          ))}
          {placed.nodes.map(({ index, x, y, width }) => {
            const { key, name, ids, reason, place } = graph.nodes[index] as WaitGraph['nodes'][number]
            return (
              <g key={key} transform={`translate(${x - width / 2} ${y - HEIGHT / 2})`}>
                <a href={addressOf('tasks', ids[0] ?? null)} class={`node node-${place}`}>
                  <title>{`${name} ${ids
                    .slice(0, 20)
                    .map((id) => `#${id}`)
                    .join(' ')}${reason === null ? '' : `\nwaits for ${reason}`}`}</title>
                  <rect width={width} height={HEIGHT} rx="7" />
                  <text x="11" y="18" class="node-name">
                    {titleOf(name, ids)}
                  </text>
                  <text x="11" y="34" class="node-reason">
                    {reason === null ? 'does not wait' : short(reason)}
                  </text>
                </a>
              </g>
            )
          })}
        </g>
      </svg>
      <div class="zoom-buttons">
        <button type="button" aria-label="Nearer" onClick={middle(1.25)}>
          +
        </button>
        <button type="button" aria-label="Farther" onClick={middle(0.8)}>
          −
        </button>
        <button type="button" aria-label="All of it" onClick={() => setZoom(fit())}>
          ⤢
        </button>
      </div>
    </div>
  )
}
