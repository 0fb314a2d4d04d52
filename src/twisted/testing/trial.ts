import { describe, type TestContext, test } from 'node:test'
import { type RunTrialOptions, runTrial, type TrialBody } from './run-trial.ts'
import { TestCase } from './test-case.ts'
import { SkipTest } from './trial-errors.ts'

/** How a test is registered. */
export interface TrialOptions extends Omit<RunTrialOptions, 'testCase'> {
  /** Why it is not run, or that it is not. */
  readonly skip?: string | boolean
  /** Why it may fail for now, or that it may. */
  readonly todo?: string | boolean
}

/**
 * Registers a test with `node:test`, or each method of a `TestCase` whose name begins with `test`, on an object of its own. See
 * `runTrial` for how each is run, and what fails it.
 *
 * ```ts
 * import { strict as assert } from 'node:assert'
 * import { deferLater, reactor } from 'fibril/twisted'
 * import { trial } from 'fibril/twisted/testing'
 *
 * trial('a generator is driven to its end', function* () {
 *   assert.equal(yield* deferLater(reactor, 1, () => 'later'), 'later')
 * })
 * trial('a Deferred that is returned is awaited', (test) => {
 *   test.addCleanup(() => deferLater(reactor, 1))
 *   return deferLater(reactor, 1)
 * })
 * ```
 */
export function trial(title: string, body: TrialBody, options?: TrialOptions): void
export function trial(testCase: new () => TestCase, options?: TrialOptions): void
export function trial(
  what: string | (new () => TestCase),
  bodyOrOptions?: TrialBody | TrialOptions,
  given: TrialOptions = {},
): void {
  if (typeof what === 'string') return register(what, () => new TestCase(), bodyOrOptions as TrialBody, given)
  describe(what.name, () => {
    for (const name of testsOf(what.prototype)) {
      const body: TrialBody = function (test) {
        return (this as unknown as Record<string, TrialBody>)[name]?.call(this, test)
      }
      register(name, () => new what(), body, (bodyOrOptions as TrialOptions | undefined) ?? {})
    }
  })
}

function register(title: string, make: () => TestCase, body: TrialBody, options: TrialOptions): void {
  const { skip = false, todo = false, ...rest } = options
  test(title, { skip, todo }, async (context: TestContext) => {
    try {
      await runTrial(body, { ...rest, testCase: make() })
    } catch (error) {
      if (!(error instanceof SkipTest)) throw error
      context.skip(error.message)
    }
  })
}

/** The names of the tests of a class and of those that it extends, in the order in which they are written, the base's first. */
function testsOf(prototype: object): string[] {
  const names: string[] = []
  for (let at = prototype; at !== TestCase.prototype && at !== null; at = Object.getPrototypeOf(at)) {
    const own = Object.getOwnPropertyNames(at).filter(
      (name) => /^test/.test(name) && typeof (at as Record<string, unknown>)[name] === 'function',
    )
    names.unshift(...own)
  }
  return [...new Set(names)]
}
