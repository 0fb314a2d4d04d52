/** The callbacks of strings, maps and sets, and `Array.from`. */
import { machine } from '../../../core/index.ts'
import { call } from '../calls.ts'
import { parks } from '../compiled.ts'
import { enter, resumedValue } from '../frame.ts'
import { advance, type Cursor, fail, isPlainArray, open } from '../iterate.ts'
import { callees, type GreenBody, state } from '../state.ts'
import { register } from './register.ts'

type Callback = (...args: unknown[]) => unknown

/** The builtin finds all matches before it calls back, so it can be asked for them alone. */
function* replacing(native: Callback, text: string, pattern: unknown, callback: Callback): GreenBody {
  const { depth } = state
  const matches: unknown[][] = []
  call(native, text, pattern, (...match: unknown[]) => {
    matches.push(match)
    return ''
  })
  let result = ''
  let end = 0
  for (const match of matches) {
    const groups = typeof match.at(-1) === 'object' ? 1 : 0
    const at = match[match.length - 2 - groups] as number
    const whole = match[match.length - 1 - groups] as string
    callees[depth] = callback
    state.next = depth
    let piece = call(callback, undefined, ...match)
    if (machine.registers.op !== null) piece = resumedValue(yield)
    if (at < end) continue
    result += whole.slice(end, at) + String(piece)
    end = at + (match[0] as string).length
  }
  return result + text.slice(end)
}

for (const name of ['replace', 'replaceAll'] as const) {
  const native = String.prototype[name] as Callback
  register(native, (announced, self: unknown, ...args: unknown[]) => {
    const [pattern, callback] = args
    const known = typeof pattern === 'string' || pattern instanceof RegExp
    if (announced === 0 || typeof self !== 'string' || !known || !parks(callback)) return call(native, self, ...args)
    return enter(announced, 0, replacing(native, self, pattern, callback as Callback))
  })
}

function* walking(
  entries: Iterator<[unknown, unknown]>,
  next: Callback,
  self: unknown,
  callback: Callback,
  target: unknown,
): GreenBody {
  const { depth } = state
  for (;;) {
    const result = call(next, entries) as IteratorResult<[unknown, unknown]>
    if (result.done) return undefined
    const [key, value] = result.value
    callees[depth] = callback
    state.next = depth
    call(callback, target, value, key, self)
    if (machine.registers.op !== null) resumedValue(yield)
  }
}

for (const type of [Map, Set]) {
  const native = type.prototype.forEach as Callback
  const entriesOf = type.prototype.entries as () => Iterator<[unknown, unknown]>
  const next = entriesOf.call((type === Map ? new Map() : new Set()) as never).next as Callback
  register(native, (announced, self: unknown, ...args: unknown[]) => {
    const [callback, target] = args
    if (announced === 0 || !parks(callback)) return call(native, self, ...args)
    const entries = call(entriesOf, self) as Iterator<[unknown, unknown]>
    return enter(announced, 0, walking(entries, next, self, callback as Callback, target))
  })
}

/** As the builtin does, it calls back for each item before it asks for the next one, and closes what it does not come to the end of. */
function* making(iterable: unknown, callback: Callback | undefined, target: unknown): GreenBody {
  const { depth } = state
  callees[depth] = open
  state.next = depth
  let cursor = open(iterable) as Cursor
  if (machine.registers.op !== null) cursor = resumedValue(yield) as Cursor
  const made: unknown[] = []
  try {
    for (;;) {
      callees[depth] = advance
      state.next = depth
      let more = advance(cursor)
      if (machine.registers.op !== null) more = resumedValue(yield)
      if (!more) return made
      let item = cursor.value
      if (callback !== undefined) {
        callees[depth] = callback
        state.next = depth
        item = call(callback, target, item, made.length)
        if (machine.registers.op !== null) item = resumedValue(yield)
      }
      made.push(item)
    }
  } finally {
    state.next = 0
    if (cursor.open) {
      callees[depth] = fail
      state.next = depth
      fail(cursor)
      if (machine.registers.op !== null) resumedValue(yield)
    }
  }
}

register(Array.from, (announced, self: unknown, ...args: unknown[]) => {
  const [iterable, callback, target] = args
  const iterates = iterable !== null && iterable !== undefined && Symbol.iterator in Object(iterable)
  const refused = callback !== undefined && typeof callback !== 'function'
  const harmless = !iterates || isPlainArray(iterable)
  if (announced === 0 || self !== Array || refused || (harmless && !parks(callback)))
    return call(Array.from, self, ...args)
  const source = iterates ? iterable : Array.from(iterable as ArrayLike<unknown>)
  return enter(announced, 0, making(source, callback as Callback | undefined, target))
})
