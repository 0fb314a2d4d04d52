import {
  type Loop as CoreLoop,
  currentLoop,
  type DeadlockError,
  InternalError,
  messageOf,
  NOT_YET,
  type Operation,
  type Task,
  type Waiter,
  WaitList,
} from '../core/index.ts'
import { Callback } from './callbacks.ts'
import { GreenletExit, LoopExit } from './errors.ts'
import { Loop } from './loop.ts'
import { makeHubsBy, TimedWait, type TimeLimit } from './timed-wait.ts'

type ErrorClass = abstract new (...args: never[]) => object

/** Waits until the loop has nothing to do any more. */
class HubJoin extends TimedWait<boolean> {
  private readonly hub: Hub
  /** It waits on behalf of a greenlet, which must not wait for itself. */
  private discounted = false

  constructor(hub: Hub, limit: TimeLimit) {
    super(limit)
    this.hub = hub
  }

  override get reason(): string {
    return 'the loop to have nothing left to do'
  }

  override get line(): WaitList<HubJoin> {
    return this.hub.joins as WaitList<HubJoin>
  }

  override attempt(): boolean | typeof NOT_YET {
    return this.hub.done ? true : NOT_YET
  }

  override install(waiter: Waiter<boolean>): void {
    super.install(waiter)
    if (this.waiter === null || (waiter.waitingTask?.namesake as Counted | undefined)?.counts !== true) return
    this.discounted = true
    this.hub.hold(-1)
  }

  override uninstall(): void {
    this.recount()
    super.uninstall()
  }

  override resume(done: boolean): void {
    this.recount()
    super.resume(done)
  }

  private recount(): void {
    if (this.discounted) this.hub.hold(1)
    this.discounted = false
  }

  protected override expired(): void {
    this.resume(false)
  }
}

/** What `join` waits for says so. */
interface Counted {
  readonly counts?: boolean
}

/**
 * What stands behind all greenlets of one loop: where callbacks run, where errors go that nobody waits for, and who finds out
 * that nothing can go on. `getHub()` gives that of the running loop.
 */
export class Hub {
  /** The engine's loop. */
  readonly core: CoreLoop
  /** Watchers and callbacks. */
  readonly loop: Loop
  /** Where failures of greenlets are written; null: nowhere. */
  exceptionStream: { write(text: string): unknown } | null = process.stderr
  /** Errors that are not reported. */
  NOT_ERROR: ErrorClass[] = [GreenletExit]
  /** Errors that are thrown into the main task, whoever they come from. */
  SYSTEM_ERROR: ErrorClass[] = [InternalError]
  /** @internal */
  readonly joins = new WaitList<HubJoin>()
  /** @internal Greenlets and watchers that `join` waits for. */
  busy = 0

  /** @internal Use `getHub`. */
  constructor(core: CoreLoop) {
    this.core = core
    this.loop = new Loop(core, {
      hold: (by) => this.hold(by),
      report: (context, error) => this.safely(context, error),
    })
    core.onDeadlock = (stuck, error) => this.nothingLeft(stuck, error)
  }

  /** The task that everything else serves: the oldest one whose end code outside of tasks waits for; null if there is none. */
  get main(): Task<unknown> | null {
    for (const task of this.core.root) if ((task as Task<unknown>).awaited) return task as Task<unknown>
    return null
  }

  /**
   * Waits until no greenlet runs and no watcher is active that counts: true; false if that took longer than `timeout`. Greenlets
   * that can never go on do not count.
   */
  join(timeout?: TimeLimit): Operation<boolean> {
    return new HubJoin(this, timeout)
  }

  /**
   * Called with each error that nobody waits for: of a greenlet, a link, a callback. `context` is whatever failed. Writes
   * it to `exceptionStream`; those in `SYSTEM_ERROR` are thrown into the main task as well. May be replaced on the instance.
   */
  handleError(context: unknown, error: unknown): void {
    if (isOneOf(error, this.NOT_ERROR)) return
    if (!isOneOf(error, this.SYSTEM_ERROR)) return this.printException(context, error)
    this.printException(context, error)
    this.handleSystemError(error)
  }

  /** Throws `error` into the main task, where it waits; where there is none, into the process. */
  handleSystemError(error: unknown): void {
    const { main } = this
    if (main === null) void Promise.reject(error)
    else main.interject(error)
  }

  /** Writes an error to `exceptionStream`, with its stack, the time and who failed. */
  printException(context: unknown, error: unknown): void {
    const stack = error instanceof Error && error.stack !== undefined ? `${error.stack}\n` : ''
    this.exceptionStream?.write(
      `${stack}${new Date().toISOString()} ${nameOf(context)} failed with ${messageOf(error)}\n\n`,
    )
  }

  /** @internal As `handleError`, which may be anybody's: a failure in it does not disturb the loop. */
  safely(context: unknown, error: unknown): void {
    try {
      this.handleError(context, error)
    } catch (failure) {
      this.printException(context, error)
      this.printException('handleError', failure)
    }
  }

  /** @internal Calls `fn(arg)` in a pass. */
  call<A>(fn: (arg: A) => unknown, arg: A): void {
    this.loop.callbacks.add(new Callback(fn as (...args: never[]) => unknown, [arg]))
  }

  /** @internal Something that `join` waits for has begun (1) or ended (-1). */
  hold(by: 1 | -1): void {
    this.busy += by
    if (this.busy === 0 && this.joins.size > 0) this.call(wakeIfDone, this)
  }

  /** @internal True if nothing is left to do. */
  get done(): boolean {
    return this.busy === 0 && this.loop.callbacks.size === 0
  }

  /** @internal Called in a pass: what that has started counts. */
  wakeIfDone(): void {
    if (this.done) this.wakeJoins()
    else if (this.busy === 0) this.call(wakeIfDone, this)
  }

  private wakeJoins(): void {
    for (let join = this.joins.shift(); join !== null; join = this.joins.shift()) join.resume(true)
  }

  private nothingLeft(stuck: readonly Task<unknown>[], error: DeadlockError): boolean {
    if (this.joins.size > 0) {
      this.wakeJoins()
      return true
    }
    const handles = this.loop.active.map((watcher) => `\n  ${watcher} does not count`).join('')
    for (const task of stuck) task.interject(new LoopExit(error.message + handles, error.graph))
    return stuck.length > 0
  }

  toString(): string {
    return 'the hub'
  }
}

function wakeIfDone(hub: Hub): void {
  hub.wakeIfDone()
}

const hubs = new WeakMap<CoreLoop, Hub>()
let recent: Hub | null = null

/** The hub of the loop that runs; outside of any, of the thread's default loop. */
export function getHub(): Hub {
  const loop = currentLoop()
  return recent?.core === loop ? recent : hubOf(loop)
}

makeHubsBy(getHub)

function hubOf(loop: CoreLoop): Hub {
  let hub = hubs.get(loop)
  if (hub === undefined) {
    hub = new Hub(loop)
    hubs.set(loop, hub)
  }
  recent = hub
  return hub
}

function isOneOf(error: unknown, classes: readonly ErrorClass[]): boolean {
  return classes.some((type) => error instanceof type)
}

function nameOf(context: unknown): string {
  if (typeof context === 'function') return context.name || 'a callback'
  return context === null || context === undefined ? 'the loop' : String(context)
}
