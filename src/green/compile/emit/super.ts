import type { Node } from '../nodes.ts'
import { visitArguments } from './call.ts'
import type { Emitter } from './emitter.ts'

/** `super.x` in a generator, which has no `super`: by what the wrapper handed over. */
export function visitSuperMember(emitter: Emitter, node: Node): void {
  const { superGet } = emitter.lexical
  const { object, property } = node
  if (superGet === null) {
    if (node['computed']) emitter.visit(property)
    return
  }
  if (node['computed']) {
    const open = emitter.find('[', object.end)
    emitter.text.update(object.start, object.end, superGet)
    emitter.text.update(open, open + 1, '(')
    emitter.visit(property)
    emitter.text.update(node.end - 1, node.end, ')')
  } else {
    const dot = emitter.find('.', object.end)
    emitter.text.update(object.start, object.end, superGet)
    emitter.text.update(dot, dot + 1, '(')
    emitter.text.update(property.start, property.end, `"${property['name']}")`)
  }
}

export function visitSuperCall(emitter: Emitter, node: Node): void {
  visitArguments(emitter, node['arguments'], null)
}
