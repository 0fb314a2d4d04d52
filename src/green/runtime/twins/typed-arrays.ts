/** The methods of typed arrays that call back: as those of arrays, but that there are no holes, and what they make is typed. */
import { machine } from '../../../core/index.ts'
import { call } from '../calls.ts'
import { parks } from '../compiled.ts'
import { enter, isObject, resumedValue } from '../frame.ts'
import { list as listOf } from '../iterate.ts'
import { callees, type GreenBody, state } from '../state.ts'
import { type Callback, type List, reducing, searches, type Walk, walking } from './arrays.ts'
import { register } from './register.ts'
import { sorting } from './sort.ts'

type Typed = List & { readonly constructor: unknown }
type Maker = new (length: number) => Typed

const TypedArray = Object.getPrototypeOf(Int8Array) as { readonly prototype: Record<string, Callback>; from: Callback }
const { prototype } = TypedArray
const lengthOf = Object.getOwnPropertyDescriptor(prototype, 'length')?.get as Callback
const tagOf = Object.getOwnPropertyDescriptor(prototype, Symbol.toStringTag)?.get as Callback

/** Registers a twin for the case that `self` is a typed array, and its callback parks. */
function method(
  name: string,
  body: (list: Typed, length: number, callback: Callback, args: unknown[]) => GreenBody,
): void {
  const native = prototype[name] as Callback | undefined
  register(native, (announced, self: unknown, ...args: unknown[]) => {
    const [callback] = args
    if (announced === 0 || !parks(callback) || call(tagOf, self) === undefined) return call(native, self, ...args)
    const list = self as Typed
    return enter(announced, 0, body(list, call(lengthOf, list) as number, callback as Callback, args.slice(1)))
  })
}

const forEach = (): Walk => ({ holes: true, take: () => false, result: () => undefined })
for (const [name, walk] of Object.entries({ ...searches, forEach }))
  method(name, (list, length, callback, [self]) => walking(list, callback, self, length, { ...walk(), holes: true }))

method('map', (list, length, callback, [self]) => {
  const made = new (makerOf(list))(length)
  const take = (given: unknown, _: unknown, at: number): boolean => {
    made[at] = given
    return false
  }
  return walking(list, callback, self, length, { holes: true, take, result: () => made })
})

method('filter', (list, length, callback, [self]) => {
  const kept: unknown[] = []
  const take = (given: unknown, value: unknown): boolean => {
    if (given) kept.push(value)
    return false
  }
  const result = (): Typed => filled(new (makerOf(list))(kept.length), kept)
  return walking(list, callback, self, length, { holes: true, take, result })
})

for (const name of ['reduce', 'reduceRight'])
  method(name, (list, length, callback, first) => reducing(list, callback, length, name === 'reduceRight', first))

method('sort', function* (list, length, compare) {
  return filled(list, (yield* sorting(Array.from(list as never), length, compare, true)) as unknown[])
})

method('toSorted', function* (list, length, compare) {
  const sorted = (yield* sorting(Array.from(list as never), length, compare, true)) as unknown[]
  return filled(new (builtinOf(list))(length), sorted)
})

function* making(Maker: Maker, source: unknown, callback: Callback, self: unknown): GreenBody {
  const { depth } = state
  callees[depth] = listOf
  state.next = depth
  let items = listOf(source) as unknown[]
  if (machine.registers.op !== null) items = resumedValue(yield) as unknown[]
  const made = new Maker(items.length)
  for (let at = 0; at < items.length; at++) {
    callees[depth] = callback
    state.next = depth
    let item = call(callback, self, items[at], at)
    if (machine.registers.op !== null) item = resumedValue(yield)
    made[at] = item
  }
  return made
}

register(TypedArray.from, (announced, self: unknown, ...args: unknown[]) => {
  const [source, callback, receiver] = args
  if (announced === 0 || typeof self !== 'function' || !parks(callback) || source == null)
    return call(TypedArray.from, self, ...args)
  const iterates = Symbol.iterator in Object(source)
  const items = iterates ? source : Array.from(source as ArrayLike<unknown>)
  return enter(announced, 0, making(self as Maker, items, callback as Callback, receiver))
})

function filled(target: Typed, items: unknown[]): Typed {
  for (let at = 0; at < items.length; at++) target[at] = items[at]
  return target
}

function builtinOf(list: Typed): Maker {
  return (globalThis as unknown as Record<string, Maker>)[call(tagOf, list) as string] as Maker
}

/** TypedArraySpeciesCreate. */
function makerOf(list: Typed): Maker {
  const made = list.constructor
  const kind = isObject(made) ? (made as unknown as Record<symbol, unknown>)[Symbol.species] : undefined
  return (kind ?? builtinOf(list)) as Maker
}
