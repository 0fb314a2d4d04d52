import type { Deferred, ErrorKind } from '../index.ts'
import { ensureDeferred, Failure, maybeDeferred } from '../index.ts'
import { FailTest } from './trial-errors.ts'
import type { Watch } from './watch.ts'

/** A cleanup, and what it is called with. */
type Cleanup = () => unknown

/**
 * What a test can ask for. `trial(title, body)` makes one for each test and hands it to the body; subclass it, with methods whose
 * names begin with `test`, to have `setUp` and `tearDown` around several.
 *
 * ```ts
 * import { strict as assert } from 'node:assert'
 * import { Clock, deferLater } from 'fibril/twisted'
 * import { runTrial, TestCase } from 'fibril/twisted/testing'
 *
 * class ClockTests extends TestCase {
 *   clock!: Clock
 *   override setUp() {
 *     this.clock = new Clock()
 *   }
 *   testLater() {
 *     const later = deferLater(this.clock, 10, () => 'now')
 *     this.assertNoResult(later)
 *     this.clock.advance(10)
 *     assert.equal(this.successResultOf(later), 'now')
 *   }
 * }
 * // In a test file: trial(ClockTests)
 * const tests = new ClockTests()
 * await runTrial(() => tests.testLater(), { testCase: tests })
 * ```
 */
export class TestCase {
  /** Milliseconds that `setUp`, the test, `tearDown` and each cleanup may take. */
  timeout = 120_000
  /** @internal */
  watch: Watch | null = null
  readonly #cleanups: Cleanup[] = []

  /** Called before the test. It may give a Deferred, as all that is called here. */
  setUp(): unknown {
    return undefined
  }

  /** Called after the test, also if it failed; not if `setUp` did. */
  tearDown(): unknown {
    return undefined
  }

  /** Has `cleanup` called with `args` after the test and `tearDown`: the last one that was added first, each when the one before has ended. */
  addCleanup<A extends readonly unknown[]>(cleanup: (...args: A) => unknown, ...args: A): void {
    this.#cleanups.push(() => cleanup(...args))
  }

  /** @internal Takes the cleanup that was added last. */
  takeCleanup(): Cleanup | undefined {
    return this.#cleanups.pop()
  }

  /** The errors of these kinds that were logged so far, or all if none is given: they will not fail the test. */
  flushLoggedErrors(...kinds: readonly ErrorKind[]): Failure[] {
    return this.watch?.flush(kinds) ?? []
  }

  /** The result that `deferred` has now. It is taken out. Fails the test if there is none yet, or a failure. */
  successResultOf<T>(deferred: Deferred<T> | PromiseLike<T>): T {
    const [result] = resultOf(deferred)
    if (result === undefined) throw new FailTest(`a result was expected of a ${deferred}, but there is none yet`)
    if (result.value instanceof Failure) {
      throw new FailTest(`a result was expected of a Deferred, but it has failed:\n${result.value.getTraceback()}`, {
        cause: result.value.value,
      })
    }
    return result.value as T
  }

  /** The failure that `deferred` has now, which is taken out. Fails the test if there is none, or of none of these kinds. */
  failureResultOf(deferred: Deferred<unknown> | PromiseLike<unknown>, ...kinds: readonly ErrorKind[]): Failure {
    const [result] = resultOf(deferred)
    if (result === undefined) throw new FailTest(`a failure was expected of a ${deferred}, but there is none yet`)
    const { value } = result
    if (!(value instanceof Failure))
      throw new FailTest(`a failure was expected of a Deferred, but it has ${String(value)}`)
    if (kinds.length > 0 && value.check(...kinds) === null) {
      throw new FailTest(
        `a failure of ${kinds.map(nameOf).join(' or ')} was expected, but it is\n${value.getTraceback()}`,
        {
          cause: value.value,
        },
      )
    }
    return value
  }

  /** Fails the test if `deferred` has a result already, or a failure: that is taken out then. */
  assertNoResult(deferred: Deferred<unknown> | PromiseLike<unknown>): void {
    let result: { readonly value: unknown } | null = null
    const checked = ensureDeferred(deferred as PromiseLike<unknown>)
    checked.addBoth((value) => {
      result = { value }
      return value
    })
    if (result === null) return
    // What fails the test tells of it.
    checked.addErrback(() => {})
    throw new FailTest(
      `a Deferred was expected to have no result yet, but it has ${String((result as { value: unknown }).value)}`,
    )
  }

  /** A Deferred that fires with the error when `deferred` fails with one of these kinds, and fails otherwise. */
  assertFailure<T>(deferred: Deferred<T>, ...kinds: readonly ErrorKind[]): Deferred<unknown> {
    return deferred.addCallbacks(
      (result): unknown => {
        throw new FailTest(`${kinds.map(nameOf).join(' or ')} was expected, but there is a result: ${String(result)}`)
      },
      (failure): unknown => {
        if (failure.check(...kinds) !== null) return failure.value
        throw new FailTest(`${kinds.map(nameOf).join(' or ')} was expected, but it is\n${failure.getTraceback()}`, {
          cause: failure.value,
        })
      },
    )
  }
}

/** What `deferred` has now, in a list of one, and takes it out. */
function resultOf(deferred: Deferred<unknown> | PromiseLike<unknown>): readonly { readonly value: unknown }[] {
  const results: { readonly value: unknown }[] = []
  maybeDeferred(() => deferred).addBoth((value) => {
    results.push({ value })
  })
  return results
}

function nameOf(kind: ErrorKind): string {
  return typeof kind === 'string' ? kind : kind.name
}
