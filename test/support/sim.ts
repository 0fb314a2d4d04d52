import assert from 'node:assert/strict'
import { fn, type Operation } from '../../src/core/index.ts'

/** What `operation` throws. If nothing, the test fails. */
export const failure = fn(function* (operation: Operation<unknown>) {
  try {
    yield* operation
  } catch (error) {
    return error
  }
  return assert.fail('it should have failed')
})

/** The system's code that an error of the net has for its cause. */
export function codeOf(error: unknown): string | undefined {
  assert.ok(error instanceof Error, String(error))
  return (error.cause as { readonly code?: string } | undefined)?.code
}
