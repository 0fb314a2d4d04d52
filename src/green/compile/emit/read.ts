import type { Node } from '../nodes.ts'
import type { Emitter } from './emitter.ts'

/** True if a member is read whose name is that of a getter of this source which may park. */
export function isGreenRead(emitter: Emitter, node: Node): boolean {
  if (node['computed'] || !emitter.mayPark || emitter.activation.mode === 'async' || emitter.hole !== null) return false
  if (node['property'].type !== 'Identifier' || !emitter.analysis.parkingGetters.has(node['property'].name))
    return false
  const parent = emitter.analysis.parentOf.get(node) as Node
  switch (parent.type) {
    case 'AssignmentExpression':
    case 'AssignmentPattern':
    case 'ForInStatement':
    case 'ForOfStatement':
      return parent['left'] !== node
    case 'CallExpression':
    case 'NewExpression':
      return parent['callee'] !== node
    case 'Property':
      return (emitter.analysis.parentOf.get(parent) as Node).type === 'ObjectExpression'
    case 'UpdateExpression':
    case 'ArrayPattern':
    case 'RestElement':
    case 'ChainExpression':
    case 'TaggedTemplateExpression':
      return false
    case 'UnaryExpression':
      return parent['operator'] !== 'delete'
    case 'MemberExpression':
      return !parent['optional']
    default:
      return true
  }
}

/** `o.x` → `($1 = o, announce get, $1 = get($1, "x"), …)`. */
export function visitRead(emitter: Emitter, node: Node): void {
  const { object, property } = node
  const result = emitter.temp()
  const name = JSON.stringify(property.name)
  emitter.before(node.start, '(')
  emitter.keepIn(result, object)
  emitter.text.update(emitter.find('.', object.end), property.end, `,${emitter.callOf('get', `${result},${name}`)})`)
  emitter.release(1)
}
