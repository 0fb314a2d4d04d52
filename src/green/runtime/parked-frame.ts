import {
  addCaller,
  type Frame,
  KIND,
  type Steppable,
  PARK as THE_PARK,
  machine as theMachine,
  type Unwind,
} from '../../core/index.ts'
import { type Pending, state as theState } from './state.ts'

// Bound here once: V8 takes a constant of the module itself for what it is, and looks an imported one up at every use.
const machine = theMachine
const PARK = THE_PARK
const state = theState

const FAILURE = {}

/** An activation of compiled code that is parked: a frame on the engine's stack. */
export abstract class ParkedFrame implements Frame, Steppable {
  below: Frame | null
  unwind: Unwind | null
  readonly depth: number
  protected readonly source: unknown
  /** The operation that it waits on, if no frame is above it. */
  pending: Pending | null

  /** `source`: the function that runs. Looked up before, so that V8 need not give the object each shape that it passes through. */
  constructor(depth: number, source: unknown, pending: Pending | null) {
    this.below = null
    this.unwind = null
    this.depth = depth
    this.source = source
    this.pending = pending
  }

  get body(): Steppable {
    return this
  }

  get native(): boolean {
    return false
  }

  get name(): string {
    const { name } = (this.source ?? {}) as { name?: string }
    // The body of a constructor (compile/direct/constructor.ts).
    return name?.replace(/^#\$+new_/, '') || 'anonymous'
  }

  get standing(): unknown {
    return this.source
  }

  /** For reports. */
  get [KIND](): string {
    return 'green'
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
    this.resume()
    return this.proceed(result)
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
    this.resume()
    return this.proceed(failure(reason))
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
    return this.leave(value)
  }

  left(): void {}

  /** Goes on, until it parks again or ends. `value` is for `resumedValue`. */
  protected abstract proceed(value: unknown): IteratorResult<unknown, unknown>
  /** Runs its `finally` blocks. */
  protected abstract leave(value: unknown): IteratorResult<unknown, unknown>

  /** Its answer if it parked again. */
  protected parkedAgain(): IteratorResult<unknown, unknown> {
    const { pending } = state
    if (pending !== null) {
      state.pending = null
      this.pending = pending
    }
    return PARK
  }

  private resume(): void {
    state.base = this.depth
    state.depth = this.depth
    state.next = 0
  }
}

/** The operation that has parked, for the innermost frame: those below it find none. */
export function takePending(): Pending | null {
  const { pending } = state
  state.pending = null
  return pending
}

/** What `resumedValue` is to be given so that it throws `error`. */
export function failure(error: unknown): unknown {
  state.error = error
  return FAILURE
}

const ENDED: { value: unknown; done: true } = { value: undefined, done: true }

/** How a frame ends; the engine reads it at once. */
export function ended(value: unknown): IteratorResult<unknown, unknown> {
  ENDED.value = value
  return ENDED
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

/** What a call gives that had parked: stands around the `yield` where it is resumed. */
export function resumedValue(value: unknown): unknown {
  if (value !== FAILURE) return value
  const { error } = state
  state.error = undefined
  addCaller(error, resumedValue)
  throw error
}
