import { childrenOf, type Node } from '../nodes.ts'
import type { Emitter } from './emitter.ts'

export function visitChain(emitter: Emitter, node: Node): void {
  // v1: native
  const { activation } = emitter
  emitter.inActivation({ ...activation, mode: 'plain' }, emitter.lexical, () => emitter.visitAll(childrenOf(node)))
}
