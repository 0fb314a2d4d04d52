import { UsageError } from './errors.ts'
import { type Parked, PARK as THE_PARK, machine as theMachine, type Waiter } from './machine.ts'
import { carried, outside, strayOperation, Wait } from './operation.ts'

// Bound here once: V8 takes a constant of the module itself for what it is, and looks an imported one up at every use.
const machine = theMachine
const PARK = THE_PARK

/** What a task is resumed with after `yieldNow`: tells the one shared operation that its wait is over. */
const WAS_TURN = {}

/** @internal */
export const TURN: object = WAS_TURN

const OVER: IteratorReturnResult<void> = { value: undefined, done: true }

/** Has no state, so one serves all: a switch of tasks allocates nothing. */
class YieldNow extends Wait<void> {
  /** What the engine resumes a task with that waited for it. */
  private readonly token: object | undefined

  constructor(token: object | undefined) {
    super()
    this.token = token
  }

  override get reason(): string {
    return 'its turn'
  }

  override next(value?: unknown): IteratorResult<unknown, unknown> {
    if (value === WAS_TURN) return OVER
    const { registers } = machine
    if (registers.task === null) throw new UsageError(outside)
    if (registers.returning && carried(this, this.next)) return OVER
    if (registers.op !== null) throw strayOperation()
    registers.op = this
    return PARK
  }

  override install(waiter: Waiter<void>): void {
    // One among several in a `race` is not resumed by the engine, and its value may be seen.
    ;(waiter as Waiter<unknown>).resume((waiter as unknown) === machine.task ? this.token : undefined)
  }

  override uninstall(): void {}
}

const turn = new YieldNow(WAS_TURN)

/** @internal The same, for the engine: a task that parks on it goes to the end of the line, and nothing else happens. */
export const GIVE_WAY: Parked = turn

/** @internal What a plain `yield` waits for. */
export const PLAIN_TURN: Parked = new YieldNow(undefined)

/**
 * Lets every task that is ready run before this one goes on.
 *
 * A plain `yield`, of nothing, does the same in two thirds of the time. Only in the cleanup of a cancelled task it does not: what
 * a `finally` block yields first, when the engine made it run, cannot be told from what a generator does to which its own one
 * delegates, so it gets a `UsageError` there. `yield* yieldNow()` works everywhere.
 *
 * ```ts
 * import { run, spawn, yieldNow } from 'fibril'
 *
 * await run(function* () {
 *   spawn(function* () {
 *     console.log('first')
 *     yield
 *     console.log('third')
 *   })
 *   yield* yieldNow()
 *   console.log('second')
 * })
 * // prints: first
 * // prints: second
 * // prints: third
 * ```
 */
export function yieldNow(): Wait<void> {
  return turn
}
