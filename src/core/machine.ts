/**
 * Theory of operation: the words in which frames, operations and the engine speak to each other.
 *
 * A *task* is a stack of *frames*. A frame's body is anything with `next`, `throw` and `return`: a generator, or what
 * compiled green code makes. The engine drives the top frame; when that ends, its value goes to the frame below.
 *
 * A task *parks* on an *operation*. `yield* operation` asks the operation for an iterator and calls `next()` on it, inside
 * the caller's own step:
 *
 *   - an operation that is ready answers `DONE` there and then: nothing parks, the engine never hears of it;
 *   - one that must wait writes itself to the register `op` and answers `PARK`. Each `Call` that is left on the way out puts
 *     itself on the list `top … tail`, innermost first: these are the frames entered in this step.
 *     The engine links that list onto the task's stack in O(1), and installs the operation with the task as its waiter.
 *
 * So a function that does not park costs no more than delegation between generators, and waking is O(1) at any depth:
 * the engine resumes the top frame and nothing beneath it.
 *
 * `PARK` and `DONE` are the result objects that operations return. They are shared: a delegating generator reads `done` and
 * `value` at once, before anything else can run.
 *
 * Nothing above the loop imports the loop. What the loop offers to those above it (`LoopView`) is reached by
 * `machine.loop` during a step, and by a task's owner otherwise. There is one machine per thread, and any number of
 * loops, of which one at a time is in a turn. A turn brings registers of its own and puts the former ones back.
 */

/** What a task is named after: its function, or whatever it was given. It is asked when somebody wants to know. */
export interface Named {
  readonly name: string
  /** False if it is not worth recording where such tasks are spawned: always at the one place. */
  readonly sited?: boolean
}

/** What an operation may know of the task that waits on it, and what reports and instruments may read of any task. */
export interface TaskView {
  readonly id: number
  readonly name: string
  readonly namesake: Named
  readonly state: TaskState
  /** What it waits for, in words; null unless parked. */
  readonly reason: string | null
  readonly parent: TaskView | null
  readonly children: Iterable<TaskView>
  /** Where it was spawned, when that was recorded: a stack trace without its head line. */
  readonly spawnedAt: string | null
  toString(): string
}

/** `created`: no step yet. `ready`: in the loop's line. `ended`: settled. */
export type TaskState = 'created' | 'ready' | 'running' | 'parked' | 'ended'

/** How a task ends. */
export type TaskEnding = 'done' | 'failed' | 'cancelled'

/** Whom an installed operation wakes, exactly once, by one of the two verbs. */
export interface Waiter<in T = unknown> {
  resume(value: T): void
  reject(error: unknown): void
  /** The task on whose behalf this waits, or null (a promise outside any task). */
  readonly waitingTask: TaskView | null
}

/** What the register `op` holds: an operation on which the running step has parked. */
export interface Parked {
  readonly reason: string
  install(waiter: Waiter<unknown>): void
  uninstall(): void
  /** It will not be installed. */
  abandon(): void
}

/** Any function, as V8's stack traces want it. */
export type Callable = (...args: never[]) => unknown

/** A frame's body. */
export interface Steppable {
  next(value: unknown): IteratorResult<unknown, unknown>
  throw(error: unknown): IteratorResult<unknown, unknown>
  return(value: unknown): IteratorResult<unknown, unknown>
}

/** One activation on a task's stack. */
export interface Frame {
  /** Resume it, with the value of the frame that was above or of the wait that is over. */
  resumed(value: unknown): IteratorResult<unknown, unknown>
  /** Resume it with an error. */
  failed(error: unknown): IteratorResult<unknown, unknown>
  /** What the engine asks to return. */
  readonly body: Steppable | null
  /** True if that is a generator of the engine's own kind. */
  readonly native: boolean
  /** The frame that gets this one's value. Invariant: null only at the bottom, or while on the list of a running step. */
  below: Frame | null
  /** Set from the moment that the engine asks this frame to return until it has. */
  unwind: Unwind | null
  readonly name: string
  /** For reports, what knows where it stands: a generator that is suspended there, or else its function. */
  readonly standing?: unknown
  /** If that is a function: its text from its parameters to where it stands. */
  readonly passed?: string | null
  /** The engine took it off the stack: its place in its caller's code may now be given the value. */
  left(): void
}

/**
 * Frames down to, and not including, `target` are made to return; then `error` is thrown into `target`. With a null
 * target the whole task is unwound. A frame that waits in a `finally` carries it along; what `finally` blocks threw is
 * kept in `failures`.
 */
export interface Unwind {
  target: Frame | null
  error: unknown
  failures: unknown[] | null
  /** Set by whoever asked, when it no longer matters. */
  void: boolean
}

/** What the loop offers to operations. */
export interface LoopView {
  /** Milliseconds on the host's clock. */
  now(): number
  /** Calls `timer.fire()` once, `ms` from now; equal deadlines in the order of these calls. */
  startTimer(timer: Timer, ms: number): void
  stopTimer(timer: Timer): void
  /** Something outside the loop (a socket, a worker, a promise) will wake a task: no deadlock, and no virtual time passes, meanwhile. */
  holdExternal(): void
  releaseExternal(): void
}

/** Something that `LoopView.startTimer` fires. Both fields belong to the deadlines. */
export interface Timer {
  bucket: TimerBucket | null
  index: number
  fire(): void
}

export interface TimerBucket {
  readonly loop: LoopView
  readonly deadline: number
  timers: (Timer | null)[]
  live: number
}

/** What an operation may ask of the task that runs. */
export interface RunningTask extends TaskView {
  /** Wait for `op` before this task settles: an operation that was reached where no frame can park. */
  carry(op: object): void
}

/**
 * What the running step has done so far. Made anew for each turn, and not only to nest: an object that has just been made is
 * written to for nothing, while V8 keeps a record of each write of a young task or operation into an old one.
 */
export class Registers {
  /** The task that runs; null between steps. */
  task: RunningTask | null
  op: Parked | null
  top: Frame | null
  tail: Frame | null
  /** Ready operations that the running step may still take without parking. */
  budget: number
  /** True while the engine is inside `body.return()`. */
  returning: boolean
  /** The frame whose function is called once more, to go on with it: in compiled code. */
  resuming: Frame | null
  /** The loop that is in its turn. */
  readonly loop: LoopView | null

  constructor(loop: LoopView | null) {
    this.task = null
    this.op = null
    this.top = null
    this.tail = null
    this.budget = 0
    this.returning = false
    this.resuming = null
    this.loop = loop
  }
}

/** The registers outside any turn. */
export const IDLE: Registers = new Registers(null)

class Machine {
  registers: Registers = IDLE
  /** What tasks without a context of their own are stepped in; null while no context was ever used. */
  base: Context | null = null
  /** Told of each function that a call is about to enter; null unless code is loaded that parks without `yield*`. */
  entering: ((source: Callable) => void) | null = null

  /** The task that runs. */
  get task(): RunningTask | null {
    return this.registers.task
  }

  /** The loop that is in its turn. */
  get loop(): LoopView | null {
    return this.registers.loop
  }
}

/** The machine of this thread. */
export const machine: Machine = new Machine()

/** A context (AsyncLocalStorage) that can be entered: what `AsyncResource` is to Node. */
export interface Context {
  runInAsyncScope<A extends unknown[], R>(run: (...args: A) => R, self: unknown, ...args: A): R
}

/** How many ready operations a step may take before it must let others run. */
export const BUDGET = 512

/**
 * The answer of an operation that parks. It is known by its value: V8 passes the object through a delegation as it is, JSC makes
 * a new one at each level.
 */
export const PARK: IteratorYieldResult<symbol> = { value: Symbol('parked'), done: false }

/** The answer of an operation that is done; `value` is set just before it is returned. */
export const DONE: { value: unknown; done: true } = { value: undefined, done: true }

/** The `target` of an unwinding that makes no frame return: its error is thrown where the task waits, and can be caught there. */
export const INNERMOST: Frame = {
  resumed: () => DONE,
  failed: () => DONE,
  body: null,
  native: false,
  below: null,
  unwind: null,
  name: 'innermost',
  left: () => {},
}

/** The `unwind` of a frame that nothing from outside interrupts; what comes meanwhile waits until it has ended. */
export const SHIELD: Unwind = { target: null, error: undefined, failures: null, void: true }
