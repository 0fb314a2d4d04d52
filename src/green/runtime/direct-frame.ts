/**
 * Functions that were compiled the direct way (compile/direct): they run as plain functions, and make a frame only when
 * something below them has parked. The frame has what it takes to call the function once more, which then goes on from
 * its place.
 */
import { machine as theMachine } from '../../core/index.ts'
import { call as theCall } from './calls.ts'
import { ended, failure, isObject, link, ParkedFrame } from './parked-frame.ts'
import { textBefore } from './standing.ts'
import { type Pending, callees as theCallees, state as theState } from './state.ts'

// Bound here once: V8 takes a constant of the module itself for what it is, and looks an imported one up at every use.
const machine = theMachine
const state = theState
const callees = theCallees
const call = theCall
const linkHere = link
const endedHere = ended

/** In `state.next`: the call is not a new one, but goes on with the register `resuming`. */
const AGAIN = -1

/** What is thrown at the place of a frame that is to return: `finally` blocks run, and each `catch` lets it pass. */
export const RETURNING: object = Object.freeze(Object.create(null))

/** A parked activation of a function that was compiled the direct way. */
export class DirectFrame extends ParkedFrame {
  readonly place: number
  /** Its variables, of which those are up to date that are needed behind its place. */
  readonly saved: readonly unknown[]
  /** What the call at its place gives. */
  value: unknown
  private readonly self: unknown
  /** What was called by `new`; undefined if it was called plainly. */
  private readonly target: unknown

  constructor(
    depth: number,
    source: unknown,
    pending: Pending | null,
    place: number,
    saved: readonly unknown[],
    self: unknown,
    target: unknown,
  ) {
    super(depth, source, pending)
    this.place = place
    this.saved = saved
    this.value = undefined
    this.self = self
    this.target = target
  }

  get passed(): string | null {
    return textBefore(this.source, this.place)
  }

  protected proceed(value: unknown): IteratorResult<unknown, unknown> {
    this.value = value
    machine.registers.resuming = this
    state.next = AGAIN
    let result: unknown
    try {
      // With fewer arguments than parameters V8 would have to make room for those that are missing.
      result = call(this.source, this.self, undefined, undefined, undefined, undefined)
    } catch (error) {
      if (error !== RETURNING) throw error
      result = undefined
    }
    if (machine.registers.op !== null) return this.parkedAgain()
    return endedHere(this.target !== undefined && !isObject(result) ? this.self : result)
  }

  protected leave(): IteratorResult<unknown, unknown> {
    return this.proceed(failure(RETURNING))
  }
}

const Direct = DirectFrame

/** An activation at `depth` leaves for the first time, because what it called has parked. */
export function leave(depth: number, place: number, saved: readonly unknown[], self?: unknown, target?: unknown): void {
  const source = callees[depth - 1]
  const { pending } = state
  state.pending = null
  linkHere(new Direct(depth, source, pending, place, saved, self, target))
}
