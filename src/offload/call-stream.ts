/**
 * Theory of operation: one function called for many items, its results taken one by one.
 *
 *     items ──next()──▶ a call each, `ahead` at most ──▶ ended, in order or as they come ──▶ next()
 *
 * Nothing runs by itself: each `next()` first starts calls until `ahead` are under way or wait to be taken, then waits for
 * the one whose turn it is. So a consumer that stops taking stops the calls too, and memory is bounded by `ahead`. Calls
 * are detached tasks, for they outlive the `next()` that started them; `close`, or leaving by `using`, cancels them.
 */
import { type Body, Fifo, Future, fn, type Operation, spawn, type Task, UsageError, wait } from '../core/index.ts'
import { ProgressBar } from './progress-bar.ts'

/** How a function is called for many items. */
export interface CallStreamOptions {
  /** How many calls may be under way, or wait to be taken, at once: 1 or more. Default: four for each worker. */
  readonly ahead?: number
  /**
   * True: a bar on stderr, if that is a terminal, of how many calls have ended. A function: is told that after each call;
   * `total` is undefined while it is not known how many items there are.
   */
  readonly progress?: boolean | ((done: number, total: number | undefined) => void)
}

type Outcome<R> = { readonly value: R } | { readonly error: unknown }

/** Results of calls, one by one. One task may take at a time. */
export interface CallStream<R> extends AsyncIterable<R>, Disposable {
  /** The next result. Throws the failure of the call whose turn it is; the next `next()` goes on after it. */
  next(): Operation<IteratorResult<R, undefined>>
  /** All of them, in a list. The first failure cancels the calls that run, and is thrown. */
  all(): Operation<R[]>
  /** No more is wanted: cancels the calls that run. Reading the items ends. */
  close(): void
}

/** @internal */
export function callStream<T, R>(
  name: string,
  call: (item: T) => Operation<R>,
  items: Iterable<T> | AsyncIterable<T>,
  options: CallStreamOptions & { readonly ahead: number },
  ordered: boolean,
): CallStream<R> {
  return new Stream(name, call, items, options, ordered)
}

/** @internal What takes results one by one, from wherever they come. */
export abstract class Taking<R> implements CallStream<R> {
  protected readonly name: string
  private taking = false

  protected constructor(name: string) {
    this.name = name
  }

  abstract close(): void
  /** Whoever calls it is the only one. */
  protected abstract takeNext(): Body<IteratorResult<R, undefined>>

  next(): Operation<IteratorResult<R, undefined>> {
    return take(this)
  }

  all(): Operation<R[]> {
    return takeAll(this)
  }

  [Symbol.dispose](): void {
    this.close()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<R, void, void> {
    try {
      for (let result = await this.next(); !result.done; result = await this.next()) yield result.value
    } finally {
      this.close()
    }
  }

  /** @internal */
  *take(): Body<IteratorResult<R, undefined>> {
    if (this.taking) throw new UsageError(`two tasks take from ${this.name}: it serves one at a time`)
    this.taking = true
    try {
      return yield* this.takeNext()
    } finally {
      this.taking = false
    }
  }
}

class Stream<T, R> extends Taking<R> {
  private readonly call: (item: T) => Operation<R>
  private readonly items: Iterator<T> | AsyncIterator<T>
  private readonly ahead: number
  private readonly ordered: boolean
  private readonly running = new Set<Task<void>>()
  /** Where outcomes are, or will be, in the order in which they are taken. */
  private readonly line = new Fifo<Future<Outcome<R>>>()
  /** As they come: where the next outcome goes that nobody has yet. */
  private readonly open = new Fifo<Future<Outcome<R>>>()
  /** The first of the line, if it was taken out and nobody has its outcome yet. */
  private head: Future<Outcome<R>> | null = null
  /** The question that the source has not answered: a promise cannot be taken back. */
  private asked: PromiseLike<IteratorResult<T>> | null = null
  private readonly progress: ((done: number, total: number | undefined) => void) | null = null
  private readonly bar: ProgressBar | null = null
  /** `progress` failed: whoever takes next is told. */
  private fault: { readonly error: unknown } | null = null
  private started = 0
  private done = 0
  /** How many items there are, as soon as that is known. */
  private total: number | undefined
  /** The source has no more. */
  private ended = false
  private closed = false

  constructor(
    name: string,
    call: (item: T) => Operation<R>,
    items: Iterable<T> | AsyncIterable<T>,
    { ahead, progress = false }: CallStreamOptions & { readonly ahead: number },
    ordered: boolean,
  ) {
    super(name)
    this.call = call
    this.items =
      Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : (items as Iterable<T>)[Symbol.iterator]()
    this.ahead = ahead
    if (typeof progress === 'function') this.progress = progress
    else if (progress) this.bar = new ProgressBar(name)
    this.total = sizeOf(items)
    this.ordered = ordered
  }

  override close(): void {
    if (this.closed) return
    this.closed = true
    this.bar?.end()
    for (const task of this.running) task.cancel(`${this.name} is needed no more`)
    if (this.ended) return
    const answer: unknown = this.items.return?.()
    // A source that fails to close has nobody to tell: its items were not wanted.
    if (answer instanceof Promise) answer.then(undefined, () => {})
  }

  protected override *takeNext(): Body<IteratorResult<R, undefined>> {
    while (!this.ended && !this.closed && this.line.length < this.ahead) yield* this.startNext()
    this.head ??= this.line.shift() ?? null
    if (this.closed || this.head === null) {
      this.bar?.end()
      return { value: undefined, done: true }
    }
    const outcome = yield* this.head
    this.head = null
    if (this.fault !== null) throw this.fault.error
    if ('error' in outcome) throw outcome.error
    return { value: outcome.value, done: false }
  }

  private *startNext(): Body<void> {
    let result: IteratorResult<T>
    try {
      const given = this.asked ?? this.items.next()
      if ('then' in given) {
        this.asked = given
        result = yield* wait(given)
        this.asked = null
      } else result = given
    } catch (error) {
      this.ended = true
      throw error
    }
    if (result.done) {
      this.ended = true
      this.total = this.started
    } else this.start(result.value)
  }

  private start(item: T): void {
    this.started++
    const place = new Future<Outcome<R>>(this.name)
    this.line.push(place)
    if (!this.ordered) this.open.push(place)
    const { call } = this
    const task: Task<void> = spawn.detached(
      // A failure is kept for its turn.
      function* (this: Stream<T, R>): Body<void> {
        try {
          const value = yield* call(item)
          this.came(place, { value })
        } catch (error) {
          this.came(place, { error })
        } finally {
          this.running.delete(task)
        }
      }.bind(this),
      { name: this.name },
    )
    this.running.add(task)
  }

  private came(place: Future<Outcome<R>>, outcome: Outcome<R>): void {
    const free = this.ordered ? place : (this.open.shift() as Future<Outcome<R>>)
    this.done++
    this.tell()
    free.resolve(outcome)
  }

  private tell(): void {
    this.bar?.update(this.done, this.total)
    if (this.progress === null || this.closed) return
    try {
      this.progress(this.done, this.total)
    } catch (error) {
      this.fault ??= { error }
    }
  }
}

const take = fn(function* next<R>(stream: Taking<R>): Body<IteratorResult<R, undefined>> {
  return yield* stream.take()
})

function sizeOf(items: object): number | undefined {
  const { length, size } = items as { length?: unknown; size?: unknown }
  const known = Array.isArray(items) || ArrayBuffer.isView(items) ? length : size
  return typeof known === 'number' ? known : undefined
}

const takeAll = fn(function* map<R>(stream: CallStream<R>): Body<R[]> {
  const results: R[] = []
  try {
    for (let result = yield* stream.next(); !result.done; result = yield* stream.next()) results.push(result.value)
    return results
  } finally {
    stream.close()
  }
})
