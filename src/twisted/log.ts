/**
 * Where errors go that have nowhere else to go: the observers that were added, and if there are none, standard error.
 * In a test an error that no observer takes is unhandled as a failed task's is, and fails the test.
 */
import { currentLoop, openings, UnhandledError } from '../core/index.ts'
import { Failure } from './failure.ts'

/** One logged error. */
export interface LoggedError {
  readonly failure: Failure
  /** What was being done, such as `Unhandled error in Deferred:`. */
  readonly why: string
  /** More about it: where a Deferred was made. */
  readonly detail: string
}

/** Is told of each logged error. */
export type LogObserver = (event: LoggedError) => void

const observers = new Set<LogObserver>()

/** @internal The whole event as text. */
export function textOfEvent({ failure, why, detail }: LoggedError): string {
  return [why, failure.getTraceback(), detail].filter((part) => part !== '').join('\n')
}

/** @internal Tells of an error. Gives how to take it back, where that is possible. */
export function report(event: LoggedError): (() => void) | null {
  if (observers.size > 0) {
    for (const observer of [...observers]) observer(event)
    return null
  }
  if (hostReports())
    return currentLoop().host.unhandled(new UnhandledError(null, textOfEvent(event), event.failure.value))
  process.stderr.write(`${textOfEvent(event)}\n`)
  return null
}

/** @internal True if errors are handed to the host, which can take them back: that of a test. */
export function hostReports(): boolean {
  return observers.size === 0 && openings.watchers > 0 && currentLoop().host.strict
}

/**
 * The log of errors.
 *
 * ```ts
 * import { log } from 'fibril/twisted'
 *
 * const observer = (event: { why: string; failure: unknown }) => console.log(`${event.why} ${event.failure}`)
 * log.addObserver(observer)
 * log.err(new Error('no such host'), 'While connecting:') // prints: While connecting: Error: no such host
 * log.removeObserver(observer)
 * ```
 */
export const log: {
  /** Logs an error that was dealt with by going on without it. */
  err(error: unknown, why?: string): void
  addObserver(observer: LogObserver): void
  removeObserver(observer: LogObserver): void
} = Object.freeze({
  err(error: unknown, why = 'Unhandled Error'): void {
    report({ failure: error instanceof Failure ? error : new Failure(error), why, detail: '' })
  },
  addObserver(observer: LogObserver): void {
    observers.add(observer)
  },
  removeObserver(observer: LogObserver): void {
    observers.delete(observer)
  },
})
