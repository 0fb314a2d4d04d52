import assert from 'node:assert/strict'
import { type Deferred, Failure } from '../../src/twisted/index.ts'

/** The result that a Deferred has now. */
export function resultNow<T>(deferred: Deferred<T>): T {
  const results = outcomes(deferred)
  assert.equal(results.length, 1, 'it has no result yet')
  assert.ok(!(results[0] instanceof Failure), `it has failed: ${results[0]}`)
  return results[0] as T
}

/** The failure that a Deferred has now, which is dealt with by this. */
export function failureNow(deferred: Deferred<unknown>): Failure {
  const results: unknown[] = []
  deferred.addBoth((result) => {
    results.push(result)
  })
  assert.equal(results.length, 1, 'it has no result yet')
  assert.ok(results[0] instanceof Failure, `it has succeeded with ${String(results[0])}`)
  return results[0]
}

/** True while a Deferred has no result. */
export function isPending(deferred: Deferred<unknown>): boolean {
  return outcomes(deferred).length === 0
}

function outcomes(deferred: Deferred<unknown>): unknown[] {
  const results: unknown[] = []
  deferred.addBoth((result) => {
    results.push(result)
    return result
  })
  return results
}
