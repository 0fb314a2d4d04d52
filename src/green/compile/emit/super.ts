import type { Node } from '../nodes.ts'
import { hasWork, visitArguments } from './arguments.ts'
import type { Emitter } from './emitter.ts'
import { initialised } from './fields.ts'

/** `super.x` in a generator, which has no `super`: by what the wrapper handed over. */
export function visitSuperMember(emitter: Emitter, node: Node): void {
  const { derived } = emitter.lexical
  let { superRef } = emitter.lexical
  const { object, property } = node
  if (superRef === null) {
    if (node['computed']) emitter.visit(property)
    return
  }
  // `this` has to be there before the key is evaluated.
  if (derived) superRef = `(${emitter.names.of('t')}.this,${superRef})`
  if (node['computed']) {
    const open = emitter.find('[', object.end)
    emitter.text.update(object.start, object.end, superRef)
    emitter.text.update(open, open + 1, '(')
    emitter.visit(property)
    emitter.text.update(node.end - 1, node.end, ').value')
  } else {
    const dot = emitter.find('.', object.end)
    emitter.text.update(object.start, object.end, superRef)
    emitter.text.update(dot, dot + 1, '(')
    emitter.text.update(property.start, property.end, `"${property.name}").value`)
  }
}

/** `super(x)` in a derived constructor that is compiled: the runtime makes the call. */
export function visitSuperCall(emitter: Emitter, node: Node): void {
  const { lexical } = emitter
  if (!lexical.derived) return visitArguments(emitter, node['arguments'], null)
  const args: Node[] = node['arguments']
  const result = emitter.temp()
  const callee = emitter.use('superCall', 'superCall')
  const early = !hasWork(args)
  emitter.before(node.start, `(${early ? `${emitter.announce(callee)},` : ''}${result}=`)
  const open = emitter.find('(', node['callee'].end)
  emitter.text.update(node['callee'].start, node['callee'].end, callee)
  emitter.text.update(open, open + 1, `(${emitter.names.of('t')}${args.length > 0 ? ',' : ''}`)
  visitArguments(emitter, args, early ? null : () => emitter.announce(callee))
  const cls = emitter.activation.fn?.home
  if (cls != null && emitter.initialising.has(cls)) {
    const fields = initialised(emitter, `${emitter.names.of('t')}.this`, node)
    emitter.after(node.end, `,${result}=${emitter.outcome(result, node)},${fields},${result})`)
  } else emitter.after(node.end, `,${emitter.outcome(result, node)})`)
  emitter.release(1)
}
