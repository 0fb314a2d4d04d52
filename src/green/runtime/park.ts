import {
  type Operation,
  type Task,
  PARK as THE_PARK,
  PLAIN_TURN as THE_PLAIN_TURN,
  machine as theMachine,
  UsageError,
  yieldNow,
} from '../../core/index.ts'
import { declareParking, parks } from './compiled.ts'
import { defer } from './detach.ts'
import { GreenFrame, link } from './frame.ts'
import { NativeFrameError } from './native-frame-error.ts'
import { type GreenBody, callees as theCallees, state as theState } from './state.ts'

// Bound here once: V8 takes a constant of the module itself for what it is, and looks an imported one up at every use.
const machine = theMachine
const PARK = THE_PARK
const PLAIN_TURN = THE_PLAIN_TURN
const state = theState
const callees = theCallees

/**
 * Makes a blocking function of a plain one that ends in `return park(operation)`, or does not park at all: only such a
 * function may call `park`. It keeps its name and its `length`.
 */
export function parkable<A extends readonly unknown[], R>(source: (this: unknown, ...args: A) => R): (...args: A) => R {
  const compiled = parks(source)
  const blocking = function (this: unknown, ...args: A): R {
    const announced = state.next
    // What runs before it parks (the order of a queue, an iterable of what to wait for) may call another such function.
    const outer = state.given
    state.next = 0
    state.given = announced
    if (compiled && announced !== 0) {
      // Its activation may leave a frame, which needs to know whose it is.
      callees[announced + 1] = source
      state.next = announced + 1
    }
    let value: R
    try {
      value = source.apply(this, args as never)
    } catch (error) {
      state.given = outer
      throw error
    }
    // Not in a `finally`, which would cost each call a dozen instructions more.
    state.given = outer
    return value
  }
  Object.defineProperty(blocking, 'name', { value: source.name, configurable: true })
  Object.defineProperty(blocking, 'length', { value: source.length, configurable: true })
  return declareParking(blocking)
}

/**
 * Waits for an operation, or a task, in plain code: gives its value, or throws what it fails with. The last thing that a
 * `parkable` function does. Throws a `NativeFrameError`, and starts nothing, where code that cannot be suspended stands
 * between here and the task.
 */
export function park<T>(operation: Operation<T> | Task<T>): T {
  // If the function that calls it was compiled, it announces that.
  const depth = state.next !== 0 ? state.next : state.given
  const named = state.given !== 0 ? state.given : depth
  state.given = 0
  state.next = 0
  if (machine.task === null && state.detached === false)
    throw new UsageError(
      state.importing === null
        ? 'a blocking call was made outside any task: start the program with `fibril run`, or wrap it in `run(() => …)`'
        : `${state.importing} makes a blocking call as it is imported, which a CommonJS module cannot wait for: make an ES module of it, require it by its path, or make the call in a function`,
    )
  verify(depth, named)
  const { base, floor } = state
  if (state.detached === true) {
    if (depth === floor) link(new GreenFrame(passOn(), depth + 1))
    return defer(operation) as T
  }
  state.floor = depth + 1
  const iterator = operation[Symbol.iterator]() as Iterator<unknown, unknown, unknown>
  let result: IteratorResult<unknown, unknown>
  try {
    result = iterator.next()
  } catch (error) {
    restore(floor, base)
    throw error
  }
  restore(floor, base)
  if (result.done === true) return result.value as T
  state.pending = iterator
  // The engine itself called the primitive: there is no frame that could remember the operation.
  if (depth === floor) link(new GreenFrame(passOn(), depth + 1))
  return PARK as T
}

declareParking(park)

const turn = parkable(() => park(yieldNow()))

/** The same as `turn`; but mostly there is nothing to be made, or asked later: the engine is told, and that is all. */
export const giveWay: () => void = declareParking(function yieldNow(): void {
  const { next: depth, floor, detached } = state
  const { registers } = machine
  const { task, op, returning } = registers
  if (depth <= floor || task === null || op !== null || detached === true || returning === true) return turn()
  state.next = 0
  // What is called there is this function.
  for (let at = state.base; at < depth; at++) if (callees[at] !== latest[at]) verifyAt(at, depth)
  if (callees[depth] !== giveWay) verifyAt(depth, depth)
  registers.op = PLAIN_TURN
  return PARK as never
})

function restore(floor: number, base: number): void {
  state.floor = floor
  state.base = base
  state.next = 0
}

/** What was found at each depth, the last and the one before: mostly it is the same again, or two tasks take turns. */
const latest: unknown[] = []
const former: unknown[] = []

/** Throws a `NativeFrameError` unless all that is between the activation at `depth` and the engine can be suspended. */
function verify(depth: number, named: number): void {
  if (depth === 0) throw new NativeFrameError(nameOf(callees[0]), culprit())
  for (let at = state.base; at <= depth; at++) if (callees[at] !== latest[at]) verifyAt(at, named)
}

function verifyAt(at: number, named: number): void {
  const callee = callees[at]
  if (callee === former[at]) return
  if (!parks(callee)) throw new NativeFrameError(nameOf(callees[named]), callee)
  former[at] = latest[at]
  latest[at] = callee
}

/** What barred the innermost activation: the first function of the chain that cannot be suspended, and is still running. */
function culprit(): unknown {
  const running = stackHere()
  for (let at = state.base; at < callees.length; at++) {
    const callee = callees[at]
    if (typeof callee === 'function' && !parks(callee) && (callee.name === '' || running.includes(callee.name)))
      return callee
  }
  return undefined
}

/** What each depth has called last may have returned long ago. */
function stackHere(): string {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 200
  const { stack } = new Error()
  if (stackTraceLimit !== undefined) Error.stackTraceLimit = stackTraceLimit
  return String(stack)
}

function nameOf(callee: unknown): string {
  return (typeof callee === 'function' && callee.name) || 'the blocking call'
}

function* startedPassing(): GreenBody {
  return yield
}

function passOn(): GreenBody {
  const body = startedPassing()
  body.next()
  return body
}
