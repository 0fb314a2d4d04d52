import { PARK as THE_PARK, machine as theMachine } from '../../core/index.ts'
import type { BodyPool } from './body-pool.ts'
import { ended, isObject, link, ParkedFrame, takePending } from './parked-frame.ts'
import { type GreenBody, state as theState } from './state.ts'

// Bound here once: V8 takes a constant of the module itself for what it is, and looks an imported one up at every use.
const machine = theMachine
const PARK = THE_PARK
const state = theState

// As in core/call.ts: one function for all generators, and no look-up.
const { next, return: returns } = Object.getPrototypeOf(function* () {}).prototype as GreenBody
type Verb = (body: GreenBody, value: unknown) => IteratorResult<unknown, unknown>
const generatorNext = Function.prototype.call.bind(next) as Verb
const generatorReturn = Function.prototype.call.bind(returns) as Verb

/** An activation that is parked, whose body is a generator. */
export class GreenFrame extends ParkedFrame {
  protected readonly generator: GreenBody

  constructor(generator: GreenBody, depth: number) {
    super(depth, state.callees[depth - 1], takePending())
    this.generator = generator
  }

  override get standing(): unknown {
    return this.generator
  }

  protected proceed(value: unknown): IteratorResult<unknown, unknown> {
    return this.after(generatorNext(this.generator, value))
  }

  protected leave(value: unknown): IteratorResult<unknown, unknown> {
    return this.after(generatorReturn(this.generator, value))
  }

  /** What the frame below is given. That of a generator may go on, and park. */
  protected result({ value }: IteratorResult<unknown, unknown>): IteratorResult<unknown, unknown> {
    return ended(value)
  }

  private after(result: IteratorResult<unknown, unknown>): IteratorResult<unknown, unknown> {
    if (machine.registers.op !== null) return this.parkedAgain()
    const given = this.result(result)
    return machine.registers.op === null ? given : this.parkedAgain()
  }
}

/** A parked constructor: gives the object that it makes. */
class ConstructorFrame extends GreenFrame {
  private readonly self: object

  constructor(generator: GreenBody, depth: number, self: object) {
    super(generator, depth)
    this.self = self
  }

  protected override result(result: IteratorResult<unknown, unknown>): IteratorResult<unknown, unknown> {
    return ended(isObject(result.value) ? result.value : this.self)
  }
}

/** A parked activation whose body begins again after its end: that is given back. */
class ReusableFrame extends GreenFrame {
  private readonly pool: BodyPool

  constructor(generator: GreenBody, depth: number, pool: BodyPool) {
    super(generator, depth)
    this.pool = pool
  }

  protected override result({ value, done }: IteratorResult<unknown, unknown>): IteratorResult<unknown, unknown> {
    if (done !== true) this.pool.give(this.generator)
    return ended(value)
  }
}

/**
 * Runs a body until it parks or ends. `announced` is what its wrapper found in `state.next`, and `cleared` that the wrapper
 * put 0 there, before anything of the body was made. `self` is the object that a constructor is to give.
 */
export function enter(announced: number, _cleared: 0, body: GreenBody, self?: object, extra?: unknown): unknown {
  const depth = announced === 0 ? 0 : announced + 1
  state.depth = depth
  state.extra = extra
  if (self !== undefined) return construct(depth, body, self)
  const result = generatorNext(body, undefined)
  if (machine.registers.op === null) return result.value
  link(new GreenFrame(body, depth))
  return PARK
}

/** As `enter`, for a body that begins again when it is resumed after its end: one of those that have ended, if there is any. */
export function enterAgain(announced: number, _cleared: 0, pool: BodyPool, self?: object): unknown {
  const depth = announced === 0 ? 0 : announced + 1
  const body = pool.take()
  state.depth = depth
  if (self !== undefined) {
    const value = construct(depth, body, self)
    if (machine.registers.op === null) pool.give(body)
    return value
  }
  const result = generatorNext(body, undefined)
  if (machine.registers.op === null) {
    pool.give(body)
    return result.value
  }
  link(new ReusableFrame(body, depth, pool))
  return PARK
}

function construct(depth: number, body: GreenBody, self: object): unknown {
  const { bySuper } = state
  state.bySuper = false
  const result = generatorNext(body, undefined)
  if (machine.registers.op === null) return result.value
  link(new ConstructorFrame(body, depth, self))
  if (bySuper) throw PARKED
  return PARK
}

/** What a constructor throws that has parked and was called by `super`. */
export const PARKED: object = {}

export { isObject, link, resumedValue } from './parked-frame.ts'
