/** Where a bar is drawn: a terminal, or nothing. */
export interface Screen {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

/** Work that is over sooner needs no bar, ms. */
const PATIENCE_MS = 500
/** A bar is drawn so often at most. */
const REDRAW_MS = 100
const WIDTH = 24
const CLEAR = '\r\x1b[2K'

/** One bar at a time can have the last line. */
let drawing: ProgressBar | null = null

/**
 * How far some work is, in the last line of a terminal:
 *
 *     fib ━━━━━━━━━━━━──────────── 50 % 500/1000, 12 s left
 *
 * Drawn when something has changed and the last time is a while ago, and cleared at the end: it needs no timer.
 */
export class ProgressBar {
  private readonly name: string
  private readonly screen: Screen
  private readonly now: () => number
  private readonly since: number
  private drawnAt: number

  constructor(name: string, screen: Screen = process.stderr, now: () => number = () => performance.now()) {
    this.name = name
    this.screen = screen
    this.now = now
    this.since = now()
    this.drawnAt = this.since + PATIENCE_MS - REDRAW_MS
  }

  update(done: number, total: number | undefined): void {
    if (!this.screen.isTTY || (drawing !== null && drawing !== this)) return
    const now = this.now()
    if (now - this.drawnAt < REDRAW_MS) return
    this.drawnAt = now
    drawing = this
    const { columns = 80 } = this.screen
    this.screen.write(CLEAR + textOf(this.name, done, total, now - this.since).slice(0, columns - 1))
  }

  end(): void {
    if (drawing !== this) return
    drawing = null
    this.screen.write(CLEAR)
  }
}

function textOf(name: string, done: number, total: number | undefined, ms: number): string {
  if (total === undefined) return `${name} ${done} done, ${((done * 1000) / ms).toPrecision(2)}/s`
  const share = total === 0 ? 1 : done / total
  const full = Math.round(share * WIDTH)
  const bar = '━'.repeat(full) + '─'.repeat(WIDTH - full)
  const left = done === 0 ? '' : `, ${duration((ms / done) * (total - done))} left`
  return `${name} ${bar} ${Math.floor(share * 100)} % ${done}/${total}${left}`
}

function duration(ms: number): string {
  const seconds = Math.ceil(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  return minutes < 60 ? `${minutes} min ${seconds % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
