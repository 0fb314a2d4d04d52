/**
 * Theory of operation: how plain calls park.
 *
 * Compiled code calls plainly, and looks after each call whether the callee parked:
 *
 *     (s.callees[d] = f, s.next = d, t = f(x), s.machine.registers.op !== null ? value(yield) : t)
 *
 * A function that may park is a plain *wrapper* around a generator with its body. `enter` runs the generator in the
 * caller's own step. If it ends, that is the value, and nothing else happened. If somewhere below a blocking primitive
 * parked (the register `op` says so), each generator on the way out yields, and `enter` makes a `GreenFrame` of it, puts
 * it on the engine's list `top … tail` as `Call` does, and answers `PARK`. So the native stack unwinds by plain returns,
 * and the engine later resumes the innermost frame alone.
 *
 * Every native or uncompiled function on that way would take `PARK` for a value. So nothing parks where there is one:
 *
 *   - An activation has a depth. 1 and up: it was called by compiled code, or by the engine. 0: *barred*.
 *   - A call site writes its callee to `callees[depth]`, then its depth to `next`, after all arguments were evaluated:
 *     it *announces* the call. Nothing runs between the announcement and the callee's first instruction.
 *   - A wrapper first of all takes the announcement: its depth is `next + 1`, or 0 if `next` is 0, and `next` becomes 0.
 *   - The engine announces too: `entering` for the function a task or a call starts with, at the depth `floor`; a frame
 *     that is resumed has its depth already, and says so in `base`.
 *   - A primitive that is about to park looks at `callees[base … depth]`: each must be a compiled function or a
 *     primitive. If not, or if it was called with 0, it throws `NativeFrameError`, and has not started anything.
 *
 * Why this is sound. Let a wrapper W take an announcement n that was not meant for it, because something native stands
 * between it and the call site. All compiled functions and primitives take the announcement that is meant for them
 * before they run any other code, so the function that n was meant for, `callees[n]`, is neither, and W is refused. The
 * one exception is a callee that throws before its first instruction (a class called without `new`): so every `catch` and
 * `finally` of compiled code clears `next`. A native function that passes calls on (`next` of a generator, `call`, `map`)
 * is never announced itself: the call site asks for its twin, which takes the announcement and makes its own.
 */
import { type Callable, machine } from '../../core/index.ts'

class State {
  /** The depth of the announcing activation; 0: nobody announced; below: the callee is to go on (direct-frame.ts). */
  next = 0
  /** The depth of the activation that `enter` is about to run: its generator reads it at once. */
  depth = 0
  /** What else the generator needs that only its wrapper has: `new.target`, access to `super`. Read with `depth`. */
  extra: unknown = undefined
  /** … and what a derived constructor needs. */
  construction: unknown = null
  /** `this` and the parameters of a body that begins again (body-pool.ts). Read with `depth`. */
  self: unknown = undefined
  p0: unknown = undefined
  p1: unknown = undefined
  p2: unknown = undefined
  p3: unknown = undefined
  /** What a constructor that is called once more by `super` is to give. */
  made: object | null = null
  /** `super` is about to call a constructor: one that parks throws, since what it gave would be taken for the object. */
  bySuper = false
  /** The chain began in an async function: it does not wait in the task that runs, if any does. */
  detached = false
  /** Below this depth all has been verified, or is of another chain. */
  base = 1
  /** The depth at which the engine announces. */
  floor = 1
  /** The announcement that the primitive which runs has taken. */
  given = 0
  /** The operation that parked, until the innermost frame has taken it. */
  pending: Pending | null = null
  /** The CommonJS module whose body runs where it cannot park. */
  importing: string | null = null
  /** What a frame throws where it is resumed. */
  error: unknown = undefined
  /** What the activation at each depth has called last. Index 0 is that of all barred ones. */
  readonly callees: unknown[] = [undefined]
  /** Whose register `op` says whether a call has parked. */
  readonly machine = machine
}

/** A started operation: is given the value, or the error, that it has waited for. */
export interface Pending {
  next(value: unknown): IteratorResult<unknown, unknown>
  throw?(error: unknown): IteratorResult<unknown, unknown>
  return?(value?: unknown): IteratorResult<unknown, unknown>
}

/** The generator that a compiled function's body is. What it yields means nothing. */
export type GreenBody = Generator<unknown, unknown, unknown>

/** The state of this thread. */
export const state: State = new State()

/** The list itself. */
export const { callees } = state

machine.entering = (source: Callable): void => {
  const { floor } = state
  state.base = floor
  callees[floor] = source
  state.next = floor
}
