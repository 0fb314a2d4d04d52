/**
 * The methods of arrays that call back. A callback that cannot park gets the builtin itself; for one that can, these do
 * what the standard says, step by step: the length is read once, holes are passed over where they are, species are made.
 */
import { machine } from '../../../core/index.ts'
import { call } from '../calls.ts'
import { parks } from '../compiled.ts'
import { enter, isObject, resumedValue } from '../frame.ts'
import { callees, type GreenBody, state } from '../state.ts'
import { register } from './register.ts'
import { sorting } from './sort.ts'

export type List = Record<number, unknown> & { readonly length: number }
export type Callback = (...args: unknown[]) => unknown

/** What one of the methods does with what its callback gives. */
export interface Walk {
  readonly holes: boolean
  readonly backwards?: boolean
  /** True if the walk is over. */
  take(given: unknown, value: unknown, at: number): boolean
  result(): unknown
}

/** Goes through a list, as the method does. */
export function* walking(list: List, callback: Callback, self: unknown, length: number, walk: Walk): GreenBody {
  const { depth } = state
  for (let step = 0; step < length; step++) {
    const at = walk.backwards ? length - 1 - step : step
    if (!walk.holes && !(at in list)) continue
    const value = list[at]
    callees[depth] = callback
    state.next = depth
    let given = call(callback, self, value, at, list)
    if (machine.registers.op !== null) given = resumedValue(yield)
    if (walk.take(given, value, at)) break
  }
  return walk.result()
}

function method(name: string, walkOver: (list: List, length: number) => Walk): void {
  const native = (Array.prototype as unknown as Record<string, Callback>)[name]
  register(native, (announced, self: unknown, ...args: unknown[]) => {
    const [callback] = args
    if (announced === 0 || self === undefined || self === null || !parks(callback)) return call(native, self, ...args)
    const list = Object(self) as List
    const length = lengthOf(list)
    return enter(announced, 0, walking(list, callback as Callback, args[1], length, walkOver(list, length)))
  })
}

method('forEach', () => ({ holes: false, take: () => false, result: () => undefined }))
method('map', (list, length) => {
  const made = speciesOf(list, length)
  const take = (given: unknown, _: unknown, at: number): boolean => define(made, at, given)
  return { holes: false, take, result: () => made }
})
method('filter', (list) => {
  const made = speciesOf(list, 0)
  let count = 0
  const take = (given: unknown, value: unknown): boolean => (given ? define(made, count++, value) : false)
  return { holes: false, take, result: () => made }
})
method('flatMap', (list) => {
  const made = speciesOf(list, 0)
  let count = 0
  const take = (given: unknown): boolean => {
    if (!Array.isArray(given)) return define(made, count++, given)
    for (let at = 0; at < given.length; at++) if (at in given) define(made, count++, given[at])
    return false
  }
  return { holes: false, take, result: () => made }
})
/** Those that look for something, and make nothing. */
export const searches: Record<string, () => Walk> = {
  some: () => search(false, Boolean, false, () => true),
  every: () => {
    const fails = (given: unknown): boolean => !given
    return search(false, fails, true, () => false)
  },
  find: () => search(true, Boolean, undefined, (value) => value),
  findIndex: () => search(true, Boolean, -1, (_, at) => at),
  findLast: () => ({ ...search(true, Boolean, undefined, (value) => value), backwards: true }),
  findLastIndex: () => ({ ...search(true, Boolean, -1, (_, at) => at), backwards: true }),
}
for (const [name, walk] of Object.entries(searches)) method(name, walk)

function search(
  holes: boolean,
  ends: (given: unknown) => boolean,
  otherwise: unknown,
  found: (value: unknown, at: number) => unknown,
): Walk {
  let result = otherwise
  const take = (given: unknown, value: unknown, at: number): boolean => {
    const over = ends(given)
    if (over) result = found(value, at)
    return over
  }
  return { holes, take, result: () => result }
}

/** `reduce`, and `reduceRight`: backwards. `first` has what the sum starts with, if that is given. */
export function* reducing(
  list: List,
  callback: Callback,
  length: number,
  backwards: boolean,
  first: unknown[],
): GreenBody {
  const { depth } = state
  let step = 0
  const place = (): number => (backwards ? length - 1 - step : step)
  let sum: unknown
  if (first.length > 0) sum = first[0]
  else {
    while (step < length && !(place() in list)) step++
    if (step >= length) throw new TypeError('Reduce of empty array with no initial value')
    sum = list[place()]
    step++
  }
  for (; step < length; step++) {
    const at = place()
    if (!(at in list)) continue
    const value = list[at]
    callees[depth] = callback
    state.next = depth
    sum = call(callback, undefined, sum, value, at, list)
    if (machine.registers.op !== null) sum = resumedValue(yield)
  }
  return sum
}

for (const name of ['reduce', 'reduceRight'] as const) {
  const native = Array.prototype[name] as Callback
  register(native, (announced, self: unknown, ...args: unknown[]) => {
    const [callback, ...first] = args
    if (announced === 0 || self === undefined || self === null || !parks(callback)) return call(native, self, ...args)
    const list = Object(self) as List
    const backwards = name === 'reduceRight'
    return enter(announced, 0, reducing(list, callback as Callback, lengthOf(list), backwards, first))
  })
}

for (const name of ['sort', 'toSorted'] as const) {
  const native = (Array.prototype as unknown as Record<string, Callback>)[name]
  register(native, (announced, self: unknown, ...args: unknown[]) => {
    const [compare] = args
    if (announced === 0 || self === undefined || self === null || !parks(compare)) return call(native, self, ...args)
    const list = Object(self) as List
    const length = lengthOf(list)
    return enter(announced, 0, sorting(list as never, length, compare as Callback, name === 'toSorted'))
  })
}

function lengthOf(list: List): number {
  const length = Math.trunc(Number(list.length)) || 0
  return Math.min(Math.max(length, 0), Number.MAX_SAFE_INTEGER)
}

function define(target: object, at: number, value: unknown): false {
  if (!Reflect.defineProperty(target, at, { value, writable: true, enumerable: true, configurable: true }))
    throw new TypeError(`Cannot define property ${at} of ${Object.prototype.toString.call(target)}`)
  return false
}

/** ArraySpeciesCreate. */
function speciesOf(list: object, length: number): object {
  if (!Array.isArray(list)) return new Array(length)
  let maker: unknown = list.constructor
  if (isObject(maker)) maker = (maker as unknown as Record<symbol, unknown>)[Symbol.species] ?? undefined
  if (maker === undefined || maker === Array) return new Array(length)
  return new (maker as new (length: number) => object)(length)
}
