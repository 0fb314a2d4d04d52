/** What a call evaluates before its arguments: the method, and the object that it is called on. */
import type { Node } from '../nodes.ts'
import type { Emitter, Hole } from './emitter.ts'
import { isGreenCallee, visitGetter } from './read.ts'

/** Names of builtins that call back, or pass a call on: for these the runtime has twins that can be suspended. */
export const twins: ReadonlySet<string> = new Set(
  `map forEach filter reduce reduceRight some every find findIndex findLast findLastIndex flatMap sort toSorted from replace
  replaceAll call apply bind construct next return throw take drop toArray`.split(/\s+/),
)

/** Visits `o.m`, so that it gives the method; answers how to name `o` again. */
export function visitMethod(emitter: Emitter, callee: Node, receiver: string): string {
  const { object, property } = callee
  const twin = !callee['computed'] && twins.has(property['name'])
  if (twin) emitter.before(callee.start, `${emitter.use('twin', 'twin')}(`)
  let self: string
  if (object.type === 'Super') {
    emitter.visit(callee)
    self = emitter.lexical.self ?? 'this'
  } else {
    const hole = object === emitter.hole?.node ? (emitter.hole as Hole) : null
    const green = isGreenCallee(emitter, callee)
    if (hole !== null) self = hole.name
    else if (object.type === 'ThisExpression') self = emitter.lexical.self ?? 'this'
    else if (isStable(emitter, object)) self = emitter.code.slice(object.start, object.end)
    else self = receiver
    if (green) emitter.before(callee.start, '(')
    if (hole === null && self === receiver) emitter.keepIn(receiver, object)
    else emitter.visit(object)
    if (green) visitGetter(emitter, callee, self, hole === null ? object.end : hole.end)
    else if (callee['computed']) emitter.visit(property)
  }
  if (twin) emitter.after(callee.end, ')')
  return self
}

/** True for a name that holds the same all the time that it can be seen. */
export function isStable(emitter: Emitter, node: Node): boolean {
  if (node.type !== 'Identifier' || node['name'] === 'arguments') return false
  const binding = emitter.scopeAt(node).lookup(node['name'])
  return binding === null || binding.fixed
}
