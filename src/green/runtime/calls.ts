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
export const get: (object: unknown, key: unknown) => unknown = declareParking(function get(
  object: unknown,
  key: unknown,
): unknown {
  const announced = taken()
  const name = object == null ? (key as PropertyKey) : nameOf(key)
  const getter = parking(announced, object, name, 'get')
  if (getter === undefined) return (object as Record<PropertyKey, unknown>)[name]
  announce(announced, getter)
  return call(getter, object)
})

/** `object[key] = value`, as `get`. `sloppy`: in code that is not strict. */
export const set: (object: unknown, key: unknown, value: unknown, sloppy?: 1) => unknown = declareParking(function set(
  object: unknown,
  key: unknown,
  value: unknown,
  sloppy?: 1,
): unknown {
  const announced = taken()
  const name = object == null ? (key as PropertyKey) : nameOf(key)
  const setter = parking(announced, object, name, 'set')
  if (setter === undefined) return assign(object as never, name, value, sloppy)
  announce(announced, setter)
  return call(setter, object, value)
})

/** `super[key]` in a method of `home`. */
export const superGet: (home: object, self: unknown, key: unknown) => unknown = declareParking(function superGet(
  home: object,
  self: unknown,
  key: unknown,
): unknown {
  const announced = taken()
  const name = nameOf(key)
  const parent = Object.getPrototypeOf(home) as object | null
  const getter = parking(announced, parent, name, 'get')
  if (getter === undefined) return Reflect.get(parent as object, name, self)
  announce(announced, getter)
  return call(getter, self)
})

/** `super[key] = value`. */
export const superSet: (home: object, self: unknown, key: unknown, value: unknown) => unknown = declareParking(
  function superSet(home: object, self: unknown, key: unknown, value: unknown): unknown {
    const announced = taken()
    const name = nameOf(key)
    const parent = Object.getPrototypeOf(home) as object | null
    const setter = parking(announced, parent, name, 'set')
    if (setter !== undefined) {
      announce(announced, setter)
      return call(setter, self, value)
    }
    if (Reflect.set(parent as object, name, value, self)) return undefined
    throw new TypeError(`Cannot assign to read only property '${String(name)}' of object`)
  },
)

/** The accessor of that name, if it may park and its call was announced. */
function parking(announced: number, object: unknown, name: PropertyKey, kind: 'get' | 'set'): unknown {
  if (announced === 0 || object == null) return undefined
  const accessor = accessorOf(object, name)?.[kind]
  return parks(accessor) ? accessor : undefined
}

/** True if a property is read by a getter that may park. */
export function hasGetterThatParks(object: unknown, name: PropertyKey): boolean {
  return parks(accessorOf(object, name)?.get)
}

function announce(depth: number, callee: unknown): void {
  callees[depth] = callee
  state.next = depth
}

function assign(object: Record<PropertyKey, unknown>, name: PropertyKey, value: unknown, sloppy?: 1): void {
  if (sloppy === undefined || object == null) object[name] = value
  else Reflect.set(Object(object), name, value, object)
}

/** What of a name is an accessor, of the object itself or of what it inherits from. */
function accessorOf(object: unknown, name: PropertyKey): PropertyDescriptor | undefined {
  for (let at: unknown = Object(object); at !== null; at = Object.getPrototypeOf(at)) {
    const own = Object.getOwnPropertyDescriptor(at, name)
    if (own !== undefined) return own
  }
  return undefined
}

/** A key is made a name once. */
function nameOf(key: unknown): PropertyKey {
  if (typeof key === 'object' || typeof key === 'function')
    return Reflect.ownKeys({ [key as never]: 0 })[0] as PropertyKey
  return key as PropertyKey
}

function taken(): number {
  const announced = state.next
  state.next = 0
  return announced
}
