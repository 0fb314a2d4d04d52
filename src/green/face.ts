/**
 * Theory of operation: a face.
 *
 * `Queue` in green code is the `Queue` of `fibril/sync` seen by code that blocks: the same object, whose methods park where
 * those give an operation. Nothing is written a second time. A *face* holds the thing itself and has, for each name in one
 * list, a method made from that of the thing: call it, and if an operation comes back, park on that. The type comes
 * from the same list (`Green`), so what the type shows is what there is.
 *
 * A face is not a subclass: the thing goes on calling its own methods, which must go on giving operations. So one thing may
 * be used from both worlds at once; `thingOf` and `faceOf` go from one to the other, and back to the same object.
 */
import { type Body, fn, Operation } from '../core/index.ts'
import { park, parkable } from './runtime/index.ts'

/** `F` as green code calls it: where an operation came back, its result does. */
export type Plain<F> = F extends (...args: infer A) => Operation<infer T> ? (...args: A) => T : F

declare const behind: unique symbol

/** Tells the compiler what is behind a face. There is no such property. */
export interface FaceOf<X> {
  readonly [behind]?: X
}

/** The members `K` of `X`, as green code sees them. Keeps what is said about each. */
export type Green<X, K extends keyof X> = { [P in K]: Plain<X[P]> } & FaceOf<X>

/** How a class of faces differs from a mere list of names. */
export interface FaceOptions<X> {
  /** Makes the thing from the arguments of `new`. If left out, `new` passes them on. */
  readonly create?: (...args: never[]) => X
  /** What is done with the result of a member: most often, to give a face to it as well. */
  readonly results?: { readonly [name in PropertyKey]: (result: never, thing: never) => unknown }
  /** What is done with the arguments of a method. */
  readonly args?: { readonly [name in PropertyKey]: (...args: never[]) => readonly unknown[] }
}

type Method = (...args: unknown[]) => unknown

const EXISTING = Symbol('existing')

class Same {
  constructor(thing: object) {
    // biome-ignore lint/correctness/noConstructorReturn: so that a subclass puts its private field on `thing`
    return thing
  }
}

/** Stamps a thing with its face: a private field of somebody else's object. A `WeakMap` would cost a task more than all else. */
class Stamp extends Same {
  readonly #face: Face

  constructor(thing: object, face: Face) {
    super(thing)
    this.#face = face
  }

  static faceOf(thing: object): Face | undefined {
    return #face in thing ? thing.#face : undefined
  }
}

/** What all faces extend. */
export class Face {
  readonly #thing: object

  constructor(thing: object) {
    this.#thing = thing
    new Stamp(thing, this)
  }

  /** @internal The thing behind a face; null if this is none. */
  static thing(value: unknown): object | null {
    return typeof value === 'object' && value !== null && #thing in value ? value.#thing : null
  }

  toString(): string {
    return String(this.#thing)
  }

  /** `console.log` shows the thing. */
  [Symbol.for('nodejs.util.inspect.custom')](): object {
    return this.#thing
  }
}

/** A class of faces. */
export type FaceClass = abstract new (...args: never[]) => object

/** Makes the class of faces of `source`, with the members in `names`, and those that `using` and `for await` ask for. */
export function faceClass<X extends object, T extends FaceClass = FaceClass>(
  source: abstract new (...args: never[]) => X,
  names: readonly (keyof X & string)[],
  options: FaceOptions<X> = {},
): T {
  const Source = source as unknown as new (...args: unknown[]) => object
  const create = (options.create as Method | undefined) ?? ((...args: unknown[]) => new Source(...args))
  const made = class extends Face {
    constructor(...args: unknown[]) {
      super((args[0] === EXISTING ? args[1] : create(...args)) as object)
    }
  }
  Object.defineProperty(made, 'name', { value: source.name, configurable: true })
  const protocols = [Symbol.dispose, Symbol.asyncDispose, Symbol.asyncIterator].filter(
    (name) => name in source.prototype,
  )
  for (const name of [...names, ...protocols])
    Object.defineProperty(made.prototype, name, memberOf(source.prototype, name, options))
  return made as unknown as T
}

function memberOf<X>(prototype: object, name: PropertyKey, options: FaceOptions<X>): PropertyDescriptor {
  // A getter, or a field, which is not there yet, has none.
  const method: unknown = descriptorOf(prototype, name)?.value
  const result = ownOf(options.results, name) as ((result: unknown, thing: unknown) => unknown) | undefined
  if (typeof method !== 'function') {
    return {
      get(this: Face) {
        const thing = Face.thing(this) as Record<PropertyKey, unknown>
        return result === undefined ? thing[name] : result(thing[name], thing)
      },
      ...(descriptorOf(prototype, name)?.set && {
        set(this: Face, value: unknown) {
          ;(Face.thing(this) as Record<PropertyKey, unknown>)[name] = value
        },
      }),
      configurable: true,
      enumerable: true,
    }
  }
  const given = ownOf(options.args, name) as ((...args: unknown[]) => unknown[]) | undefined
  const call = function (this: unknown, ...args: unknown[]): unknown {
    const thing = Face.thing(this)
    const value = (method as Method).apply(thing, given === undefined ? args : given(...args))
    if (!(value instanceof Operation)) return result === undefined ? value : result(value, thing)
    return park(result === undefined ? value : mapped(value, (done) => result(done, thing)))
  }
  Object.defineProperty(call, 'name', { value: typeof name === 'symbol' ? `[${name.description}]` : name })
  return { value: parkable(call), configurable: true, writable: true }
}

/** Every record has a `toString` and the like, which nobody gave. */
function ownOf(record: object | undefined, name: PropertyKey): unknown {
  return record !== undefined && Object.hasOwn(record, name) ? record[name as keyof typeof record] : undefined
}

function descriptorOf(prototype: object, name: PropertyKey): PropertyDescriptor | undefined {
  for (let at: object | null = prototype; at !== null; at = Object.getPrototypeOf(at)) {
    const found = Object.getOwnPropertyDescriptor(at, name)
    if (found !== undefined) return found
  }
  return undefined
}

/** The face of `thing`, always the same one; made of `type` if it has none yet. */
export function faceOf<F>(type: FaceClass, thing: object): F {
  const face = Stamp.faceOf(thing) ?? new (type as unknown as new (...args: unknown[]) => Face)(EXISTING, thing)
  return face as F
}

const kinds = new Map<unknown, FaceClass>()

/** The face of a thing whose class only its makers know: the class of its faces is made when the first one comes. */
export function faceOfKind<F, X extends object>(
  thing: X,
  names: readonly (keyof X & string)[],
  options?: FaceOptions<X>,
): F {
  let type = kinds.get(thing.constructor)
  if (type === undefined) {
    type = faceClass(thing.constructor as new () => X, names, options)
    kinds.set(thing.constructor, type)
  }
  return faceOf(type, thing)
}

/**
 * The thing behind a face, for code that waits by `yield*` or `await`: of a queue, lock, task or socket of green code that of
 * `fibril`, `fibril/sync` and `fibril/net`. Anything else is itself.
 */
export function thingOf<X extends object>(face: FaceOf<X>): X
export function thingOf(value: unknown): unknown
export function thingOf(value: unknown): unknown {
  return Face.thing(value) ?? value
}

/** Waits for `operation`, and gives `change` of its result. */
export const mapped = fn(function* mapped<T, U>(operation: Operation<T>, change: (value: T) => U): Body<U> {
  return change(yield* operation)
})
