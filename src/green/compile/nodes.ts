import type { Node as AcornNode } from 'acorn'

/** A node of the tree (ESTree), read loosely: what a field holds follows from `type`. */
export interface Node extends AcornNode {
  // biome-ignore lint/suspicious/noExplicitAny: one type for all nodes; acorn's own union would need a cast at each field
  [field: string]: any
}

const skipped = new Set(['type', 'start', 'end', 'range', 'loc', 'raw', 'regex', 'directive'])

/** The nodes right below, in the order of the text. */
export function childrenOf(node: Node): Node[] {
  const children: Node[] = []
  for (const key in node) {
    if (skipped.has(key)) continue
    const value = node[key]
    if (Array.isArray(value)) {
      for (const item of value) if (isNode(item)) children.push(item)
    } else if (isNode(value)) children.push(value)
  }
  // `{ a }`: key and value are one node.
  if (node.type === 'Property' && node['shorthand']) return [node['value'] as Node]
  return children.sort((a, b) => a.start - b.start)
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as Node).type === 'string'
}

/** True for the three kinds of functions; a method is the `FunctionExpression` that is its value. */
export function isFunction(node: Node): boolean {
  return (
    node.type === 'FunctionDeclaration' || node.type === 'FunctionExpression' || node.type === 'ArrowFunctionExpression'
  )
}

/** The names that a pattern binds. */
export function boundNames(pattern: Node | null, into: Node[] = []): Node[] {
  if (pattern === null) return into
  switch (pattern.type) {
    case 'Identifier':
      into.push(pattern)
      break
    case 'ObjectPattern':
      for (const property of pattern['properties']) boundNames(property.value ?? property.argument, into)
      break
    case 'ArrayPattern':
      for (const element of pattern['elements']) boundNames(element, into)
      break
    case 'AssignmentPattern':
      boundNames(pattern['left'], into)
      break
    case 'RestElement':
      boundNames(pattern['argument'], into)
      break
  }
  return into
}

/** True for a declaration by `using`, or `await using`. */
export function isUsing(node: Node | null): boolean {
  return node?.type === 'VariableDeclaration' && (node['kind'] === 'using' || node['kind'] === 'await using')
}

/** The names of each `var` in a node, but for those in functions. */
export function varsIn(node: Node, into: Set<string> = new Set()): Set<string> {
  if (isFunction(node)) return into
  if (node.type === 'VariableDeclaration' && node['kind'] === 'var')
    for (const { id } of node['declarations']) for (const name of boundNames(id)) into.add(name['name'])
  for (const child of childrenOf(node)) varsIn(child, into)
  return into
}

/** True if a body has a `var` of one of these names. */
export function redeclares(node: Node, names: ReadonlySet<string>): boolean {
  return [...varsIn(node)].some((name) => names.has(name))
}
