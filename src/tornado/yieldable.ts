/**
 * What a coroutine may yield, and how it is waited for: Tornado's `convert_yielded`.
 */
import {
  all,
  allSettled,
  type Body,
  Future as EngineFuture,
  fn,
  type Operation,
  operationOf,
  yieldNow,
} from '../core/index.ts'
import { BadYieldError } from './errors.ts'
import { appLog } from './log.ts'

/** Gives the operation that waits for a value of its kind. */
export type Converter<T> = (value: T) => Operation<unknown> | PromiseLike<unknown>
type Kind<T> = abstract new (...args: never[]) => T

const converters: { readonly kind: Kind<unknown>; readonly convert: Converter<never> }[] = []

/** What `yield moment` waits for: one turn of everybody else. */
export const moment: Operation<void> = yieldNow()

/**
 * The operation that stands for what was yielded: a future, promise, operation or task; `null` or nothing, which is
 * `moment`; a list or record of these, all of which are waited for, with the first failure in the order of the list
 * once all are over. Anything else is a `BadYieldError`, unless a converter was registered for its class.
 *
 * ```ts
 * import { convertYielded, coroutine, Future } from 'fibril/tornado'
 *
 * class Ticket {
 *   readonly done = new Future<string>()
 * }
 * convertYielded.register(Ticket, (ticket) => ticket.done)
 *
 * const visit = coroutine(function* (ticket: Ticket) {
 *   return yield ticket
 * })
 * const ticket = new Ticket()
 * const visited = visit(ticket)
 * ticket.done.setResult('come in')
 * console.log(await visited) // => come in
 * ```
 */
export function convertYielded(yielded: unknown): Operation<unknown> {
  return operationFor(yielded)
}

/** Says how values of a class are waited for. The newest comes first. Returns how to take it back. */
convertYielded.register = function register<T>(kind: Kind<T>, convert: Converter<T>): () => void {
  const entry = { kind, convert }
  converters.unshift(entry)
  return () => void converters.splice(converters.indexOf(entry), 1)
}

/** @internal */
export function operationFor(yielded: unknown): Operation<unknown> {
  if (yielded === undefined || yielded === null) return moment
  const own = operationOf(yielded)
  if (own !== null) return own
  for (const { kind, convert } of converters) {
    if (!(yielded instanceof kind)) continue
    const converted = convert(yielded as never)
    return operationOf(converted) ?? refuse(converted)
  }
  if (Array.isArray(yielded)) return waitForAll(yielded, {})
  if (isRecord(yielded)) return waitForAllOf(yielded, {})
  return refuse(yielded)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function refuse(value: unknown): never {
  const what = typeof value === 'object' && value !== null ? `a ${value.constructor?.name ?? 'thing'}` : String(value)
  throw new BadYieldError(typeof value === 'string' ? `the string ${JSON.stringify(value)}` : what)
}

/** How several things are waited for together. */
export interface MultiOptions {
  /** Failures of these classes are not logged, if they are not the one that is thrown. True: none is logged. */
  readonly quietExceptions?: boolean | readonly (abstract new (...args: never[]) => unknown)[]
  /** Throw the first failure as soon as it comes, in place of waiting for all. */
  readonly failFast?: boolean
}

/** Waits for each; the results in the order of the list. The children themselves are never cancelled. */
export const waitForAll: (children: readonly unknown[], options: MultiOptions) => Operation<unknown[]> = fn(
  function* multi(children: readonly unknown[], options: MultiOptions): Body<unknown[]> {
    if (options.failFast) return yield* all(children.map(watched))
    const failures: unknown[] = []
    const results = children.every(runs) ? yield* oneByOne(children, failures) : yield* together(children, failures)
    for (const error of failures.slice(1)) {
      if (!isQuiet(error, options.quietExceptions)) appLog.error('Multiple exceptions in yield list', error)
    }
    if (failures.length > 0) throw failures[0]
    return results
  },
)

const together = fn(function* together(children: readonly unknown[], failures: unknown[]): Body<unknown[]> {
  const outcomes = yield* allSettled(children.map(operationFor))
  for (const outcome of outcomes) if (outcome.status !== 'done') failures.push(outcome.error)
  return outcomes.map((outcome) => (outcome.status === 'done' ? outcome.value : undefined))
})

/** What runs by itself, whether it is waited for or not: a future of this dialect, seen from beneath. */
interface Running extends Operation<unknown> {
  claim(): void
  left(): void
  readonly settled: boolean
  valueOrThrow(): unknown
}

function runs(child: unknown): child is Running {
  return child instanceof EngineFuture && 'claim' in child
}

/** The same for children that run by themselves: it does not matter in which order they are waited for. */
function* oneByOne(children: readonly Running[], failures: unknown[]): Body<unknown[]> {
  const results: unknown[] = []
  for (const child of children) child.claim()
  let at = 0
  try {
    for (; at < children.length; at++) {
      const child = children[at] as Running
      try {
        results.push(child.settled ? child.valueOrThrow() : yield* child)
      } catch (error) {
        failures.push(error)
      }
    }
  } finally {
    // Cut short: those that were not waited for yet are left, too.
    for (at++; at < children.length; at++) children[at]?.left()
  }
  return results
}

/** Waits for it so that a wait which is cut short leaves it as it is. */
function watched(child: unknown): Operation<unknown> {
  const watchable = child as { watch?: unknown } | null
  return typeof watchable?.watch === 'function' ? (watchable.watch() as Operation<unknown>) : operationFor(child)
}

/** The same for a record: the results under its keys. */
export const waitForAllOf: (
  children: Readonly<Record<string, unknown>>,
  options: MultiOptions,
) => Operation<Record<string, unknown>> = fn(function* multi(
  children: Readonly<Record<string, unknown>>,
  options: MultiOptions,
): Body<Record<string, unknown>> {
  const keys = Object.keys(children)
  const values = yield* waitForAll(Object.values(children), options)
  return Object.fromEntries(keys.map((key, i) => [key, values[i]]))
})

/** @internal */
export function isQuiet(error: unknown, quiet: MultiOptions['quietExceptions']): boolean {
  if (quiet === undefined || typeof quiet === 'boolean') return quiet === true
  return quiet.some((kind) => error instanceof kind)
}
