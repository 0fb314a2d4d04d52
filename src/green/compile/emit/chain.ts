/**
 * Optional chains. A `yield` between their links would be lost inside `?.`, so the links that may be left out become
 * conditions: `a?.b(c)` → `(($1 = a) == null ? void 0 : <call of $1.b>)`.
 *
 * The part in front of a `?.` is visited first. Then the part behind it is visited as if it had no `?.`, with a *hole* in
 * place of the front: what its visitors want to put before the chain's beginning goes there instead, and so does `$1`.
 */
import type { Node } from '../nodes.ts'
import type { Emitter } from './emitter.ts'
import { visitMethod } from './method.ts'
import { isGreenRead } from './read.ts'

export function visitChain(emitter: Emitter, node: Node): void {
  const expression: Node = node['expression']
  const deleted = emitter.analysis.parentOf.get(node)?.['operator'] === 'delete'
  if (deleted || !hasSite(emitter, expression)) return emitter.visit(expression)
  emitter.keep(() => visitLinks(emitter, expression))
}

/** Answers what a call of the node has for `this`, where it is a member and `called`. */
export function visitLinks(emitter: Emitter, node: Node, called = false): string {
  const link = optionalLink(node)
  if (link === null) {
    if (called && node.type === 'MemberExpression') return visitMethod(emitter, node, emitter.temp())
    emitter.visit(node)
    return 'void 0'
  }
  const front: Node = link['object'] ?? link['callee']
  const name = emitter.temp()
  const member = called && node.type === 'MemberExpression'
  const receiver = member && node !== link ? emitter.temp() : name
  emitter.before(node.start, `((${name}=`)
  // What is called may be a chain of its own, in parentheses.
  const inner = front.type === 'ChainExpression' ? front['expression'] : front
  const self = visitLinks(emitter, inner, link.type === 'CallExpression')
  const mark = emitter.find('?.', front.end)
  const plain = link.type === 'MemberExpression' && !link['computed']
  emitter.text.update(mark, mark + 2, plain ? '.' : ' ')
  const { hole } = emitter
  emitter.hole = { node: front, name, self, start: node.start, end: mark, front: '' }
  if (member) visitMethod(emitter, node, receiver)
  else emitter.visit(node)
  emitter.hole = hole
  emitter.after(node.end, ')')
  return member ? receiver : 'void 0'
}

/** The outermost `?.` of a chain. */
export function optionalLink(node: Node): Node | null {
  for (let at: Node | undefined = node; at !== undefined; at = at['object'] ?? at['callee']) {
    if (at.type !== 'MemberExpression' && at.type !== 'CallExpression') return null
    if (at['optional']) return at
  }
  return null
}

function hasSite(emitter: Emitter, node: Node): boolean {
  for (let at: Node | undefined = node; at !== undefined; at = at['object'] ?? at['callee']) {
    if (at.type === 'CallExpression' && !emitter.isHarmless(at)) return true
    if (at.type === 'MemberExpression' && isGreenRead(emitter, at)) return true
    if (at.type !== 'MemberExpression' && at.type !== 'CallExpression') return false
  }
  return false
}
