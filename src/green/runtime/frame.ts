import { addCaller, type Frame, machine, PARK, type Steppable, type Unwind } from '../../core/index.ts'
import { callees, type Pending, state } from './state.ts'

/** The generator that a compiled function's body is. What it yields means nothing. */
export type GreenBody = Generator<unknown, unknown, unknown>

// As in core/call.ts: one function for all generators, and no look-up.
const generator = Object.getPrototypeOf(function* () {}).prototype as GreenBody
const generatorNext = generator.next
const generatorReturn = generator.return

const FAILURE = {}

/** An activation of compiled code that is parked: a frame on the engine's stack. */
export class GreenFrame implements Frame, Steppable {
  below: Frame | null
  unwind: Unwind | null
  readonly body: Steppable
  protected readonly generator: GreenBody
  private readonly depth: number
  private readonly source: unknown
  /** The operation that it waits on, if no frame is above it. */
  pending: Pending | null

  constructor(generator: GreenBody, depth: number) {
    this.below = null
    this.unwind = null
    this.body = this
    this.generator = generator
    this.depth = depth
    this.source = callees[depth - 1]
    this.pending = state.pending
    state.pending = null
  }

  get name(): string {
    return (this.source as { name?: string } | undefined)?.name || 'anonymous'
  }

  resumed(value: unknown): IteratorResult<unknown, unknown> {
    const { pending } = this
    let result = value
    if (pending !== null) {
      this.pending = null
      try {
        result = pending.next(value).value
      } catch (error) {
        state.error = error
        result = FAILURE
      }
    }
    return this.step(result)
  }

  failed(error: unknown): IteratorResult<unknown, unknown> {
    const { pending } = this
    let reason = error
    if (pending !== null) {
      this.pending = null
      try {
        pending.throw?.(error)
      } catch (thrown) {
        reason = thrown
      }
    }
    state.error = reason
    return this.step(FAILURE)
  }

  next(value: unknown): IteratorResult<unknown, unknown> {
    return this.resumed(value)
  }

  throw(error: unknown): IteratorResult<unknown, unknown> {
    return this.failed(error)
  }

  return(value: unknown): IteratorResult<unknown, unknown> {
    const { pending } = this
    if (pending !== null) {
      this.pending = null
      pending.return?.()
    }
    // What `finally` blocks wait for parks in this very frame: there is no native delegation to be wary of.
    machine.registers.returning = false
    this.resume()
    return this.after(generatorReturn.call(this.generator, value))
  }

  left(): void {}

  /** What the frame below is given. */
  protected result(value: IteratorResult<unknown, unknown>): IteratorResult<unknown, unknown> {
    return value
  }

  private step(value: unknown): IteratorResult<unknown, unknown> {
    this.resume()
    return this.after(generatorNext.call(this.generator, value))
  }

  private resume(): void {
    state.base = this.depth
    state.depth = this.depth
    state.next = 0
  }

  private after(result: IteratorResult<unknown, unknown>): IteratorResult<unknown, unknown> {
    if (machine.registers.op === null) return this.result(result)
    // If there are frames above this one, the innermost has it.
    this.pending = state.pending
    state.pending = null
    return PARK
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
    return { value: isObject(result.value) ? result.value : this.self, done: true }
  }
}

/** True for what a constructor may return in place of `this`. */
export function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function'
}

/** Puts a frame on the list of those that were entered in this step. */
export function link(frame: Frame): void {
  const { registers } = machine
  if (registers.tail === null) registers.top = frame
  else registers.tail.below = frame
  registers.tail = frame
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
  const result = generatorNext.call(body, undefined)
  if (machine.registers.op === null) return result.value
  link(new GreenFrame(body, depth))
  return PARK
}

function construct(depth: number, body: GreenBody, self: object): unknown {
  const { bySuper } = state
  state.bySuper = false
  const result = generatorNext.call(body, undefined)
  if (machine.registers.op === null) return result.value
  link(new ConstructorFrame(body, depth, self))
  if (bySuper) throw PARKED
  return PARK
}

/** What a constructor throws that has parked and was called by `super`. */
export const PARKED: object = {}

/** What a call gives that had parked: stands around the `yield` where it is resumed. */
export function resumedValue(value: unknown): unknown {
  if (value !== FAILURE) return value
  const { error } = state
  state.error = undefined
  addCaller(error, resumedValue)
  throw error
}
