import { Inspectable, KIND, type Operation, UsageError } from '../core/index.ts'
import { type CallStream, type CallStreamOptions, callStream } from './call-stream.ts'
import type { ArgumentsOf, FunctionName, ReturnOf } from './pool.ts'

/** One function called for many items, on whatever `submit` is: what all pools have in common. */
export abstract class MappingPool<M extends object> extends Inspectable {
  readonly #ahead: number

  /** @internal `ahead`: how many calls may run ahead, if nothing is said. */
  protected constructor(ahead: number) {
    super()
    this.#ahead = ahead
  }

  /** @internal */
  override get [KIND](): string {
    return 'pool'
  }

  abstract submit<K extends FunctionName<M>>(name: K, ...args: ArgumentsOf<M, K>): Operation<ReturnOf<M, K>>

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
    { ahead = this.#ahead }: CallStreamOptions,
    ordered: boolean,
  ): CallStream<ReturnOf<M, K>> {
    if (!(ahead >= 1)) throw new UsageError(`${name}(…) in ${this}: { ahead: ${ahead} } must be at least 1`)
    const call = (item: ArgumentsOf<M, K>[0]): Operation<ReturnOf<M, K>> =>
      this.submit(name, ...([item] as unknown as ArgumentsOf<M, K>))
    return callStream(`${name}(…) in ${this}`, call, items, ahead, ordered)
  }
}
