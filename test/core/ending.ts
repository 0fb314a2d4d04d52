import { type Body, fn, type Operation, type Outcome, type Task } from '../../src/core/index.ts'

/** Waits until `task` has ended, and tells how: its failure counts as waited for, and does not throw. */
export const ending: <T>(task: Task<T>) => Operation<Outcome<T>> = fn(function* ending<T>(
  task: Task<T>,
): Body<Outcome<T>> {
  try {
    yield* task
  } catch {
    // The outcome tells.
  }
  return task.outcome as Outcome<T>
})

/** `done: 1`, `failed: boom` or `cancelled: why`. */
export const endingText: (task: Task<unknown>) => Operation<string> = fn(function* endingText(
  task: Task<unknown>,
): Body<string> {
  const outcome = yield* ending(task)
  if (outcome.status === 'done') return `done: ${String(outcome.value)}`
  if (outcome.status === 'cancelled') return `cancelled: ${String(outcome.error.reason)}`
  return `failed: ${messages(outcome.error).join(' + ')}`
})

/** The message of an error, or those of all in an `AggregateError`. */
export function messages(error: unknown): string[] {
  if (error instanceof AggregateError) return error.errors.flatMap(messages)
  return [error instanceof Error ? error.message : String(error)]
}
