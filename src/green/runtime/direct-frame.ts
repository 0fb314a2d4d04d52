/**
 * Functions that were compiled the direct way (compile/direct): they run as plain functions, and make a frame only when
 * something below them has parked. The frame has what it takes to call the function once more, which then goes on from
 * its place.
 */
import { machine } from '../../core/index.ts'
import { call } from './calls.ts'
import { failure, isObject, link, ParkedFrame } from './parked-frame.ts'
import { textBefore } from './standing.ts'
import { state } from './state.ts'

/** In `state.next`: the call is not a new one, but goes on with `state.resuming`. */
const AGAIN = -1

/** What is thrown at the place of a frame that is to return: `finally` blocks run, and each `catch` lets it pass. */
export const RETURNING: object = Object.freeze(Object.create(null))

/** How a frame ends; the engine reads it at once. */
const ENDED: { value: unknown; done: true } = { value: undefined, done: true }

/** A parked activation of a function that was compiled the direct way. */
export class DirectFrame extends ParkedFrame {
  readonly place: number
  /** Its variables, of which those are up to date that are needed behind its place. */
  readonly saved: readonly unknown[]
  /** What the call at its place gives. */
  value: unknown
  private readonly self: unknown
  /** It was called by `new`. */
  private readonly made: boolean

  constructor(depth: number, place: number, saved: readonly unknown[], self: unknown, made: boolean) {
    super(depth)
    this.place = place
    this.saved = saved
    this.value = undefined
    this.self = self
    this.made = made
  }

  get passed(): string | null {
    return textBefore(this.source, this.place)
  }

  protected proceed(value: unknown): IteratorResult<unknown, unknown> {
    this.value = value
    state.resuming = this
    state.next = AGAIN
    let result: unknown
    try {
      result = call(this.source, this.self)
    } catch (error) {
      if (error !== RETURNING) throw error
      result = undefined
    }
    if (machine.registers.op !== null) return this.parkedAgain()
    ENDED.value = this.made && !isObject(result) ? this.self : result
    return ENDED
  }

  protected leave(): IteratorResult<unknown, unknown> {
    return this.proceed(failure(RETURNING))
  }
}

/** The frame of an activation that finds it was called to go on. */
export function resuming(): DirectFrame {
  const { resuming } = state
  state.resuming = null
  state.next = 0
  return resuming as DirectFrame
}

/** An activation at `depth` leaves for the first time, because what it called has parked. */
export function leave(depth: number, place: number, saved: readonly unknown[], self?: unknown, target?: unknown): true {
  link(new DirectFrame(depth, place, saved, self, target !== undefined))
  return true
}
