/**
 * Constructors of base classes. One cannot be called again, so its body becomes a method, which can:
 *
 *     constructor(a) { … }  →  constructor($p0) { …; return what C.#$new_C.call(this, $p0) gives } static #$new_C(a) { … }
 */
import type { Emitter } from '../emit/emitter.ts'
import { placeholders } from '../emit/placeholders.ts'
import type { Node } from '../nodes.ts'
import type { Fn } from '../scope.ts'

/** Puts the constructor in front of its body. */
export function makeConstructor(emitter: Emitter, fn: Fn): void {
  const { names } = emitter
  const home = fn.home as Node
  const { name } = home['id']
  const body = `#${names.of('new')}_${name}`
  const bySuper = names.of('b')
  const object = names.of('o')
  const { list, given } = placeholders(emitter, fn)
  const state = emitter.sharedState
  const held = emitter.held.get(home)
  const announced = held === undefined ? '' : `${state}.next=${emitter.use('unhold', 'unhold')}(this.${held});`
  const called = `${name}.${body}.call(${['this', ...given].join(',')})`
  const before = `if(${state}.made!==null)return ${emitter.use('takeMade', 'takeMade')}();${announced}`
  const made = `const ${bySuper}=${emitter.use('constructing', 'constructing')}(${name},${name}.${body}),${object}=${called}`
  const after = `return ${state}.machine.registers.op===null?${object}:${emitter.use('constructed', 'constructed')}(${bySuper})`
  const { key } = emitter.analysis.parentOf.get(fn.node) as Node
  emitter.after(key.end, `(${list}){${before}${made};${after}}static ${body}`)
}
