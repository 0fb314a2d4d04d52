/**
 * Generators of compiled code, resumed by compiled code. The builtin `next` would be a native frame between the two; its
 * twin here is the frame instead: if the generator parks, it is the generator itself that is put on the engine's list, and
 * the value of that frame is what `next` answers.
 *
 * Each such generator has a *cell* with the depth of its activation. It is 0, barred, from each `yield` of the user's
 * until a twin resumes it. At its start it takes a cell for itself; that it was started by a twin directly, and not by
 * native code in between, is seen on the stack the first time, and known by its prototype from then on.
 */
import { machine, PARK } from '../../core/index.ts'
import { call, twin, twins } from './calls.ts'
import { declareParking, parks } from './compiled.ts'
import { GreenFrame, isObject, link, resumedValue } from './frame.ts'
import { type Cursor, iterate } from './iterate.ts'
import { callees, type GreenBody, state } from './state.ts'

/** The activation of a generator of compiled code. */
export class Cell {
  depth = 0
  /** What it was asked to return with, while something that it delegates to has not ended. */
  returned: unknown = undefined
  /** What the twin that resumed it is to answer with, in place of what it yields. */
  signal: unknown = null
}

const prototype = Object.getPrototypeOf(function* () {}).prototype as GreenBody
const cells = new WeakMap<object, Cell>()
const prototypes = new WeakSet<object>()
const REISSUE = Symbol('return once more')

let starting: { readonly body: GreenBody; readonly depth: number } | null = null

/** What a generator of compiled code begins with. */
export function begin(): Cell {
  const cell = new Cell()
  if (starting === null) return cell
  const { body, depth } = starting
  const kind = Object.getPrototypeOf(body) as object
  if (!prototypes.has(kind)) {
    if (!startedByTwin()) return cell
    prototypes.add(kind)
  }
  starting = null
  cell.depth = depth
  cells.set(body, cell)
  return cell
}

const mark = 'fibril:resume'

/** True if only the generator and the builtin stand between `begin` and the twin. */
function startedByTwin(): boolean {
  const { prepareStackTrace, stackTraceLimit } = Error
  const site: { stack?: unknown } = {}
  Error.prepareStackTrace = (_, sites) => sites
  Error.stackTraceLimit = 4
  try {
    Error.captureStackTrace?.(site, begin)
    const sites = site.stack as { getFunctionName?(): string | null }[]
    return Array.isArray(sites) && sites.slice(0, 3).some((call) => call.getFunctionName?.()?.includes(mark))
  } finally {
    Error.prepareStackTrace = prepareStackTrace
    if (stackTraceLimit !== undefined) Error.stackTraceLimit = stackTraceLimit
  }
}

type Resume = (this: GreenBody, value: unknown) => IteratorResult<unknown, unknown>

const engine = {
  [mark](resume: Resume, body: GreenBody, value: unknown): IteratorResult<unknown, unknown> {
    return resume.call(body, value)
  },
}

class IteratorFrame extends GreenFrame {
  protected override result(result: IteratorResult<unknown, unknown>): IteratorResult<unknown, unknown> {
    return { value: answered(this.generator, result), done: true }
  }
}

/**
 * What a twin answers. What `yield*` passes on is passed on as it is, and a delegate that was asked to return, and had to park
 * for it, wants to be asked once more.
 */
function answered(body: GreenBody, result: IteratorResult<unknown, unknown>): IteratorResult<unknown, unknown> {
  const cell = cells.get(body)
  if (cell === undefined || cell.signal === null) return result
  const { signal } = cell
  cell.signal = null
  return signal === REISSUE ? prototype.return.call(body, cell.returned) : (signal as IteratorResult<unknown, unknown>)
}

function resumer(resume: Resume, name: string): (this: GreenBody, value: unknown) => unknown {
  const resumed = function (this: GreenBody, value: unknown): unknown {
    const announced = state.next
    state.next = 0
    if (announced === 0) return resume.call(this, value)
    const depth = announced + 1
    callees[depth] = resumed
    const cell = cells.get(this)
    if (cell !== undefined) {
      cell.depth = depth + 1
      cell.returned = value
    } else starting = { body: this, depth: depth + 1 }
    let result: IteratorResult<unknown, unknown>
    try {
      result = engine[mark](resume, this, value)
    } finally {
      starting = null
    }
    if (machine.registers.op === null) {
      const answer = answered(this, result)
      if (machine.registers.op === null) return answer
    }
    link(new IteratorFrame(this, depth + 1))
    return PARK
  }
  Object.defineProperty(resumed, 'name', { value: name, configurable: true })
  declareParking(resumed)
  twins.set(resume, resumed)
  return resumed
}

/** The twins of the three builtins. */
export const next: ReturnType<typeof resumer> = resumer(prototype.next as Resume, 'next')
resumer(prototype.return as Resume, 'return')
resumer(prototype.throw as Resume, 'throw')

const NEXT = 0
const THROW = 1
const RETURN = 2

const arrayIterator = Array.prototype[Symbol.iterator]
/** That of iterators, generators among them. */
const itself = plainValue(prototype, Symbol.iterator)

/** What `yield*` of compiled code delegates to: what is iterated itself, unless that may park. */
export function delegate(cell: Cell, iterable: unknown): unknown {
  const method = iterationOf(iterable)
  if (typeof method !== 'function' || method === arrayIterator) return iterable
  if (parks(twin(method))) return delegating(cell, iterable)
  const iterator = call(method, iterable)
  const made = { [Symbol.iterator]: () => iterator }
  return steps.some((step) => parks(twin(plainValue(iterator, step)))) ? delegating(cell, made) : made
}

const steps = ['next', 'return', 'throw'] as const

/** The method that iterates over a value; for a generator, its `next`. */
function iterationOf(iterable: unknown): unknown {
  const method = plainValue(iterable, Symbol.iterator)
  return method === itself && plainValue(iterable, 'next') === prototype.next ? prototype.next : method
}

/** The value of a property, found without running anything. */
function plainValue(object: unknown, key: PropertyKey): unknown {
  for (let at = object; isObject(at); at = Object.getPrototypeOf(at)) {
    const own = Object.getOwnPropertyDescriptor(at, key)
    if (own !== undefined) return own.value
  }
  return undefined
}

/** Unlike the native `yield*` it returns exactly, also where what it delegates to waits in a `finally`. */
function* delegating(cell: Cell, iterable: unknown): GreenBody {
  callees[cell.depth] = iterate
  state.next = cell.depth
  let cursor = iterate(iterable) as Cursor
  if (machine.registers.op !== null) cursor = resumedValue(yield) as Cursor
  const { iterator } = cursor
  let mode = NEXT
  let method: unknown = cursor.next
  let received: unknown
  for (;;) {
    const depth = cell.depth
    const resumed = twin(method)
    callees[depth] = resumed
    state.next = depth
    let result = call(resumed, iterator, received) as IteratorResult<unknown, unknown>
    if (machine.registers.op !== null) result = resumedValue(yield) as IteratorResult<unknown, unknown>
    for (;;) {
      if (!isObject(result)) throw new TypeError(`Iterator result ${String(result)} is not an object`)
      if (result.done) {
        if (mode !== RETURN) return result.value
        cell.returned = result.value
        cell.signal = REISSUE
        yield undefined
      }
      let passed: unknown
      if (cell.depth !== 0) cell.signal = result
      else passed = result.value
      cell.depth = 0
      mode = RETURN
      try {
        received = yield passed
        mode = NEXT
        method = cursor.next
        break
      } catch (error) {
        state.next = 0
        mode = THROW
        received = error
        method = iterator.throw
        if (method === undefined || method === null) throw yield* missingThrow(cell, iterator)
        break
      } finally {
        method = mode === RETURN ? iterator.return : method
        if (mode === RETURN && method !== undefined && method !== null) {
          received = cell.returned
          cell.returned = undefined
          // biome-ignore lint/correctness/noUnsafeFinally: the return is issued again when the inner one has ended
          if (cell.depth !== 0) break
          result = call(method, iterator, received) as IteratorResult<unknown, unknown>
          // biome-ignore lint/correctness/noUnsafeFinally: what the inner one returns with is what this returns with
          if (result.done) return result.value
        }
      }
    }
  }
}

/** What has no `throw` is closed, and that is the error. */
function* missingThrow(cell: Cell, iterator: Cursor['iterator']): Generator<unknown, TypeError, unknown> {
  const method = iterator.return
  if (method !== undefined && method !== null) {
    const resumed = twin(method)
    callees[cell.depth] = resumed
    state.next = cell.depth
    let result = call(resumed, iterator)
    if (machine.registers.op !== null) result = resumedValue(yield)
    if (!isObject(result)) throw new TypeError(`Iterator result ${String(result)} is not an object`)
  }
  return new TypeError("The iterator does not provide a 'throw' method")
}
