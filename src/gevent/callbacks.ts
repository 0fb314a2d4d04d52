import { type Body, FibrilError, Fifo, fn, type Loop, Operation, spawn } from '../core/index.ts'
import { BlockingSwitchOutError } from './errors.ts'

/** A function to be called by the loop: what `runCallback` gives. */
export class Callback {
  private fn: ((...args: never[]) => unknown) | null
  private args: readonly unknown[]
  /** True until it begins to run, or is stopped. */
  pending = true

  /** @internal */
  constructor(fn: (...args: never[]) => unknown, args: readonly unknown[]) {
    this.fn = fn
    this.args = args
  }

  /** True while it is pending or runs. */
  get active(): boolean {
    return this.fn !== null
  }

  /** It will not run. */
  stop(): void {
    this.pending = false
    this.fn = null
    this.args = []
  }

  /** @internal Calls it; what it fails with goes to `report`. */
  run(report: (context: unknown, error: unknown) => void): void {
    const { fn, args } = this
    if (fn === null) return
    this.pending = false
    callPlainly(fn, args, report)
    this.stop()
  }
}

/** Calls what must not wait. What it fails with goes to `report`. */
export function callPlainly(
  fn: (...args: never[]) => unknown,
  args: readonly unknown[],
  report: (context: unknown, error: unknown) => void,
): void {
  try {
    const made = (fn as (...args: readonly unknown[]) => unknown)(...args)
    if (isWait(made)) report(fn, new BlockingSwitchOutError(fn.name || 'anonymous'))
  } catch (error) {
    const parked = FibrilError.is(error) && error.code === 'FIBRIL_NATIVE_FRAME'
    report(fn, parked ? new BlockingSwitchOutError(fn.name || 'anonymous') : error)
  }
}

function isWait(made: unknown): boolean {
  if (made instanceof Operation) return true
  return typeof made === 'object' && made !== null && Symbol.iterator in made && 'throw' in made && 'return' in made
}

/** What is called around each pass. */
export interface Around {
  before(): void
  after(): void
}

/**
 * Theory of operation: what the hub calls between greenlets.
 *
 * Functions that must not wait (links, notifications, watchers) run in *passes*: in a task that is spawned when the first of
 * them comes and ends with the last. So there is no task that waits for ever, which would have to be told apart from one that
 * hangs, and a pass costs one task for any number of callbacks. A callback that is added while a pass runs comes in the next.
 */
export class Callbacks {
  private readonly loop: Loop
  private readonly report: (context: unknown, error: unknown) => void
  private readonly around: Around
  private readonly line = new Fifo<Callback>()
  private readonly fired = new Fifo<Callback>()
  private scheduled = false
  private ring = false
  /** True while callbacks run: nothing may wait now. */
  running = false

  constructor(loop: Loop, around: Around, report: (context: unknown, error: unknown) => void) {
    this.loop = loop
    this.around = around
    this.report = report
  }

  get size(): number {
    return this.line.length + this.fired.length
  }

  add(callback: Callback): void {
    this.line.push(callback)
    this.round()
  }

  /** Adds what a watcher calls: no round of its own. */
  addFired(callback: Callback): void {
    this.fired.push(callback)
    this.schedule()
  }

  /** Sees to it that there is a pass with what is around it. */
  round(): void {
    this.ring = true
    this.schedule()
  }

  private schedule(): void {
    if (this.scheduled) return
    this.scheduled = true
    spawn.detached(pass(this), { loop: this.loop })
  }

  /** @internal */
  pass(): void {
    const { ring } = this
    this.scheduled = false
    this.ring = false
    this.running = true
    try {
      if (ring) this.around.before()
      // Only those that are there now: others come after all that is ready has had a step.
      for (let left = this.line.length; left > 0; left--) this.line.shift()?.run(this.report)
      if (ring) this.around.after()
      for (let left = this.fired.length; left > 0; left--) this.fired.shift()?.run(this.report)
    } finally {
      this.running = false
    }
  }
}

const pass = fn(function* hub(callbacks: Callbacks): Body<void> {
  callbacks.pass()
})
