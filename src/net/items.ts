/**
 * Theory of operation: items of an async source, taken one at a time by a task.
 *
 *   source ──asked──▶ a promise of the next item ──▶ the one taker, or kept for the next
 *
 * A promise cannot be taken back. So a wait that is cancelled leaves the question open: the item that answers it is kept, and
 * the next `next()` has it. There is never more than one question open, for not every iterator can be asked twice.
 *
 * Closing is not the same for all: an async generator that waits runs its `finally` blocks only when that wait is over, but
 * the two kinds of platform stream let go at once, with the question still open.
 */
import { BusyError, currentTask, fn, NOT_YET, type Operation, UsageError, WaitList, wait } from '../core/index.ts'
import { codeName, WireWait } from './wire.ts'

/** A `ReadableStream`, as far as it is needed here. */
interface WebSource<T> {
  getReader(): {
    read(): PromiseLike<{ readonly done: boolean; readonly value?: T | undefined }>
    cancel(reason?: unknown): PromiseLike<unknown>
    releaseLock(): void
  }
}

/** Where items may come from: anything for `for await` (a node stream, too), and a `ReadableStream`. */
export type ItemSource<T> = AsyncIterable<T> | WebSource<T>

/** A source, in the form that it is asked in. */
interface Origin<T> {
  readonly name: string
  next(): PromiseLike<IteratorResult<T, unknown>>
  /** No more is wanted; `asked` tells that a question is open. What it gives is waited for. */
  close(asked: boolean): unknown
}

class Next<T> extends WireWait<IteratorResult<T, undefined>> {
  protected readonly external = true
  private readonly items: Items<T>

  constructor(items: Items<T>) {
    super()
    this.items = items
  }

  // Under a virtual clock, what is waited for as "a promise" may be settled by a task that sleeps.
  override get reason(): string {
    return `${this.items.name}: a promise of the next item`
  }

  override get line(): WaitList<Next<T>> {
    return this.items.takers
  }

  override attempt(): IteratorResult<T, undefined> | typeof NOT_YET {
    return this.items.take()
  }
}

const END: IteratorReturnResult<undefined> = { done: true, value: undefined }

/** Items that come one by one; see `items`. One task may take at a time. */
export class Items<T> implements Disposable, AsyncDisposable {
  readonly name: string
  /** @internal The taker that waits: one at most. */
  readonly takers = new WaitList<Next<T>>()
  private readonly origin: Origin<T>
  private asked = false
  /** The answer to a question whose wait was cancelled. */
  private kept: (() => IteratorResult<T, undefined>) | null = null
  private ended = false
  private taken = 0

  /** @internal Use `items`. */
  constructor(origin: Origin<T>) {
    this.origin = origin
    this.name = origin.name
  }

  toString(): string {
    return this.name
  }

  /**
   * The next item, in the form that iterators have; `{ done: true }` at the end and once closed. A failure of the source is
   * thrown, and is the end of it. A cancel loses nothing: the item that comes after it is the next one.
   */
  next(): Operation<IteratorResult<T, undefined>> {
    return new Next(this)
  }

  /**
   * Takes items until the end, and runs `body` with each, one after the other, to its end; `body` may wait. Then, and also if
   * it fails or is cancelled, closes the source.
   */
  forEach(body: (item: T) => unknown): Operation<void> {
    return forEach(this, body)
  }

  /**
   * Tells the source that no more is wanted, and waits until it has let go: an iterator's `return()`, a web stream's
   * `cancel()`, a node stream's `destroy()`. Who waits for an item finds the end. An iterator that is still busy with the next
   * item lets go after that, and is not waited for.
   */
  close(): Operation<void> {
    return closing(this)
  }

  [Symbol.dispose](): void {
    // Whoever leaves by `using` does not hear of it, as with a stream.
    Promise.resolve(this.letGo()).catch(() => {})
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.letGo()
  }

  /** Plain figures of this moment. */
  stats(): { readonly name: string; readonly taken: number; readonly waiting: number; readonly ended: boolean } {
    return Object.freeze({ name: this.name, taken: this.taken, waiting: this.takers.size, ended: this.ended })
  }

  /** @internal */
  take(): IteratorResult<T, undefined> | typeof NOT_YET {
    const first = this.takers.first
    if (first !== null) {
      throw new BusyError(
        `${codeName(currentTask())} cannot take from ${this.name}: ${first.waiter?.waitingTask ?? 'other code'} is waiting for its next item. ` +
          'Let one task take, and hand on what the others need.',
      )
    }
    const { kept } = this
    if (kept !== null) {
      this.kept = null
      return kept()
    }
    if (this.ended) return END
    if (!this.asked) this.ask()
    return NOT_YET
  }

  private ask(): void {
    this.asked = true
    const failed = (error: unknown): void =>
      this.answered(() => {
        this.ended = true
        throw error
      })
    try {
      this.origin.next().then((result) => this.answered(() => this.accept(result)), failed)
    } catch (error) {
      failed(error)
    }
  }

  private accept(result: IteratorResult<T, unknown>): IteratorResult<T, undefined> {
    if (result.done !== true) {
      this.taken++
      return result
    }
    this.ended = true
    return END
  }

  private answered(answer: () => IteratorResult<T, undefined>): void {
    this.asked = false
    if (this.ended) return
    const taker = this.takers.shift()
    if (taker === null) {
      this.kept = answer
      return
    }
    let result: IteratorResult<T, undefined>
    try {
      result = answer()
    } catch (error) {
      return taker.reject(error)
    }
    taker.resume(result)
  }

  /** @internal What it gives is to be waited for. */
  letGo(): unknown {
    if (this.ended) return undefined
    this.ended = true
    this.kept = null
    this.takers.shift()?.resume(END)
    return this.origin.close(this.asked)
  }
}

const closing = fn(function* close(items: { letGo(): unknown }) {
  yield* wait([items.letGo()])
})

const forEach = fn(function* forEach<T>(items: Items<T>, body: (item: T) => unknown) {
  // A call takes whatever the body gives: a generator, an operation, a promise or a plain value.
  const call = fn(body as (item: T) => Generator<never, unknown>)
  const failures: unknown[] = []
  try {
    for (let next = yield* items.next(); !next.done; next = yield* items.next()) yield* call(next.value)
  } catch (error) {
    failures.push(error)
    throw error
  } finally {
    yield* closeAfter(items, failures)
  }
})

const closeAfter = fn(function* closeAfter(
  items: { readonly name: string; close(): Operation<void> },
  failures: readonly unknown[],
) {
  try {
    yield* items.close()
  } catch (error) {
    if (failures.length === 0) throw error
    throw new AggregateError([...failures, error], `${items.name}: a loop over it failed, and so did closing it`)
  }
})

/**
 * Takes the items of any async source in a task: of an async iterator or generator, a `ReadableStream` of anything, a node
 * stream, also one in object mode. Nothing is asked of it before the first `next()`.
 *
 * ```ts
 * import { run } from 'fibril'
 * import { items } from 'fibril/net'
 *
 * async function* numbers() {
 *   try {
 *     for (let n = 1; ; n++) yield n
 *   } finally {
 *     console.log('closed') // => closed
 *   }
 * }
 * await run(function* () {
 *   const source = items(numbers())
 *   console.log((yield* source.next()).value) // => 1
 *   console.log((yield* source.next()).value) // => 2
 *   yield* source.close()
 *
 *   yield* items(new Blob(['hello']).stream()).forEach((chunk) => {
 *     console.log(chunk.length) // => 5
 *   })
 * })
 * ```
 */
export function items<T>(source: ItemSource<T>): Items<T> {
  return new Items(originOf(source))
}

function originOf<T>(source: ItemSource<T>): Origin<T> {
  if (typeof source !== 'object' || source === null) throw noSource(source)
  if ('getReader' in source) return ofWebStream(source)
  const iterator = source[Symbol.asyncIterator]?.()
  if (iterator === undefined) throw noSource(source)
  const { destroy } = source as { destroy?: () => void }
  if (typeof destroy !== 'function') return ofIterator('an async iterator', iterator, (asked) => leave(iterator, asked))
  return ofIterator('a node stream', iterator, () => void destroy.call(source))
}

function noSource(source: unknown): UsageError {
  return new UsageError(`items(${String(source)}): give something that \`for await\` takes`)
}

function ofIterator<T>(name: string, iterator: AsyncIterator<T>, close: (asked: boolean) => unknown): Origin<T> {
  return { name, close, next: () => iterator.next() }
}

function leave(iterator: AsyncIterator<unknown>, asked: boolean): unknown {
  const left = iterator.return?.()
  if (!asked) return left
  // A generator that is still busy with its `next` would keep everybody waiting.
  left?.then(undefined, () => {})
  return undefined
}

function ofWebStream<T>(source: WebSource<T>): Origin<T> {
  const reader = source.getReader()
  let held = true
  const release = (): void => {
    if (held) reader.releaseLock()
    held = false
  }
  return {
    name: 'a web stream',
    next: () =>
      reader.read().then(
        ({ done, value }) => {
          if (done) release()
          return (done ? END : { done, value }) as IteratorResult<T, unknown>
        },
        (error) => {
          release()
          throw error
        },
      ),
    close() {
      const cancelled = reader.cancel()
      release()
      return cancelled
    },
  }
}
