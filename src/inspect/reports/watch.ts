/**
 * Theory of operation: what is probably wrong is looked for now and then, never at each step.
 *
 *   a look at all tasks and queues      deadlock, park, slow, queue      every `everyMs`, and so seldom that the looks take
 *                                                                        less than a hundredth of the time
 *   a thread that watches the loop      held                             ../../green/watchdog
 *   events of the process               unhandled, leak
 *
 * Each is told once: on the diagnostics channel `fibril:report`, and on standard error.
 */
import { writeSync } from 'node:fs'
import { currentLoop, Inspectable, UnhandledError, UsageError } from '../../core/index.ts'
import { type Hold, watchdog } from '../../green/watchdog/index.ts'
import { printable } from '../describe.ts'
import { leakReport } from '../leaks.ts'
import { PlatformInspector } from '../platform-inspector.ts'
import { QueueLooks } from './queues.ts'
import { type Finding, report } from './record.ts'
import { TaskLooks } from './tasks.ts'

/** The most of the loop's time that the looks may take. */
const SHARE = 0.01

export interface ReportOptions {
  /** Report a task that has waited so many milliseconds for what another task holds: 60,000 unless said. Infinity: none. */
  readonly longParkMs?: number
  /** Report a task that has not ended so many milliseconds after it was first seen: none unless said. */
  readonly slowTaskMs?: number
  /** Report a function that holds the loop for so many milliseconds: 500 unless said. Infinity: none, and no thread for it. */
  readonly heldMs?: number
  /** Report a queue that only grows once it holds so many items: 1000 unless said. Infinity: none. */
  readonly queueSize?: number
  /** Milliseconds between two looks, at least: 1000 unless said. */
  readonly everyMs?: number
  /** Write nothing to standard error. */
  readonly quiet?: boolean
}

/**
 * From now on this thread reports what is probably wrong with it: a deadlock, a long wait, a loop that is held, a failure
 * that nobody waited for, a queue that only grows, tasks that were left at the end; see `ReportKind`. Each is a paragraph on
 * standard error, and a `ReportRecord` for `onReport`. Looks take less than a hundredth of the loop's time; nothing is done at
 * each step. Does not keep the process alive. Disposing the result ends it. A `UsageError` for a limit that is none.
 *
 * ```ts
 * import { watchReports } from 'fibril/inspect'
 *
 * using reports = watchReports({ longParkMs: 10_000, heldMs: Infinity })
 * ```
 */
export function watchReports(options: ReportOptions = {}): Disposable {
  for (const [name, value] of Object.entries(options)) {
    if (typeof value === 'number' && !(value >= 1))
      throw new UsageError(`watchReports({ ${name}: ${value} }): it must be at least 1`)
  }
  return new ReportWatch(options)
}

/** @internal */
export class ReportWatch implements Disposable {
  private readonly tasks: TaskLooks
  private readonly queues: QueueLooks
  private readonly everyMs: number
  private readonly quiet: boolean
  private timer: NodeJS.Timeout | null = null
  private readonly endings: (() => void)[] = []

  constructor(options: ReportOptions) {
    const { longParkMs = 60_000, slowTaskMs = Infinity, heldMs = 500, queueSize = 1000 } = options
    const { everyMs = 1000, quiet = false } = options
    this.everyMs = everyMs
    this.quiet = quiet
    this.tasks = new TaskLooks({ longParkMs, slowTaskMs })
    this.queues = new QueueLooks(queueSize)
    if (queueSize !== Infinity) this.watchQueues()
    if (heldMs !== Infinity) this.watchHolds(heldMs)
    this.watchProcess()
    this.lookLater(everyMs)
  }

  /** One look at all there is. */
  look(): void {
    for (const finding of [...this.tasks.look(currentLoop()), ...this.queues.look()]) this.tell(finding)
  }

  private lookLater(ms: number): void {
    this.timer = setTimeout(() => {
      const begun = performance.now()
      this.look()
      this.lookLater(Math.max(this.everyMs, (performance.now() - begun) / SHARE))
    }, ms).unref()
  }

  /** Those that there are, and from now on those that are made. */
  private watchQueues(): void {
    using inspector = PlatformInspector.open()
    for (const thing of inspector?.livingOf(Inspectable) ?? []) this.queues.add(thing)
    this.endings.push(this.queues.follow())
  }

  private watchHolds(limitMs: number): void {
    const watch = watchdog({ limitMs, quiet: true, onHold: (hold) => this.tell(held(hold)) })
    this.endings.push(() => watch.stop())
  }

  private watchProcess(): void {
    const failed = (error: unknown): void => {
      if (error instanceof UnhandledError) this.tell(unhandled(error))
    }
    const left = (): void => {
      const text = leakReport()
      if (text !== null) this.tell({ kind: 'leak', text: text.trimEnd(), data: {} })
    }
    process.on('uncaughtExceptionMonitor', failed)
    process.on('exit', left)
    this.endings.push(
      () => process.off('uncaughtExceptionMonitor', failed),
      () => process.off('exit', left),
    )
  }

  private tell(finding: Finding): void {
    report(finding)
    if (this.quiet) return
    try {
      writeSync(
        2,
        `fibril: ${finding.text
          .split('\n')
          .map((line) => printable(line))
          .join('\n')}\n`,
      )
    } catch {
      // Nobody reads standard error (EAGAIN, EPIPE): then nobody is told.
    }
  }

  [Symbol.dispose](): void {
    if (this.timer !== null) clearTimeout(this.timer)
    for (const end of this.endings.splice(0)) end()
  }
}

function held({ name, url, line, column, stack, ms }: Hold): Finding {
  const place = url === null ? '' : ` (${url.replace(/^file:\/\//, '')}:${line}:${column})`
  const lines = stack.slice(1, 8).map((frame) => `\n    at ${frame.name} (${frame.url}:${frame.line}:${frame.column})`)
  const text = `${name ?? 'something'}${place} held the loop for ${ms} ms: nothing else could run${lines.join('')}`
  return { kind: 'held', text, data: { name, url, line, column, ms, stack } }
}

function unhandled(error: UnhandledError): Finding {
  const { task, message, cause } = error
  const stack = cause instanceof Error ? (cause.stack ?? null) : null
  const id = task === null ? {} : { task: task.id }
  return { kind: 'unhandled', text: message, ...id, data: { name: task?.name ?? null, stack } }
}
