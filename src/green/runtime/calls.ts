import { callees } from './state.ts'

/** Calls `fn` on `self`: not by `fn.call`, which a Proxy may make anything of. */
export const call: (fn: unknown, self: unknown, ...args: unknown[]) => unknown = Function.prototype.call.bind(
  Function.prototype.call,
) as never

/** Throws what a call of something that is no function throws. */
export function notCallable(text: string): never {
  throw new TypeError(`${text} is not a function`)
}

/** A tag that gives the pieces of its template. */
export function template(...pieces: unknown[]): unknown[] {
  return pieces
}

/** In the place of `f` the function that may be suspended, where `f` is a builtin that has one. */
export function twin(f: unknown): unknown {
  return twins.get(f) ?? f
}

export const twins = new Map<unknown, unknown>()

/** Lists what an iterable gives. */
export function list(iterable: Iterable<unknown>): unknown {
  return iterable
}

void callees
