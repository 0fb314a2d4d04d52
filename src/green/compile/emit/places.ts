import type { Node } from '../nodes.ts'
import type { Scope } from '../scope.ts'

/** The place for a variable that lives as long as the names in `scope`, seen from `from`; null if there is none. */
export function placeOf(
  scope: Scope,
  from: Node,
  isGreen: (node: Node) => boolean,
): { position: number; keyword: 'var' | 'let' } | null {
  const { node } = scope
  switch (scope.kind) {
    case 'top':
      return { position: -1, keyword: 'var' }
    case 'function': {
      const { body } = node
      if (body === undefined || from.start < body.start) return null
      if (body.type === 'BlockStatement') return { position: bodyStart(body), keyword: 'var' }
      return isGreen(node) ? { position: body.start, keyword: 'let' } : null
    }
    case 'block':
      return { position: node.start + 1, keyword: 'let' }
    case 'catch':
    case 'for': {
      const { body } = node
      return body.type === 'BlockStatement' && from.start > body.start
        ? { position: body.start + 1, keyword: 'let' }
        : null
    }
    case 'class':
      return placeOf(scope.parent as Scope, node, isGreen)
    default:
      return null
  }
}

/** Where statements may be put into a body: after its directives. */
export function bodyStart(body: Node): number {
  let position = body.start + 1
  for (const statement of body['body'] as Node[]) {
    if (statement['directive'] === undefined) break
    position = statement.end
  }
  return position
}

/** A directive may lack its semicolon. */
export function lead(code: string, position: number): string {
  return code[position - 1] === '{' ? '' : ';'
}
