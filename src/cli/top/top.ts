import { InspectError, listProcesses, printable, targetNamed } from '../../inspect/index.ts'
import { milliseconds, parseAll } from '../options.ts'
import { CommandError } from '../usage.ts'
import { draw } from './draw.ts'
import { feed, nothingSeen } from './feed.ts'
import { Terminal } from './terminal.ts'
import { firstChoice, pressed, type Seen } from './view.ts'

const options = { once: { type: 'boolean' }, interval: { type: 'string' }, wait: { type: 'string' } } as const

/** Columns where the output is no terminal. */
const WIDTH = 160

/** `fibril top`: shows what the tasks of a process do, as it happens. Exit code 1 if it cannot be asked, or no longer. */
export async function top(args: string[]): Promise<void> {
  const { values, words } = parseAll(args, options)
  if (words.length > 1)
    throw new CommandError('fibril top takes the id of one process, or the address of its inspector')
  const intervalMs = values.interval === undefined ? 1000 : milliseconds('--interval', values.interval)
  const waitMs = values.wait === undefined ? 5000 : milliseconds('--wait', values.wait)
  const abort = new AbortController()
  try {
    const target = targetNamed(words[0] ?? theOnlyOne(), waitMs)
    const seen = feed(target, Math.max(100, intervalMs), abort.signal)
    const isTerminal = process.stdin.isTTY && process.stdout.isTTY && process.env['TERM'] !== 'dumb'
    if (values.once === true || !isTerminal) await showOnce(seen)
    else await showLive(seen, abort)
  } catch (error) {
    if (!(error instanceof InspectError)) throw error
    process.stderr.write(`fibril: ${printable(error.message, '\n')}\n`)
    process.exitCode = 1
  } finally {
    abort.abort()
  }
}

/** The process that is meant if none is named. */
function theOnlyOne(): string {
  const all = listProcesses()
  const [only] = all
  if (only !== undefined && all.length === 1) return String(only.pid)
  if (only === undefined) throw new InspectError('no process listens: start one with fibril run --inspect-fibril')
  throw new InspectError(`several processes listen: say which (${all.map(({ pid }) => pid).join(', ')}; see fibril ps)`)
}

/** Waits until all tasks are known and there are figures, and prints them. */
async function showOnce(feed: AsyncGenerator<Seen>): Promise<void> {
  let first: Seen['figures'] = null
  for await (const seen of feed) {
    first ??= seen.figures
    // The first ones know no rates.
    if (seen.held === null && (seen.figures === first || !seen.complete)) continue
    const paper = { width: process.stdout.columns ?? WIDTH, height: Infinity, colour: false }
    const { lines } = draw(seen, firstChoice, paper, Date.now())
    process.stdout.write(`${lines.map((line) => line.trimEnd()).join('\n')}\n`)
    return
  }
}

async function showLive(feed: AsyncGenerator<Seen>, abort: AbortController): Promise<void> {
  let seen = nothingSeen
  let choice = firstChoice
  let page = 1
  using terminal = new Terminal(
    (key) => {
      choice = pressed(choice, key, page)
      if (choice.quit) abort.abort()
      else show()
    },
    () => show(),
  )
  const show = (): void => {
    const picture = draw(seen, choice, terminal.paper, Date.now())
    page = picture.page
    terminal.show(picture.lines)
  }
  show()
  for await (const next of feed) {
    if (abort.signal.aborted) return
    seen = next
    show()
  }
}
