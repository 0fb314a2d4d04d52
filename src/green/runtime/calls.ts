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

/** The builtins that have one. */
export const twins: Map<unknown, unknown> = new Map()
