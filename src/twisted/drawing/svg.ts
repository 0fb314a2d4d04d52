import type { Arrival, ChainTrace, Half, Lane } from './trace.ts'

/** How a chain is drawn as SVG. */
export interface DrawSvgOptions {
  /** Shown above, and read out by what reads pictures. */
  readonly title?: string
}

const BOX = { width: 220, height: 40, gap: 40, rise: 44 } as const
const MARGIN = 24
const NOTE = 200
const x: Readonly<Record<Lane, number>> = { callback: MARGIN + 30, errback: MARGIN + 30 + BOX.width + BOX.gap }
const middle = (lane: Lane): number => x[lane] + BOX.width / 2
const CHARACTERS = 26

const style = `
  .chain { font: 14px ui-monospace, monospace; fill: #57606a; }
  .chain rect { fill: #fff; stroke: #d0d7de; stroke-width: 1.5; }
  .chain .callback { stroke: #1a7f37; } .chain text.callback { fill: #1a7f37; stroke: none; }
  .chain .errback { stroke: #cf222e; } .chain text.errback { fill: #cf222e; stroke: none; }
  .chain rect.ran { stroke-width: 2.5; }
  .chain path { fill: none; stroke-width: 3; stroke-linejoin: round; }
  .chain .head { font-weight: 600; } .chain .note { font-size: 12px; } .chain .passes { font-style: italic; }`

/**
 * Draws a chain as a picture of its own: what `drawText` shows, in SVG. It needs nothing from outside and does nothing: no
 * script, no font, no link.
 */
export function drawSvg(trace: ChainTrace, options: DrawSvgOptions = {}): string {
  const { stages, fired, end, state } = trace
  const { title = 'A chain of callbacks' } = options
  const first = MARGIN + 76
  const step = BOX.height + BOX.rise
  const bottom = first + stages.length * step
  const height = bottom + 40
  const width = x.errback + BOX.width + NOTE
  const parts: string[] = []

  for (const lane of ['callback', 'errback'] as const)
    parts.push(text(middle(lane), MARGIN + 6, `${lane}s`, 'head', 'middle'))
  if (fired !== null) parts.push(text(middle(fired.lane), MARGIN + 38, fired.by, fired.lane, 'middle'))

  // The path first, so that boxes lie on it.
  let from: { readonly lane: Lane; readonly y: number } | null =
    fired === null ? null : { lane: fired.lane, y: MARGIN + 46 }
  for (const [index, { came }] of stages.entries()) {
    if (came === null || from === null) break
    const top = first + index * step
    parts.push(segment(from, came.lane, top))
    if (index > 0) parts.push(note(came, top - BOX.rise / 2 + (from.lane === came.lane ? 5 : -5)))
    from = { lane: came.lane, y: top + BOX.height }
  }
  if (end !== null && from !== null) parts.push(segment(from, end.lane, bottom - 6), arrow(end.lane, bottom))

  for (const [index, { callback, errback, came, did }] of stages.entries()) {
    const y = first + index * step
    parts.push(text(MARGIN, y + 25, String(index), '', 'start'))
    for (const [lane, half] of [
      ['callback', callback],
      ['errback', errback],
    ] as const)
      parts.push(box(lane, y, half, came?.lane === lane))
    if (did !== null && came !== null)
      parts.push(text(x.errback + BOX.width + 12, y + 25, did, `note ${came.lane}`, 'start'))
  }
  if (end === null) parts.push(text(x.callback, bottom, state, '', 'start'))
  else parts.push(text(middle(end.lane), bottom + 24, `${shortened(end.text, 40)}  ${state}`, end.lane, 'middle'))

  return `<svg xmlns="http://www.w3.org/2000/svg" class="chain" role="img" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">
<title>${escaped(title)}</title>
<style>${style}
</style>
${parts.join('\n')}
</svg>
`
}

/** Down from one box to the next; over to the other lane if need be. */
function segment(from: { readonly lane: Lane; readonly y: number }, to: Lane, y: number): string {
  const turn = y - BOX.rise / 2
  const over = from.lane === to ? '' : `V${turn} H${middle(to)} `
  return `<path class="${to}" d="M${middle(from.lane)} ${from.y} ${over}V${y}"/>`
}

function arrow(lane: Lane, y: number): string {
  const at = middle(lane)
  return `<path class="${lane}" d="M${at - 6} ${y - 10} L${at} ${y} L${at + 6} ${y - 10}"/>`
}

function note({ lane, text: what }: Arrival, y: number): string {
  return text(middle(lane) + 10, y, shortened(what, 30), `note ${lane}`, 'start')
}

function box(lane: Lane, y: number, { label, passes }: Half, ran: boolean): string {
  const rect = `<rect x="${x[lane]}" y="${y}" width="${BOX.width}" height="${BOX.height}" rx="6" class="${ran ? `ran ${lane}` : ''}"/>`
  const classes = [ran ? lane : '', passes ? 'passes' : ''].join(' ').trim()
  return rect + text(middle(lane), y + 25, shortened(label, CHARACTERS), classes, 'middle', label)
}

function text(at: number, y: number, what: string, classes: string, anchor: string, whole = what): string {
  const tip = whole === what ? '' : `<title>${escaped(whole)}</title>`
  return `<text x="${at}" y="${y}" text-anchor="${anchor}" class="${classes}">${tip}${escaped(what)}</text>`
}

function shortened(what: string, length: number): string {
  return what.length <= length ? what : `${what.slice(0, length - 1)}…`
}

/** What XML has no place for at all, such as the escape character, or half a surrogate pair. */
const unprintable =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g

function escaped(what: string): string {
  return what.replace(unprintable, '\ufffd').replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`)
}
