import { FibrilError } from '../../core/index.ts'
import type { LoggedError, UnfiredDeferred } from '../index.ts'

/** An assertion about a Deferred does not hold. */
export class FailTest extends FibrilError {
  constructor(message: string, options?: { cause?: unknown }) {
    super('FIBRIL_FAIL_TEST', message, options)
  }
}

/** Throw it in a test to have it skipped, and say why. */
export class SkipTest extends FibrilError {
  constructor(why: string) {
    super('FIBRIL_SKIP_TEST', why)
  }
}

/** Errors were logged while a test ran, or Deferreds failed and nobody came for it. `flushLoggedErrors` takes those that are expected. */
export class LoggedErrorsError extends FibrilError {
  readonly errors: readonly LoggedError[]

  constructor(errors: readonly LoggedError[]) {
    const texts = errors.map(({ why, failure, detail }) => `${why}\n${failure.getTraceback()}\n${detail}`.trimEnd())
    const what = errors.length === 1 ? 'an error was' : `${errors.length} errors were`
    super('FIBRIL_LOGGED_ERRORS', `${what} logged, and not flushed by flushLoggedErrors:\n${texts.join('\n')}`, {
      cause:
        errors.length === 1 ? errors[0]?.failure.value : new AggregateError(errors.map(({ failure }) => failure.value)),
    })
    this.errors = errors
  }
}

/** A test, or what is run before and after it, took too long. `unfired` are the Deferreds that had not fired by then. */
export class TrialTimeoutError extends FibrilError {
  readonly ms: number
  readonly unfired: readonly UnfiredDeferred[]

  constructor(stage: string, ms: number, unfired: readonly UnfiredDeferred[]) {
    const what = unfired.length === 1 ? 'one Deferred has' : `${unfired.length} Deferreds have`
    const list = unfired.map((deferred) => `\n  ${describe(deferred)}`).join('')
    super(
      'FIBRIL_TRIAL_TIMEOUT',
      `${stage} is still running after ${ms} ms; ${what} not fired${list === '' ? '' : `:${list}`}`,
    )
    this.ms = ms
    this.unfired = unfired
  }
}

for (const [name, type] of Object.entries({ FailTest, SkipTest, LoggedErrorsError, TrialTimeoutError })) {
  Object.defineProperty(type.prototype, 'name', { value: name, configurable: true, writable: true })
}

function describe({ madeAt, waiters, callbacks }: UnfiredDeferred): string {
  const where = madeAt.split('\n')[0]?.trim() || 'at a place that was not recorded'
  const others = callbacks - waiters.length
  const waits = [...waiters, ...(others > 0 ? [`${others} callback${others === 1 ? '' : 's'}`] : [])]
  return `made ${where}${waits.length === 0 ? '' : `; there wait ${waits.join(', ')}`}`
}
