import type { Arrival, ChainTrace, Half, Lane, StageTrace } from './trace.ts'

/** How a chain is drawn as text. */
export interface DrawTextOptions {
  /** Whether there are colours: green for results, red for failures, grey where nothing came by. */
  readonly colour?: boolean
  /** How wide a box may be, in characters; longer labels are cut. 28 if left out. */
  readonly maxLabel?: number
}

const colours = { callback: '\x1b[32m', errback: '\x1b[31m', none: '\x1b[90m', off: '\x1b[39m' } as const

/**
 * Draws a chain with lines of text: a box for each half of a pair, thick where the path goes.
 *
 * ```ts
 * import { drawText } from 'fibril/twisted/simulator'
 *
 * const half = (label: string) => ({ label, passes: label === 'pass' })
 * const text = drawText({
 *   fired: { by: 'callback(1)', lane: 'callback', text: '1' },
 *   stages: [{ callback: half('double'), errback: half('pass'), came: { lane: 'callback', text: '1' }, did: null }],
 *   end: { lane: 'callback', text: '2' },
 *   state: 'the result',
 * })
 * console.log(text)
 * // prints:       callbacks   errbacks
 * // prints:      callback(1)
 * // prints:           ┃
 * // prints:      ┏━━━━┻━━━┓  ┌────────┐
 * // prints:   0  ┃ double ┃  │ pass   │
 * // prints:      ┗━━━━┳━━━┛  └────────┘
 * // prints:           ▼
 * // prints:           2  the result
 * ```
 */
export function drawText(trace: ChainTrace, options: DrawTextOptions = {}): string {
  const { stages, fired, end, state } = trace
  const drawing = new Drawing(stages, options)
  if (fired !== null) drawing.begin(fired)
  for (const [index, stage] of stages.entries()) {
    if (stage.came !== null)
      drawing.go(stage.came, index === 0 && stage.came.text === fired?.text ? '' : stage.came.text)
    drawing.pair(index, stage, (index + 1 < stages.length ? stages[index + 1]?.came : end) != null)
  }
  if (end === null) drawing.stop(state)
  else drawing.arrive(end, state)
  return drawing.rows.join('\n')
}

const MARGIN = 5
const BETWEEN = 2

/** Rows of text, and where the path is. */
class Drawing {
  readonly rows: string[] = []
  /** How wide a box is between its edges, and where in it the path enters. */
  readonly #inner: number
  readonly #middle: number
  readonly #colour: boolean
  #at: Lane | null = null

  constructor(stages: readonly StageTrace[], { colour = false, maxLabel = 28 }: DrawTextOptions) {
    const labels = stages.flatMap(({ callback, errback }) => [callback.label.length, errback.label.length])
    this.#inner =
      2 +
      Math.min(
        maxLabel,
        labels.reduce((most, length) => Math.max(most, length), 6),
      )
    this.#middle = Math.floor(this.#inner / 2)
    this.#colour = colour
    this.#row(MARGIN + 1, 'callbacks'.padEnd(this.#inner + 1 + BETWEEN), ' errbacks')
  }

  begin({ by, lane }: Arrival & { readonly by: string }): void {
    this.#row(this.#edge(lane), this.#paint(by, lane))
    this.#row(this.#path(lane), this.#paint('┃', lane))
    this.#at = lane
  }

  /** The path goes to a lane, with `text` on it. */
  go({ lane }: Arrival, text: string): void {
    if (this.#at !== null && this.#at !== lane) {
      const bar = '━'.repeat(this.#path('errback') - this.#path('callback') - 1)
      const line = lane === 'errback' ? `┗${bar}┓ ${text}` : `┏${bar}┛`
      this.#row(this.#path('callback'), this.#paint(line, lane))
      if (lane === 'callback' && text !== '') this.#row(this.#path(lane), this.#paint(`┃ ${text}`, lane))
    } else if (text !== '') this.#row(this.#path(lane), this.#paint(`┃ ${text}`, lane))
    this.#at = lane
  }

  pair(index: number, { callback, errback, came, did }: StageTrace, goesOn: boolean): void {
    const number = String(index).padStart(MARGIN - 2)
    const note = did === null || came === null ? '' : this.#paint(`  ${did}`, came.lane)
    const boxes = [this.#box(callback, came?.lane === 'callback' ? came.lane : null, goesOn)]
    boxes.push(this.#box(errback, came?.lane === 'errback' ? came.lane : null, goesOn))
    for (const line of [0, 1, 2] as const) {
      const both = boxes.map((rows) => rows[line]).join(' '.repeat(BETWEEN))
      this.#row(0, (line === 1 ? number : '').padEnd(MARGIN), both, line === 1 ? note : '')
    }
  }

  arrive(end: Arrival, state: string): void {
    this.go(end, '')
    this.#row(this.#path(end.lane), this.#paint('▼', end.lane))
    this.#row(this.#path(end.lane), this.#paint(`${end.text}  ${state}`, end.lane))
  }

  stop(state: string): void {
    this.#row(MARGIN, this.#paint(state, null))
  }

  /** Three rows; thick if something came by in `lane`. */
  #box({ label }: Half, lane: Lane | null, goesOn: boolean): readonly [string, string, string] {
    const [inner, middle] = [this.#inner, this.#middle]
    const edge = (line: string, joint: string): string => {
      const [first = '', bar = '', last = ''] = line
      return this.#paint(`${first}${bar.repeat(middle)}${joint || bar}${bar.repeat(inner - middle - 1)}${last}`, lane)
    }
    const text = ` ${cut(visible(label), inner - 2).padEnd(inner - 1)}`
    const side = lane === null ? '│' : '┃'
    const middleRow = this.#paint(side + text + side, lane)
    if (lane === null) return [edge('┌─┐', ''), middleRow, edge('└─┘', '')]
    return [edge('┏━┓', '┻'), middleRow, edge('┗━┛', goesOn ? '┳' : '')]
  }

  #edge(lane: Lane): number {
    return lane === 'callback' ? MARGIN : MARGIN + this.#inner + 2 + BETWEEN
  }

  #path(lane: Lane): number {
    return this.#edge(lane) + 1 + this.#middle
  }

  #row(indent: number, ...parts: readonly string[]): void {
    this.rows.push(`${' '.repeat(indent)}${parts.join('')}`.trimEnd())
  }

  #paint(text: string, lane: Lane | null): string {
    const plain = visible(text)
    return this.#colour && plain.trim() !== '' ? `${colours[lane ?? 'none']}${plain}${colours.off}` : plain
  }
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`
}

/** A label may come from anywhere: nothing in it shall steer a terminal. */
function visible(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '\ufffd')
}
