/**
 * Theory of operation: a chain whose callbacks have all run and which ends in a failure is *unclaimed* until somebody
 * adds an errback, waits for it, or takes its result into another chain. What is still unclaimed when the turn is over,
 * after all microtasks and before the platform's next event, is reported: once, in the order of failing, with where the
 * Deferred was made. That is where Node looks for unhandled rejections too.
 *
 * Twisted reports when the garbage collector happens to find the Deferred, which lands in whatever runs by then.
 */
import type { Failure } from './failure.ts'
import { hostReports, report } from './log.ts'

/** A failure that nobody has come for yet. */
export interface Unclaimed {
  readonly failure: Failure
  readonly where: string
  claimed: boolean
  takeBack: (() => void) | null
}

let waiting: Unclaimed[] = []

/** A chain has ended in a failure. */
export function unclaimed(failure: Failure, where: string): Unclaimed {
  const entry: Unclaimed = { failure, where, claimed: false, takeBack: null }
  // Such a host looks at the end of its run, and lets itself be told otherwise until then.
  if (hostReports()) tell(entry)
  else if (waiting.push(entry) === 1) queueMicrotask(() => process.nextTick(reportUnclaimed))
  return entry
}

/** Somebody has come for it. */
export function claim(entry: Unclaimed): void {
  entry.claimed = true
  entry.takeBack?.()
}

/** Reports all that is unclaimed now, without waiting for the end of the turn. */
export function reportUnclaimed(): void {
  const entries = waiting
  waiting = []
  for (const entry of entries) if (!entry.claimed) tell(entry)
}

function tell(entry: Unclaimed): void {
  const { failure, where } = entry
  const detail = where === '' ? '' : `The Deferred was made\n${where}`
  entry.takeBack = report({ failure, why: 'Unhandled error in Deferred:', detail })
}
