import {
  type Body,
  currentLoop,
  Fifo,
  fn,
  NOT_YET,
  type Operation,
  type Timer,
  type TimerBucket,
  WaitList,
} from '../core/index.ts'
import { errorOf, GreenletExit, type Throwable } from './errors.ts'
import { Greenlet } from './greenlet.ts'
import { getHub } from './hub.ts'
import type { Linkable } from './links.ts'
import { TimedWait, type TimeLimit } from './timed-wait.ts'
import { Timeout } from './timeout.ts'
import type { WaitOptions } from './wait-options.ts'

/** For how many to wait, and how long. */
export interface WaitManyOptions {
  /** The limit in milliseconds, for all together. */
  readonly timeout?: TimeLimit
  /** How many are enough. */
  readonly count?: number
}

class NextReady<L> extends TimedWait<IteratorResult<L, undefined>> {
  private readonly ready: Ready<L>

  constructor(ready: Ready<L>) {
    super(null)
    this.ready = ready
  }

  override get reason(): string {
    return this.ready.reason
  }

  override get line(): WaitList<NextReady<L>> {
    return this.ready.waits
  }

  override attempt(): IteratorResult<L, undefined> | typeof NOT_YET {
    return this.ready.take()
  }

  protected override expired(): void {}
}

/** What becomes ready, one by one: what `iwait` gives. Close it when it is left before its end. */
export class Ready<L> implements Timer, Disposable {
  bucket: TimerBucket | null = null
  index = 0
  /** @internal */
  readonly waits = new WaitList<NextReady<L>>()
  private readonly objects: readonly (L & Linkable)[]
  private readonly finished = new Fifo<L>()
  private left: number
  private over = false
  private readonly finish = (object: L): void => {
    this.finished.push(object)
    this.wake()
  }

  /** @internal */
  constructor(objects: readonly (L & Linkable)[], { timeout, count }: WaitManyOptions) {
    this.objects = objects
    this.left = Math.min(count ?? objects.length, objects.length)
    for (const object of objects) watch(object, this.finish)
    if (timeout !== undefined && timeout !== null && timeout !== Infinity)
      currentLoop().startTimer(this, Math.max(0, timeout))
  }

  get reason(): string {
    return `${this.left} of ${this.objects.length} to end`
  }

  /** The next, as iterators give it: `{ value }`, or `{ done: true }` after the last, or when the time is over. */
  next(): Operation<IteratorResult<L, undefined>> {
    return new NextReady(this)
  }

  /** Calls `body` with each. */
  forEach(body: (object: L) => unknown): Operation<void> {
    return eachReady(this as Ready<unknown>, body as (object: unknown) => unknown)
  }

  [Symbol.asyncIterator](): AsyncIterator<L, undefined> {
    return {
      next: () => this.next().then(),
      return: async () => {
        this.close()
        return { value: undefined, done: true }
      },
    }
  }

  /** Ends it, and unlinks what has not been given. */
  close(): void {
    if (this.over) return
    this.over = true
    this.bucket?.loop.stopTimer(this)
    for (const object of this.objects) unwatch(object, this.finish)
    for (let wait = this.waits.shift(); wait !== null; wait = this.waits.shift()) wait.resume(END)
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /** @internal The time is over. */
  fire(): void {
    this.close()
  }

  /** @internal */
  take(): IteratorResult<L, undefined> | typeof NOT_YET {
    if (this.left === 0) this.close()
    if (this.over) return END
    if (this.finished.length === 0) return NOT_YET
    this.left--
    return { value: this.finished.shift() as L, done: false }
  }

  private wake(): void {
    const wait = this.waits.shift()
    if (wait === null) return
    const step = this.take()
    if (step !== NOT_YET) wait.resume(step)
  }
}

// A greenlet tells at once; others by a callback of the loop.
function watch<L>(object: L & Linkable, finish: (object: L) => void): void {
  if (object instanceof Greenlet) object.observe(finish as (object: unknown) => void)
  else object.rawlink(finish)
}

function unwatch<L>(object: L & Linkable, finish: (object: L) => void): void {
  if (object instanceof Greenlet) object.unobserve(finish as (object: unknown) => void)
  else object.unlink(finish)
}

const END: IteratorReturnResult<undefined> = { value: undefined, done: true }

const eachReady = fn(function* forEach(ready: Ready<unknown>, body: (object: unknown) => unknown): Body<void> {
  const call = fn(body as (object: unknown) => Body<unknown>)
  try {
    for (let step = yield* ready.next(); !step.done; step = yield* ready.next()) yield* call(step.value)
  } finally {
    ready.close()
  }
})

/**
 * Gives `objects` in the order in which they become ready, up to `count` of them, until `timeout` is over. Failed greenlets are
 * given, not thrown. What it has not given is unlinked when it ends or is closed.
 *
 * ```ts
 * import { run } from 'fibril'
 * import { iwait, sleep, spawnLater } from 'fibril/gevent'
 *
 * await run(function* () {
 *   const tasks = [20, 5].map((ms) => spawnLater(ms, () => ms))
 *   yield* iwait(tasks).forEach((task) => console.log(task.value))
 * })
 * // prints: 5
 * // prints: 20
 * ```
 */
export function iwait<L extends Linkable>(objects: Iterable<L>, options: WaitManyOptions = {}): Ready<L> {
  return new Ready<L>([...objects], options)
}

/**
 * Waits for `objects`: gives those that became ready, in that order, when `count` of them (all) have, or `timeout` is over.
 * Without objects it waits until the loop has nothing left to do: true, or false if `timeout` was over first.
 */
export function wait(objects?: null, options?: WaitManyOptions): Operation<boolean>
export function wait<L extends Linkable>(objects: Iterable<L>, options?: WaitManyOptions): Operation<L[]>
export function wait(objects?: Iterable<Linkable> | null, options: WaitManyOptions = {}): Operation<unknown> {
  return objects === undefined || objects === null
    ? getHub().join(options.timeout)
    : waitAll([...objects], options, false)
}

const waitAll = fn(function* wait<L extends Linkable>(
  objects: L[],
  options: WaitManyOptions,
  raiseError: boolean,
): Body<L[]> {
  const ready = new Ready<L>(objects, options)
  const done: L[] = []
  try {
    for (;;) {
      let step = ready.take()
      if (step === NOT_YET) step = yield* ready.next()
      if (step.done === true) break
      const ended: unknown = step.value
      if (raiseError && ended instanceof Greenlet && !ended.successful()) throw ended.exception
      done.push(step.value)
    }
  } finally {
    ready.close()
  }
  return done
})

/** What `joinall` is to do with failures, beside for how many and how long it waits. */
export interface JoinallOptions extends WaitManyOptions {
  /** Throw the first failure as soon as it is there. */
  readonly raiseError?: boolean
}

/** Waits for greenlets to end, and gives those that have, in the order in which they did. */
export function joinall<G extends Linkable>(greenlets: Iterable<G>, options: JoinallOptions = {}): Operation<G[]> {
  return waitAll([...greenlets], options, options.raiseError ?? false)
}

/** What can be killed. */
export interface Killable extends Linkable {
  readonly dead: boolean
  kill(exception?: Throwable, options?: WaitOptions): Operation<void>
}

/**
 * Kills greenlets, now; the operation waits until all have ended. A `Timeout` if some have not within `timeout` milliseconds, while
 * the `kill` of one greenlet keeps silent about that.
 */
export function killall(
  greenlets: Iterable<Killable>,
  exception: Throwable = GreenletExit,
  options: WaitOptions = {},
): Operation<void> {
  const { block = true, timeout } = options
  const alive = [...greenlets].filter((greenlet) => !greenlet.dead)
  const error = errorOf(exception)
  for (const greenlet of alive) greenlet.kill(error, { block: false })
  return killed(block ? alive : [], timeout)
}

const killed = fn(function* killall(greenlets: readonly Killable[], timeout: TimeLimit): Body<void> {
  const ended = yield* waitAll([...greenlets], { timeout: timeout ?? null }, false)
  if (ended.length < greenlets.length) throw new Timeout(timeout)
})

/** Kills one greenlet: `greenlet.kill(exception, options)`. */
export function kill(greenlet: Killable, exception?: Throwable, options?: WaitOptions): Operation<void> {
  return greenlet.kill(exception, options)
}
