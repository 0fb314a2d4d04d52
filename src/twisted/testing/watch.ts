/**
 * Theory of operation: whose fault a thing is. A watch begins with a test and ends with it. What was logged meanwhile, and what
 * was opened meanwhile and is open at the end, is that test's; it is let go of, and waited for until it is gone, before the next test
 * begins. So nothing of one test can fail another.
 *
 *   let everything that was asked for "at once" happen ─▶ what is open now is left behind ─▶ let go ─▶ wait until it is gone
 *
 * What is ending by itself (a connection that was lost, a port that was stopped) is given time for that, and is no leak.
 */
import { currentLoop, openings, type TaskView } from '../../core/index.ts'
import { canLeak, type Leak, macrotask, resources, resourcesSince } from '../../testing/index.ts'
import { type ErrorKind, type Failure, type LoggedError, log, loopTime, reportUnclaimed } from '../index.ts'

/** So many places are recorded for one test: those of a burst would cost more than what is made there. */
const PLACES = 10_000
/** Turns in which what was asked for "at once" may still happen. */
const SETTLING = 3
/** Real milliseconds that what ends by itself may take. */
const ENDING_MS = 1200

export class Watch {
  private errors: LoggedError[] = []
  private readonly loop = currentLoop()
  private readonly tasksBefore: ReadonlySet<TaskView> = new Set(this.loop.root as Iterable<TaskView>)
  private readonly handlesBefore = resources()
  private readonly observer = (event: LoggedError): unknown => this.errors.push(event)

  constructor() {
    openings.watchers++
    openings.places = PLACES
    log.addObserver(this.observer)
  }

  /** Takes the errors of these kinds, or all. */
  flush(kinds: readonly ErrorKind[]): Failure[] {
    reportUnclaimed()
    const taken = this.errors.filter(({ failure }) => kinds.length === 0 || failure.check(...kinds) !== null)
    this.errors = this.errors.filter((event) => !taken.includes(event))
    return taken.map(({ failure }) => failure)
  }

  /** The test is over: gives the errors that nobody has flushed, and what was left behind, of which nothing remains. */
  async end(): Promise<{ readonly errors: readonly LoggedError[]; readonly leaks: readonly Leak[] }> {
    try {
      for (let i = 0; i < SETTLING; i++) await turn()
      reportUnclaimed()
      const errors = this.errors
      // What letting go has to say is of no interest.
      this.errors = []
      const leaks: Leak[] = []
      for (const { kind, name, reason, madeAt, letGo } of openings.list(this.loop)) {
        leaks.push({ kind, name, reason, madeAt })
        letGo()
      }
      await this.until(() => this.tasksLeft().length === 0)
      for (const task of this.tasksLeft()) {
        leaks.push({
          kind: 'task',
          name: String(task),
          reason: `${task.state}: ${task.reason}`,
          madeAt: task.spawnedAt,
        })
        cancelQuietly(task)
      }
      await this.until(() => this.handlesLeft().length === 0)
      for (const name of this.handlesLeft()) {
        leaks.push({ kind: 'handle', name, reason: 'open in the platform, and keeps the process alive', madeAt: null })
      }
      return { errors, leaks }
    } finally {
      log.removeObserver(this.observer)
      openings.watchers--
    }
  }

  private async until(over: () => boolean): Promise<void> {
    const end = performance.now() + ENDING_MS
    while (!over() && performance.now() < end) await macrotask()
  }

  private tasksLeft(): TaskView[] {
    return [...(this.loop.root as Iterable<TaskView>)].filter((task) => !this.tasksBefore.has(task))
  }

  private handlesLeft(): string[] {
    return resourcesSince(this.handlesBefore).filter(canLeak)
  }
}

/** A turn of the loop after all that was asked for at once, for equal deadlines are kept in order; and one of the platform. */
async function turn(): Promise<void> {
  await new Promise<void>((resolve) => loopTime.callLater(0, resolve))
  await macrotask()
}

function cancelQuietly(task: TaskView): void {
  const cancellable = task as TaskView & PromiseLike<unknown> & { cancel(reason: unknown): void }
  cancellable.then(
    () => {},
    () => {},
  )
  cancellable.cancel('its test has ended')
}
