import { addInstrument, type Body, currentTask, fn, type Operation } from '../core/index.ts'
import type { Returned } from '../green/index.ts'
import { callRun, type Run } from './bodies.ts'

/** How long one greenlet may run without a switch. */
export interface AssertSwitchesOptions {
  /** In milliseconds; unless given, it is only asserted that there is a switch at all. */
  readonly maxBlockingTime?: number
}

/** A block did not let others run. */
export class FailedToSwitch extends Error {
  override readonly name = 'FailedToSwitch'
}

/**
 * Runs `body`, and makes sure that it lets other greenlets run: at least once, and at least every `maxBlockingTime` milliseconds if
 * that is given; otherwise it throws `FailedToSwitch`, which names who held the loop, and for how long. What the body itself
 * throws is not covered up. May be nested.
 *
 * ```ts
 * import { run } from 'fibril'
 * import { assertSwitches, sleep } from 'fibril/gevent'
 *
 * await run(function* () {
 *   yield* assertSwitches(() => sleep(1))
 *   try {
 *     yield* assertSwitches(() => 'nobody else ran')
 *   } catch (error) {
 *     console.log((error as Error).name) // prints: FailedToSwitch
 *   }
 * })
 * ```
 */
export function assertSwitches<R>(body: () => R, options: AssertSwitchesOptions = {}): Operation<Returned<R>> {
  return watched(body as unknown as Run, options.maxBlockingTime ?? Infinity) as Operation<Returned<R>>
}

const watched = fn(function* assertSwitches(body: Run, limit: number): Body<unknown> {
  const own = currentTask()
  let switches = 0
  let since = performance.now()
  let longest = 0
  let culprit = ''
  const look = (name: string): void => {
    const ms = performance.now() - since
    if (ms <= longest) return
    longest = ms
    culprit = name
  }
  const remove = addInstrument({
    // The step in which this was added is not told of: that the next one begins says that there was a switch.
    stepBegins: (task) => {
      if (task === own) switches++
      since = performance.now()
    },
    stepEnds: (task) => look(String(task)),
  })
  let result: unknown
  try {
    result = yield* callRun(body, [])
  } finally {
    look(String(own))
    remove()
  }
  if (switches === 0) throw new FailedToSwitch(`${own} did not let anybody else run in this block`)
  if (longest > limit)
    throw new FailedToSwitch(`${culprit} held the loop for ${longest.toFixed(1)} ms, which is more than ${limit} ms`)
  return result
})
