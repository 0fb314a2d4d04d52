import { Inspectable, KIND, type Operation, timeout, UsageError } from '../core/index.ts'
import { type CallStream, type CallStreamOptions, callStream } from './call-stream.ts'
import type { ArgumentsOf, CallOptions, Calls, FunctionName, ItemOf, ReturnOf, StreamName } from './pool.ts'
import { ResultStream, type StreamedCall } from './result-stream.ts'

/** @internal The function whose caller makes a call. */
export type Skip = (...args: never[]) => unknown

/** @internal What makes calls, of whatever module. */
export interface CallSource {
  toString(): string
  /** How many calls of a `map` run ahead, if nothing is said. */
  readonly ahead: number
  /** A call. `timeout` is seen to elsewhere. */
  make(options: CallOptions, name: string, args: readonly unknown[], skip: Skip): Operation<unknown>
  /** A call whose results go to `take` as they come: `ahead` of them at first, then as many as are granted. */
  makeStreamed(
    options: CallOptions,
    name: string,
    args: readonly unknown[],
    take: (results: readonly unknown[]) => void,
    skip: Skip,
  ): StreamedCall
}

/** How many results of a stream may be made and not taken, if nothing is said. */
const RESULTS_AHEAD = 64

/** One function called for many items, or giving many results, on whatever makes calls: what all pools have in common. */
export abstract class MappingPool<M extends object> extends Inspectable implements Calls<M> {
  readonly #source: CallSource

  /** @internal */
  protected constructor(source: (self: MappingPool<M>) => CallSource) {
    super()
    this.#source = source(this)
  }

  /** @internal */
  override get [KIND](): string | null {
    return 'pool'
  }

  abstract submit<K extends FunctionName<M>>(name: K, ...args: ArgumentsOf<M, K>): Operation<ReturnOf<M, K>>

  stream<K extends StreamName<M>>(name: K, ...args: ArgumentsOf<M, K>): CallStream<ItemOf<M, K>> {
    return streamOf(this.#source, {}, name, args, this.stream)
  }

  with(options: CallOptions): Calls<M> {
    return new CallsWith<M>(this.#source, options)
  }

  map<K extends FunctionName<M>>(
    name: K,
    items: Iterable<ArgumentsOf<M, K>[0]> | AsyncIterable<ArgumentsOf<M, K>[0]>,
    options: CallStreamOptions = {},
  ): Operation<ReturnOf<M, K>[]> {
    return this.imap(name, items, options).all()
  }

  imap<K extends FunctionName<M>>(
    name: K,
    items: Iterable<ArgumentsOf<M, K>[0]> | AsyncIterable<ArgumentsOf<M, K>[0]>,
    options: CallStreamOptions = {},
  ): CallStream<ReturnOf<M, K>> {
    return this.#stream(name, items, options, true)
  }

  imapUnordered<K extends FunctionName<M>>(
    name: K,
    items: Iterable<ArgumentsOf<M, K>[0]> | AsyncIterable<ArgumentsOf<M, K>[0]>,
    options: CallStreamOptions = {},
  ): CallStream<ReturnOf<M, K>> {
    return this.#stream(name, items, options, false)
  }

  #stream<K extends FunctionName<M>>(
    name: K,
    items: Iterable<ArgumentsOf<M, K>[0]> | AsyncIterable<ArgumentsOf<M, K>[0]>,
    options: CallStreamOptions,
    ordered: boolean,
  ): CallStream<ReturnOf<M, K>> {
    const { ahead = this.#source.ahead } = options
    if (!(ahead >= 1)) throw new UsageError(`${name}(…) in ${this.#source}: { ahead: ${ahead} } must be at least 1`)
    const call = (item: ArgumentsOf<M, K>[0]): Operation<ReturnOf<M, K>> =>
      this.submit(name, ...([item] as unknown as ArgumentsOf<M, K>))
    return callStream(`${name}(…) in ${this.#source}`, call, items, { ...options, ahead }, ordered)
  }
}

/** What `pool.with` gives. */
class CallsWith<M extends object> extends MappingPool<M> {
  readonly #source: CallSource
  readonly #options: CallOptions

  constructor(source: CallSource, options: CallOptions) {
    checkOptions('with', source, options)
    super(() => source)
    this.#source = source
    this.#options = options
  }

  /** @internal The pool is listed, not each way to call it. */
  override get [KIND](): null {
    return null
  }

  override stats(): object {
    return {}
  }

  override submit<K extends FunctionName<M>>(name: K, ...args: ArgumentsOf<M, K>): Operation<ReturnOf<M, K>> {
    const call = this.#source.make(this.#options, name, args, this.submit)
    return within(this.#options, call) as Operation<ReturnOf<M, K>>
  }

  override stream<K extends StreamName<M>>(name: K, ...args: ArgumentsOf<M, K>): CallStream<ItemOf<M, K>> {
    return streamOf(this.#source, this.#options, name, args, this.stream)
  }

  override with(options: CallOptions): Calls<M> {
    return new CallsWith<M>(this.#source, { ...this.#options, ...options })
  }

  override toString(): string {
    return this.#source.toString()
  }
}

function streamOf<T>(
  source: CallSource,
  options: CallOptions,
  name: string,
  args: readonly unknown[],
  skip: Skip,
): CallStream<T> {
  const { ahead = RESULTS_AHEAD } = options
  return new ResultStream<T>(`${name}(…) in ${source}`, ahead, (take) => {
    const call = source.makeStreamed({ ...options, ahead }, name, args, take, skip)
    return { done: within(options, call.done), grant: (count) => call.grant(count) }
  })
}

function within(options: CallOptions, call: Operation<unknown>): Operation<unknown> {
  return options.timeout === undefined ? call : timeout(options.timeout, call)
}

/** @internal Throws a `UsageError` if an option is wrong that `call` of `source` was given. */
export function checkOptions(
  call: string,
  source: { toString(): string },
  { priority = 0, timeout = 0, ahead = 1 }: CallOptions,
): void {
  const wrong = Number.isNaN(Number(priority))
    ? `priority: ${priority} } must be a number`
    : !(timeout >= 0)
      ? `timeout: ${timeout} } must be 0 or more milliseconds`
      : !(ahead >= 1)
        ? `ahead: ${ahead} } must be at least 1`
        : null
  if (wrong !== null) throw new UsageError(`${call}(…) of ${source}: { ${wrong}`)
}
