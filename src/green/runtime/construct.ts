/**
 * Derived constructors. Their bodies run in generators, which have no `this` of that kind, so `this` is asked of a `Construction`,
 * and `super(…)` a call of `superCall`.
 *
 * The native `super` cannot be suspended: it takes what the parent's constructor gives for the object, and initialises
 * the fields on it at once. So a constructor that parks when called by `super` throws `PARKED` through it, which leaves
 * `this` unbound. When the parent's frame has ended with the object, `super` is called once more, and finds the object in
 * `made`: the parent's wrapper gives it at once, and the fields are initialised then.
 */
import { machine, PARK } from '../../core/index.ts'
import { declareParking, parks } from './compiled.ts'
import { enter, GreenFrame, isObject, link, PARKED, resumedValue } from './frame.ts'
import { callees, type GreenBody, state } from './state.ts'

/** What is known of the object while it is made. */
export class Construction {
  /** The class whose constructor this is; null where nobody knows. */
  readonly home: object | null
  readonly target: unknown
  readonly callSuper: (...args: unknown[]) => object
  private readonly self: () => object

  constructor(home: object | null, target: unknown, callSuper: (...args: unknown[]) => object, self: () => object) {
    this.home = home
    this.target = target
    this.callSuper = callSuper
    this.self = self
  }

  /** The object; as ever a `ReferenceError` before `super` has given it. */
  get this(): object {
    return this.self()
  }

  /** What the constructor gives if its body returns `value`. */
  result(value: unknown): object {
    if (isObject(value)) return value
    if (value !== undefined) throw new TypeError('Derived constructors may only return object or undefined')
    return this.this
  }
}

/**
 * The class that is being constructed, which has no name: `target` is that class, or extends it. Each time that a class is
 * evaluated its private names are new, so `isHome` knows it from all others.
 */
export function homeOf(target: object, isHome: (cls: object) => boolean): object | null {
  let cls: object | null = target
  while (cls !== null && !isHome(cls)) cls = Object.getPrototypeOf(cls)
  return cls
}

class DerivedFrame extends GreenFrame {
  private readonly construction: Construction

  constructor(body: GreenBody, depth: number, construction: Construction) {
    super(body, depth)
    this.construction = construction
  }

  protected override result(result: IteratorResult<unknown, unknown>): IteratorResult<unknown, unknown> {
    // Asked to return by a cancel, it may have no object yet, and nobody asks for it.
    if (this.unwind !== null) return result
    return { value: this.construction.result(result.value), done: true }
  }
}

/** Runs the body of a derived constructor. As `enter`. */
export function derive(
  announced: number,
  _cleared: 0,
  body: GreenBody,
  construction: Construction,
  extra?: unknown,
): unknown {
  const { bySuper } = state
  state.bySuper = false
  const depth = announced === 0 ? 0 : announced + 1
  state.depth = depth
  state.extra = extra
  state.construction = construction
  const result = body.next()
  if (machine.registers.op === null) return construction.result(result.value)
  link(new DerivedFrame(body, depth, construction))
  if (bySuper) throw PARKED
  return PARK
}

/**
 * The constructor of `home` is about to hand its announcement on to `body`, which it calls. One that is not meant for it stays as
 * it is, and is refused. Answers whether it was called by `super`.
 */
export function constructing(home: unknown, body: unknown): boolean {
  const { bySuper, next } = state
  state.bySuper = false
  if (callees[next] === home) callees[next] = body
  return bySuper
}

/** What a constructor gives whose body has parked. */
export function constructed(bySuper: boolean): typeof PARK {
  if (bySuper) throw PARKED
  return PARK
}

/** The object that a constructor is called once more for. */
export function takeMade(): object | null {
  const { made } = state
  state.made = null
  return made
}

function* superBody(construction: Construction, args: unknown[]): GreenBody {
  const { depth } = state
  const { home } = construction
  const parent: unknown = home === null ? null : Object.getPrototypeOf(home)
  // A plain function does not know how to be called once more.
  const known = depth !== 0 && parks(parent) && String(parent).startsWith('class')
  callees[depth] = parent
  state.next = known ? depth : 0
  state.bySuper = known
  let self: object
  try {
    self = construction.callSuper(...args)
  } catch (error) {
    if (error !== PARKED) throw error
    state.made = resumedValue(yield) as object
    self = construction.callSuper()
  }
  return self
}

/** `super(…args)`. */
export const superCall: (construction: Construction, ...args: unknown[]) => unknown = declareParking(function superCall(
  construction: Construction,
  ...args: unknown[]
): unknown {
  return enter(state.next, clearNext(), superBody(construction, args))
})

/** The body of a constructor that a class does not write: hands all arguments on. */
export function* implicit(args: unknown[]): GreenBody {
  const { depth } = state
  const construction = state.construction as Construction
  callees[depth] = superCall
  state.next = depth
  superCall(construction, ...args)
  return machine.registers.op === null ? undefined : void resumedValue(yield)
}

/** `super[key]`, as something that can be read and written. */
export function superRef(
  get: (key: PropertyKey) => unknown,
  set: (key: PropertyKey, value: unknown) => void,
): (key: PropertyKey) => { value: unknown } {
  return (key) => ({
    get value() {
      return get(key)
    },
    set value(value) {
      set(key, value)
    },
  })
}

/** Gives an object a field. */
export function define(target: object, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true })
}

const BY_SUPER = 2 ** 30

/** Puts the announcement of a constructor aside while the fields of its object are initialised. */
export function hold(): number {
  const held = state.next + (state.bySuper ? BY_SUPER : 0)
  state.next = 0
  state.bySuper = false
  return held
}

/** Gives it back. */
export function unhold(held: number): number {
  state.bySuper = held >= BY_SUPER
  return held % BY_SUPER
}

/** `delete super.x`. */
export function noDelete(): never {
  throw new ReferenceError("Unsupported reference to 'super'")
}

function clearNext(): 0 {
  state.next = 0
  return 0
}
