import type { Returned } from '../green/index.ts'
import type { Run } from './bodies.ts'
import { Greenlet } from './greenlet.ts'

/**
 * Starts a greenlet that calls `run` with `args`: a generator function, an async one, a plain one, or green code. It takes its
 * first step when the caller waits. It is nobody's child: it ends by itself, and a failure is written to the hub's
 * `exceptionStream` and kept for whoever joins it.
 *
 * ```ts
 * import { run } from 'fibril'
 * import { joinall, sleep, spawn } from 'fibril/gevent'
 *
 * function* cook(dish: string, ms: number) {
 *   yield* sleep(ms)
 *   return `${dish} is ready`
 * }
 * await run(function* () {
 *   const dishes = [spawn(cook, 'soup', 20), spawn(cook, 'salad', 10)]
 *   for (const dish of yield* joinall(dishes)) console.log(dish.value)
 * })
 * // prints: salad is ready
 * // prints: soup is ready
 * ```
 */
export function spawn<A extends readonly unknown[], R>(run: Run<A, R>, ...args: A): Greenlet<Returned<R>> {
  const greenlet = Greenlet.prepare<Returned<R>>(run as unknown as Run, args)
  greenlet.start()
  return greenlet
}

/** As `spawn`, after `ms` milliseconds. */
export function spawnLater<A extends readonly unknown[], R>(
  ms: number,
  run: Run<A, R>,
  ...args: A
): Greenlet<Returned<R>> {
  const greenlet = Greenlet.prepare<Returned<R>>(run as unknown as Run, args)
  greenlet.startLater(ms)
  return greenlet
}

/** What `spawnRaw` gives: it can be killed, and tells whether it has ended. */
export type RawGreenlet = Pick<Greenlet, 'dead' | 'kill' | 'throw' | 'args' | 'toString'>

/** As `spawn`, for what nobody asks about: no links, no result. */
export function spawnRaw<A extends readonly unknown[], R>(run: Run<A, R>, ...args: A): RawGreenlet {
  return Greenlet.spawn(run, ...args)
}
