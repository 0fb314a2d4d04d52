import { type Body, machine, type Operation, run, UsageError, wait } from '../core/index.ts'
import type { Cost } from './cost.ts'
import { RunningCall, tracking } from './current-call.ts'
import { decodeThrown, unsendable } from './revive-error.ts'
import type { Job } from './seat.ts'
import { encodeThrown } from './wire-error.ts'

/** What may run in the thread of the caller. */
export interface InlineOptions {
  /** The most that a run may take, in µs, to be worth no hop to a worker. Default 20. */
  readonly maxMicros?: number
  /** The most that inline runs may take together in one turn of the platform, in µs. Default 1000. Others go to workers. */
  readonly maxTurnMicros?: number
  /** Copy arguments and results that are objects, as a worker would. Default true; false passes them as they are. */
  readonly clone?: boolean
}

/** What an inline call gives that waits, though it never did in a worker. */
export class Detour {
  readonly wait: Operation<unknown>

  constructor(wait: Operation<unknown>) {
    this.wait = wait
  }
}

/** Runs calls in the thread of the caller. The module is loaded there when the first call is found to be trivial. */
export class Inline {
  readonly maxMicros: number
  private readonly maxTurnMicros: number
  private readonly clone: boolean
  private readonly module: string
  private exported: Record<string, unknown> | null = null
  private loading = false
  /** What inline runs of this turn have taken, in µs. */
  private spent = 0
  private readonly turnIsOver = (): void => {
    this.spent = 0
  }

  constructor(module: string, { maxMicros = 20, maxTurnMicros = 1000, clone = true }: InlineOptions) {
    this.module = module
    this.maxMicros = maxMicros
    this.maxTurnMicros = maxTurnMicros
    this.clone = clone
  }

  /** True if a call may be run now. */
  mayRun(cost: Cost<Job>): boolean {
    if (!cost.trivial || this.spent > this.maxTurnMicros) return false
    if (this.exported !== null) return true
    if (!this.loading) {
      this.loading = true
      this.load()
    }
    return false
  }

  private load(): void {
    const loaded = import(this.module) as Promise<Record<string, unknown>>
    // If it cannot be loaded here, calls go on to be run where it could.
    loaded.then((exported) => (this.exported = exported)).catch(() => {})
  }

  /** Runs it. Gives the result, or a `Detour`; throws what it threw. Both as if they came from a worker. */
  run(name: string, args: readonly unknown[], cost: Cost<Job>, context?: Readonly<Record<string, unknown>>): unknown {
    const served = this.exported?.[name] as (...args: unknown[]) => unknown
    const start = performance.now()
    let failed = true
    try {
      const given = this.copies(name, args)
      const begin = (): unknown => served.apply(undefined, given)
      const value = tracking.enter === null ? begin() : tracking.enter(new RunningCall(name, context), begin)
      const wait = waitFor(value)
      failed = false
      if (wait === null) return this.clone ? copy(value, `the result of ${name}(…)`) : value
      cost.unfit()
      return new Detour(wait)
    } catch (error) {
      throw decodeThrown(encodeThrown(error))
    } finally {
      this.account((performance.now() - start) * 1000, failed, cost)
    }
  }

  private copies(name: string, args: readonly unknown[]): unknown[] {
    if (!this.clone || args.every(isPrimitive)) return args as unknown[]
    return copy(args, `an argument of ${name}(…)`) as unknown[]
  }

  private account(micros: number, failed: boolean, cost: Cost<Job>): void {
    if (this.spent === 0) queueMicrotask(this.turnIsOver)
    this.spent += micros
    // A step may take only so much that is ready; time spent here counts, or a loop of inline calls would hold up all others.
    const { registers } = machine
    registers.budget = Math.max(0, registers.budget - Math.floor(micros))
    cost.ranInline(micros)
    const tally = cost.owner
    tally.calls++
    tally.inline++
    tally.runMs += micros / 1000
    if (failed) tally.failed++
  }
}

/** How to wait for what a function returned, as the worker's side does; null if it is a plain value. */
function waitFor(value: unknown): Operation<unknown> | null {
  if (typeof value !== 'object' || value === null) return null
  const { next, then } = value as { next?: unknown; then?: unknown; throw?: unknown }
  if (typeof next === 'function' && typeof (value as { throw?: unknown }).throw === 'function')
    return wait(run(value as Body<unknown>))
  return typeof then === 'function' ? wait(value as PromiseLike<unknown>) : null
}

function isPrimitive(value: unknown): boolean {
  return value === null || (typeof value !== 'object' && typeof value !== 'function' && typeof value !== 'symbol')
}

function copy(value: unknown, what: string): unknown {
  if (isPrimitive(value)) return value
  try {
    return structuredClone(value)
  } catch (error) {
    throw new UsageError(unsendable(what, error))
  }
}
