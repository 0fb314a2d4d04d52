import { type CancelledError, textOf } from './errors.ts'

/** How a task ended. */
export type Outcome<T> =
  | { readonly status: 'done'; readonly value: T }
  | { readonly status: 'failed'; readonly error: unknown }
  | { readonly status: 'cancelled'; readonly error: CancelledError }

/** One failure is itself; several are an `AggregateError` of all that differ. */
export function oneError(failures: readonly unknown[]): unknown {
  const all = new Set<unknown>()
  for (const failure of failures) {
    if (failure instanceof AggregateError && collected.has(failure)) for (const each of failure.errors) all.add(each)
    else all.add(failure)
  }
  if (all.size === 1) return [...all][0]
  const error = new AggregateError([...all], `${all.size} failures: ${[...all].map(messageOf).join('; ')}`)
  collected.add(error)
  return error
}

/** The errors that `oneError` made: it takes them apart again, so that scopes in scopes give one flat list. */
const collected = new WeakSet<object>()

/** The first line of a failure. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${textOf(error)}` : textOf(error)
}
