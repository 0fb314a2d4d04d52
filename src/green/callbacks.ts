import { type Body, callOf, fn, type Operation } from '../core/index.ts'

/** What waiting for a function gives that returns `R`: green functions return it, others promise it or are generators. */
export type Returned<R> = R extends Body<infer T> ? T : Awaited<R>

/** A function of users that may park, by whatever it does so. */
export type Action<A extends readonly unknown[], R> = (...args: A) => R

type Caller = (...args: readonly unknown[]) => Operation<unknown>
const callers = new WeakMap<object, Caller>()
// Many calls in a row are mostly of one function.
let recent: { readonly body: unknown; readonly caller: Caller } | null = null

/**
 * The operation that calls `body` with `args`. The engine calls it, and nothing between: a green function that is called
 * by code which was not compiled could not park.
 */
export function callTo<A extends readonly unknown[], R>(body: Action<A, R>, args: A): Operation<Returned<R>> {
  if (typeof body !== 'function' || args.length === 0) return callOf(body as () => Returned<R>)
  if (recent?.body === body) return (recent as { caller: Caller }).caller(...args) as Operation<Returned<R>>
  let caller = callers.get(body)
  if (caller === undefined) {
    caller = fn(body as unknown as (...args: readonly unknown[]) => Body<unknown>)
    callers.set(body, caller)
  }
  recent = { body, caller }
  return caller(...args) as Operation<Returned<R>>
}
