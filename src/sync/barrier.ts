import {
  type Body,
  BrokenError,
  currentTask,
  fn,
  Inspectable,
  KIND,
  ListedWait,
  NOT_YET,
  type Operation,
  type TaskView,
  UsageError,
  WaitList,
  yieldNow,
} from '../core/index.ts'

const BROKEN = -1

class Arrival extends ListedWait<number> {
  private readonly barrier: Barrier

  constructor(barrier: Barrier) {
    super()
    this.barrier = barrier
  }

  override get reason(): string {
    const { barrier } = this
    return `${barrier} (${barrier.waiters.size} of ${barrier.parties} are there)`
  }

  override get line(): WaitList<Arrival> {
    return this.barrier.waiters
  }

  override attempt(): number | typeof NOT_YET {
    const { barrier } = this
    if (barrier.broken) throw barrier.brokenError()
    if (barrier.waiters.size + 1 < barrier.parties) return NOT_YET
    barrier.open()
    return barrier.parties - 1
  }

  override uninstall(): void {
    const who = this.waiter?.waitingTask ?? null
    super.uninstall()
    this.leave(who)
  }

  override abandon(): void {
    this.leave(currentTask())
  }

  private leave(who: TaskView | null): void {
    this.barrier.break(`${who ?? 'somebody'} left before all ${this.barrier.parties} were there`)
  }
}

const arrive = fn(function* wait(barrier: Barrier): Body<number> {
  const place = yield* new Arrival(barrier)
  if (place !== BROKEN) return place
  // When a scope is cancelled all that wait here leave one after the other: the first must not make failures of the
  // others. Their own cancel has come by now, and is carried out here.
  yield* yieldNow()
  throw barrier.brokenError()
})

/**
 * A place where `parties` tasks wait for one another: the last to come lets all of them go on, and the next round begins.
 *
 * One that leaves before, by a cancel or a timeout, breaks the barrier: the others would wait for ever. They, and all who
 * come later, get a `BrokenError` that names it, until `reset`.
 *
 * ```ts
 * import { run, sleep, spawn } from 'fibril'
 * import { Barrier } from 'fibril/sync'
 *
 * const start = new Barrier(3)
 * await run(function* () {
 *   for (const ms of [1, 2, 3]) {
 *     spawn(function* () {
 *       yield* sleep(ms)
 *       const place = yield* start.wait()
 *       console.log(`came as number ${place}`)
 *     })
 *   }
 * })
 * // prints: came as number 2
 * // prints: came as number 0
 * // prints: came as number 1
 * ```
 */
export class Barrier extends Inspectable {
  readonly name: string
  readonly parties: number
  /** @internal */
  readonly waiters = new WaitList<Arrival>()
  private rounds = 0
  private brokenBy: string | null = null

  constructor(parties: number, options: { readonly name?: string } = {}) {
    super()
    if (!(Number.isInteger(parties) && parties > 0)) {
      throw new UsageError(`the parties of a barrier are a whole number from 1, not ${parties}`)
    }
    this.name = options.name ?? ''
    this.parties = parties
  }

  override toString(): string {
    return this.name === '' ? 'a barrier' : `barrier "${this.name}"`
  }

  get broken(): boolean {
    return this.brokenBy !== null
  }

  /** Waits for the other parties. Gives the place of arrival in this round: from 0, and `parties - 1` for the last. */
  wait(): Operation<number> {
    return arrive(this)
  }

  /** Begins anew. Who waits now gets a `BrokenError`. */
  reset(): void {
    if (this.waiters.size > 0) this.break('it was reset')
    this.brokenBy = null
  }

  /** @internal */
  open(): void {
    this.rounds++
    let place = 0
    for (let wait = this.waiters.shift(); wait !== null; wait = this.waiters.shift()) wait.resume(place++)
  }

  /** @internal */
  break(why: string): void {
    this.brokenBy ??= why
    for (let wait = this.waiters.shift(); wait !== null; wait = this.waiters.shift()) wait.resume(BROKEN)
  }

  /** @internal */
  brokenError(): BrokenError {
    return new BrokenError(`${this} is broken: ${this.brokenBy}; reset() makes it new`)
  }

  /** @internal */
  override get [KIND](): string {
    return 'barrier'
  }

  /** Plain figures of this moment; `rounds` counts those that are over. */
  override stats(): {
    readonly name: string
    readonly parties: number
    readonly waiting: number
    readonly rounds: number
    readonly broken: boolean
  } {
    const { name, parties, rounds, broken } = this
    return Object.freeze({ name, parties, waiting: this.waiters.size, rounds, broken })
  }
}
