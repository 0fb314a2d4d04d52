import { type Body, fn, sleep, spawn, type Task } from '../core/index.ts'
import { IOLoop } from './io-loop.ts'
import { openContexts, within } from './stack-context.ts'
import { operationFor } from './yieldable.ts'

export interface PeriodicOptions {
  /** By how much a period may differ, as a part of it: 0.1 is between 95 and 105 %. 0 if left out. */
  readonly jitter?: number
  /** For tests: a number from 0 to 1 in place of `Math.random()`. */
  readonly random?: () => number
}

/**
 * Calls a function every `ms` milliseconds, counted from start to start. A call that takes longer than that makes the
 * periods that it covers be skipped: calls never overlap, also where they give something to be waited for. What fails is
 * logged, and the next call comes all the same.
 *
 * ```ts
 * import { PeriodicCallback, sleep } from 'fibril/tornado'
 *
 * let ticks = 0
 * const ticking = new PeriodicCallback(() => ++ticks, 2)
 * ticking.start()
 * await sleep(50)
 * ticking.stop()
 * console.log(ticks > 1) // => true
 * ```
 */
export class PeriodicCallback {
  readonly #callback: () => unknown
  readonly #ms: number
  readonly #jitter: number
  readonly #random: () => number
  #task: Task<void> | null = null

  constructor(callback: () => unknown, ms: number, options: PeriodicOptions = {}) {
    if (!(ms > 0)) throw new RangeError(`the period of a PeriodicCallback is more than 0 ms, not ${ms}`)
    this.#callback = callback
    this.#ms = ms
    this.#jitter = options.jitter ?? 0
    this.#random = options.random ?? Math.random
  }

  /** Begins: the first call comes after one period. If it runs already, nothing changes. */
  start(): void {
    if (this.#task !== null) return
    const loop = IOLoop.current()
    const call = once(loop, this.#callback, openContexts())
    this.#task = spawn.eager(
      periodic(loop, call, (next, now) => this.nextAfter(next, now)),
      { name: 'PeriodicCallback' },
    )
  }

  /** Ends: no call begins from here on. One that waits goes on. */
  stop(): void {
    this.#task?.cancel('the PeriodicCallback was stopped')
    this.#task = null
  }

  isRunning(): boolean {
    return this.#task !== null
  }

  /** @internal The instant of the next call, if the one of `last` is over at `now`. */
  nextAfter(last: number, now: number): number {
    const period = this.#jitter === 0 ? this.#ms : this.#ms * (1 + this.#jitter * (this.#random() - 0.5))
    // A clock that went backwards must not make the next call come soon, or twice.
    return last <= now ? last + (Math.floor((now - last) / period) + 1) * period : last + period
  }
}

function once(loop: IOLoop, callback: () => unknown, contexts: object | null): () => Task<void> {
  // A task of its own: stopping the periods does not stop the call that runs.
  return () =>
    spawn.detached(
      function* (): Body<void> {
        try {
          const given = within(contexts, callback)
          if (typeof given === 'object' && given !== null) yield* operationFor(given)
        } catch (error) {
          loop.handleCallbackException(callback, error)
        }
      },
      { name: callback.name || 'callback' },
    )
}

const periodic = fn(function* periodic(
  loop: IOLoop,
  call: () => Task<void>,
  nextAfter: (last: number, now: number) => number,
): Body<void> {
  for (let next = nextAfter(loop.time(), loop.time()); ; next = nextAfter(next, loop.time())) {
    yield* sleep(next - loop.time())
    yield* call()
  }
})
