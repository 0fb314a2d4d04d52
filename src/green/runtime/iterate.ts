/**
 * Iteration of compiled code: `for…of`, spread and `yield*` over anything, where the iterator may be a generator that parks.
 */
import { machine } from '../../core/index.ts'
import { call, twin } from './calls.ts'
import { declareParking, parks } from './compiled.ts'
import { RETURNING } from './direct-frame.ts'
import { enter, isObject, resumedValue } from './frame.ts'
import { callees, type GreenBody, state } from './state.ts'

interface Iterating {
  next(value?: unknown): unknown
  return?(value?: unknown): unknown
  throw?(error?: unknown): unknown
}

/** Where an iteration stands. */
export class Cursor {
  readonly iterator: Iterating
  readonly next: unknown
  value: unknown = undefined
  /** It has to be closed when it is left. */
  open = false

  constructor(iterator: Iterating) {
    this.iterator = iterator
    this.next = iterator.next
  }
}

/** That of an array, whose iterator nobody has changed. */
class ArrayCursor extends Cursor {
  readonly list: unknown[]
  index = 0

  constructor(list: unknown[]) {
    super(list as never)
    this.list = list
  }
}

const arrayIterator = Array.prototype[Symbol.iterator]
const arrayIteration = Object.getPrototypeOf([][Symbol.iterator]()) as Iterating
const arrayNext = arrayIteration.next

/** True if iterating over `value` is counting up an index. */
export function isPlainArray(value: unknown): value is unknown[] {
  return (
    Array.isArray(value) &&
    (value as { [Symbol.iterator]: unknown })[Symbol.iterator] === arrayIterator &&
    arrayIteration.next === arrayNext
  )
}

function* opening(method: unknown, iterable: unknown): GreenBody {
  const { depth } = state
  callees[depth] = method
  state.next = depth
  let iterator = call(method, iterable)
  if (machine.registers.op !== null) iterator = resumedValue(yield)
  return cursorOf(iterator)
}

function cursorOf(iterator: unknown): Cursor {
  if (!isObject(iterator)) throw new TypeError('Result of the Symbol.iterator method is not an object')
  return new Cursor(iterator as Iterating)
}

function taken(): number {
  const announced = state.next
  state.next = 0
  return announced
}

/** The iterator of `iterable`, as the cursor of a loop. */
export const open: (iterable: unknown) => unknown = declareParking(function open(iterable: unknown): unknown {
  const announced = taken()
  return isPlainArray(iterable) ? new ArrayCursor(iterable) : opened(announced, iterable)
})

/** The same, whatever it is. */
export const iterate: (iterable: unknown) => unknown = declareParking(function iterate(iterable: unknown): unknown {
  return opened(taken(), iterable)
})

function opened(announced: number, iterable: unknown): unknown {
  const method = (iterable as Iterable<unknown>)[Symbol.iterator] as unknown
  if (typeof method !== 'function') throw new TypeError(`${describe(iterable)} is not iterable`)
  return parks(method) ? enter(announced, 0, opening(method, iterable)) : cursorOf(call(method, iterable))
}

function* advancing(cursor: Cursor): GreenBody {
  const { depth } = state
  const next = twin(cursor.next)
  callees[depth] = next
  state.next = depth
  let result = call(next, cursor.iterator)
  if (machine.registers.op !== null) result = resumedValue(yield)
  return arrived(cursor, result)
}

function arrived(cursor: Cursor, result: unknown): boolean {
  if (!isObject(result)) throw new TypeError(`Iterator result ${String(result)} is not an object`)
  const { done } = result as IteratorResult<unknown>
  if (done) return false
  cursor.value = (result as IteratorResult<unknown>).value
  cursor.open = true
  return true
}

/** Goes on to the next value; false if there is none. */
export const advance: (cursor: Cursor) => unknown = declareParking(function advance(cursor: Cursor): unknown {
  const announced = taken()
  if (cursor instanceof ArrayCursor) {
    if (cursor.index >= cursor.list.length) return false
    cursor.value = cursor.list[cursor.index++]
    return true
  }
  cursor.open = false
  return parks(twin(cursor.next))
    ? enter(announced, 0, advancing(cursor))
    : arrived(cursor, call(cursor.next, cursor.iterator))
})

function* closing(cursor: Cursor, quiet: boolean): GreenBody {
  const { depth } = state
  cursor.open = false
  try {
    const method = twin(cursor.iterator.return)
    if (method === undefined || method === null) return undefined
    callees[depth] = method
    state.next = depth
    let result = call(method, cursor.iterator)
    if (machine.registers.op !== null) result = resumedValue(yield)
    if (!quiet && !isObject(result)) throw new TypeError(`${String(result)} is not an object`)
  } catch (error) {
    state.next = 0
    if (!quiet) throw error
  }
  return undefined
}

/** Leaves an iteration that is not over. */
export const close: (cursor: Cursor) => unknown = declareParking(function close(cursor: Cursor): unknown {
  return enter(taken(), 0, closing(cursor, false))
})

/** The same, because of an error, which matters more than what closing fails with. */
export const fail: (cursor: Cursor) => unknown = declareParking(function fail(cursor: Cursor): unknown {
  return enter(taken(), 0, closing(cursor, true))
})

/** Either of the two, for what has been thrown in the loop. */
export const abandon: (cursor: Cursor, error: unknown) => unknown = declareParking(function abandon(
  cursor: Cursor,
  error: unknown,
): unknown {
  return enter(taken(), 0, closing(cursor, error !== RETURNING))
})

function* listing(iterable: unknown): GreenBody {
  const { depth } = state
  const items: unknown[] = []
  callees[depth] = iterate
  state.next = depth
  let cursor = iterate(iterable) as Cursor
  if (machine.registers.op !== null) cursor = resumedValue(yield) as Cursor
  for (;;) {
    callees[depth] = advance
    state.next = depth
    let more = advance(cursor)
    if (machine.registers.op !== null) more = resumedValue(yield)
    if (!more) return items
    items.push(cursor.value)
  }
}

function* taking(iterable: unknown, count: number): GreenBody {
  const { depth } = state
  const cursor = cursorOf(iterable)
  const items: unknown[] = []
  while (items.length < count) {
    callees[depth] = advance
    state.next = depth
    let more = advance(cursor)
    if (machine.registers.op !== null) more = resumedValue(yield)
    if (!more) return items
    items.push(cursor.value)
  }
  callees[depth] = close
  state.next = depth
  close(cursor)
  if (machine.registers.op !== null) resumedValue(yield)
  return items
}

/** The first `count` values of a generator that may park, for a pattern; anything else as it is. */
export const take: (iterable: unknown, count: number) => unknown = declareParking(function take(
  iterable: unknown,
  count: number,
): unknown {
  const announced = taken()
  return isGenerator(iterable) ? enter(announced, 0, taking(iterable, count)) : iterable
})

const generatorPrototype: object = Object.getPrototypeOf(function* () {}).prototype

function isGenerator(value: unknown): boolean {
  return isObject(value) && Object.prototype.isPrototypeOf.call(generatorPrototype, value)
}

/** All that an iterable gives; an array as it is. */
export const list: (iterable: unknown) => unknown = declareParking(function list(iterable: unknown): unknown {
  const announced = taken()
  return isPlainArray(iterable) ? iterable : enter(announced, 0, listing(iterable))
})

function describe(value: unknown): string {
  return value === null || typeof value !== 'object' ? String(value) : 'the object'
}
