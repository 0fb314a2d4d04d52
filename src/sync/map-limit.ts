import { type Body, fn, type Operation, type Scope, scope, UsageError, wait } from '../core/index.ts'
import { Exchange } from './exchange.ts'
import { Lock } from './lock.ts'

export interface MapLimitOptions {
  /** How many items are worked on at once: 1 or more; Infinity for all of them. */
  readonly concurrency: number
  /** Results in the order of the items; if false, in the order in which they came. True if not given. */
  readonly ordered?: boolean
}

/** Items to be taken one at a time. */
interface Source<T> {
  next(): Operation<IteratorResult<T, unknown>>
  /** Tells where the items come from that no more are wanted. */
  close(): Operation<void>
}

const nothing = fn(function* (): Body<void> {})

function fromIterator<T>(iterator: Iterator<T>): Source<T> {
  return {
    next: fn(function* next() {
      return iterator.next()
    }),
    close: fn(function* close() {
      iterator.return?.()
    }),
  }
}

function fromAsyncIterator<T>(iterator: AsyncIterator<T>): Source<T> {
  // One at a time: not every iterator can be asked for the next item before it has given the last.
  const turn = new Lock({ name: 'next item' })
  let asked = false
  return {
    next: fn(function* next() {
      using _ = yield* turn.acquire()
      asked = true
      const result = yield* wait(iterator.next())
      asked = false
      return result
    }),
    close: fn(function* close() {
      const closed = iterator.return?.()
      // A generator that is still busy with its `next` would keep everybody waiting.
      if (closed !== undefined && !asked) yield* wait(closed)
    }),
  }
}

function isAsync<T>(items: Iterable<T> | AsyncIterable<T>): items is AsyncIterable<T> {
  return (items as AsyncIterable<T>)[Symbol.asyncIterator] !== undefined
}

function sourceOf<T>(items: Iterable<T> | AsyncIterable<T>): Source<T> {
  if (items instanceof Exchange) return { next: () => items.next(), close: nothing }
  return isAsync(items) ? fromAsyncIterator(items[Symbol.asyncIterator]()) : fromIterator(items[Symbol.iterator]())
}

const closeAfter = fn(function* closeAfter(source: Source<unknown>, failures: unknown[]): Body<void> {
  try {
    yield* source.close()
  } catch (error) {
    throw failures.length === 0
      ? error
      : new AggregateError([...failures, error], 'a mapLimit failed, and so did closing its source')
  }
})

const mapAll = fn(function* mapLimit<T, R>(
  items: Iterable<T> | AsyncIterable<T>,
  call: (item: T, index: number) => Operation<R>,
  concurrency: number,
  ordered: boolean,
): Body<R[]> {
  const source = sourceOf(items)
  const results: R[] = []
  const failures: unknown[] = []
  let taken = 0
  let workers = 1
  let exhausted = false

  const work = fn(function* worker(team: Scope): Body<void> {
    while (!exhausted) {
      let next: IteratorResult<T, unknown>
      try {
        next = yield* source.next()
      } catch (error) {
        exhausted = true
        throw error
      }
      if (next.done) {
        exhausted = true
        return
      }
      // Whoever found an item brings in the next worker, so there are never many more than there is work for.
      if (workers < concurrency) {
        workers++
        team.spawn(work(team))
      }
      const index = taken++
      const result = yield* call(next.value, index)
      if (ordered) results[index] = result
      else results.push(result)
    }
  })

  try {
    yield* scope(function* (team) {
      team.spawn(work(team))
    })
    return results
  } catch (error) {
    failures.push(error)
    throw error
  } finally {
    if (!exhausted) yield* closeAfter(source, failures)
  }
})

/**
 * Calls `body` with each item, at most `concurrency` at once, and gives the results. Items are taken only as there is
 * somebody to work on them, so the source may be long, slow or endless: an array, a generator, an async iterator, a queue.
 *
 * The first failure, of `body` or of the source, cancels the calls that run, waits for their cleanup, closes the source, and
 * is thrown; several are thrown as an `AggregateError`. So does a cancel.
 *
 * ```ts
 * import { run, sleep } from 'fibril'
 * import { mapLimit } from 'fibril/sync'
 *
 * await run(function* () {
 *   const wait = function* (ms: number) {
 *     yield* sleep(ms)
 *     return ms
 *   }
 *   console.log(yield* mapLimit([30, 10, 20], wait, { concurrency: 2 })) // => [ 30, 10, 20 ]
 *   console.log(yield* mapLimit([30, 10, 40], wait, { concurrency: 2, ordered: false })) // => [ 10, 30, 40 ]
 * })
 * ```
 */
export function mapLimit<T, R>(
  items: Iterable<T> | AsyncIterable<T>,
  body: (item: T, index: number) => Body<R> | PromiseLike<R> | R,
  options: MapLimitOptions,
): Operation<R[]> {
  const { concurrency, ordered = true } = options
  if (!(concurrency >= 1)) throw new UsageError(`the concurrency of mapLimit is a number from 1, not ${concurrency}`)
  // A call takes whatever the body gives: a generator, an operation, a promise or a plain value.
  const call = fn(body as (item: T, index: number) => Body<R>)
  return mapAll(items, call, concurrency, ordered)
}
