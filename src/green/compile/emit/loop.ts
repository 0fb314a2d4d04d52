import { childrenOf, type Node } from '../nodes.ts'
import type { Emitter } from './emitter.ts'

export function visitForOf(emitter: Emitter, node: Node): void {
  emitter.visitAll(childrenOf(node))
}
