import { FibrilError } from '../core/index.ts'
import { Deferred } from './deferred.ts'
import { named } from './errors.ts'
import { Failure } from './failure.ts'

/** The first failure among several Deferreds: which one (`index`), and what (`subFailure`). */
export class FirstError extends FibrilError {
  readonly subFailure: Failure
  readonly index: number

  constructor(subFailure: Failure, index: number) {
    super('FIBRIL_FIRST_ERROR', `number ${index} failed first: ${subFailure}`, { cause: subFailure.value })
    this.subFailure = subFailure
    this.index = index
  }
}
named(FirstError, 'FirstError')

/** What became of one of several. */
export type ListEntry<T> = readonly [succeeded: true, result: T] | readonly [succeeded: false, failure: Failure]

export interface DeferredListOptions<First extends boolean = boolean> {
  /** Fire with `[result, index]` of the first that succeeds. A list without Deferreds never fires then. */
  readonly fireOnOneCallback?: First
  /** Fail with a `FirstError` when the first one fails. */
  readonly fireOnOneErrback?: boolean
  /**
   * A Deferred that has failed goes on with undefined. Otherwise it keeps its failure, which is reported if nobody else
   * deals with it.
   */
  readonly consumeErrors?: boolean
}

/**
 * Fires when all of several Deferreds have, with `[true, result]` or `[false, failure]` of each, in the order of the
 * arguments. Cancelling it cancels all of them.
 *
 * ```ts
 * import { DeferredList, fail, succeed } from 'fibril/twisted'
 *
 * const list = new DeferredList([succeed(1), fail<number>(new Error('no'))], { consumeErrors: true })
 * for (const [succeeded, result] of await list) console.log(succeeded, String(result))
 * // prints: true 1
 * // prints: false Error: no
 * ```
 */
export class DeferredList<T, First extends boolean = false> extends Deferred<
  First extends true ? readonly [result: T, index: number] : ListEntry<T>[]
> {
  private readonly deferreds: readonly Deferred<T>[]
  private readonly entries: ListEntry<T>[]
  private readonly options: DeferredListOptions
  private left: number

  constructor(deferreds: Iterable<Deferred<T>>, options: DeferredListOptions<First> = {}) {
    super()
    this.deferreds = [...deferreds]
    this.options = options
    this.left = this.deferreds.length
    this.entries = new Array(this.left)
    if (this.left === 0 && !options.fireOnOneCallback) this.fire(this.entries, this.ended)
    for (const [index, deferred] of this.deferreds.entries()) deferred.addBoth((result) => this.ended(result, index))
  }

  private ended(result: T | Failure, index: number): T | Failure | undefined {
    const { options, entries } = this
    const failed = result instanceof Failure
    entries[index] = failed ? [false, result] : [true, result]
    this.left--
    if (!this.called) {
      if (!failed && options.fireOnOneCallback) this.fire([result, index], this.ended)
      else if (failed && options.fireOnOneErrback) this.fire(new Failure(new FirstError(result, index)), this.ended)
      else if (this.left === 0) this.fire(entries, this.ended)
    }
    return failed && options.consumeErrors ? undefined : result
  }

  /** @internal */
  override end(reason: unknown): void {
    for (const deferred of this.deferreds) deferred.cancel(reason)
    if (!this.called) super.end(reason)
  }
}

/**
 * Fires when all have, with their results in the order of the arguments; or fails with a `FirstError` when the first one
 * fails: the others go on. Cancelling it cancels all. Without `consumeErrors` each that fails keeps its failure as well.
 *
 * ```ts
 * import { gatherResults, succeed } from 'fibril/twisted'
 *
 * console.log(await gatherResults([succeed(1), succeed('two')])) // => [ 1, 'two' ]
 * ```
 */
export function gatherResults<const A extends readonly Deferred<unknown>[]>(
  deferreds: A,
  options: Pick<DeferredListOptions, 'consumeErrors'> = {},
): Deferred<{ -readonly [K in keyof A]: A[K] extends Deferred<infer T> ? T : never }> {
  const list = new DeferredList(deferreds, { fireOnOneErrback: true, consumeErrors: options.consumeErrors ?? false })
  return list.addCallback((entries) => entries.map(([, result]) => result)) as never
}
