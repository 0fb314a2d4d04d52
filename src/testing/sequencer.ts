import {
  type Body,
  callOf,
  currentTask,
  fn,
  NOT_YET,
  type Operation,
  type TaskBody,
  UsageError,
  Wait,
  type Waiter,
} from '../core/index.ts'

/**
 * Makes tasks take their steps in one order: step 0 first, wherever it is, then step 1, and so on.
 *
 * `yield* sequence.at(n)` waits until step n - 1 is over; step n then lasts until its task waits for the next time.
 * With a body, `yield* sequence.at(n, body)`, it lasts until the body has ended, and gives its result.
 *
 * Each step has one place: taking one twice is a `UsageError`. Cancelling a wait for a step breaks the sequence, as
 * the steps after it could never come: whoever waits for one gets a `UsageError`. A step that is waited for while
 * none takes the one before shows in the wait graph of the `DeadlockError`.
 *
 * ```ts
 * import { spawn } from 'fibril'
 * import { Sequencer, TestHost } from 'fibril/testing'
 *
 * await new TestHost().run(function* () {
 *   const sequence = new Sequencer()
 *   spawn(function* () {
 *     yield* sequence.at(0)
 *     console.log('one')
 *     yield* sequence.at(2)
 *     console.log('three')
 *   })
 *   spawn(function* () {
 *     yield* sequence.at(1)
 *     console.log('two')
 *   })
 * })
 * // prints: one
 * // prints: two
 * // prints: three
 * ```
 */
export class Sequencer {
  /** The step whose turn it is. Those below are over. */
  private current = 0
  private broken: string | null = null
  /** Who took a step. */
  private readonly takers = new Map<number, string>()
  private readonly waiting = new Map<number, Turn>()

  /** Waits until it is this step's turn. It lasts until its task waits for the next time. */
  at(step: number): Operation<void>
  /** Waits until it is this step's turn, and runs `body` as the step. */
  at<T>(step: number, body: TaskBody<T>): Operation<T>
  at(step: number, body?: TaskBody<unknown>): Operation<unknown> {
    if (!Number.isInteger(step) || step < 0) throw new UsageError(`the steps of a sequence are 0, 1, 2 …, not ${step}`)
    return fn(this.take).call(this, step, body)
  }

  private *take(step: number, body: TaskBody<unknown> | undefined): Body<unknown> {
    this.claim(step)
    yield* new Turn(this, step)
    // Not before this task runs: the next one might be chosen first.
    if (body === undefined) return this.next(step)
    try {
      return yield* callOf(body)
    } finally {
      this.next(step)
    }
  }

  private claim(step: number): void {
    if (this.broken !== null) throw this.breakage()
    const taker = this.takers.get(step)
    if (taker !== undefined)
      throw new UsageError(`step ${step} of the sequence was taken by ${taker}: each step has one place`)
    this.takers.set(step, String(currentTask()))
  }

  private next(step: number): void {
    this.current = step + 1
    const turn = this.waiting.get(this.current)
    this.waiting.delete(this.current)
    turn?.resume()
  }

  private breakage(): UsageError {
    return new UsageError(`the sequence is broken: ${this.broken}`)
  }

  /** @internal True if the turn is now; otherwise `turn` is told when it comes. */
  reached(step: number): boolean {
    if (this.broken !== null) throw this.breakage()
    return this.current === step
  }

  /** @internal */
  await(step: number, turn: Turn): void {
    this.waiting.set(step, turn)
  }

  /** @internal The wait for `step` was cancelled. */
  break(step: number): void {
    this.waiting.delete(step)
    this.broken = `${this.takers.get(step)} was cancelled while it waited for step ${step}`
    for (const turn of this.waiting.values()) turn.reject(this.breakage())
    this.waiting.clear()
  }

  /** @internal What `step` waits for, in words. */
  obstacle(step: number): string {
    const before = step - 1
    if (before > this.current || !this.takers.has(before)) return `step ${this.current} to be taken`
    return `step ${before} to end (${this.takers.get(before)})`
  }
}

class Turn extends Wait<void> {
  private readonly sequence: Sequencer
  private readonly step: number
  private waiter: Waiter<void> | null = null

  constructor(sequence: Sequencer, step: number) {
    super()
    this.sequence = sequence
    this.step = step
  }

  override get reason(): string {
    return `step ${this.step} of a sequence, and that for ${this.sequence.obstacle(this.step)}`
  }

  override attempt(): void | typeof NOT_YET {
    return this.sequence.reached(this.step) ? undefined : NOT_YET
  }

  override install(waiter: Waiter<void>): void {
    if (this.sequence.reached(this.step)) return waiter.resume()
    this.waiter = waiter
    this.sequence.await(this.step, this)
  }

  override uninstall(): void {
    this.waiter = null
    this.sequence.break(this.step)
  }

  resume(): void {
    this.waiter?.resume()
    this.waiter = null
  }

  reject(error: unknown): void {
    this.waiter?.reject(error)
    this.waiter = null
  }
}
