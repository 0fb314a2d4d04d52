/** What `fibril top` shows, as lines: nothing here knows a terminal. */
import { duration, printable } from '../../inspect/index.ts'
import { type Choice, columns, type Row, rowsOf, type Seen } from './view.ts'

export interface Paper {
  readonly width: number
  /** Lines; `Infinity` for all rows. */
  readonly height: number
  readonly colour: boolean
}

const KEYS = 's sort  / filter  t tree  ↑↓ scroll  q quit'
/** Lines of the stack of a hold. */
const STACK = 3

/** All lines of the picture; and how many rows the table has room for. */
export function draw(seen: Seen, choice: Choice, paper: Paper, now: number): { lines: string[]; page: number } {
  const { width, colour } = paper
  const paint = (code: number, text: string): string => (colour ? `\u001b[${code}m${text}\u001b[0m` : text)
  const head = [titleLine(seen, now), ...figureLines(seen)].map((line) => cut(line, width))
  const banner = heldLines(seen).map((line, i) => paint(i === 0 ? 41 : 31, cut(line, width)))
  const foot = [cut(footLine(choice, seen), width)]
  const rows = rowsOf(seen, choice, now)
  const page = Math.max(1, paper.height - head.length - banner.length - foot.length - 2)
  const first = Math.max(0, Math.min(choice.top, rows.length - page))
  const [titles, ...table] = tableLines(rows.slice(first, first + page), choice, width)
  const isWhole = paper.height === Infinity
  const lines = [
    ...head,
    ...banner,
    '',
    paint(7, pad(titles as string, width, colour)),
    ...table,
    ...(isWhole ? [] : [...Array<string>(Math.max(0, page - table.length)).fill(''), ...foot]),
  ]
  return { lines: lines.slice(0, paper.height), page }
}

function titleLine({ process }: Seen, now: number): string {
  const time = new Date(now).toTimeString().slice(0, 8)
  if (process === null) return `fibril top  ${time}  waiting for the first answer`
  return `fibril top  ${time}  process ${process.pid}, up ${duration(process.uptimeMs)}: ${process.command.join(' ')}`
}

function figureLines({ figures }: Seen): string[] {
  if (figures === null) return ['', '']
  const { tasks, ready, timers, externals, lagMs, lagMaxMs, cpu, rss, heapUsed } = figures
  const lag = lagMs === null || lagMaxMs === null ? '' : `  lag ${duration(lagMs)}, at most ${duration(lagMaxMs)}`
  const { turnsPerS, stepsPerS, spawnedPerS, endedPerS } = figures
  const rates = `turns ${perS(turnsPerS)}  steps ${perS(stepsPerS)}  spawned ${perS(spawnedPerS)}  ended ${perS(endedPerS)}`
  return [
    `${tasks} tasks  ${ready} ready  ${timers} timers  ${externals} wait for something outside${lag}`,
    `${rates}  cpu ${Math.round(cpu * 100)} %  memory ${megabytes(rss)}, heap ${megabytes(heapUsed)}`,
  ]
}

/** The loud part: that nothing goes on, and why. */
function heldLines({ held }: Seen): string[] {
  if (held === null) return []
  const [first = '', ...stack] = held.text.split('\n')
  return [`THE LOOP IS HELD: ${first}`, ...stack.slice(0, STACK)]
}

function footLine({ typing, filter }: Choice, { behind }: Seen): string {
  if (typing) return `filter: ${filter}_   (return keeps it, escape clears it)`
  const only = filter === '' ? '' : `   only: ${filter}`
  return `${KEYS}${only}${behind > 0 ? `   ${behind} tasks are still to come` : ''}`
}

function tableLines(rows: readonly Row[], { sort, tree }: Choice, width: number): string[] {
  const titles = columns.map((column) => (column === sort && !tree ? `${column} v` : column))
  const cells = rows.map(({ tasks, name, state, reason, longestMs }) => [
    `${tasks}`,
    name,
    state,
    reason,
    longestMs === null ? '' : duration(longestMs),
  ])
  const table = [titles, ...cells].map((row) => row.map((cell) => printable(cell)))
  const most = [9, Math.floor(width * 0.35), 20, Math.floor(width * 0.4), 14]
  const widths = titles.map((_, i) => Math.min(most[i] as number, Math.max(...widthsOf(table, i))))
  return table.map((row) =>
    cut(row.map((cell, i) => pad(cut(cell, widths[i] as number), widths[i] as number)).join('  '), width).trimEnd(),
  )
}

function widthsOf(table: readonly (readonly string[])[], column: number): number[] {
  return table.map((row) => widthOf(row[column] as string))
}

function perS(rate: number): string {
  return `${rate >= 10 ? Math.round(rate) : rate}/s`
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1_048_576)} MiB`
}

const wide = /\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Hangul}|\p{Emoji_Presentation}/u
const none = /\p{Mn}|\p{Me}|\p{Cf}/u

/** Columns of a terminal that a text takes, about. */
function widthOf(text: string): number {
  let width = 0
  for (const char of text) width += charWidth(char)
  return width
}

function charWidth(char: string): number {
  if (char <= '~') return 1
  return none.test(char) ? 0 : wide.test(char) ? 2 : 1
}

function pad(text: string, width: number, wanted = true): string {
  return wanted ? text + ' '.repeat(Math.max(0, width - widthOf(text))) : text
}

/** As much of a text as has room, with a mark where it was cut. */
function cut(text: string, width: number): string {
  const safe = printable(text)
  if (safe.length * 2 <= width || widthOf(safe) <= width) return safe
  let kept = ''
  let left = width - 1
  for (const char of safe) {
    left -= charWidth(char)
    if (left < 0) break
    kept += char
  }
  return width < 1 ? '' : `${kept}…`
}
