import {
  type Context,
  type Host,
  Loop,
  run,
  type TaskBody,
  type Turning,
  type UnhandledError,
} from '../../src/core/index.ts'

/**
 * A host that does nothing by itself: for tests of the loop, which look at each wish that it has. Its clock moves when it
 * is told to, or by `cost` at each look at it.
 */
export class ManualHost implements Host {
  readonly loop: Loop
  readonly strict: boolean
  readonly slice: number
  /** The time. */
  clock = 0
  /** Milliseconds that each look at the clock takes. */
  cost = 0
  /** The last wish to be woken. */
  alarm = Infinity
  /** Turns that were asked for and have not come. */
  asked = 0
  turns = 0
  readonly unclaimed = new Set<UnhandledError>()
  readonly warnings: string[] = []
  #turning: Turning | null = null

  constructor(options: { readonly strict?: boolean; readonly slice?: number } = {}) {
    this.strict = options.strict ?? false
    this.slice = options.slice ?? Infinity
    this.loop = new Loop(this)
  }

  attach(loop: Turning): void {
    this.#turning = loop
  }

  now(): number {
    this.clock += this.cost
    return this.clock
  }

  deadline(ms: number): number {
    return this.clock + ms
  }

  defer(): void {
    this.asked++
  }

  wakeAt(deadline: number): void {
    this.alarm = deadline
  }

  unhandled(error: UnhandledError): () => void {
    this.unclaimed.add(error)
    return () => this.unclaimed.delete(error)
  }

  warn(message: string): void {
    this.warnings.push(message)
  }

  captureContext(): Context | null {
    return null
  }

  /** One turn. */
  turn(): void {
    this.asked = 0
    this.turns++
    this.#turning?.turn()
  }

  /** Turns until nothing is ready; the clock stands. */
  settle(most = 100_000): void {
    for (let left = most; this.asked > 0; left--) {
      if (left === 0) throw new Error(`still ready after ${most} turns`)
      this.turn()
    }
  }

  /** Settles; then goes from deadline to deadline, at most to `now + ms`. */
  advance(ms = Infinity): void {
    const end = this.clock + ms
    this.settle()
    while (this.alarm <= end && this.alarm < Infinity) {
      this.clock = Math.max(this.clock, this.alarm)
      this.turn()
      this.settle()
    }
    if (end < Infinity) this.clock = end
  }

  /** Runs `body` to its end, in the natural order; gives its result. For programs of many tasks: nothing is recorded of each. */
  run<T>(body: TaskBody<T>): T {
    const task = run(body, { loop: this.loop })
    // Whoever awaits it has come for a failure.
    task.then(null, () => {})
    this.advance()
    const { outcome } = task
    if (outcome === null) throw new Error(`${task} is stuck: ${task.reason}`)
    if (outcome.status !== 'done') throw outcome.error
    return outcome.value
  }
}
