/**
 * The helpers of iterators, where the platform has them. A lazy one whose callback parks, or which goes over something that
 * does, is an object of the same kind with a `next` of its own. What it does is what the standard says of the builtin: the
 * source is closed when the helper is left, and when its callback throws.
 */
import { machine } from '../../../core/index.ts'
import { call, twin } from '../calls.ts'
import { declareParking, parks } from '../compiled.ts'
import { enter, isObject, resumedValue } from '../frame.ts'
import { advance, Cursor, close, fail, iterate } from '../iterate.ts'
import { callees, type GreenBody, state } from '../state.ts'
import { register } from './register.ts'

type Callback = (...args: unknown[]) => unknown
type Kind = 'map' | 'filter' | 'flatMap' | 'take' | 'drop' | 'from'
type Natives = Record<string, Callback | undefined>

const { Iterator } = globalThis as { readonly Iterator?: { readonly prototype: object; readonly from: Callback } }
const natives = (Iterator?.prototype ?? {}) as Natives

/** What a helper knows. */
interface Helper {
  readonly kind: Kind
  readonly source: Cursor
  readonly callback: Callback
  /** For `take` and `drop`: how many are left. */
  left: number
  count: number
  /** For `flatMap`: what is gone through now. */
  inner: Cursor | null
  running: boolean
  over: boolean
}

const helpers = new WeakMap<object, Helper>()
const DONE = { value: undefined, done: true } as const

function helperOf(self: object): Helper {
  const helper = helpers.get(self)
  if (helper === undefined) throw new TypeError('this is not an iterator helper')
  if (helper.running) throw new TypeError('Generator is already running')
  return helper
}

function taken(): number {
  const announced = state.next
  state.next = 0
  return announced
}

const methods = {
  next: declareParking(function next(this: object): unknown {
    const announced = taken()
    const helper = helperOf(this)
    return helper.over ? { ...DONE } : enter(announced, 0, running(helper, stepping))
  }),
  return: declareParking(function (this: object): unknown {
    const announced = taken()
    const helper = helperOf(this)
    return helper.over ? { ...DONE } : enter(announced, 0, running(helper, leaving))
  }),
}
Object.defineProperty(methods.return, 'name', { value: 'return', configurable: true })

const helperPrototype: object = Object.create(
  natives['take'] === undefined
    ? Object.prototype
    : Object.getPrototypeOf(call(natives['take'], [][Symbol.iterator](), 0)),
  Object.fromEntries(
    Object.entries(methods).map(([name, value]) => [name, { value, writable: true, configurable: true }]),
  ),
)

/** One thing at a time, and nothing after a failure. Delegated to: what it delegates to has no `finally` that parks. */
function* running(helper: Helper, body: (helper: Helper, depth: number) => GreenBody): GreenBody {
  const { depth } = state
  helper.running = true
  helper.over = true
  let result: unknown
  try {
    result = yield* body(helper, depth)
  } finally {
    helper.running = false
  }
  helper.over = (result as IteratorResult<unknown>).done === true
  return result
}

function* stepping(helper: Helper, depth: number): GreenBody {
  const { kind, source, callback } = helper
  for (;;) {
    if (helper.inner !== null) {
      const { inner } = helper
      let more: unknown
      try {
        callees[depth] = advance
        state.next = depth
        more = advance(inner)
        if (machine.registers.op !== null) more = resumedValue(yield)
      } catch (error) {
        yield* failed(source, depth)
        throw error
      }
      if (more) return { value: inner.value, done: false }
      helper.inner = null
    }
    if (kind === 'take' && helper.left-- <= 0) return yield* leaving(helper, depth)
    callees[depth] = advance
    state.next = depth
    let more = advance(source)
    if (machine.registers.op !== null) more = resumedValue(yield)
    if (!more) return { ...DONE }
    const { value } = source
    if (kind === 'drop' && helper.left-- > 0) continue
    if (kind === 'take' || kind === 'drop' || kind === 'from') return { value, done: false }
    let given: unknown
    try {
      callees[depth] = callback
      state.next = depth
      given = call(callback, undefined, value, helper.count++)
      if (machine.registers.op !== null) given = resumedValue(yield)
      if (kind === 'flatMap') {
        helper.inner = direct(given)
        if (helper.inner === null) {
          callees[depth] = iterate
          state.next = depth
          let opened = iterate(given)
          if (machine.registers.op !== null) opened = resumedValue(yield)
          helper.inner = opened as Cursor
        }
        continue
      }
    } catch (error) {
      yield* failed(source, depth)
      throw error
    }
    if (kind === 'map') return { value: given, done: false }
    if (given) return { value, done: false }
  }
}

function* leaving({ inner, source }: Helper, depth: number): GreenBody {
  for (const cursor of inner === null ? [source] : [inner, source]) {
    callees[depth] = close
    state.next = depth
    close(cursor)
    if (machine.registers.op !== null) resumedValue(yield)
  }
  return { ...DONE }
}

function* failed(source: Cursor, depth: number): GreenBody {
  state.next = 0
  callees[depth] = fail
  state.next = depth
  fail(source)
  if (machine.registers.op !== null) resumedValue(yield)
  return undefined
}

/** What is an iterator without being iterable. Strings are not gone through. */
function direct(given: unknown): Cursor | null {
  if (!isObject(given)) throw new TypeError(`${String(given)} is not an object`)
  const method = (given as Iterable<unknown>)[Symbol.iterator] as unknown
  return method === undefined || method === null ? new Cursor(given as never) : null
}

function help(kind: Kind, source: Cursor, callback: unknown, left: number): object {
  const made = Object.create(helperPrototype) as object
  const state = { left, count: 0, inner: null, running: false, over: false }
  helpers.set(made, { kind, source, callback: callback as Callback, ...state })
  return made
}

function nextOf(self: unknown): unknown {
  return isObject(self) ? twin((self as unknown as { next: unknown }).next) : undefined
}

for (const kind of ['map', 'filter', 'flatMap'] as const)
  register(natives[kind], (_announced, self: unknown, callback: unknown) => {
    const known = typeof callback === 'function' && isObject(self)
    if (!known || !(parks(callback) || parks(nextOf(self)))) return call(natives[kind], self, callback)
    return help(kind, new Cursor(self as never), callback, 0)
  })

for (const kind of ['take', 'drop'] as const)
  register(natives[kind], (_announced, self: unknown, limit: unknown) => {
    const left = typeof limit === 'number' ? Math.trunc(limit) : Number.NaN
    if (!(left >= 0) || !parks(nextOf(self))) return call(natives[kind], self, limit)
    return help(kind, new Cursor(self as never), undefined, left)
  })

register(Iterator?.from, (_announced, self: unknown, source: unknown) => {
  const made = call(Iterator?.from, self, source)
  // What inherits from Iterator is given back as it is; the rest is wrapped.
  if (made === source || !isObject(source)) return made
  const method = (source as unknown as Iterable<unknown>)[Symbol.iterator] as unknown
  const iterator = method == null ? source : call(method, source)
  if (iterator instanceof (Iterator as never)) return iterator
  return parks(nextOf(iterator)) ? help('from', new Cursor(iterator as never), undefined, 0) : made
})

/** What the others do with each value: the result, where they are over. */
const consumers: Record<string, (given: unknown, value: unknown) => { readonly result: unknown } | null> = {
  forEach: () => null,
  some: (given) => (given ? { result: true } : null),
  every: (given) => (given ? null : { result: false }),
  find: (given, value) => (given ? { result: value } : null),
}
const otherwise: Record<string, unknown> = { some: false, every: true }

function* consuming(source: Cursor, callback: Callback, name: string): GreenBody {
  const { depth } = state
  const consume = consumers[name] as (given: unknown, value: unknown) => { readonly result: unknown } | null
  for (let count = 0; ; count++) {
    callees[depth] = advance
    state.next = depth
    let more = advance(source)
    if (machine.registers.op !== null) more = resumedValue(yield)
    if (!more) return otherwise[name]
    const { value } = source
    let given: unknown
    try {
      callees[depth] = callback
      state.next = depth
      given = call(callback, undefined, value, count)
      if (machine.registers.op !== null) given = resumedValue(yield)
    } catch (error) {
      yield* failed(source, depth)
      throw error
    }
    const end = consume(given, value)
    if (end === null) continue
    callees[depth] = close
    state.next = depth
    close(source)
    if (machine.registers.op !== null) resumedValue(yield)
    return end.result
  }
}

for (const name of Object.keys(consumers))
  register(natives[name], (announced, self: unknown, callback: unknown) => {
    const known = announced !== 0 && typeof callback === 'function' && isObject(self)
    if (!known || !(parks(callback) || parks(nextOf(self)))) return call(natives[name], self, callback)
    return enter(announced, 0, consuming(new Cursor(self as never), callback as Callback, name))
  })

function* collecting(source: Cursor, callback: Callback | null, first: unknown[]): GreenBody {
  const { depth } = state
  const items: unknown[] = []
  let sum = first[0]
  for (let count = 0; ; count++) {
    callees[depth] = advance
    state.next = depth
    let more = advance(source)
    if (machine.registers.op !== null) more = resumedValue(yield)
    if (!more) {
      if (callback === null) return items
      if (count === 0 && first.length === 0) throw new TypeError('Reduce of a done iterator with no initial value')
      return sum
    }
    const { value } = source
    if (callback === null) items.push(value)
    else if (count === 0 && first.length === 0) sum = value
    else
      try {
        callees[depth] = callback
        state.next = depth
        sum = call(callback, undefined, sum, value, count)
        if (machine.registers.op !== null) sum = resumedValue(yield)
      } catch (error) {
        yield* failed(source, depth)
        throw error
      }
  }
}

register(natives['reduce'], (announced, self: unknown, ...args: unknown[]) => {
  const [callback, ...first] = args
  const known = announced !== 0 && typeof callback === 'function' && isObject(self)
  if (!known || !(parks(callback) || parks(nextOf(self)))) return call(natives['reduce'], self, ...args)
  return enter(announced, 0, collecting(new Cursor(self as never), callback as Callback, first))
})

register(natives['toArray'], (announced, self: unknown) => {
  if (announced === 0 || !parks(nextOf(self))) return call(natives['toArray'], self)
  return enter(announced, 0, collecting(new Cursor(self as never), null, [undefined]))
})
