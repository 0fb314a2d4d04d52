import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { isMainThread } from 'node:worker_threads'
import { UsageError } from '../core/index.ts'
import { describeTasks } from './describe.ts'
import { type Ask, mailbox, readAsk, writeWhole } from './mailbox.ts'
import { present } from './presence.ts'
import { snapshot, snapshotLines } from './snapshot.ts'
import { summary } from './summary.ts'

export interface InspectSignalOptions {
  /** `SIGUSR2` unless said: take another where a supervisor has a use of its own for it. */
  readonly signal?: NodeJS.Signals
}

let listeners = 0

/**
 * From now on the process tells on a signal what its tasks wait for: as text on standard error, or, if `fibril dump PID`
 * sent the signal, to that. It shows the main thread's default loop. A function that holds the loop holds the answer up
 * too. Costs nothing until the signal comes, and does not keep the process alive. Disposing the result ends it.
 *
 * A `UsageError` in a worker thread, which no signal reaches, and on Windows.
 *
 * ```ts
 * import { inspectOnSignal } from 'fibril/inspect'
 *
 * using listening = inspectOnSignal()
 * console.log(process.listenerCount('SIGUSR2')) // => 1
 * ```
 */
export function inspectOnSignal(options: InspectSignalOptions = {}): Disposable {
  const { signal = 'SIGUSR2' } = options
  if (!isMainThread) throw new UsageError('inspectOnSignal() was called in a worker thread: no signal reaches it')
  if (process.platform === 'win32') throw new UsageError('inspectOnSignal() needs signals, which Windows does not have')
  // A second call is served by the first.
  if (listeners++ === 0) begin(signal)
  let over = false
  return {
    [Symbol.dispose]() {
      if (over) return
      over = true
      if (--listeners === 0) end()
    },
  }
}

let end: () => void = () => {}

function begin(signal: NodeJS.Signals): void {
  let leave: (() => void) | null = null
  const answer = (): void => tell(leave === null ? null : mailbox())
  process.on(signal, answer)
  end = () => {
    leave?.()
    process.off(signal, answer)
  }
  // Last: who reads what is said here may send the signal.
  leave = announce(signal)
}

/** Takes back what it says; null where nothing can be written: then there is standard error still. */
function announce(signal: NodeJS.Signals): (() => void) | null {
  try {
    return present({ signal })
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    process.emitWarning(`fibril dump cannot ask this process (${why}); kill -${signal} can`, 'FibrilWarning')
    return null
  }
}

function tell(folder: string | null): void {
  try {
    const asked = folder === null ? [] : asksIn(folder)
    for (const file of asked) {
      const ask = readAsk(file)
      rmSync(file, { force: true })
      writeWhole(file.replace(/ask$/, 'jsonl'), linesFor(ask))
    }
    if (asked.length === 0) process.stderr.write(describeTasks(snapshot()))
  } catch (error) {
    process.emitWarning(`what the tasks wait for could not be told: ${error}`, 'FibrilWarning')
  }
}

function linesFor(ask: Ask): Iterable<string> {
  return ask.for === 'summary' ? [JSON.stringify(summary())] : snapshotLines(ask)
}

function asksIn(folder: string): string[] {
  const mine = (name: string): boolean => name.startsWith(`${process.pid}.`) && name.endsWith('.ask')
  return readdirSync(folder)
    .filter(mine)
    .map((name) => join(folder, name))
}
