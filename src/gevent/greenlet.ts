/**
 * Theory of operation: a greenlet is an engine's task, and what its users may see of it.
 *
 *   new ──start()──▶ pending ──▶ task: created, ready, parked … ──▶ ended: value or exception
 *    │ startLater(ms): a timer       │
 *    └────────── kill() ─────────────┴──▶ ended, and nothing has run
 *
 * The task hangs on the loop: nobody's child, so it outlives whoever spawned it, and its failure ends nobody. The greenlet is the
 * task's observer, so it knows the outcome before anybody else can ask. Those who wait for it are woken at once; links are
 * called by the next pass of the loop. What stands for a task that is no greenlet (`Greenlet.of`) observes it only when somebody asks
 * how that ends: an observer takes the failure upon itself.
 *
 * A kill is the engine's cancel: what the greenlet waits for is undone, `finally` blocks run, and no `catch` sees it. In Python
 * a `GreenletExit` passes `except Exception` by; a `catch` of JavaScript takes everything, so a thrown one would be
 * swallowed by whoever means to log a failure. A kill with an error of one's own is thrown where the greenlet waits.
 *
 * The file is long because gevent's class is wide: starting, state, waiting, killing and links are verbs of one object.
 */
import {
  type Body,
  fn,
  KIND,
  machine,
  type Named,
  type Operation,
  type OperationIterator,
  spawn,
  type Task,
  type WaitList,
} from '../core/index.ts'
import type { Returned } from '../green/index.ts'
import { callMethod, callRun, checkCallable, type Run } from './bodies.ts'
import { Done } from './done.ts'
import { type Ending, EndWait } from './end-wait.ts'
import { errorOf, GreenletExit, type Throwable } from './errors.ts'
import { getHub, type Hub } from './hub.ts'
import { type LinkCallback, type LinkKind, Links, type LinkTarget } from './links.ts'
import type { TimeLimit } from './timed-wait.ts'
import { Timeout } from './timeout.ts'
import type { WaitOptions } from './wait-options.ts'
import type { TimerWatcher } from './watchers.ts'

const NEW = 0
const PENDING = 1 // a timer will start it
const STARTED = 2
const DONE = 3
const FAILED = 4

/** Told of the end of a greenlet there and then, amid the engine: it may wake others, and must not run code of users. */
export type EndObserver = (greenlet: Greenlet) => void

/** What most greenlets never need. */
interface Rare {
  links: Links<Greenlet> | null
  observers: Set<EndObserver> | null
  timer: TimerWatcher | null
  /** What it was killed with. */
  killer: Error | null
  /** Its task is none that it started, and it is not told yet how that ends. */
  adopted: boolean
}

interface Tree {
  readonly locals: Record<PropertyKey, unknown>
}

/**
 * A function that runs concurrently with others. `spawn(run, …args)` makes and starts one; it takes its first step when the caller
 * waits. Subclasses write `_run` in place of giving a function.
 *
 * ```ts
 * import { run } from 'fibril'
 * import { Greenlet, sleep } from 'fibril/gevent'
 *
 * class Cook extends Greenlet<string> {
 *   dish: string
 *   constructor(dish: string) {
 *     super()
 *     this.dish = dish
 *   }
 *   override *_run() {
 *     yield* sleep(5)
 *     return `${this.dish} is ready`
 *   }
 * }
 * await run(function* () {
 *   const cook = new Cook('soup')
 *   cook.start()
 *   console.log(yield* cook.get()) // prints: soup is ready
 * })
 * ```
 */
export class Greenlet<T = unknown> implements Named, Ending, PromiseLike<T> {
  /** @internal The task that runs it; null before it starts. */
  task: Task<unknown> | null
  /** @internal Who waits for its end. */
  endWaits: WaitList<EndWait> | null
  /** What its whole tree of spawned greenlets shares. It holds none of them, so a long line of spawns keeps none alive. */
  private tree: Tree | null
  /** The number of the task that spawned it; 0 for none. */
  readonly spawnedBy: number
  private given: readonly unknown[]
  private readonly run: Run | null
  private hub: Hub | null
  private status: number
  private result: unknown
  /** Who of this dialect is told at once. */
  private observer: EndObserver | null
  private rare: Rare | null

  constructor(run?: Run<never[], unknown> | null, ...args: readonly unknown[]) {
    if (run !== undefined && run !== null) checkCallable(run)
    const { task } = machine
    this.task = null
    this.endWaits = null
    this.tree = task !== null && task.namesake instanceof Greenlet ? task.namesake.ownTree() : null
    this.spawnedBy = task === null ? 0 : task.id
    this.given = args
    this.run = (run as Run | null | undefined) ?? null
    this.hub = null
    this.status = NEW
    this.result = undefined
    this.observer = null
    this.rare = null
  }

  private get extra(): Rare {
    this.rare ??= { links: null, observers: null, timer: null, killer: null, adopted: false }
    return this.rare
  }

  /** Makes one and starts it. */
  static spawn<A extends readonly unknown[], R>(run: Run<A, R>, ...args: A): Greenlet<Returned<R>> {
    const greenlet = Greenlet.prepare<Returned<R>>(run as unknown as Run, args)
    greenlet.start()
    return greenlet
  }

  /** @internal As `new`, of arguments that are in a list already. */
  static prepare<T>(run: Run, args: readonly unknown[]): Greenlet<T> {
    const greenlet = new Greenlet<T>(run)
    greenlet.given = args
    return greenlet
  }

  /** @internal Lets code of `task` be waited for and killed as a greenlet. */
  static of(task: Task<unknown>): Greenlet {
    const greenlet = new Greenlet(null)
    greenlet.task = task
    greenlet.status = STARTED
    greenlet.hub = getHub()
    greenlet.extra.adopted = true
    return greenlet
  }

  /** Who asks how an adopted task ends takes its failure upon himself: it is not told of before. */
  private look(): number {
    const { rare } = this
    if (rare?.adopted === true) {
      rare.adopted = false
      this.hub?.hold(1)
      this.watch()
    }
    return this.status
  }

  private watch(): void {
    const task = this.task as Task<unknown>
    const { outcome } = task
    if (outcome === null) task.observer = this as Greenlet
    else if (outcome.status === 'done') this.resume(outcome.value as T)
    else this.reject(outcome.error)
  }

  /** What it does, where no function was given. */
  protected _run(..._args: never[]): unknown {
    throw new TypeError(`${this} has nothing to run: give it a function, or write \`_run\``)
  }

  /** @internal The hub's `join` waits for it. */
  get counts(): boolean {
    return true
  }

  // -- starting

  /** Starts it, once: it takes its first step when the caller waits. */
  start(): void {
    if (this.status > PENDING) return
    this.rare?.timer?.stop()
    this.status = STARTED
    const { run } = this
    const hub = getHub()
    this.hub = hub
    const body = run === null ? callMethod(this, this._run as Run, this.given) : callRun(run, this.given)
    this.task = spawn.detached(body, { name: this, loop: hub.core })
    hub.hold(1)
    this.task.observer = this as Greenlet
  }

  /** Starts it after `ms` milliseconds. */
  startLater(ms: number): void {
    if (this.status !== NEW) return
    this.hub = getHub()
    const timer = this.hub.loop.timer(ms)
    timer.start(() => this.start())
    this.extra.timer = timer
    this.status = PENDING
  }

  // -- how it stands

  /** What it was given to call its function with. */
  get args(): readonly unknown[] {
    return this.given
  }

  /** @internal For reports. */
  get [KIND](): string {
    return 'gevent'
  }

  /** The name of its function, or of its class. */
  get name(): string {
    const { task } = this
    if (this.run !== null) return this.run.name || 'anonymous'
    return task === null || task.namesake === this ? this.className : task.name
  }

  /** @internal */
  protected get className(): string {
    return this.constructor.name
  }

  /** True if it was started and has not ended. (`if (g)` in Python.) */
  get started(): boolean {
    const status = this.look()
    return status === PENDING || status === STARTED
  }

  /** True once it has ended, however. */
  ready(): boolean {
    return this.look() >= DONE
  }

  /** True once it has ended without a failure; to be killed counts as success. */
  successful(): boolean {
    return this.look() === DONE
  }

  /** True once it has ended. */
  get dead(): boolean {
    return this.look() >= DONE
  }

  /** What it returned; undefined before that, and if it failed. If it was killed, a `GreenletExit`. */
  get value(): T | GreenletExit | undefined {
    return this.look() === DONE ? (this.result as T) : undefined
  }

  /** What it failed with; null before that, and if it succeeded. */
  get exception(): unknown {
    return this.look() === FAILED ? this.result : null
  }

  /** An object that a greenlet shares with all that it spawns, and they with theirs. */
  get spawnTreeLocals(): Record<PropertyKey, unknown> {
    return this.ownTree().locals
  }

  private ownTree(): Tree {
    this.tree ??= { locals: {} }
    return this.tree
  }

  toString(): string {
    return this.task === null ? `greenlet ${this.name}` : `greenlet ${this.name} #${this.task.id}`
  }

  // -- waiting for it

  /**
   * Waits for it to end, and gives its value or throws what it failed with; a killed one gives a `GreenletExit`. A `Timeout` if that
   * takes longer than `timeout`, or is not so and `block` is false. Cancelling the wait leaves the greenlet as it is.
   */
  get(options: WaitOptions = {}): Operation<T> {
    const { block = true, timeout } = options
    if (!block && !this.ready()) throw new Timeout(0)
    return this.wait(true, timeout) as Operation<T>
  }

  /** Waits for it to end, however; or until `timeout` is over. */
  join(timeout?: TimeLimit): Operation<void> {
    return this.wait(false, timeout) as Operation<void>
  }

  private wait(forValue: boolean, timeout: TimeLimit): Operation<unknown> {
    return new EndWait(this as Greenlet, forValue, timeout)
  }

  /** For `yield* greenlet`: `get`. */
  [Symbol.iterator](): OperationIterator<T> {
    return this.get()[Symbol.iterator]()
  }

  /** For `await greenlet`: `get`. */
  then<A = T, B = never>(
    fulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    rejected?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.get().then(fulfilled, rejected)
  }

  /** Runs `body`, and joins this when that ends; if it throws, kills this with what it threw, and does not join. */
  with<R>(body: (greenlet: this) => R): Operation<Returned<R>> {
    return withGreenlet(this as Greenlet, body as Run) as Operation<Returned<R>>
  }

  /** @internal */
  valueOrThrow(): T {
    if (this.status === FAILED) throw this.result
    return this.result as T
  }

  // -- ending it

  /**
   * Ends it, now; the operation waits until it has ended. One that never ran runs nothing, and its links are called all the same.
   *
   * Without an exception (or with a `GreenletExit`), `finally` blocks run and no `catch` sees it; it counts as success. Another
   * exception is thrown where the greenlet waits: it may catch it and go on, and `kill` waits on. With a `timeout`, the wait ends
   * then, and the greenlet may be alive.
   */
  kill(exception: Throwable = GreenletExit, options: WaitOptions = {}): Operation<void> {
    const { block = true, timeout } = options
    this.killNow(errorOf(exception))
    return block ? this.join(timeout) : new Done(undefined)
  }

  private killNow(error: Error): void {
    if (this.ready()) return
    const { task } = this
    if (task === null) {
      this.rare?.timer?.stop()
      this.hub ??= getHub()
      return this.end(error)
    }
    if (task.state === 'created' || error instanceof GreenletExit) {
      this.extra.killer ??= error
      task.cancel(error)
    } else task.interject(error)
  }

  /** Throws `error` where it waits. */
  throw(error: Throwable): void {
    this.killNow(errorOf(error))
  }

  // -- being told by its task

  /** @internal */
  resume(value: T): void {
    this.settle(DONE, value)
  }

  /** @internal */
  reject(error: unknown): void {
    const cancelled = (this.task as Task<unknown>).outcome?.status === 'cancelled'
    this.end(cancelled ? (this.rare?.killer ?? new GreenletExit()) : error)
  }

  private end(error: unknown): void {
    if (error instanceof GreenletExit) this.settle(DONE, error)
    else this.settle(FAILED, error)
  }

  private settle(status: number, result: unknown): void {
    const { hub, task, endWaits, observer, rare } = this
    this.status = status
    this.result = result
    if (hub === null) return
    if (status === FAILED) hub.call(reportFailure, this)
    if (task !== null && rare?.adopted !== true) hub.hold(-1)
    if (endWaits !== null) for (let wait = endWaits.shift(); wait !== null; wait = endWaits.shift()) wait.deliver()
    this.observer = null
    if (observer !== null) observer(this as Greenlet)
    if (rare !== null) this.tell(hub, rare)
  }

  private tell(hub: Hub, { observers, links }: Rare): void {
    if (observers !== null) for (const observer of observers) observer(this as Greenlet)
    links?.notify(hub, this as Greenlet, () => this.linkKind)
  }

  /** @internal */
  observe(observer: EndObserver): void {
    if (this.look() >= DONE) observer(this as Greenlet)
    else if (this.observer === null && !this.rare?.observers) this.observer = observer
    else {
      this.extra.observers ??= new Set()
      this.extra.observers.add(observer)
    }
  }

  /** @internal */
  unobserve(observer: EndObserver): void {
    if (this.observer === observer) this.observer = null
    else this.rare?.observers?.delete(observer)
  }

  /** @internal Tells the hub of its failure. */
  report(): void {
    this.hub?.safely(this, this.result)
  }

  // -- links

  private get linkKind(): LinkKind {
    return this.status === DONE ? 'value' : 'exception'
  }

  /** Has `callback` called with this when it has ended, in a greenlet of its own; also if it has ended already. */
  link(callback: LinkTarget<this>): void {
    this.addLink(callback, 'any', spawnLink)
  }

  /** As `link`, if it succeeds. */
  linkValue(callback: LinkTarget<this>): void {
    this.addLink(callback, 'value', spawnLink)
  }

  /** As `link`, if it fails. */
  linkException(callback: LinkTarget<this>): void {
    this.addLink(callback, 'exception', spawnLink)
  }

  /** As `link`, but calls back in the loop, where nothing may wait. */
  rawlink(callback: LinkCallback<this>): void {
    this.addLink(callback, 'any', null)
  }

  /** Takes a link back. */
  unlink(callback: LinkTarget<this>): void {
    this.rare?.links?.remove(callback as LinkTarget<Greenlet>)
  }

  private addLink(target: LinkTarget<this>, kind: LinkKind, start: typeof spawnLink | null): void {
    this.extra.links ??= new Links()
    const { links } = this.extra
    links.add(
      target as LinkTarget<Greenlet>,
      kind,
      start === null ? null : (callback) => start(callback as LinkCallback<unknown>, this),
    )
    if (this.ready()) links.notify(this.hub ?? getHub(), this as Greenlet, () => this.linkKind)
  }
}

const withGreenlet = fn(function* withGreenlet(greenlet: Greenlet, body: Run): Body<unknown> {
  let result: unknown
  try {
    result = yield* callRun(body, [greenlet])
  } catch (error) {
    greenlet.kill(error as Error)
    throw error
  }
  yield* greenlet.join()
  return result
})

function reportFailure(greenlet: Greenlet): void {
  greenlet.report()
}

function spawnLink(callback: LinkCallback<unknown>, source: unknown): void {
  Greenlet.spawn(callback, source)
}
