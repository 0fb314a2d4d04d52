/**
 * Theory of operation: the loop is `turn`, and it reads in three acts: time, ready, idle.
 *
 * The host calls a turn in a macrotask of its own, when something was made ready or the earliest deadline came. A turn
 * runs what is ready, and what that makes ready, until the line is empty or its slice of time is over; then the platform
 * breathes: sockets, timers and microtasks of others come before the next turn. So neither a million ready tasks nor two
 * that wake each other for ever keep anybody else from running, and a switch of tasks costs no trip through the platform.
 */
import { Children, type TaskLoop } from './children.ts'
import { Deadlines } from './deadlines.ts'
import { DeadlockError } from './errors.ts'
import { Fifo } from './fifo.ts'
import type { Host, Turning } from './host.ts'
import { Registers, type Timer, machine as theMachine } from './machine.ts'
import type { Task } from './task.ts'
import { waitGraph } from './wait-graph.ts'

// Bound here once: V8 takes a constant of the module itself for what it is, and looks an imported one up at every use.
const machine = theMachine

/** Steps between two looks at the clock. */
const BATCH = 64
/** Spawn sites recorded in so many milliseconds: those of a burst, or of a busy server, are not worth their microseconds each. */
const SITES = 4
const SITES_MS = 10

export class Loop implements TaskLoop, Turning {
  readonly host: Host
  /** The tasks that hang on the loop itself. */
  readonly root: Children
  tick = 0
  sites = SITES
  /** How many turns it made, and how many steps of tasks in them. */
  turns = 0
  steps = 0
  private sitesAgain = 0
  externals = 0
  /** Asked before `stuck`, the tasks that somebody waits for, are ended with `error`. True if it has made one of them ready. */
  onDeadlock: ((stuck: readonly Task<unknown>[], error: DeadlockError) => boolean) | null = null
  private readonly readyTasks = new Fifo<Task<unknown>>()
  private readonly deadlines = new Deadlines(this)
  private failed: Task<unknown>[] = []
  private deferred = false

  constructor(host: Host) {
    this.host = host
    this.root = new Children(this, null, null, null, true)
    host.attach(this)
    this.tick = host.now() | 0
    if (host.strict) this.sites = Infinity
  }

  /** One turn. The host calls it. */
  turn(): void {
    const { host } = this
    const start = host.now()
    // A task may drive another loop in its step.
    const outer = machine.registers
    const registers = new Registers(this)
    machine.registers = registers
    this.deferred = true
    this.turns++
    this.tick = start | 0
    if (start >= this.sitesAgain && !host.strict) {
      this.sites = SITES
      this.sitesAgain = start + SITES_MS
    }

    try {
      // Time: whoever's deadline has come is made ready.
      this.deadlines.expire(start)

      // Ready: one step each, for the length of a slice.
      while (this.batch(registers) && host.now() - start < host.slice) {}
    } finally {
      machine.registers = outer

      // Idle: come again at once, at the next deadline, or when somebody outside wakes a task.
      if (this.failed.length > 0) this.reportUnclaimed()
      this.deferred = this.readyTasks.length > 0
      if (this.deferred) host.defer()
      else host.wakeAt(this.deadlines.next())
    }
  }

  /**
   * Steps so many tasks as are not worth a look at the clock. True if there may be more. (Here and in what it calls, booleans are
   * compared to true: V8 asks any value that it does not know to be a boolean nine things to find out whether it is true.)
   */
  private batch(registers: Registers): boolean {
    const { readyTasks } = this
    const picks = this.host.pick !== undefined
    for (let left = BATCH; left > 0; left--) {
      if (picks) this.pick()
      const task = readyTasks.shift()
      if (task === undefined) {
        this.steps += BATCH - left
        return false
      }
      if (task.step(registers) === true) this.ready(task)
    }
    this.steps += BATCH
    return true
  }

  /** Brings the task to the head of the line that the host wants to be next. */
  private pick(): void {
    const { host, readyTasks } = this
    if (readyTasks.length > 1) readyTasks.promote((host as Required<Host>).pick(readyTasks.length))
  }

  /** @internal Steps a new task before everything that is ready, outside any turn or within a step. */
  begin(task: Task<unknown>): void {
    const outer = machine.registers
    const registers = new Registers(this)
    machine.registers = registers
    if (outer.loop !== this) this.tick = this.host.now() | 0
    try {
      if (task.step(registers)) this.ready(task)
    } finally {
      machine.registers = outer
      if (this.failed.length > 0) this.reportUnclaimed()
    }
  }

  now(): number {
    return this.host.now()
  }

  /** @internal Puts a task at the end of the line. */
  ready(task: object): void {
    this.readyTasks.push(task as Task<unknown>)
    if (this.deferred === false) {
      this.deferred = true
      this.host.defer()
    }
  }

  startTimer(timer: Timer, ms: number): void {
    this.deadlines.start(timer, this.host.deadline(ms))
    if (!this.deferred) this.host.wakeAt(this.deadlines.next())
  }

  stopTimer(timer: Timer): void {
    this.deadlines.stop(timer)
    if (!this.deferred && this.deadlines.size === 0) this.host.wakeAt(Infinity)
  }

  holdExternal(): void {
    this.externals++
  }

  releaseExternal(): void {
    this.externals--
  }

  /** @internal A task failed, and nobody joins it yet. */
  unclaimed(task: object): void {
    this.failed.push(task as Task<unknown>)
  }

  private reportUnclaimed(): void {
    const tasks = this.failed
    this.failed = []
    for (const task of tasks) task.reportUnclaimed()
  }

  /**
   * The host knows that nothing outside can wake a task any more. Whoever waits for the tasks at the root gets a
   * `DeadlockError` with the wait graph. True if there was somebody.
   */
  deadlock(): boolean {
    const stuck = [...this.root].filter(
      (child) => child.state === 'parked' && (child as Task<unknown>).awaited,
    ) as Task<unknown>[]
    if (stuck.length === 0 && this.onDeadlock === null) return false
    this.tick = this.host.now() | 0
    const { message, edges } = waitGraph(this.root)
    if (edges.length === 0) return false
    if (this.onDeadlock?.(stuck, new DeadlockError(message, edges)) && this.readyTasks.length > 0) return true
    if (stuck.length === 0) return false
    for (const task of stuck) task.fail(new DeadlockError(message, edges), false)
    // Nothing to run after that: even their cleanup waits for ever.
    if (this.readyTasks.length === 0) for (const task of stuck) task.fail(new DeadlockError(message, edges), true)
    return true
  }

  /** The next deadlines, so many at most: milliseconds from now, and how many timers each has. */
  upcoming(most: number): { readonly inMs: number; readonly timers: number }[] {
    const now = this.host.now()
    return this.deadlines.upcoming(most).map(({ at, timers }) => ({ inMs: at - now, timers }))
  }

  /** Plain figures of this moment. */
  stats(): {
    readonly ready: number
    readonly timers: number
    readonly externals: number
    /** Steps between two looks at the clock. */
    readonly batch: number
  } {
    const { readyTasks, deadlines, externals } = this
    return Object.freeze({ ready: readyTasks.length, timers: deadlines.size, externals, batch: BATCH })
  }
}
