import { type Body, fn, type Operation } from '../../src/core/index.ts'
import { appLog } from '../../src/tornado/index.ts'

interface Waitable {
  wait(): Operation<unknown>
}

type Caught = Error & { readonly code?: string }

/** The error that something fails with: a future, or an operation. */
export const failure: (of: Waitable | Operation<unknown>) => Operation<Caught> = fn(function* failure(
  of: Waitable | Operation<unknown>,
): Body<Caught> {
  try {
    yield* 'wait' in of ? of.wait() : of
  } catch (error) {
    return error as Caught
  }
  throw new Error('it did not fail')
})

/** What is logged while `body` runs. */
export const logged: (body: () => Operation<unknown>) => Operation<string[]> = fn(function* logged(
  body: () => Operation<unknown>,
): Body<string[]> {
  const lines: string[] = []
  const remove = appLog.addHandler((message, error) =>
    lines.push(`${message}: ${error instanceof Error ? error.message : String(error)}`),
  )
  try {
    yield* body()
  } finally {
    remove()
  }
  return lines
})
