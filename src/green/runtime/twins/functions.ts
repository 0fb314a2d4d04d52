/**
 * `call`, `apply`, `bind` and `Reflect`: they pass a call on, so their twins announce the function behind it in their own
 * place, and need no frame.
 */
import { call, twin } from '../calls.ts'
import { declareParking, parks } from '../compiled.ts'
import { callees, state } from '../state.ts'
import { register } from './register.ts'

type Fn = (...args: unknown[]) => unknown

function announce(announced: number, fn: unknown): void {
  callees[announced] = fn
  state.next = announced
}

register(Function.prototype.call, (announced, self: Fn, receiver: unknown, ...args: unknown[]) => {
  const fn = twin(self)
  announce(announced, fn)
  return call(fn, receiver, ...args)
})

register(Function.prototype.apply, (announced, self: Fn, receiver: unknown, list: unknown) => {
  const fn = twin(self) as Fn
  const args = listed(list)
  announce(announced, fn)
  return Reflect.apply(fn, receiver, args)
})

register(Reflect.apply, (announced, _self, target: unknown, receiver: unknown, list: unknown) => {
  const fn = twin(target) as Fn
  const args = listed(list ?? undefined)
  announce(announced, fn)
  return Reflect.apply(fn, receiver, args)
})

register(Reflect.construct, (announced, _self, ...given: unknown[]) => {
  const [target, list] = given as [never, unknown]
  const args = listed(list)
  announce(announced, target)
  return given.length > 2 ? Reflect.construct(target, args, given[2] as never) : Reflect.construct(target, args)
})

// A bound function goes straight on to its target: nothing runs in between, and the target takes the announcement.
register(Function.prototype.bind, (_announced, self: Fn, receiver: unknown, ...first: unknown[]) => {
  const bound = Function.prototype.bind.call(self, receiver, ...first) as Fn
  return parks(self) ? declareParking(bound) : bound
})

/** What is array-like as an array, before the call is announced: reading it may run code. */
function listed(list: unknown): unknown[] {
  if (Array.isArray(list)) return list
  if (list === undefined || list === null) return []
  if (typeof list !== 'object' && typeof list !== 'function')
    throw new TypeError('CreateListFromArrayLike called on non-object')
  const { length } = list as ArrayLike<unknown>
  return Array.from(
    { length: Math.max(0, Math.trunc(Number(length)) || 0) },
    (_, at) => (list as ArrayLike<unknown>)[at],
  )
}
