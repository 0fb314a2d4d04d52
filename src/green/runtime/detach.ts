/**
 * Async functions that call what parks. Such a function stays native, and may be called by anybody, inside a task or not.
 * So what parks below it does not wait in the task that runs: the operation is not even started there. The frames that
 * are left on the way out become a task of their own, which starts it, and the async function awaits that task's end.
 */
import { machine, type Operation, PARK, spawn, type Task, yieldNow } from '../../core/index.ts'
import { call } from './calls.ts'
import { declareParking } from './compiled.ts'
import type { ParkedFrame } from './parked-frame.ts'
import { callees, state } from './state.ts'

/** What the register `op` holds meanwhile: there is something to unwind for. */
const DETACHED = {
  reason: 'a task of its own',
  install(): void {},
  uninstall(): void {},
  abandon(): void {},
}

let operation: Operation<unknown> | Task<unknown> | null = null

/** Parks a detached chain on `op`, which is started later. */
export function defer(op: Operation<unknown> | Task<unknown>): typeof PARK {
  operation = op
  machine.registers.op = DETACHED
  return PARK
}

/** Calls `fn` from an async function. */
export function callAsync(fn: unknown, self: unknown, ...args: unknown[]): unknown {
  return detached(fn, () => call(fn, self, ...args))
}

/** `new fn(…args)` in an async function. */
export function constructAsync(fn: new (...args: unknown[]) => unknown, ...args: unknown[]): unknown {
  return detached(fn, () => new fn(...args))
}

function detached(fn: unknown, enterIt: () => unknown): unknown {
  return aside((depth) => {
    state.detached = true
    callees[depth] = fn
    state.next = depth
    return enterIt()
  })
}

/** Begins a chain above all that is active: nothing of theirs is written over. */
function aside<T>(begin: (depth: number) => T): T {
  const { base, floor, detached } = state
  const depth = callees.length
  state.base = depth
  state.floor = depth
  state.detached = false
  try {
    return begin(depth)
  } finally {
    callees.length = depth
    state.base = base
    state.floor = floor
    state.detached = detached
    state.next = 0
  }
}

/**
 * The task that goes on with the frames which an async function has just got out of its way. It takes its first step at
 * once: from then on it has them, and a cancel runs their `finally` blocks.
 */
export function detach(): Task<unknown> {
  const { registers } = machine
  const { top, tail } = registers
  const op = operation as Operation<unknown>
  operation = null
  registers.op = null
  registers.top = null
  registers.tail = null
  const start = function detached(): unknown {
    state.next = 0
    const waiting = started(op)
    if (top === null || tail === null) return waiting.parked ? PARK : waiting.next().value
    ;(top as ParkedFrame).pending = waiting
    const now = machine.registers
    if (now.tail === null) now.top = top
    else now.tail.below = top
    now.tail = tail
    return PARK
  }
  return aside(() => spawn.eager(declareParking(start) as () => unknown, { name: top?.name ?? op.constructor.name }))
}

interface Started {
  parked: boolean
  next(value?: unknown): IteratorResult<unknown, unknown>
  throw?(error: unknown): IteratorResult<unknown, unknown>
  return?(value?: unknown): IteratorResult<unknown, unknown>
}

/** Starts an operation. One that is ready at once lets its frames go on a turn later. */
function started(op: Operation<unknown>): Started {
  let ready: () => IteratorResult<unknown, unknown>
  try {
    const iterator = op[Symbol.iterator]() as unknown as Started
    const result = iterator.next()
    if (!result.done) return iterator
    const { value } = result
    ready = () => ({ value, done: true })
  } catch (error) {
    ready = () => {
      throw error
    }
  }
  const turn = yieldNow() as unknown as Started
  turn.next()
  return { parked: true, next: () => ready() }
}
