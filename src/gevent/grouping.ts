import { type Body, currentTask, fn, type HoldersNeeded, NOT_YET, type Operation, WaitList } from '../core/index.ts'
import type { Returned } from '../green/index.ts'
import { callRun, type Run } from './bodies.ts'
import { errorOf, GreenletExit, type Throwable } from './errors.ts'
import { Greenlet } from './greenlet.ts'
import { IMap, type IMapOptions, type MapPool } from './imap.ts'
import { TimedWait, type TimeLimit } from './timed-wait.ts'
import type { WaitOptions } from './wait-options.ts'

class Emptied extends TimedWait<boolean> {
  private readonly group: Grouping

  constructor(group: Grouping, limit: TimeLimit) {
    super(limit)
    this.group = group
  }

  override get reason(): string {
    return `the ${this.group.size} greenlets of a group to end`
  }

  override get line(): WaitList<Emptied> {
    return this.group.joins
  }

  override holders(): Iterable<object> {
    return [...this.group].flatMap((greenlet) => greenlet.task ?? [])
  }

  override get needs(): HoldersNeeded {
    return 'all'
  }

  override attempt(): boolean | typeof NOT_YET {
    return this.group.size === 0 ? true : NOT_YET
  }

  protected override expired(): void {
    this.resume(false)
  }
}

/** For how long to wait for a group, and what to do with failures in it. */
export interface GroupJoinOptions {
  /** The limit in milliseconds. */
  readonly timeout?: TimeLimit
  /** Throw the first failure among the greenlets that are in the group now. */
  readonly raiseError?: boolean
}

/** What groups and pools share: a set of greenlets that leave it when they end. */
export abstract class Grouping implements Iterable<Greenlet>, MapPool {
  /** @internal */
  readonly joins = new WaitList<Emptied>()
  private readonly greenlets = new Set<Greenlet>()
  private readonly ended = (greenlet: Greenlet): void => void this.discard(greenlet)

  /** How many greenlets are in it. */
  get size(): number {
    return this.greenlets.size
  }

  has(greenlet: Greenlet): boolean {
    return this.greenlets.has(greenlet)
  }

  [Symbol.iterator](): Iterator<Greenlet> {
    return this.greenlets[Symbol.iterator]()
  }

  /** @internal Takes a greenlet in. */
  protected take(greenlet: Greenlet): void {
    this.greenlets.add(greenlet)
    greenlet.observe(this.ended)
  }

  /** Takes a greenlet out, which runs on. True if it was in. */
  discard(greenlet: Greenlet): boolean {
    const known = this.greenlets.delete(greenlet)
    if (!known) return false
    greenlet.unobserve(this.ended)
    this.left()
    if (this.greenlets.size === 0)
      for (let join = this.joins.shift(); join !== null; join = this.joins.shift()) join.resume(true)
    return true
  }

  /** @internal A greenlet has left. */
  protected left(): void {}

  /** @internal Makes a greenlet and starts it, if there is room. */
  abstract placeNow(run: Run, args: readonly unknown[]): Greenlet | null

  /** @internal Makes a greenlet, waits for room, and starts it. */
  abstract place(run: Run, args: readonly unknown[]): Operation<Greenlet>

  /** @internal */
  launch(run: Run, args: readonly unknown[]): Greenlet {
    return Greenlet.spawn(run, ...(args as never[]))
  }

  // -- waiting, ending

  /** Waits until it has been empty once: true; false if that takes longer than `timeout` milliseconds. */
  join(options: GroupJoinOptions = {}): Operation<boolean> {
    return options.raiseError === true ? joinRaising(this, options.timeout) : new Emptied(this, options.timeout)
  }

  /**
   * Kills all that are in it, also those that come meanwhile, now; the operation waits until it is empty, or `timeout` milliseconds
   * are over, of which it does not complain.
   */
  kill(exception: Throwable = GreenletExit, options: WaitOptions = {}): Operation<void> {
    const { block = true, timeout } = options
    const error = errorOf(exception)
    this.killNow(error)
    return killGroup(this, error, block, timeout)
  }

  /** @internal */
  killNow(error: Error): void {
    for (const greenlet of [...this.greenlets]) greenlet.kill(error, { block: false })
  }

  /** Kills one of them, and waits until it has ended. */
  killone(greenlet: Greenlet, exception?: Throwable, options?: WaitOptions): Operation<void> {
    const known = this.greenlets.has(greenlet)
    return greenlet.kill(exception, known ? options : { ...options, block: false })
  }

  // -- running functions

  /** Runs `run` with `args` in a greenlet of this, and waits for its value. In a greenlet of this, it is called at once. */
  apply<A extends readonly unknown[], R>(run: Run<A, R>, ...args: A): Operation<Returned<R>> {
    return applied(this, run as unknown as Run, args) as Operation<Returned<R>>
  }

  /** As `apply`, and does not wait: gives the greenlet that waits for room, and then runs it. `callback` is told of its value. */
  applyAsync<A extends readonly unknown[], R>(
    run: Run<A, R>,
    args: A,
    callback?: (value: Returned<R>) => unknown,
  ): Greenlet<Returned<R>> {
    const greenlet = Greenlet.spawn(placed, this as Grouping, run as unknown as Run, args as readonly unknown[])
    if (callback !== undefined) greenlet.linkValue((done) => callback(done.value as Returned<R>))
    return greenlet as unknown as Greenlet<Returned<R>>
  }

  /** Runs `run` with each item: the results in the order of the items, or the first failure in that order. */
  map<T, R>(run: (item: T) => R, items: Iterable<T>): Operation<Returned<R>[]> {
    return this.imap(run, items).toArray()
  }

  /** As `map`, and does not wait: gives a greenlet with the results. */
  mapAsync<T, R>(run: (item: T) => R, items: Iterable<T>): Greenlet<Returned<R>[]> {
    const results = this.map(run, items)
    return Greenlet.spawn(() => results) as unknown as Greenlet<Returned<R>[]>
  }

  /**
   * Runs `run` with each item, and gives the results one by one, in the order of the items. What an item failed with is thrown at
   * its turn; after that one may go on.
   */
  imap<T, R>(run: (item: T) => R, items: Iterable<T>, options: IMapOptions = {}): IMap<Returned<R>> {
    return new IMap(this, run as unknown as Run, single(items), true, options)
  }

  /** As `imap`, in the order in which the results are ready. */
  imapUnordered<T, R>(run: (item: T) => R, items: Iterable<T>, options: IMapOptions = {}): IMap<Returned<R>> {
    return new IMap(this, run as unknown as Run, single(items), false, options)
  }
}

function* single(items: Iterable<unknown>): Generator<readonly unknown[]> {
  for (const item of items) yield [item]
}

const joinRaising = fn(function* join(group: Grouping, timeout: TimeLimit): Body<boolean> {
  const greenlets = [...group]
  const emptied = yield* new Emptied(group, timeout)
  for (const greenlet of greenlets) if (greenlet.exception !== null) throw greenlet.exception
  return emptied
})

const killGroup = fn(function* kill(group: Grouping, error: Error, block: boolean, timeout: TimeLimit): Body<void> {
  while (block && group.size > 0) {
    group.killNow(error)
    const emptied = yield* new Emptied(group, timeout)
    if (!emptied) return
  }
})

const applied = fn(function* apply(group: Grouping, run: Run, args: readonly unknown[]): Body<unknown> {
  const current = currentTask()?.namesake
  if (current instanceof Greenlet && group.has(current)) return yield* callRun(run, args)
  return yield* (yield* group.place(run, args)).get()
})

function* placed(group: Grouping, run: Run, args: readonly unknown[]): Body<unknown> {
  return yield* (yield* group.place(run, args)).get()
}
