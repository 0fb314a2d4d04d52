/**
 * Theory of operation: a task is a stack of frames, and this file drives it.
 *
 *            spawn              step               operation parks
 *   created ──────▶ (in line) ──────▶ running ───────────────────────▶ parked
 *                      ▲                 │  │                            │ resume, reject, cancel
 *                      └─────── ready ◀──┼──┼────────────────────────────┘
 *                                        │  └─ a frame ended: its value goes to the frame below, in the same step
 *                                        └──── the last frame ended, then the children, then the locals: ended
 *
 * Rules.
 *  1. Only the loop calls `step`. Waking and cancelling put the task in the loop's line and return: no user code runs
 *     inside them, so they may be called from anywhere and never nest.
 *  2. A parked task has one operation, `op`. Whoever ends the wait calls `resume` or `reject`, once. Cancelling the wait
 *     is `op.uninstall()`, at once; what the operation had to give stays with it.
 *  3. A task that was woken keeps what it was given: a cancel that comes between the wake and the step lets the step
 *     run, and is carried out where the task would park next. So no item is ever lost to a cancel.
 *  4. Unwinding is exact. Each frame from the top gets `return()`: its `finally` blocks run, its `catch` blocks do not. A
 *     frame that waits in a `finally` is driven on like any other and carries an `Unwind`; when it ends the next one gets
 *     its `return()`, whatever it ended with. `finally` blocks can neither be cut short nor lose a cancel.
 *  5. A timeout or a failing scope unwinds a part of the stack, down to its own frame, and throws there. An outer one that
 *     comes meanwhile takes the unwinding over, and takes it further down. One that comes while a `finally` waits, for
 *     frames inside that `finally`, is carried out there.
 *  6. A task ends when its body, its children and the disposal of its locals have ended, in this order.
 *
 * Prior art: trio's cancel scopes (https://trio.readthedocs.io/en/stable/reference-core.html#cancellation-and-timeouts)
 * for "who was given a value keeps it"; effection for halting by `return()`, and for what goes wrong with it
 * (issued-return.ts).
 */
import {
  type Call,
  callOf,
  type TaskBody,
  generatorNext as theGeneratorNext,
  wrongYield,
  yieldInCleanup,
} from './call.ts'
import { type Child, Children, type ChildrenOwner, type TaskLoop } from './children.ts'
import { CancelledError, InternalError, UnhandledError, UsageError } from './errors.ts'
import { instruments as theInstruments } from './instrument.ts'
import { issueReturn } from './issued-return.ts'
import { Join } from './join.ts'
import {
  type Callable,
  type Context,
  type Frame,
  INNERMOST,
  DONE as JOINED,
  type Named,
  type Parked,
  type Registers,
  type RunningTask,
  SHIELD,
  type Steppable,
  type TaskEnding,
  type TaskState,
  type TaskView,
  BUDGET as THE_BUDGET,
  PARK as THE_PARK,
  machine as theMachine,
  type Unwind,
  type Waiter,
} from './machine.ts'
import { type Operation, type OperationIterator, strayOperation } from './operation.ts'
import { messageOf, type Outcome, oneError } from './outcome.ts'
import { captureSite, siteLines } from './task-stack.ts'
import { WaitList } from './wait-list.ts'
import { GIVE_WAY as THE_GIVE_WAY, PLAIN_TURN as THE_PLAIN_TURN, TURN as THE_TURN } from './yield-now.ts'

// Bound here once: V8 takes a constant of the module itself for what it is, and looks an imported one up at every use.
const machine = theMachine
const instruments = theInstruments
const PARK = THE_PARK
const GIVE_WAY = THE_GIVE_WAY
const PLAIN_TURN = THE_PLAIN_TURN
const TURN_TAKEN = THE_TURN
const BUDGET = THE_BUDGET
const generatorNext = theGeneratorNext

// The phases of a task. Up to WIND_DOWN it is in the loop's line, and the phase says what its next step does with `slot`.
const START = 0 // calls it
const NEXT = 1 // gives it to the top frame
const TURN = 2 // resumes it: the generator of the top frame, which gave way (so that the frame itself need not be looked at)
const THROW = 3 // throws it into the top frame
const RETURN = 4 // makes the top frame return
const WIND_DOWN = 5 // goes on ending: the last child has
const RUNNING = 6
const PARKED = 7 // `slot` holds what it waits on; null for its children
const DONE = 8 // `slot` holds the result
const FAILED = 9 // … the failure
const CANCELLED = 10

// What the next step does with a task that parks after all.
const NOTHING = -1

// What `aim` finds.
const NOW = 0
const LATER = 1
const NEVER = 2

/** What `Boolean(result.done)` is, in one instruction where it is true and two where it is false. */
const isDone = ({ done }: IteratorResult<unknown, unknown>): boolean =>
  done === true || ((done as unknown) !== false && Boolean(done))

/** What most tasks never need. */
interface Rare {
  /** Entered for each step. */
  context: Context | null
  /** Interrupts that came while it ran or was ready, to be carried out where it would park next. */
  pending: Unwind[] | null
  cancelled: boolean
  reason: unknown
  by: TaskView | null
  /** How the body ended, while children and locals are still to end; 0 before. */
  ending: number
  /** The locals are being disposed. */
  disposing: boolean
  result: unknown
  failures: unknown[] | null
  /** The loop found it deadlocked, and asked it to end. */
  failing: boolean
  locals: Map<object, unknown> | null
  disposal: ((ending: TaskEnding) => Call<void> | null) | null
  abort: AbortController | null
  site: { stack?: string } | null
  /** Lets go of the signal that may cancel it. */
  unlink: (() => void) | null
  /** Somebody came for its failure after it ended. */
  claimed: boolean
  /** Takes back the report of its failure. */
  claim: (() => void) | null
}

/** An object: of a variable that changes, V8 asks at each use whether it has been initialized. */
const totals = { spawned: 0, ended: 0 }

/** How many tasks were made in this thread, and how many of them have ended. */
export function taskTotals(): { readonly spawned: number; readonly ended: number } {
  return { ...totals }
}

/**
 * A running computation. `yield*` or `await` it for its result; it also runs if nobody does.
 *
 * ```ts
 * import { run, sleep, spawn } from 'fibril'
 *
 * await run(function* () {
 *   const task = spawn(function* worker() {
 *     yield* sleep(1)
 *     return 42
 *   })
 *   console.log(task.name, yield* task) // prints: worker 42
 * })
 * ```
 */
export class Task<T> implements Waiter, Child, ChildrenOwner, RunningTask, PromiseLike<T> {
  /** Counts up from 1 in each thread. */
  readonly id: number
  /** @internal */
  elder: Child | null
  /** @internal */
  younger: Child | null
  /** @internal */
  scopes: Children | null
  private readonly owner: Children
  /** What it is named after: its function, or what it was given for that. */
  readonly namesake: Named
  private phase: number
  private slot: unknown
  private top: Frame | null
  private parkedAt: number
  private joinList: WaitList<Join<unknown>> | null
  /**
   * Told of its end, before those who join it: what stands for the task in a dialect. It takes the failure upon itself, and does
   * not count as waiting.
   */
  observer: Pick<Waiter<T>, 'resume' | 'reject'> | null
  private rare: Rare | null

  /** @internal Use `spawn` or `run`. */
  constructor(id: number, owner: Children, call: Call<T>, namesake: Named) {
    // What each step touches comes first: it shares a line of the processor's cache.
    this.phase = START
    this.slot = call
    this.rare = null
    this.top = null
    this.owner = owner
    this.parkedAt = 0
    this.id = id
    this.elder = null
    this.younger = null
    this.scopes = null
    this.namesake = namesake
    this.joinList = null
    this.observer = null
  }

  /** The name it was given, or that of its function. */
  get name(): string {
    return this.namesake.name || 'anonymous'
  }

  get state(): TaskState {
    const { phase } = this
    if (phase >= DONE) return 'ended'
    return phase === START ? 'created' : phase <= WIND_DOWN ? 'ready' : phase === RUNNING ? 'running' : 'parked'
  }

  /** True from the moment that it was asked to cancel, while its cleanup runs, and after. */
  get cancelled(): boolean {
    return this.rare?.cancelled ?? false
  }

  /** @internal */
  get cutShort(): boolean {
    return this.cancelled && this.rare?.pending === null
  }

  /** @internal */
  get ended(): boolean {
    return this.phase >= DONE
  }

  /** How it ended; null until it has. Reading it does not count as waiting for a failure. */
  get outcome(): Outcome<T> | null {
    if (this.phase === DONE) return { status: 'done', value: this.slot as T }
    if (this.phase === FAILED) return { status: 'failed', error: this.slot }
    if (this.phase === CANCELLED) return { status: 'cancelled', error: this.cancelledError() }
    return null
  }

  /** The task whose scope it belongs to; null for one that hangs on the loop. */
  get parent(): Task<unknown> | null {
    return this.owner.owner as Task<unknown> | null
  }

  /** Its children that have not ended, oldest first within each scope. */
  get children(): Task<unknown>[] {
    const scopes: Children[] = []
    for (let scope = this.scopes; scope !== null; scope = scope.outer) scopes.unshift(scope)
    return scopes.flatMap((scope) => [...scope] as Task<unknown>[])
  }

  get reason(): string | null {
    if (this.phase !== PARKED) return null
    return this.slot === null ? 'its children to end' : (this.slot as Parked).reason
  }

  /** Milliseconds that it has been parked, to the millisecond of its turn; null unless parked. */
  get parkedMs(): number | null {
    return this.phase === PARKED ? (this.owner.loop.tick - this.parkedAt) | 0 : null
  }

  /** The names of its frames, the innermost first. */
  get frames(): string[] {
    return this.stack.map((frame) => frame.name)
  }

  /** @internal Its frames, the innermost first. */
  get stack(): Frame[] {
    const frames: Frame[] = []
    for (let frame = this.top; frame !== null; frame = frame.below) frames.push(frame)
    return frames
  }

  get spawnedAt(): string | null {
    const site = this.rare?.site
    return site ? siteLines(site) : null
  }

  /** @internal What it waits on, for wait graphs. */
  get waitingOn(): Parked | null {
    return this.phase === PARKED ? (this.slot as Parked | null) : null
  }

  /** @internal */
  get loop(): TaskLoop {
    return this.owner.loop
  }

  /** @internal */
  get waitingTask(): this {
    return this
  }

  /** Aborted when the task is cancelled. Made on first use; for code that takes signals. */
  get signal(): AbortSignal {
    const rare = this.extra()
    if (rare.abort === null) {
      rare.abort = new AbortController()
      if (rare.cancelled) rare.abort.abort(this.cancelledError())
    }
    return rare.abort.signal
  }

  toString(): string {
    return `task ${this.name} #${this.id}`
  }

  // -- waiting for it

  /** For `yield* task`: the same as `yield* task.join()`. */
  [Symbol.iterator](): OperationIterator<T> {
    // A task that is done is its own iterator: joining it allocates nothing.
    return (this.phase === DONE ? this : new Join(this)) as unknown as OperationIterator<T>
  }

  /** @internal */
  next(): IteratorResult<never, unknown> {
    JOINED.value = this.slot
    return JOINED
  }

  /**
   * Waits until the task has ended, with all its children. Gives its result, throws its failure, or a `CancelledError` if
   * it was cancelled. Cancelling the wait does not cancel the task.
   */
  join(): Operation<T> {
    return new Join(this)
  }

  then<A = T, B = never>(
    fulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    rejected?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    const join = new Join(this)
    return new Promise<T>((resolve, reject) => {
      try {
        if (this.phase >= DONE) return resolve(this.resultOrThrow())
        join.install({ resume: resolve, reject, waitingTask: null })
      } catch (error) {
        reject(error)
      }
    }).then(fulfilled, rejected)
  }

  /** Cancels the task and waits for its cleanup. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.cancel('disposed')
    await new Promise<void>((resolve) => {
      if (this.phase >= DONE) return resolve()
      const done = (): void => resolve()
      new Join(this).install({ resume: done, reject: done, waitingTask: null })
    })
  }

  /** @internal Who joins it. */
  get joiners(): WaitList<Join<unknown>> {
    this.joinList ??= new WaitList()
    return this.joinList
  }

  /** @internal For `Join`: the result of a task that has ended; throws what it failed with. */
  resultOrThrow(): T {
    if (this.phase === DONE) return this.slot as T
    if (this.phase === CANCELLED) throw this.cancelledError()
    const rare = this.extra()
    rare.claimed = true
    rare.claim?.()
    rare.claim = null
    throw this.slot
  }

  /** @internal At the end of a turn: reports the failure if still nobody has come for it. */
  reportUnclaimed(): void {
    if (this.rare?.claimed) return
    const where = this.spawnedAt
    const at = where
      ? `\nIt was spawned\n${where}`
      : '. It was spawned in a burst, so the place is not known: record all places with FIBRIL_DEBUG=1'
    const message = `${this} failed and nobody was waiting for it: ${messageOf(this.slot)}${at}`
    this.extra().claim = this.loop.host.unhandled(new UnhandledError(this, message, this.slot))
  }

  // -- ending it

  /**
   * Asks the task to end. Returns at once; `join` it to wait for its cleanup.
   *
   * What it waits for is undone, then its `finally` blocks run, innermost first, also those that wait; `catch` blocks do
   * not run. A task that never ran ends without running anything. Its children are cancelled with it. A second call
   * changes nothing: cleanup is not cut short. A task that cancels itself goes on to where it would wait next.
   */
  cancel(reason?: unknown): void {
    const by = machine.task
    if (this.phase >= DONE) return
    if (this.cancelled) return
    // Itself first: an unstarted child ends at once, and must not wake it as if its wait were over.
    this.cancelAlone(reason, by)
    this.cancelScopes(reason, by)
  }

  /** @internal */
  cancelAlone(reason: unknown, by: TaskView | null): void {
    if (this.phase >= DONE) return
    const rare = this.extra()
    if (rare.cancelled) return
    rare.cancelled = true
    rare.reason = reason
    rare.by = by
    if (rare.abort !== null) rare.abort.abort(this.cancelledError())
    this.interrupt({ target: null, error: undefined, failures: null, void: false })
  }

  /** @internal Cancels it when `signal` is aborted. */
  follow(signal: AbortSignal): void {
    if (signal.aborted) return this.cancel(signal.reason)
    const abort = (): void => this.cancel(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    this.extra().unlink = () => signal.removeEventListener('abort', abort)
  }

  /** @internal True if somebody waits for its end. */
  get awaited(): boolean {
    return this.joinList !== null && this.joinList.size > 0
  }

  /** @internal Ends it with `error`; its cleanup runs. If `last`, it ends at once: its cleanup cannot end. */
  fail(error: unknown, last: boolean): void {
    if (this.phase >= DONE) return
    const rare = this.extra()
    if (last || rare.failing) {
      if (this.phase === PARKED && this.slot !== null) {
        try {
          ;(this.slot as Parked).uninstall()
        } catch (failure) {
          rare.failures = [...(rare.failures ?? [error]), failure]
        }
      }
      this.settle(FAILED, oneError([...(rare.failures ?? [error]), ...(this.scopes?.failures ?? [])]))
      return
    }
    rare.failing = true
    rare.failures = [...(rare.failures ?? []), error]
    this.interrupt({ target: null, error: undefined, failures: null, void: false })
    this.cancelScopes(error, null)
  }

  /**
   * Throws `error` where the task waits, or will wait next, once no shield is around it. It can be caught, so this is no way to
   * end a task: it is for dialects whose users know such errors. Tasks that it spawned are left alone. One that has not
   * started ends as if it was cancelled. Returns how to take the error back while it has not been thrown.
   */
  interject(error: unknown): () => void {
    const unwind: Unwind = { target: INNERMOST, error, failures: null, void: false }
    this.interrupt(unwind)
    return () => {
      unwind.void = true
    }
  }

  private cancelScopes(reason: unknown, by: TaskView | null): void {
    for (let scope = this.scopes; scope !== null; scope = scope.outer) scope.cancel(reason, by)
  }

  /** @internal Unwinds to a frame of this task, or all of it. See rules 3 to 5. */
  interrupt(unwind: Unwind): void {
    const { phase } = this
    if (phase >= DONE) return
    if (phase === START && this.scopes === null) {
      // It runs nothing. Its place in the line is passed over.
      this.settle(CANCELLED, undefined)
    } else if (phase === PARKED && this.slot === null) {
      // Only its children are left, and a cancel has gone to them too.
      const rare = this.extra()
      if (rare.cancelled && rare.ending === DONE) rare.ending = CANCELLED
    } else {
      const aimed = this.aim(unwind)
      if (aimed === NEVER) return
      if (aimed === NOW && phase === PARKED) this.unwindParked(unwind)
      else (this.extra().pending ??= []).push(unwind)
    }
  }

  private unwindParked(unwind: Unwind): void {
    const op = this.slot as Parked
    const kind = this.begin(unwind)
    // Ready first: an undo function is code of users, which may cancel this very task.
    this.makeReady(kind, unwind.error)
    try {
      op.uninstall()
    } catch (failure) {
      if (kind === THROW) this.slot = oneError([unwind.error, failure])
      else (unwind.failures ??= []).push(failure)
    }
    this.cancelAbove(unwind.target, null, unwind.error)
  }

  /**
   * What becomes of an unwinding to `target`; the lowest frame above it that returns, or is a shield, decides. NOW: none is in
   * the way. LATER: a shield is, or the target was entered in this very step. NEVER: the target has gone; or frames return
   * already: then they go on, further down than before if need be.
   */
  private aim({ target, error }: Unwind): number {
    if (target === INNERMOST) return this.shielded ? LATER : NOW
    let lowest: Frame | null = null
    let takenOver = false
    let frame = this.top
    for (; frame !== null && frame !== target; frame = frame.below) {
      if (frame.unwind !== null) {
        lowest = frame
        takenOver = false
      } else if (lowest !== null && (lowest.unwind as Unwind).target === frame) takenOver = true
    }
    if (frame !== target) return this.phase === RUNNING ? LATER : NEVER
    if (lowest === null) return NOW
    const current = lowest.unwind as Unwind
    if (current === SHIELD) return LATER
    if (takenOver) {
      this.cancelAbove(target, current.target, error)
      current.target = target
      current.error = error
    }
    return NEVER
  }

  private get shielded(): boolean {
    for (let frame = this.top; frame !== null; frame = frame.below) if (frame.unwind === SHIELD) return true
    return false
  }

  /** Cancels the tasks of scopes whose blocks are about to be unwound: those from `from` down to `target`. */
  private cancelAbove(target: Frame | null, from: Frame | null, reason: unknown): void {
    if (target === null) return // whoever unwinds all of it cancels all of its children
    let scope = this.scopes
    let within = from === null
    for (let frame = this.top; frame !== target && scope !== null; frame = (frame as Frame).below) {
      within ||= frame === from
      if (scope.frame !== frame) continue
      if (within) scope.cancel(reason, this)
      scope = scope.outer
    }
  }

  /** Begins an unwinding that nothing is in the way of: what the next step does to the top frame. */
  private begin(unwind: Unwind): number {
    const top = this.top as Frame
    if (unwind.target === INNERMOST) unwind.target = top
    if (top === unwind.target) return THROW
    top.unwind = unwind
    return RETURN
  }

  // -- being woken

  /** @internal */
  resume(value: unknown): void {
    if (this.phase !== PARKED) throw new InternalError(`${this} was woken while ${this.state}`)
    this.makeReady(NEXT, value)
  }

  /** @internal */
  reject(error: unknown): void {
    if (this.phase !== PARKED) throw new InternalError(`${this} was woken while ${this.state}`)
    this.makeReady(THROW, error)
  }

  private makeReady(phase: number, slot: unknown): void {
    this.phase = phase
    this.slot = slot
    this.owner.loop.ready(this)
    if (instruments.active !== null) instruments.active.ready(this)
  }

  // -- running

  /**
   * @internal One step. Only the loop calls it. True if it is ready again: the loop puts it at the end of the line.
   *
   * Here is what happens most often, in one piece: a task runs on, and gives way by a plain `yield`. (Whether `done` is true is asked
   * as the loop asks for booleans.)
   */
  step(registers: Registers): boolean {
    const { phase, slot } = this
    if (phase < NEXT || phase > TURN || instruments.active !== null || machine.base !== null)
      return this.otherStep(registers, phase, slot)
    this.phase = RUNNING
    registers.task = this
    registers.budget = BUDGET
    let result: IteratorResult<unknown, unknown> | null
    try {
      if (phase === TURN) result = generatorNext(slot, undefined)
      else {
        this.slot = undefined
        result = (this.top as Frame).resumed(slot)
      }
    } catch (error) {
      result = this.threw(error)
    }
    if (result !== null && this.unwatched === true) {
      if (registers.op === null) {
        if (result.done === false && result.value === undefined) {
          if (phase === TURN) this.phase = TURN
          else this.giveWay()
          return true
        }
      } else if (result === PARK && registers.tail === null) {
        // By an operation, in the function that it was in.
        const { op } = registers
        if (op === GIVE_WAY || op === PLAIN_TURN) {
          registers.op = null
          this.phase = NEXT
          this.slot = op === GIVE_WAY ? TURN_TAKEN : undefined
          return true
        }
      }
    }
    return this.drive(this.top, NEXT, result)
  }

  private otherStep(registers: Registers, phase: number, slot: unknown): boolean {
    if (phase >= DONE) return false // cancelled before it started
    this.phase = RUNNING
    this.slot = undefined
    registers.task = this
    registers.budget = BUDGET
    const kind = phase === TURN ? NEXT : phase
    const value = phase === TURN ? undefined : slot
    if (instruments.active !== null || machine.base !== null) return this.watchedStep(registers, kind, value)
    return this.run(registers, kind, value)
  }

  /** Its top frame has given way, by a plain `yield`. */
  private giveWay(): void {
    const { native, body } = this.top as Frame
    this.phase = native === true ? TURN : NEXT
    this.slot = native === true ? body : undefined
  }

  private watchedStep(registers: Registers, phase: number, slot: unknown): boolean {
    instruments.active?.stepBegins(this)
    const context = this.rare?.context ?? this.baseContext()
    const again =
      context === null
        ? this.run(registers, phase, slot)
        : context.runInAsyncScope(this.run, this, registers, phase, slot)
    instruments.active?.stepEnds(this)
    return again
  }

  /** A task that was spawned before the first store was set gets a context of its own, so that it cannot write into others'. */
  private baseContext(): Context | null {
    const { base } = machine
    if (base === null) return null
    const rare = this.extra()
    base.runInAsyncScope(() => {
      rare.context = this.owner.loop.host.captureContext()
    }, undefined)
    return rare.context
  }

  private run(registers: Registers, kind: number, value: unknown): boolean {
    if (kind === WIND_DOWN) {
      this.windDown(this.extra().ending)
      return false
    }
    const frame = this.top
    const result = this.resumeFrame(frame, kind, value)
    if (frame === null && registers.op === null && result !== null && result.done === true) {
      // It ends where it began.
      this.bodyEnded(NEXT, result.value)
      return false
    }
    return this.drive(frame, kind, result)
  }

  /** It may be made ready again without a word: nobody listens, and no interrupt waits for it to park. */
  private get unwatched(): boolean {
    return instruments.active === null && (this.rare === null || this.rare.pending === null)
  }

  /** Resumes the top frame, or starts the body where there is none. Null if it threw; then `slot` holds the error. */
  private resumeFrame(frame: Frame | null, kind: number, value: unknown): IteratorResult<unknown, unknown> | null {
    try {
      if (frame === null) return (value as Call<T>).start()
      if (kind === NEXT) return frame.resumed(value)
      return kind === THROW ? frame.failed(value) : issueReturn(frame.body as Steppable)
    } catch (error) {
      return this.threw(error)
    }
  }

  private threw(error: unknown): null {
    const { registers } = machine
    registers.op = null
    registers.top = null
    registers.tail = null
    this.slot = error
    return null
  }

  /**
   * Goes on with what came of resuming `frame` as `how` says, until the task parks or its body has ended. True if it is ready again.
   *
   * A result that is no end, and that no operation gave, is a plain `yield` of the generator that was resumed, or of one that it delegates
   * to. Of nothing, it gives way. But where it was made to return, it cannot be known which of them would go on (issued-return.ts).
   */
  private drive(top: Frame | null, how: number, first: IteratorResult<unknown, unknown> | null): boolean {
    const { registers } = machine
    let frame = top
    let kind = how
    let result = first
    for (;;) {
      const { op } = registers
      const returned = kind === RETURN
      let value: unknown
      let ended = true
      kind = NEXT
      if (result === null) {
        kind = THROW
        value = this.takeSlot()
      } else if (op === null && isDone(result)) value = result.value
      else if (op === null ? result.value === undefined && !returned : result.value === PARK.value) {
        registers.op = null
        if (registers.tail !== null) this.enter(registers)
        if ((op === null || op === GIVE_WAY || op === PLAIN_TURN) && this.unwatched) {
          // It needs no more than a place at the end of the line.
          this.phase = NEXT
          this.slot = op === GIVE_WAY ? TURN_TAKEN : undefined
          return true
        }
        kind = this.park(op ?? PLAIN_TURN)
        if (kind === NOTHING) return false
        value = this.takeSlot()
        ended = false
      } else {
        kind = THROW
        if (op !== null) value = strayOperation()
        else value = result.value === undefined ? yieldInCleanup((frame as Frame).name) : wrongYield(result.value)
        ended = isDone(result)
      }

      if (!ended) frame = this.top
      else if (frame !== null) {
        const { below, unwind } = frame
        this.top = below
        frame.left()
        if (unwind !== null) {
          frame.unwind = null
          if (unwind !== SHIELD) {
            if (kind === THROW) (unwind.failures ??= []).push(value)
            if (below !== unwind.target) {
              ;(below as Frame).unwind = unwind
              kind = RETURN
              value = undefined
            } else if (below === null) {
              this.unwound(unwind)
              return false
            } else {
              kind = THROW
              value = unwind.failures === null ? unwind.error : oneError([unwind.error, ...unwind.failures])
            }
          }
        }
        frame = below
      }
      if (frame === null) {
        this.bodyEnded(kind, value)
        return false
      }
      result = this.resumeFrame(frame, kind, value)
    }
  }

  private takeSlot(): unknown {
    const { slot } = this
    this.slot = undefined
    return slot
  }

  /** Puts the frames that were entered in this step on the stack. */
  private enter(registers: Registers): void {
    ;(registers.tail as Frame).below = this.top
    this.top = registers.top
    registers.top = null
    registers.tail = null
  }

  /** Parks on `op`. THROW or RETURN if the task must run on: an interrupt waited for this moment, or `op` cannot be installed. */
  private park(op: Parked): number {
    const rare = this.rare
    if (rare !== null && rare.pending !== null) {
      const kind = this.interrupted(rare)
      if (kind !== NOTHING) {
        op.abandon()
        return kind
      }
    }
    this.slot = op
    this.phase = PARKED
    this.parkedAt = this.owner.loop.tick
    if (instruments.active !== null) instruments.active.parked(this, op.reason)
    try {
      op.install(this)
    } catch (error) {
      if (this.phase !== PARKED) {
        // It woke its waiter before: what it gave is not to be trusted.
        this.phase = THROW
        this.slot = new InternalError(`${op.reason}: install() failed after it woke its waiter: ${messageOf(error)}`)
        return NOTHING
      }
      this.makeReady(THROW, error)
    }
    return NOTHING
  }

  /** Carries out what came while the task could not be interrupted. */
  private interrupted(rare: Rare): number {
    const pending = rare.pending as Unwind[]
    rare.pending = null
    let kind = NOTHING
    for (const unwind of pending) {
      if (unwind.void) continue
      const aimed = this.aim(unwind)
      if (aimed === LATER) (rare.pending ??= []).push(unwind)
      if (aimed !== NOW) continue
      kind = this.begin(unwind)
      this.slot = unwind.error
      // It may have spawned more after the cancel had gone to its children.
      if (unwind.target === null) this.cancelScopes(rare.cancelled ? rare.reason : 'a failure beside it', rare.by)
      else this.cancelAbove(unwind.target, null, unwind.error)
    }
    return kind
  }

  // -- ending

  /** The body ended by itself, or what disposes the locals did. */
  private bodyEnded(kind: number, value: unknown): void {
    const rare = this.rare
    if (kind === NEXT && this.scopes === null && rare === null) return this.settle(DONE, value)
    if (rare?.disposing) return this.disposed(kind === THROW ? [value] : null)
    if (kind === THROW) {
      const { failures } = this.extra()
      this.extra().failures = failures === null ? [value] : [...failures, value]
      this.closing()?.cancel(value, this)
      return this.windDown(FAILED)
    }
    this.extra().result = value
    this.windDown(DONE)
  }

  /** The body was unwound, by a cancel or by the failure of a child. */
  private unwound(unwind: Unwind): void {
    const rare = this.extra()
    if (rare.disposing) return this.disposed(unwind.failures)
    if (unwind.failures !== null) rare.failures = [...(rare.failures ?? []), ...unwind.failures]
    this.windDown(CANCELLED)
  }

  private disposed(failures: unknown[] | null): void {
    const rare = this.extra()
    if (failures !== null) rare.failures = [...(rare.failures ?? []), ...failures]
    this.windDown(rare.ending)
  }

  /** The scope of the whole body, marked so that failures in it are only recorded from here on. */
  private closing(): Children | null {
    const scope = this.scopes
    scope?.closes()
    return scope
  }

  /** The body is over: children, then locals, then the end. */
  private windDown(ending: number): void {
    const scope = this.closing()
    const rare = this.extra()
    rare.ending = ending
    if (scope !== null && scope.size > 0) {
      this.phase = PARKED
      this.slot = null
      this.parkedAt = this.owner.loop.tick
      if (instruments.active !== null) instruments.active.parked(this, this.reason as string)
      return
    }
    const failed = ending === FAILED || rare.failures !== null || (scope !== null && scope.failures !== null)
    const how = failed ? 'failed' : ending === DONE ? 'done' : 'cancelled'
    const disposal = rare.disposal === null ? null : rare.disposal(how)
    rare.disposal = null
    if (disposal !== null) {
      rare.disposing = true
      // Cleanup, as if the frame had been asked to return: no cancel cuts it short.
      disposal.unwind = { target: null, error: undefined, failures: null, void: false }
      if (this.drive(null, START, this.resumeFrame(null, START, disposal))) this.owner.loop.ready(this)
      return
    }
    const own = rare.failures ?? []
    const theirs = scope?.failures ?? []
    const failures = ending === FAILED ? [...own, ...theirs] : [...theirs, ...own]
    if (failures.length > 0) this.settle(FAILED, oneError(failures))
    else this.settle(ending, ending === DONE ? rare.result : undefined)
  }

  private settle(phase: number, value: unknown): void {
    totals.ended++
    this.phase = phase
    this.slot = value
    this.scopes = null
    const { rare, joinList, owner, observer } = this
    if (rare !== null && rare.unlink !== null) rare.unlink()
    const failed = phase === FAILED
    let claimed = observer !== null
    if (observer !== null) {
      if (phase === DONE) observer.resume(value as T)
      else observer.reject(failed ? value : this.cancelledError())
    }
    if (joinList !== null) {
      this.joinList = null
      for (let join = joinList.shift(); join !== null; join = joinList.shift()) {
        claimed = true
        if (phase === DONE) join.resume(value as T)
        else join.reject(failed ? value : this.cancelledError())
      }
    }
    if (instruments.active !== null)
      instruments.active.ended(this, failed ? 'failed' : phase === DONE ? 'done' : 'cancelled')
    owner.remove(this, failed, value, claimed)
    if (failed && !claimed && owner.owner === null) owner.loop.unclaimed(this)
  }

  /** @internal */
  childrenEnded(): void {
    if (this.phase === PARKED && this.slot === null) this.makeReady(WIND_DOWN, undefined)
  }

  // -- scopes and locals

  /** @internal The set that a plain `spawn` in this task adds to: of the innermost open scope. */
  get innermost(): Children {
    this.scopes ??= new Children(this.owner.loop, this, null, null, false)
    return this.scopes
  }

  /** @internal Opens the scope of a block whose frame is `frame`. */
  open(frame: Frame, supervised: boolean): Children {
    this.scopes = new Children(this.owner.loop, this, frame, this.scopes, supervised)
    return this.scopes
  }

  /** @internal Closes the innermost scope. */
  close(children: Children): void {
    if (this.scopes !== children) throw new InternalError(`${this} closes a scope that is not its innermost`)
    this.scopes = children.outer
  }

  /** @internal An operation was reached where no frame can park (issued-return.ts): it runs beside the unwinding. */
  carry({ op, site }: { op: object; site: string }): void {
    const message =
      `${this}: a finally block of a bare generator waits while the task is cancelled, and its caller delegated to it natively; ` +
      `the wait is done before the task ends, but the block does not wait for it. Make that generator with fn(): ${site}`
    if (this.owner.loop.host.strict) throw new UsageError(message)
    this.owner.loop.host.warn(message)
    const innermost = this.innermost
    let whole = innermost
    while (whole.frame !== null && whole.outer !== null) whole = whole.outer
    if (whole.frame !== null) whole = whole.outer = new Children(this.owner.loop, this, null, null, false)
    createTask(whole, op as Operation<unknown>, null, this.carry)
  }

  /** @internal The values of `TaskLocal`s; `disposal` makes the call that disposes them, as the task ends. */
  locals(disposal: ((ending: TaskEnding) => Call<void> | null) | null): Map<object, unknown> | null {
    if (disposal === null) return this.rare?.locals ?? null
    const rare = this.extra()
    rare.locals ??= new Map()
    rare.disposal = disposal
    return rare.locals
  }

  /** @internal What only some tasks have from the start. */
  note(context: Context | null, site: { stack?: string } | null): void {
    const rare = this.extra()
    rare.context = context
    rare.site = site
  }

  /** @internal Its steps run in the context of this moment from now on. */
  captureContext(): void {
    const context = this.owner.loop.host.captureContext()
    if (context !== null) this.extra().context = context
  }

  private extra(): Rare {
    this.rare ??= {
      context: null,
      pending: null,
      cancelled: false,
      reason: undefined,
      by: null,
      ending: 0,
      disposing: false,
      result: undefined,
      failures: null,
      failing: false,
      locals: null,
      disposal: null,
      abort: null,
      site: null,
      unlink: null,
      claimed: false,
      claim: null,
    }
    return this.rare
  }

  private cancelledError(): CancelledError {
    const rare = this.extra()
    return new CancelledError(this, rare.reason, rare.by)
  }
}

/** A constant of the module: what a class is V8 makes sure of at each use. */
const TaskHere = Task

/** @internal Makes a task in `owner`; `skip` is the function that its spawn site is the caller of. */
export function createTask<T>(
  owner: Children,
  body: TaskBody<T>,
  name: string | Named | null,
  skip: Callable | undefined,
  ready = true,
): Task<T> {
  if (owner.closed) throw new UsageError('this scope has ended: no task can be spawned in it')
  const { loop } = owner
  const call = callOf(body)
  const namesake = name === null ? call.source : typeof name === 'string' ? { name } : name
  const task = new TaskHere<T>(++totals.spawned, owner, call, namesake)
  const context = loop.host.captureContext()
  let site: { stack?: string } | null = null
  if (loop.sites > 0 && (name === null || typeof name === 'string' || name.sited !== false || loop.host.strict)) {
    loop.sites--
    site = captureSite(skip, 4)
  }
  if (context !== null || site !== null) task.note(context, site)
  owner.add(task)
  if (ready) loop.ready(task)
  if (instruments.active !== null) instruments.active.spawned(task)
  return task
}
