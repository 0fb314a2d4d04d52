/**
 * Theory of operation: a map runs a function over a source, in greenlets of its pool, and gives what comes of it one by one.
 *
 *   source ──▶ feeder: waits for room in the pool, and for room among results ──▶ greenlets ──▶ results ──▶ next()
 *
 * The feeder starts with the first `next`, and ends with the source, or when the map is closed. Results come in the order of
 * the source (`imap`) or in that in which they are ready (`imapUnordered`). An error of one item is thrown at its turn, and the map
 * goes on; an error of the source is thrown after all that came before it, and ends the map.
 */
import { type Body, Fifo, fn, NOT_YET, type Operation, WaitList } from '../core/index.ts'
import { callRun, type Run } from './bodies.ts'
import type { Greenlet } from './greenlet.ts'
import { Semaphore } from './semaphore.ts'
import { TimedWait } from './timed-wait.ts'

/** What a map needs of its pool. */
export interface MapPool {
  /** Starts a greenlet if there is room; null otherwise. */
  placeNow(run: Run, args: readonly unknown[]): Greenlet | null
  /** Starts a greenlet when there is room. */
  place(run: Run, args: readonly unknown[]): Operation<Greenlet>
  /** Starts one that takes no room. */
  launch(run: Run, args: readonly unknown[]): Greenlet
}

interface Outcome<R> {
  readonly value: R
  readonly failed: boolean
  readonly error: unknown
  /** It came from `run`, and holds a place among unread results. */
  readonly item: boolean
}

class NextResult<R> extends TimedWait<IteratorResult<R, undefined>> {
  private readonly map: IMap<R>

  constructor(map: IMap<R>) {
    super(null)
    this.map = map
  }

  override get reason(): string {
    return 'a result of a map'
  }

  override get line(): WaitList<NextResult<R>> {
    return this.map.waits
  }

  override attempt(): IteratorResult<R, undefined> | typeof NOT_YET {
    return this.map.take()
  }

  protected override expired(): void {}
}

/** How a map is read. */
export interface IMapOptions {
  /** How many results may be finished and unread; more are not begun. */
  readonly maxsize?: number | null
}

/** The results of `imap` and `imapUnordered`, one by one. Close it when it is left before its end. */
export class IMap<R> implements AsyncIterable<R>, Disposable {
  /** @internal */
  readonly waits = new WaitList<NextResult<R>>()
  private readonly pool: MapPool
  private readonly run: Run
  private readonly source: Iterator<readonly unknown[]>
  private readonly room: Semaphore | null
  /** Finished, by their place in the source; of an unordered map, in the order in which they finished. */
  private readonly byPlace: Map<number, Outcome<R>> | null
  private readonly inTurn = new Fifo<Outcome<R>>()
  private readonly running = new Set<Greenlet>()
  private feeder: Greenlet | null = null
  /** Items of which the outcome was given, and those that were begun. */
  private given = 0
  private begun = 0
  private fed = false
  private closed = false

  /** @internal */
  constructor(pool: MapPool, run: Run, source: Iterable<readonly unknown[]>, ordered: boolean, options: IMapOptions) {
    this.pool = pool
    this.run = run
    this.source = source[Symbol.iterator]()
    this.byPlace = ordered ? new Map() : null
    const { maxsize = null } = options
    if (maxsize !== null && !(maxsize > 0))
      throw new RangeError(`maxsize ${maxsize}: give 1 or more, or null for no limit`)
    this.room = maxsize === null ? null : new Semaphore(maxsize)
  }

  /** The next result, as iterators give it: `{ value }`, or `{ done: true }` after the last. Throws what an item failed with. */
  next(): Operation<IteratorResult<R, undefined>> {
    return new NextResult(this)
  }

  /** Calls `body` with each result, one after the other; an item that failed ends it. */
  forEach(body: (result: R) => unknown): Operation<void> {
    return eachResult(this as IMap<unknown>, body as (result: unknown) => unknown)
  }

  /** All results that are left, or the first failure. */
  toArray(): Operation<R[]> {
    return allResults(this as IMap<unknown>) as Operation<R[]>
  }

  [Symbol.asyncIterator](): AsyncIterator<R, undefined> {
    return {
      next: () => this.next().then(),
      return: async () => {
        this.close()
        return { value: undefined, done: true }
      },
    }
  }

  /** Ends it: nothing more is begun, and what runs for it is killed. */
  close(): void {
    this.closed = true
    this.feeder?.kill(undefined, { block: false })
    for (const greenlet of [...this.running]) greenlet.kill(undefined, { block: false })
    for (let wait = this.waits.shift(); wait !== null; wait = this.waits.shift())
      wait.resume({ value: undefined, done: true })
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /** @internal */
  take(): IteratorResult<R, undefined> | typeof NOT_YET {
    if (this.closed) return { value: undefined, done: true }
    this.feeder ??= this.pool.launch(feed as Run, [this])
    const outcome = this.byPlace === null ? this.inTurn.shift() : this.byPlace.get(this.given)
    if (outcome === undefined) {
      if (!this.fed || this.given < this.begun) return NOT_YET
      this.closed = true
      return { value: undefined, done: true }
    }
    this.byPlace?.delete(this.given)
    this.given++
    if (outcome.item) this.room?.release()
    if (outcome.failed) throw outcome.error
    return { value: outcome.value, done: false }
  }

  private wake(): void {
    while (this.waits.size > 0) {
      let step: IteratorResult<R, undefined> | typeof NOT_YET
      try {
        step = this.take()
      } catch (error) {
        this.waits.shift()?.reject(error)
        continue
      }
      if (step === NOT_YET) return
      this.waits.shift()?.resume(step)
    }
  }

  private finish(at: number, outcome: Outcome<R>): void {
    if (this.byPlace === null) this.inTurn.push(outcome)
    else this.byPlace.set(at, outcome)
    this.wake()
  }

  /** @internal The feeder's body. */
  *feed(): Body<void> {
    try {
      for (;;) {
        if (this.room !== null && !this.room.tryAcquire()) yield* this.room.acquire()
        const step = this.source.next()
        if (step.done === true) break
        const at = this.begun++
        const greenlet = this.pool.placeNow(this.run, step.value) ?? (yield* this.pool.place(this.run, step.value))
        this.running.add(greenlet)
        greenlet.observe((ended) => this.ended(at, ended as Greenlet<R>))
      }
    } catch (error) {
      this.finish(this.begun++, { value: undefined as R, failed: true, error, item: false })
    } finally {
      this.fed = true
      this.wake()
    }
  }

  private ended(at: number, greenlet: Greenlet<R>): void {
    this.running.delete(greenlet)
    const failed = !greenlet.successful()
    this.finish(at, { value: greenlet.value as R, failed, error: greenlet.exception, item: true })
  }
}

function feed(map: IMap<unknown>): Body<void> {
  return map.feed()
}

const eachResult = fn(function* forEach(map: IMap<unknown>, body: (result: unknown) => unknown): Body<void> {
  try {
    for (;;) {
      let step = map.take()
      if (step === NOT_YET) step = yield* map.next()
      if (step.done === true) break
      yield* callRun(body as Run, [step.value])
    }
  } finally {
    map.close()
  }
})

const allResults = fn(function* toArray(map: IMap<unknown>): Body<unknown[]> {
  const results: unknown[] = []
  let left = true
  try {
    for (;;) {
      let step = map.take()
      if (step === NOT_YET) step = yield* map.next()
      if (step.done === true) break
      results.push(step.value)
    }
    left = false
  } catch (error) {
    // The other items are not to suffer: what they do is done to the end, as in gevent.
    left = false
    throw error
  } finally {
    if (left) map.close()
  }
  return results
})
