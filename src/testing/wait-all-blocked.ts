import { type Loop, machine, suspend, UsageError, type Wait } from '../core/index.ts'
import { TestHost } from './test-host.ts'

/**
 * Waits until every other task is parked. The clock does not move meanwhile. Who calls it knows then that the others
 * have come as far as they can without time, or without the caller. Tasks that wait for something real count as parked
 * once the platform has nothing for them for a moment.
 *
 * ```ts
 * import { Future, spawn } from 'fibril'
 * import { TestHost, waitAllBlocked } from 'fibril/testing'
 *
 * await new TestHost().run(function* () {
 *   const go = new Future<void>()
 *   const task = spawn(() => go.wait())
 *   yield* waitAllBlocked()
 *   console.log(task.state) // prints: parked
 *   go.resolve()
 * })
 * ```
 */
export function waitAllBlocked(): Wait<void> {
  return suspend('every other task to park', (wake) => testHost('waitAllBlocked').whenBlocked(wake))
}

/**
 * Moves the clock by `ms`: waits until every other task is parked, fires what comes due on the way, in order, each time
 * letting all tasks run, and goes on when all are parked again. For tests with `autojump: false`; one at a time.
 *
 * ```ts
 * import { sleep, spawn } from 'fibril'
 * import { advance, TestHost } from 'fibril/testing'
 *
 * await new TestHost({ autojump: false }).run(function* () {
 *   const task = spawn(() => sleep(100))
 *   yield* advance(99)
 *   console.log(task.state) // prints: parked
 *   yield* advance(1)
 *   console.log(task.state) // prints: ended
 * })
 * ```
 */
export function advance(ms: number): Wait<void> {
  return suspend(`the clock to be moved by ${ms} ms`, (wake) => testHost('advance').moveBy(ms, wake))
}

function testHost(verb: string): TestHost {
  const host = (machine.loop as Loop | null)?.host
  if (host instanceof TestHost) return host
  throw new UsageError(`${verb}() works under a TestHost only: run the program with \`new TestHost().run(…)\``)
}
