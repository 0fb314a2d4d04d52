import { declareParking, parks } from './compiled.ts'
import { callees, state } from './state.ts'
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

/** `object[key]`: the call site's announcement is handed on to a getter that may park. */
export const get: (object: unknown, key: string) => unknown = declareParking(function get(
  object: unknown,
  key: string,
): unknown {
  const announced = state.next
  state.next = 0
  if (announced !== 0)
    for (let at: unknown = Object(object); at !== null && object != null; at = Object.getPrototypeOf(at)) {
      const own = Object.getOwnPropertyDescriptor(at, key)
      if (own === undefined) continue
      if (own.get === undefined || !parks(own.get)) break
      callees[announced] = own.get
      state.next = announced
      return call(own.get, object)
    }
  return (object as Record<string, unknown>)[key]
})
