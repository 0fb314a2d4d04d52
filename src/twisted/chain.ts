/**
 * Theory of operation: a chain of callbacks, and how it runs.
 *
 * `callbacks` is a flat list of pairs; `at` is the next one. A pair's first half takes results, its second half failures:
 *
 *     [callback, errback]   functions; null passes the result on
 *     [link, link]          not user code: an observer (a wait, a promise), or another chain that waits for this one's result
 *
 * A chain runs when it has fired, is not `paused`, and is not `busy` (running already, or in line to). A callback that returns
 * another chain makes its own wait for that: it is paused, and stands as a link at the end of the other's list. When the other
 * gets there it hands its result over and is left with none.
 *
 * Nothing recurses over chains. `drive` works on a stack of chains, linked by `under`: one whose link is reached goes on top.
 * Only user code nests: a callback may fire a chain, or add to one that has fired, and these callbacks run before it goes on,
 * as in Twisted. So that a callback that asks a full queue for the next item, and again, does not overflow the stack,
 * at most `DEEPEST` runs nest. A run beyond that stands in `line` until the callback that caused it has returned.
 *
 * The result of a chain is never another chain or a promise: they are waited for.
 */
import { type Callable, Fifo, UsageError } from '../core/index.ts'
import { AlreadyCalledError } from './errors.ts'
import { Failure } from './failure.ts'
import { getDebugging, type Site, siteLines, siteOf, sites } from './sites.ts'
import { claim, type Unclaimed, unclaimed } from './unhandled.ts'

/** Runs that may nest. Twisted dies of three times as many, at Python's usual limit. */
const DEEPEST = 100

/** Something that hears of a chain's result without being user code. */
export interface Link {
  /** The result has come to its place in the list. Gives a chain that may run now. */
  reached(chain: Chain): Chain | null
  /** Who or what it is, in words; null for nobody. */
  describe(): string | null
}

type Step = ((result: never) => unknown) | Link | null

/** What few chains have. */
interface Rare {
  madeAt: Site | null
  firedAt: Site | null
  /** The failure that an observer has seen: it is not unhandled. */
  seen: Failure | null
  unclaimed: Unclaimed | null
}

let depth = 0
const line = new Fifo<Chain>()

/** The part of a Deferred that has no types and no user. */
export class Chain implements Link {
  /** It has been given a result. */
  called: boolean
  /** How often it was paused and not unpaused; waiting for another chain counts as one. */
  paused: number
  /** @internal Running, or in line to run. */
  busy: boolean
  /** @internal The next call of `callback` or `errback` is ignored: the Deferred was cancelled. */
  suppress: boolean
  /** @internal Undefined while it has none. */
  outcome: unknown
  /** @internal */
  callbacks: Step[]
  /** @internal */
  at: number
  /** @internal The chain whose result it waits for. */
  chainedTo: Chain | null
  /** @internal The next one on the stack that is driven. */
  under: Chain | null
  /** @internal */
  rare: Rare | null

  constructor() {
    this.called = false
    this.paused = 0
    this.busy = false
    this.suppress = false
    this.outcome = undefined
    this.callbacks = []
    this.at = 0
    this.chainedTo = null
    this.under = null
    this.rare = null
    if (sites.left > 0) this.extra().madeAt = siteOf(new.target as unknown as Callable)
  }

  /** @internal Its result stands: nothing is left to run or to wait for. */
  get settled(): boolean {
    return this.called && this.paused === 0 && !this.busy
  }

  /** @internal Adds a pair. */
  add(callback: Step, errback: Step): void {
    this.callbacks.push(callback, errback)
    if (this.called && this.paused === 0 && !this.busy) this.run()
  }

  /** @internal Gives it its first result. */
  fire(result: unknown, by: (...args: never[]) => unknown): void {
    if (this.called) return this.firedAgain()
    this.called = true
    if (getDebugging()) this.extra().firedAt = siteOf(by)
    if (isAwaitable(result)) this.waitFor(result)
    else this.outcome = result
    if (this.paused > 0 || this.busy) return
    if (this.callbacks.length > 0) this.run()
    else this.rest()
  }

  private firedAgain(): void {
    if (this.suppress) {
      this.suppress = false
      return
    }
    const made = this.madeAt
    const fired = this.rare?.firedAt == null ? '' : siteLines(this.rare.firedAt)
    const where = getDebugging() ? `\nC: it was made\n${made}\nI: it was first fired\n${fired}` : ''
    const hint = where === '' ? ' (setDebugging(true) tells where)' : ''
    throw new AlreadyCalledError(`the Deferred has fired already${hint}${where}`)
  }

  /** Where it was made, if that was recorded: lines of a stack trace. */
  get madeAt(): string {
    return this.rare?.madeAt == null ? '' : siteLines(this.rare.madeAt)
  }

  /** Runs no more callbacks until it was unpaused as often as paused. */
  pause(): void {
    this.paused++
  }

  /** Takes one `pause` back. */
  unpause(): void {
    if (this.paused <= (this.chainedTo === null ? 0 : 1)) throw new UsageError('unpause() without a pause() before it')
    this.paused--
    if (this.called && this.paused === 0 && !this.busy) this.run()
  }

  /** @internal Runs its callbacks: now, or when the callback that is deepest on the stack has returned. */
  run(): void {
    this.busy = true
    if (depth === DEEPEST) {
      line.push(this)
      return
    }
    depth++
    drive(this)
    depth--
  }

  /** @internal The chain that waited for `chain` takes its result. */
  reached(chain: Chain): Chain | null {
    this.outcome = chain.outcome
    chain.outcome = undefined
    this.chainedTo = null
    this.paused--
    if (this.paused > 0 || this.busy) return null
    this.busy = true
    return this
  }

  /** @internal */
  describe(): string | null {
    return String(this)
  }

  /** @internal Its result becomes that of `source`: at once where that has one. */
  waitFor(source: Chain | PromiseLike<unknown>): void {
    if (source === this) {
      this.outcome = new Failure(
        new UsageError('a callback returned the Deferred that it was attached to: it would wait for itself'),
      )
      return
    }
    const inner = source instanceof Chain ? source : chainOf(source)
    if (inner.settled) {
      this.outcome = inner.outcome
      inner.outcome = undefined
      inner.rest()
      return
    }
    this.outcome = undefined
    this.chainedTo = inner
    this.paused++
    inner.callbacks.push(this, this)
  }

  /** @internal Nothing is left to run: a failure is unhandled from now on, until somebody comes for it. */
  rest(): void {
    const { outcome, rare } = this
    if (this.at > 0 && this.at === this.callbacks.length) {
      this.callbacks = []
      this.at = 0
    }
    const failure = outcome instanceof Failure && this.paused === 0 && outcome !== rare?.seen ? outcome : null
    const former = rare === null ? null : rare.unclaimed
    if (former !== null && former.failure !== failure) {
      claim(former)
      ;(rare as Rare).unclaimed = null
    }
    if (failure !== null && former?.failure !== failure) this.extra().unclaimed = unclaimed(failure, this.madeAt)
  }

  /** @internal An observer has taken note of this failure. */
  see(failure: Failure): void {
    const rare = this.extra()
    rare.seen = failure
    if (rare.unclaimed !== null) claim(rare.unclaimed)
    rare.unclaimed = null
  }

  /** @internal */
  extra(): Rare {
    return (this.rare ??= { madeAt: null, firedAt: null, seen: null, unclaimed: null })
  }
}

/** Runs a chain, and all that it sets going. Never throws. */
function drive(first: Chain): void {
  let current: Chain | null = first
  while (current !== null) {
    const { callbacks, at } = current as Chain
    if (current.paused > 0 || at === callbacks.length) {
      const done: Chain = current
      current = done.under
      done.under = null
      done.busy = false
      done.rest()
      continue
    }
    current.at = at + 2
    const step = callbacks[current.outcome instanceof Failure ? at + 1 : at] as Step
    if (typeof step === 'function') {
      let result: unknown
      try {
        result = step(current.outcome as never)
      } catch (error) {
        result = error instanceof Failure ? error : new Failure(error, true)
      }
      if (isAwaitable(result)) current.waitFor(result)
      else current.outcome = result
      if (line.length > 0) current = takeLine(current)
    } else if (step !== null) {
      const next: Chain | null = step.reached(current)
      if (next !== null) {
        next.under = current
        current = next
      }
    }
  }
}

/** Puts the chains that stand in line on the stack above `current`, the first on top. */
function takeLine(current: Chain): Chain {
  const top = line.shift() as Chain
  let last = top
  for (let next = line.shift(); next !== undefined; next = line.shift()) {
    last.under = next
    last = next
  }
  last.under = current
  return top
}

function isAwaitable(result: unknown): result is Chain | PromiseLike<unknown> {
  if (typeof result !== 'object' || result === null) return false
  return result instanceof Chain || typeof (result as Partial<PromiseLike<unknown>>).then === 'function'
}

/** A chain that fires with what a promise settles to. */
function chainOf(promise: PromiseLike<unknown>): Chain {
  const chain = new Chain()
  try {
    promise.then(
      (value) => chain.called || chain.fire(value, chainOf),
      (error) => chain.called || chain.fire(new Failure(error, true), chainOf),
    )
  } catch (error) {
    if (!chain.called) chain.fire(new Failure(error, true), chainOf)
  }
  return chain
}
