/**
 * Theory of operation: the same loop as in production, turned by hand.
 *
 * What the loop asks of a platform is kept here as plain state: `deferred` (a turn is wanted), `alarm` (the earliest
 * deadline), `clock`. Whoever drives the host (drive.ts) calls `turn` while one is wanted, and then, when nothing is
 * ready, `goOn`, which does the first of these that applies:
 *
 *   1. what is simulated and takes no time happens: bytes of a simulated network arrive;
 *   2. tasks in `waitAllBlocked` go on;
 *   3. the clock moves to the earliest deadline, or to where `advance` wants it;
 *   4. nothing can run any more: the root gets a `DeadlockError` with the wait graph.
 *
 * So time never passes while something is ready, and `now()` is 0, a deadline, or an instant that `advance` moved it
 * to. The ready order is a schedule's (schedule.ts). Virtual time cuts no turn, so a turn is bounded by its steps.
 */
import {
  type Context,
  type Host,
  type Loop,
  machine,
  Registers,
  type TaskView,
  type Turning,
  type UnhandledError,
  UsageError,
} from '../core/index.ts'
import { captureContext } from '../host/index.ts'
import { type Leak, withDescendants } from './leak-check.ts'
import { Random } from './random.ts'
import { natural, type Schedule, scheduleOf } from './schedule.ts'
import { checkedSeed, randomSeed, seedOfEnvironment } from './seed.ts'
import { TestLoop } from './test-loop.ts'

/** Steps after which a turn lets the platform breathe. */
const SLICE = 4096
/** The loop asks for the slice once in so many steps. */
const STRIDE = 64
/** Tasks shown in a message. */
const SHOWN = 20

/** What a run may be told. */
export interface TestHostOptions {
  /** The schedule: a whole number; 0 for the natural order. Default: `SEED` in the environment, or a random one. */
  readonly seed?: number
  /** False: tasks run in the order in which they became ready, as with seed 0. */
  readonly shuffle?: boolean
  /** False: the clock stands still until `advance` moves it. */
  readonly autojump?: boolean
  /** About how many steps a run may take before it is given up as endless. Default: 20 million. */
  readonly maxSteps?: number
  /**
   * Real milliseconds without an event after which a run that waits for the real world is given up. Default:
   * 60,000.
   */
  readonly patience?: number
}

/** Something simulated that takes place. */
export interface Happening {
  fire(): void
}

/** The part of a `TestHost` that its loop sees. */
export class VirtualHost implements Host {
  readonly strict = true
  /** The seed of the schedule. `SEED=n` in the environment replays it where no seed is given. */
  readonly seed: number
  /** The loop of this host. */
  readonly loop: Loop
  /** @internal */
  readonly patience: number
  /** @internal A turn is wanted. */
  deferred = false
  /** @internal Called when a turn is wanted. */
  poke: (() => void) | null = null
  /** @internal */
  readonly testLoop: TestLoop
  /** @internal What happens as soon as every task is parked, before time passes; first in, first out, each once. */
  readonly soon = new Set<Happening>()
  /** @internal Called when the run is over: each names what it has left open, and lets go of it. */
  readonly endings: (() => Leak[])[] = []
  private readonly schedule: Schedule
  private readonly autojump: boolean
  private readonly maxSteps: number
  private clock = 0
  private alarm = Infinity
  private turning = false
  private steps = 0
  private sliceEnd = 0
  private readonly blocked = new Set<() => void>()
  private moving: { readonly target: number; readonly arrived: () => void } | null = null
  private readonly failures = new Set<UnhandledError>()
  private readonly warnings: string[] = []
  private hash = 0x811c9dc5
  private choices = 0
  private lots = 0

  constructor(options: TestHostOptions = {}, /** @internal Record where tasks and timers are made. */ watched = true) {
    this.seed = options.seed === undefined ? (seedOfEnvironment() ?? randomSeed()) : checkedSeed(options.seed)
    this.schedule = options.shuffle === false ? natural : scheduleOf(this.seed)
    this.autojump = options.autojump ?? true
    this.maxSteps = options.maxSteps ?? 20_000_000
    this.patience = options.patience ?? 60_000
    this.testLoop = new TestLoop(this, watched)
    this.loop = this.testLoop
  }

  // -- for the loop

  /** Virtual milliseconds since the host was made. */
  now(): number {
    return this.clock
  }

  deadline(ms: number): number {
    return this.clock + ms
  }

  attach(_loop: Turning): void {
    if (this.loop !== undefined) throw new UsageError('a TestHost serves one loop, and has it: use host.loop')
  }

  defer(): void {
    this.deferred = true
    this.poke?.()
  }

  wakeAt(deadline: number): void {
    this.alarm = deadline
  }

  unhandled(error: UnhandledError): () => void {
    this.failures.add(error)
    return () => this.failures.delete(error)
  }

  warn(message: string): void {
    this.warnings.push(message)
  }

  captureContext(): Context | null {
    return captureContext()
  }

  pick(ready: number): number {
    const { line } = this.testLoop
    line.trim(ready)
    const choice = this.schedule.next(line)
    line.promote(choice)
    this.choices++
    this.hash = (Math.imul(this.hash ^ choice, 0x01000193) + ready) | 0
    return choice
  }

  get slice(): number {
    this.steps += STRIDE
    return this.steps < this.sliceEnd ? Infinity : 0
  }

  // -- for tests

  /** Tells the choices of this schedule so far from those of others. */
  get fingerprint(): string {
    return `${(this.hash >>> 0).toString(36)}.${this.choices}`
  }

  /** @internal True if the seed has decided anything: there were two tasks to choose from, or something is simulated. */
  get chose(): boolean {
    return this.choices > 0 || this.lots > 0
  }

  /** @internal A seed for something simulated, which follows from this one. */
  drawSeed(): number {
    return new Random(Math.imul(++this.lots, 0x2545f491) ^ this.seed).next()
  }

  /** The failures that nobody has waited for so far; they will not fail the test any more. */
  takeUnhandled(): UnhandledError[] {
    const taken = [...this.failures]
    this.failures.clear()
    return taken
  }

  /** The warnings so far; they will not fail the test any more. */
  takeWarnings(): string[] {
    return this.warnings.splice(0)
  }

  /**
   * Moves the clock by `ms`, from code outside of tasks: runs what is ready, and all whose time comes on the way, in
   * order. Tasks use `yield* advance(ms)`.
   *
   * ```ts
   * import { run, sleep } from 'fibril'
   * import { TestHost } from 'fibril/testing'
   *
   * const host = new TestHost()
   * const task = run(() => sleep(100), { loop: host.loop })
   * host.advance(99)
   * console.log(task.state) // prints: parked
   * host.advance(1)
   * console.log(task.state) // prints: ended
   * ```
   */
  advance(ms: number): void {
    const target = this.clock + checkedMs(ms)
    for (;;) {
      this.settle()
      if (this.alarm > target) break
      this.clock = this.alarm
      this.deferred = true
    }
    this.clock = target
  }

  /** Runs what is ready, and what that makes ready, from code outside of tasks. The clock stands still. */
  settle(): void {
    this.refuseInTurn()
    this.allow(this.maxSteps)
    do while (this.deferred) this.turn()
    while (this.happen())
  }

  // -- for whoever drives it

  /** @internal */
  turn(): void {
    this.deferred = false
    this.turning = true
    this.sliceEnd = this.steps + SLICE
    try {
      this.within(() => this.loop.turn())
    } finally {
      this.turning = false
    }
    this.testLoop.line.trim(this.deferred ? this.loop.stats().ready : 0)
    if (!this.deferred) this.schedule.paused()
    if (++this.steps < this.maxSteps) return
    throw new UsageError(
      `the run has taken about ${this.steps} steps, up to ${this.clock} ms of virtual time, and has not ended: ` +
        `does a task spin? (maxSteps allows for more)\n${this.tasks()}`,
    )
  }

  /** @internal Nothing is ready: lets the next thing happen. False if nothing ever will. */
  goOn(): boolean {
    return this.happen() || this.wakeBlocked() || this.moveClock() || this.deadlock()
  }

  /** @internal Milliseconds to the instant to which the clock moves next; Infinity if there is none. */
  get ahead(): number {
    return this.next - this.clock
  }

  /** @internal Lets happen what takes no time. False if there is nothing. */
  happen(): boolean {
    if (this.soon.size === 0) return false
    const happenings = [...this.soon]
    this.soon.clear()
    this.within(() => {
      for (const happening of happenings) happening.fire()
    })
    return true
  }

  /** @internal True if there was somebody in `waitAllBlocked`. */
  wakeBlocked(): boolean {
    if (this.blocked.size === 0) return false
    const waiting = [...this.blocked]
    this.blocked.clear()
    this.within(() => {
      for (const wake of waiting) wake()
    })
    return true
  }

  private get next(): number {
    const { moving } = this
    if (moving !== null) return Math.min(moving.target, this.alarm)
    return this.autojump ? this.alarm : Infinity
  }

  private moveClock(): boolean {
    const { next, moving } = this
    if (next === Infinity) return false
    this.clock = Math.max(this.clock, next)
    // What is due at the very instant comes first.
    if (moving === null || this.alarm <= next) this.deferred = true
    else {
      this.moving = null
      this.within(moving.arrived)
    }
    return true
  }

  private deadlock(): boolean {
    if (!this.autojump && this.alarm < Infinity) {
      throw new UsageError(
        `every task waits, and the clock stands still at ${this.clock} ms (autojump: false); the next deadline is at ` +
          `${this.alarm} ms: move the clock with \`yield* advance(${this.alarm - this.clock})\`\n${this.tasks()}`,
      )
    }
    return this.within(() => this.loop.deadlock())
  }

  /** @internal Runs `code` as the loop would: outside of any task, whoever called. */
  within<R>(code: () => R): R {
    const outer = machine.registers
    machine.registers = new Registers(this.loop)
    try {
      return code()
    } finally {
      machine.registers = outer
    }
  }

  /** @internal About so many steps may be taken from here on, and no more than `maxSteps`. */
  allow(steps: number): void {
    this.steps = Math.max(0, this.maxSteps - steps)
  }

  /** @internal */
  refuseInTurn(): void {
    if (this.turning) throw new UsageError('a TestHost cannot be driven from within a turn of its own loop')
  }

  /** @internal */
  *parked(): Generator<TaskView> {
    for (const task of withDescendants(this.loop.root)) if (task.state === 'parked') yield task
  }

  /** @internal All tasks and what they wait for, in lines. */
  tasks(): string {
    const lines = [...withDescendants(this.loop.root)].map((task) => `  ${task}: ${task.reason ?? task.state}`)
    if (lines.length > SHOWN) lines.splice(SHOWN, Infinity, `  … and ${lines.length - SHOWN} more`)
    return lines.join('\n')
  }

  // -- for operations in tasks

  /** @internal `wake` is called when every task is parked. */
  whenBlocked(wake: () => void): () => void {
    this.blocked.add(wake)
    return () => this.blocked.delete(wake)
  }

  /** @internal `arrived` is called when the clock has been moved by `ms` and every task is parked. */
  moveBy(ms: number, arrived: () => void): () => void {
    if (this.moving !== null) throw new UsageError('two tasks move the clock at the same time: one of them must wait')
    const moving = { target: this.clock + checkedMs(ms), arrived }
    this.moving = moving
    return () => {
      if (this.moving === moving) this.moving = null
    }
  }
}

function checkedMs(ms: number): number {
  if (ms >= 0 && ms < Infinity) return ms
  throw new UsageError(`the clock cannot be moved by ${ms} ms`)
}
