import type { Node } from '../nodes.ts'
import { assignable, type Emitter } from './emitter.ts'

/**
 * The arguments. `announce` is said after the last one that can run code: what comes after that cannot, so nothing
 * stands between it and the callee.
 */
export function visitArguments(emitter: Emitter, args: readonly Node[], announce: (() => string) | null): void {
  const last = announce === null ? -1 : args.findLastIndex((argument) => !isInert(argument))
  args.forEach((argument, index) => {
    const spread = argument.type === 'SpreadElement'
    const node: Node = spread ? argument['argument'] : argument
    const listed = spread && emitter.mayPark && !emitter.isHarmless(argument)
    if (announce !== null && index === last) {
      const kept = emitter.temp()
      const [open, closed] = assignable(node)
      emitter.before(node.start, `(${kept}=${open}`)
      if (listed) visitSpread(emitter, node)
      else emitter.visit(node)
      emitter.after(node.end, `${closed},${announce()},${kept})`)
      emitter.release(1)
    } else if (listed) visitSpread(emitter, node)
    else emitter.visit(node)
  })
}

/** `...x`: what `x` gives is listed beforehand, so that a generator which parks can be spread. */
export function visitSpread(emitter: Emitter, node: Node): void {
  const result = emitter.temp()
  emitter.before(node.start, `(${result}=(`)
  emitter.visit(node)
  emitter.after(node.end, `),${emitter.callOf('list', result, node)})`)
  emitter.release(1)
}

export function hasWork(args: readonly Node[]): boolean {
  return args.some((argument) => !isInert(argument))
}

/** True if evaluating it runs no code of anybody's. */
export function isInert(node: Node): boolean {
  switch (node.type) {
    case 'Literal':
    case 'Identifier':
    case 'ThisExpression':
    case 'FunctionExpression':
    case 'ArrowFunctionExpression':
      return true
    case 'TemplateLiteral':
      return node['expressions'].length === 0
    case 'UnaryExpression':
      return node['argument'].type === 'Literal' || (node['operator'] === 'typeof' && isInert(node['argument']))
    default:
      return false
  }
}
