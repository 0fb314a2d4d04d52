/**
 * Theory of operation: bare switching, without a hub: what the `greenlet` module offers under gevent.
 *
 * A bare greenlet is a task that never is in the line by itself: it runs when somebody switches to it. `yield* g.switch(value)`
 * wakes the task of `g` with the value and parks the caller on its own seat; whoever switches to the caller wakes it there. When
 * a greenlet ends, its parent is switched to, with what it returned or failed with. So exactly one of a family runs at any
 * time, and a switch costs two steps of the engine.
 *
 *   caller ──switch(v)──▶ g's seat is given v, the caller sits down on its own
 *   g ends ──▶ its parent's seat is given the value, or the error
 */
import {
  type Body,
  currentTask,
  fn,
  KIND,
  type Named,
  NOT_YET,
  type Operation,
  spawn,
  type Task,
  Wait,
  type Waiter,
} from '../core/index.ts'
import { callRun, checkCallable, type Run } from './bodies.ts'
import { errorOf, GreenletError, GreenletExit, type Throwable } from './errors.ts'

const EMPTY = Symbol('empty')

/** Where a greenlet sits while others run. */
class Seat extends Wait<unknown> {
  private readonly greenlet: greenlet
  private waiter: Waiter<unknown> | null = null

  constructor(greenlet: greenlet) {
    super()
    this.greenlet = greenlet
  }

  override get reason(): string {
    return `somebody to switch to ${this.greenlet}`
  }

  override attempt(): unknown {
    return this.greenlet.takeGiven()
  }

  override install(waiter: Waiter<unknown>): void {
    const { greenlet } = this
    try {
      const given = greenlet.takeGiven()
      if (given !== NOT_YET) return waiter.resume(given)
    } catch (error) {
      return waiter.reject(error)
    }
    this.waiter = waiter
    greenlet.seat = this
  }

  override uninstall(): void {
    this.waiter = null
    this.greenlet.seat = null
  }

  /** Whoever sits here goes on. */
  leave(value: unknown, failed: boolean): void {
    const waiter = this.waiter as Waiter<unknown>
    this.uninstall()
    if (failed) waiter.reject(value)
    else waiter.resume(value)
  }
}

/**
 * A function that runs when it is switched to, and until it switches elsewhere.
 *
 * ```ts
 * import { run } from 'fibril'
 * import { greenlet } from 'fibril/gevent'
 *
 * await run(function* () {
 *   const ping = new greenlet(function* (from: greenlet) {
 *     for (let n = 1; ; n++) yield* from.switch(n)
 *   })
 *   const main = greenlet.getcurrent()
 *   console.log(yield* ping.switch(main)) // prints: 1
 *   console.log(yield* ping.switch()) // prints: 2
 *   yield* ping.throw()
 *   console.log(ping.dead) // prints: true
 * })
 * ```
 */
export class greenlet implements Named {
  /** @internal */
  seat: Seat | null = null
  /** Who is switched to when this one ends. */
  private up: greenlet | null
  private readonly run: Run | null
  private task: Task<unknown> | null = null
  private state: 'new' | 'alive' | 'dead' = 'new'
  private given: unknown = EMPTY
  private failed = false

  /** `parent`: the one that makes it, unless another is given. */
  constructor(run: Run<never[], unknown> | null, parent?: greenlet) {
    if (run !== null) checkCallable(run)
    this.run = run as Run | null
    this.up = run === null ? null : (parent ?? greenlet.getcurrent())
  }

  /** The bare greenlet that runs now; in any other task, the one that stands for that. */
  static getcurrent(): greenlet {
    const task = currentTask()
    if (task === null) throw new GreenletError('greenlets are switched between in tasks: start one with run()')
    if (task.namesake instanceof greenlet) return task.namesake
    let root = roots.get(task)
    if (root === undefined) {
      root = new greenlet(null)
      root.task = task
      root.state = 'alive'
      roots.set(task, root)
    }
    return root
  }

  /** @internal For reports. */
  get [KIND](): string {
    return 'gevent'
  }

  get name(): string {
    return this.run?.name || 'main'
  }

  /** True once it has ended. */
  get dead(): boolean {
    return this.state === 'dead' || (this.run === null && this.task?.state === 'ended')
  }

  /** True from its first switch until it ends. */
  get started(): boolean {
    return this.state === 'alive' && !this.dead
  }

  /** Who is switched to when it ends; may be changed, not into a circle. Null for one that stands for a task. */
  get parent(): greenlet | null {
    return this.up
  }

  set parent(parent: greenlet | null) {
    if (this.run === null || parent === null) throw new GreenletError('only a greenlet made of a function has a parent')
    for (let above: greenlet | null = parent; above !== null; above = above.up)
      if (above === this) throw new GreenletError(`${this} would be its own parent`)
    this.up = parent
  }

  /**
   * Goes on with this greenlet, where it had switched away, or from its beginning, with `values` as what its switch gives, or
   * as its arguments. Gives what the caller is switched back with. A dead one passes on to its parent.
   */
  switch(...values: readonly unknown[]): Operation<unknown> {
    return switching(this, values, null)
  }

  /** As `switch`, and throws `error` there. Without one, a `GreenletExit`: `finally` blocks run, and its parent gets that as a value. */
  throw(error: Throwable = GreenletExit): Operation<unknown> {
    return switching(this, [], errorOf(error))
  }

  toString(): string {
    return `bare greenlet ${this.name}${this.dead ? ' (dead)' : ''}`
  }

  // -- the other side

  /** @internal What it was given before it sat down. */
  takeGiven(): unknown {
    const { given, failed } = this
    if (given === EMPTY) return NOT_YET
    this.given = EMPTY
    if (failed) throw given
    return given
  }

  /** @internal */
  *switching(from: greenlet, values: readonly unknown[], error: Error | null): Body<unknown> {
    if (this.task !== null && this.task.state !== 'ended' && from.task?.loop !== this.task.loop)
      throw new GreenletError(`cannot switch to ${this}: it belongs to another loop`)
    this.wake(values, error)
    return yield* new Seat(from)
  }

  private wake(values: readonly unknown[], error: Error | null): void {
    if (this.dead) {
      if (this.up === null) throw new GreenletError(`cannot switch to ${this}: it has ended, and has no parent`)
      return this.up.wake(
        error instanceof GreenletExit ? [error] : values,
        error instanceof GreenletExit ? null : error,
      )
    }
    if (this.state === 'new') this.begin(values, error)
    else if (error instanceof GreenletExit && this.run !== null) this.task?.cancel(error)
    else this.give(error ?? (values.length > 1 ? values : values[0]), error !== null)
  }

  private begin(values: readonly unknown[], error: Error | null): void {
    if (error !== null) {
      this.state = 'dead'
      return this.over(error instanceof GreenletExit ? error : error, !(error instanceof GreenletExit))
    }
    this.state = 'alive'
    this.task = spawn.detached(callRun(this.run as Run, values), { name: this })
    this.task.observer = {
      resume: (value) => this.over(value, false),
      reject: (failure) => this.ended(failure),
    }
  }

  private ended(failure: unknown): void {
    const outcome = (this.task as Task<unknown>).outcome
    if (outcome?.status !== 'cancelled') return this.over(failure, true)
    const { reason } = outcome.error
    this.over(reason instanceof GreenletExit ? reason : new GreenletExit(), false)
  }

  private over(value: unknown, failed: boolean): void {
    this.state = 'dead'
    let { up } = this
    while (up?.dead === true) up = up.up
    up?.give(value, failed)
  }

  private give(value: unknown, failed: boolean): void {
    if (this.seat !== null) return this.seat.leave(value, failed)
    this.given = value
    this.failed = failed
  }
}

const roots = new WeakMap<Task<unknown>, greenlet>()

const switching = fn(function* switching(
  target: greenlet,
  values: readonly unknown[],
  error: Error | null,
): Body<unknown> {
  return yield* target.switching(greenlet.getcurrent(), values, error)
})
