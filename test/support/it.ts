import { test } from 'node:test'
import { explore, type TestBody, TestHost, type TestHostOptions } from '../../src/testing/index.ts'

interface ItOptions extends TestHostOptions {
  /** Why the test is not run, or that it is not. */
  readonly skip?: boolean | string
}

/**
 * A test whose body is a task under a fresh `TestHost`: a generator, async or plain function. It fails on leaks,
 * unhandled failures and warnings too. The stack of what failed it ends with the seed of its schedule: `SEED=n`
 * replays it.
 *
 *     it('wakes the sleeper', function* (host) {
 *       yield* sleep(1000)
 *       assert.equal(host.now(), 1000)
 *     })
 */
export function it(title: string, body: TestBody<unknown>, options: ItOptions = {}): void {
  const { skip = false, ...rest } = options
  test(title, { skip }, async () => {
    await new TestHost({ ...seedFor(title), ...rest }).run(body)
  })
}

/** The same under many schedules, of which the first is the natural one. The body must make all its state itself. */
it.many = function many(
  title: string,
  body: (host: TestHost) => unknown,
  options: Omit<ItOptions, 'shuffle'> & { readonly seeds?: number } = {},
): void {
  const { skip = false, seeds = 20, ...rest } = options
  test(title, { skip }, async () => {
    await explore(body, { ...seedFor(title), ...rest, runs: seeds })
  })
}

/** In CI each test keeps its schedule, so that a red run is the change's doing; elsewhere each run looks at another. */
function seedFor(title: string): { readonly seed?: number } {
  if (!process.env['CI'] || process.env['SEED']) return {}
  let hash = 0
  for (const letter of title) hash = (Math.imul(hash, 31) + (letter.codePointAt(0) as number)) >>> 0
  return { seed: hash }
}
