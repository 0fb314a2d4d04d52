/**
 * A chain of callbacks: how it gets its result, what waits for it, and how it is ended. How it runs is told in drive.ts.
 *
 * A callback that returns another chain makes its own wait for that: it is paused, and stands as a link at the end of the
 * other's list. When the other gets there it hands its result over and is left with none. The result of a chain is never
 * another chain or a promise: they are waited for.
 */
import {
  type Callable,
  CancelledError,
  currentTask,
  Operation,
  openings,
  run as startTask,
  Task,
  UsageError,
} from '../core/index.ts'
import { type Driven, type Link, run, type Step } from './drive.ts'
import { AlreadyCalledError } from './errors.ts'
import { Failure } from './failure.ts'
import { getDebugging, type Site, siteLines, siteOf, sites } from './sites.ts'
import { track, untrack } from './unfired.ts'
import { claim, type Unclaimed, unclaimed } from './unhandled.ts'

/** How far it is looked for a chain that waits for itself: further would make long chains quadratic. */
const CIRCLE = 100
const TEST_ENDED = 'its test has ended'

/** What few chains have. */
interface Rare {
  madeAt: Site | null
  firedAt: Site | null
  /** The failure that an observer has seen: it is not unhandled. */
  seen: Failure | null
  unclaimed: Unclaimed | null
  tracked: boolean
  /** Links in the list that are gone. */
  gone: number
}

/** The callbacks of a chain that has none; nothing is added to it. */
const NONE: Step[] = []

/** What a Deferred is without its types. */
export class Chain implements Driven, Link {
  /** It has been given a result. */
  called: boolean
  /** How often it was paused and not unpaused; waiting for another chain counts as one. */
  paused: number
  /** @internal Running, or in line to run. */
  busy: boolean
  /** @internal The next result is ignored: the Deferred was cancelled. */
  suppress: boolean
  /** @internal Undefined while it has none. */
  outcome: unknown
  /** @internal */
  callbacks: Step[]
  /** @internal */
  at: number
  /** @internal Links in the list that are not gone: how many wait for its result. */
  links: number
  /** @internal The chain whose result it waits for. */
  chainedTo: Chain | null
  /** @internal The next one on the stack that is driven. */
  under: Driven | null
  /** @internal */
  rare: Rare | null

  constructor() {
    this.called = false
    this.paused = 0
    this.busy = false
    this.suppress = false
    this.outcome = undefined
    this.callbacks = NONE
    this.at = 0
    this.links = 0
    this.chainedTo = null
    this.under = null
    this.rare = null
    if (sites.left > 0 || openings.watchers > 0) this.record(new.target as unknown as Callable)
  }

  private record(maker: Callable): void {
    const rare = this.extra()
    rare.madeAt = siteOf(maker)
    rare.tracked = getDebugging() || openings.watchers > 0
    if (rare.tracked) track(this)
  }

  // -- what is known of it

  /** @internal Its result stands: nothing is left to run or to wait for. */
  get settled(): boolean {
    return this.called && this.paused === 0 && !this.busy
  }

  /** Where it was made, if that was recorded: lines of a stack trace. */
  get madeAt(): string {
    return this.rare?.madeAt == null ? '' : siteLines(this.rare.madeAt)
  }

  /** @internal What a cancel of this one goes to instead. */
  get awaits(): Chain | null {
    return this.called ? this.chainedTo : null
  }

  /** @internal Which one, in words. */
  get label(): string {
    const made = this.madeAt.split('\n')[0]?.trim() ?? ''
    return made === '' ? 'a Deferred' : `a Deferred made ${made}`
  }

  /** Who waits for it, in words: tasks, promises, other Deferreds. */
  waiters(): string[] {
    const waiters: string[] = []
    for (let i = this.at; i < this.callbacks.length; i += 2) {
      const step = this.callbacks[i]
      if (typeof step === 'object' && step !== null && !step.gone) waiters.push(step.describe())
    }
    return waiters
  }

  /** @internal */
  describe(): string {
    return this.label
  }

  /** @internal */
  get gone(): boolean {
    return false
  }

  // -- its callbacks

  /** @internal Adds a pair. */
  add(callback: Step, errback: Step): void {
    // A literal is as long as it need be; an array that grows gets 16 places more than that.
    const { callbacks } = this
    if (callbacks === NONE) this.callbacks = [callback, errback]
    else if (callbacks.length === 2) this.callbacks = [callbacks[0] as Step, callbacks[1] as Step, callback, errback]
    else callbacks.push(callback, errback)
    if (this.called && this.paused === 0 && !this.busy) run(this)
  }

  /** @internal Adds one that waits for the result, at this place. */
  addLink(link: Link): void {
    this.links++
    this.add(link, link)
  }

  /** @internal A link in the list is gone. They are swept out when they are many. */
  dropLink(): void {
    this.links--
    const rare = this.extra()
    if (++rare.gone < 32 || rare.gone * 4 < this.callbacks.length || this.busy) return
    const left: Step[] = []
    for (let i = this.at; i < this.callbacks.length; i++) {
      const step = this.callbacks[i] as Step
      if (typeof step !== 'object' || step === null || !step.gone) left.push(step)
    }
    this.callbacks = left
    this.at = 0
    rare.gone = 0
  }

  /** @internal Gives it its first result. */
  fire(result: unknown, by: Callable): void {
    const ready = this.take(result, by)
    if (ready !== null) run(ready)
  }

  /** @internal As `fire`, but what is to run then is given back, or null. */
  take(result: unknown, by: Callable): Driven | null {
    if (this.called) {
      this.takeAgain()
      return null
    }
    this.called = true
    const { rare } = this
    if (rare !== null) {
      if (rare.tracked) untrack(this)
      if (getDebugging()) rare.firedAt = siteOf(by)
    }
    this.accept(result)
    if (this.paused > 0 || this.busy) return null
    if (this.callbacks.length > 0) return this
    this.rest()
    return null
  }

  private takeAgain(): void {
    if (this.suppress) {
      this.suppress = false
      return
    }
    const fired = this.rare?.firedAt == null ? '' : siteLines(this.rare.firedAt)
    throw new AlreadyCalledError(
      getDebugging()
        ? `the Deferred has fired already\nC: it was made\n${this.madeAt}\nI: it was first fired\n${fired}`
        : 'the Deferred has fired already (setDebugging(true) tells where)',
    )
  }

  /** Runs no more callbacks until it was unpaused as often as paused. */
  pause(): void {
    this.paused++
  }

  /** Takes one `pause` back. */
  unpause(): void {
    if (this.paused <= (this.chainedTo === null ? 0 : 1)) throw new UsageError('unpause() without a pause() before it')
    this.paused--
    if (this.called && this.paused === 0 && !this.busy) run(this)
  }

  /** @internal Its result is this, or what this comes to. */
  accept(result: unknown): void {
    if (typeof result !== 'object' || result === null || result instanceof Failure) this.outcome = result
    else if (result instanceof Chain) this.waitFor(result)
    else this.acceptObject(result as Partial<PromiseLike<unknown>>)
  }

  private acceptObject(result: Partial<PromiseLike<unknown>>): void {
    let then: unknown
    // A getter may throw, or give its function but once: it is asked once, and no more than that.
    try {
      then = result.then
    } catch (error) {
      this.outcome = new Failure(error, true)
      return
    }
    if (typeof then === 'function')
      this.waitFor(new Adoption(result as PromiseLike<unknown>, then as PromiseLike<unknown>['then']))
    else this.outcome = result
  }

  /** @internal Its result becomes that of `inner`: at once where that has one. */
  private waitFor(inner: Chain): void {
    if (this.isAwaitedBy(inner)) {
      this.outcome = new Failure(
        new UsageError('a callback returned a Deferred that waits for its own: neither could go on'),
      )
      return
    }
    if (inner.settled) {
      this.outcome = inner.outcome
      inner.outcome = undefined
      inner.rest()
      return
    }
    this.outcome = undefined
    this.chainedTo = inner
    this.paused++
    inner.addLink(this)
  }

  private isAwaitedBy(chain: Chain): boolean {
    let next: Chain | null = chain
    for (let i = 0; i < CIRCLE && next !== null; i++) {
      if (next === this) return true
      next = next.chainedTo
    }
    return false
  }

  /** @internal The chain that it waited for has a result. */
  reached(chain: Driven): Driven | null {
    this.outcome = chain.outcome
    chain.outcome = undefined
    this.chainedTo = null
    this.paused--
    return this.paused > 0 || this.busy ? null : this
  }

  /** @internal Nothing is left to run: a failure is unhandled from now on, until somebody comes for it. */
  rest(): void {
    const { outcome, rare } = this
    if (this.at > 0 && this.at === this.callbacks.length) {
      this.callbacks = NONE
      this.at = 0
      if (rare !== null) rare.gone = 0
    }
    const failed = outcome instanceof Failure && this.paused === 0 && outcome !== rare?.seen
    const failure = failed && !isDropped(outcome.value) ? outcome : null
    const former = rare === null ? null : rare.unclaimed
    if (former === null ? failure === null : former.failure === failure) return
    if (former !== null) claim(former)
    this.extra().unclaimed = failure === null ? null : unclaimed(failure, this.madeAt)
  }

  /** @internal An observer has taken note of this failure. */
  see(failure: Failure): void {
    const rare = this.extra()
    rare.seen = failure
    if (rare.unclaimed !== null) claim(rare.unclaimed)
    rare.unclaimed = null
  }

  // -- ending it

  /**
   * Asks for its end. Before it has fired, its canceller is called; if that does not fire it, or there is none, it fails
   * with `CancelledError`, and without a canceller the one result that may still come is ignored. If it has fired and
   * waits for another Deferred, that one is cancelled. Otherwise nothing happens. A canceller that throws does not keep
   * it from failing: its error is the `cause`. `reason` is told by the `CancelledError`.
   */
  cancel(reason?: unknown): void {
    let chain: Chain = this
    let behind: Chain = this
    for (let next = chain.awaits, steps = 1; next !== null; next = chain.awaits, steps++) {
      chain = next
      if (steps % 2 === 0) behind = behind.awaits as Chain
      // A circle: nothing in it can be ended.
      if (chain === behind) return
    }
    if (!chain.called) chain.end(reason)
  }

  /** @internal Ends one that has not fired: fires it, or sees to it that it will be fired. */
  end(reason: unknown): void {
    this.suppress = true
    this.giveUp(reason)
  }

  /** @internal Cancels what a test has left open; what becomes of it is nobody's concern. */
  drop(): void {
    this.cancel(TEST_ENDED)
  }

  /** @internal */
  giveUp(reason: unknown): void {
    this.fire(new Failure(new CancelledError(null, reason, currentTask())), this.cancel)
  }

  private extra(): Rare {
    return (this.rare ??= { madeAt: null, firedAt: null, seen: null, unclaimed: null, tracked: false, gone: 0 })
  }
}

function isDropped(error: unknown): boolean {
  return error instanceof CancelledError && error.reason === TEST_ENDED
}

/** A chain that fires with what something else that can be awaited settles to. */
class Adoption extends Chain {
  private readonly task: Task<unknown> | null

  constructor(source: PromiseLike<unknown>, then: PromiseLike<unknown>['then']) {
    super()
    const task = source instanceof Operation ? startTask(source) : source
    this.task = task instanceof Task ? task : null
    const settle = (result: unknown): void => {
      if (!this.called) this.fire(result, settle)
    }
    try {
      const fail = (error: unknown): void => settle(new Failure(error, true))
      if (this.task !== null) this.task.then(settle, fail)
      else then.call(source, settle, fail)
    } catch (error) {
      settle(new Failure(error, true))
    }
  }

  /** A task ends when its cleanup is over, and then says how. A promise cannot be ended: what it settles to is ignored. */
  override end(reason: unknown): void {
    if (this.task === null) this.giveUp(reason)
    else this.task.cancel(reason)
  }
}
