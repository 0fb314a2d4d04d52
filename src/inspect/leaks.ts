import { writeSync } from 'node:fs'
import { currentLoop, type Loop, openings } from '../core/index.ts'
import { describeLeft } from './describe.ts'
import { snapshot } from './snapshot.ts'

/** Places that are recorded of what is made while somebody watches. */
const PLACES = 10_000

/**
 * The tasks of a loop that have not ended, and what was left open, as text; null if there is nothing. By default of the
 * current loop.
 *
 * ```ts
 * import { Event, run, sleep } from 'fibril'
 * import { leakReport } from 'fibril/inspect'
 *
 * const task = run(function* listener() {
 *   yield* new Event({ name: 'news' }).wait()
 * })
 * await sleep(1)
 * console.log(leakReport()) // => this task never ended: listener #… waits for event "news", …
 * task.cancel()
 * await sleep(1)
 * console.log(leakReport()) // => null
 * ```
 */
export function leakReport(loop: Loop = currentLoop()): string | null {
  const left = snapshot({ loop })
  return left.tasks.length + left.openings.length === 0 ? null : describeLeft(left)
}

/**
 * Writes `leakReport` of the thread's default loop to standard error as the process leaves, if there is something to say.
 * A process that is killed by a signal says nothing. Disposing the result ends it.
 */
export function reportLeaksAtExit(): Disposable {
  const report = (): void => {
    const text = leakReport()
    if (text !== null) writeSync(2, `fibril: ${text}`)
  }
  process.on('exit', report)
  return { [Symbol.dispose]: () => void process.off('exit', report) }
}

/**
 * From now on what dialects leave open is in snapshots and leak reports: Deferreds that have not fired, with where they
 * were made. Those are kept in memory until they fire, so this is for programs that are being looked at. Disposing the
 * result ends it.
 */
export function watchOpenings(): Disposable {
  openings.watchers++
  openings.places = PLACES
  let over = false
  return {
    [Symbol.dispose]() {
      if (!over) openings.watchers--
      over = true
    },
  }
}
