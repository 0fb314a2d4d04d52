/**
 * Getters and setters that may park, and where they are reached. A member says nothing of its object, so they are known by
 * name, one for all that a source has, or a module that it imports: `x` is read, `=x` is written, `[]` and `=[]` where the name is computed, `#x` where it is
 * private. A pattern reads its properties by name, too.
 */
import type { Analysis } from './analyze.ts'
import { isFunction, type Node } from './nodes.ts'
import type { Fn } from './scope.ts'

const COMPUTED = '[]'

/** By what name a function is reached that is an accessor; null if it is none. */
export function accessorName(analysis: Analysis, { kind, node }: Fn): string | null {
  if (kind !== 'getter' && kind !== 'setter') return null
  const { computed, key } = analysis.parentOf.get(node) as Node
  const name = computed ? (key.type === 'Literal' ? String(key.value) : COMPUTED) : nameOf(key)
  return kind === 'getter' ? name : `=${name}`
}

/** By what names of accessors a member may reach one. */
export function memberNames(member: Node): string[] {
  const { computed, property } = member
  if (!computed) return [nameOf(property)]
  return property.type === 'Literal' ? [String(property.value), COMPUTED] : [COMPUTED]
}

/** What happens to a member. */
export function accessOf(analysis: Analysis, member: Node): { readonly read: boolean; readonly write: boolean } {
  const parent = analysis.parentOf.get(member) as Node
  switch (parent.type) {
    case 'AssignmentExpression':
      if (parent['left'] === member) return { read: parent['operator'] !== '=', write: true }
      return { read: true, write: false }
    case 'UpdateExpression':
      return { read: true, write: true }
    case 'AssignmentPattern':
    case 'ForInStatement':
    case 'ForOfStatement':
      return { read: parent['left'] !== member, write: false }
    case 'Property':
      // In a pattern it is a key, or what is written.
      if (parent['computed'] && parent['key'] === member) return { read: true, write: false }
      return { read: (analysis.parentOf.get(parent) as Node).type === 'ObjectExpression', write: false }
    case 'ArrayPattern':
    case 'RestElement':
    case 'TaggedTemplateExpression':
      return { read: false, write: false }
    case 'ChainExpression': {
      const { type, operator } = analysis.parentOf.get(parent) as Node
      return { read: type !== 'TaggedTemplateExpression' && operator !== 'delete', write: false }
    }
    case 'UnaryExpression':
      return { read: parent['operator'] !== 'delete', write: false }
    default:
      return { read: true, write: false }
  }
}

/** The names of a source's own accessors. */
export function ownAccessors(analysis: Analysis): Set<string> {
  return new Set(analysis.functions.flatMap((fn) => accessorName(analysis, fn) ?? []))
}

/** The accessors that are known elsewhere, too: by a name that others can say. */
export function publicAccessors(analysis: Analysis): { readonly name: string; readonly fn: number }[] {
  return analysis.functions.flatMap((each, fn) => {
    const name = accessorName(analysis, each)
    return name === null || /^=?(?:#|\[\])/.test(name) ? [] : [{ name, fn }]
  })
}

/** The properties that a pattern reads, in their order, if it plainly says which. */
export function keysOf(pattern: Node): readonly string[] | null {
  if (pattern.type !== 'ObjectPattern') return null
  const properties = (pattern['properties'] as Node[]).filter(({ type }) => type === 'Property')
  const plain = properties.every(({ computed, key }) => !computed || key.type === 'Literal')
  return plain ? properties.map(({ key }) => nameOf(key)) : null
}

/** The pattern of a parameter, of what is declared or assigned, or of the variable of a loop. */
function patternsOf(node: Node): Node[] {
  switch (node.type) {
    case 'VariableDeclarator':
      return node['init'] === null ? [] : [node['id']]
    case 'AssignmentExpression':
      return [node['left']]
    case 'ForOfStatement':
      return [patternOf(node['left'])]
    default:
      return isFunction(node) ? (node['params'] as Node[]).map(patternOf) : []
  }
}

/** Of a parameter, or of what stands in the head of a loop. */
export function patternOf(node: Node): Node {
  return node.type === 'VariableDeclaration' ? node['declarations'][0].id : (node['left'] ?? node)
}

/** All accesses in functions that may meet an accessor of one of these names. */
export function accessesOf(analysis: Analysis, names: ReadonlySet<string>): Analysis['reads'] {
  const found: Analysis['reads'] = []
  if (names.size === 0) return found
  for (const node of analysis.parentOf.keys()) {
    for (const pattern of patternsOf(node))
      for (const name of keysOf(pattern) ?? []) {
        const fn = names.has(name) ? functionAround(analysis, node) : null
        if (fn !== null) found.push({ name, fn, node: pattern })
      }
    if (node.type !== 'MemberExpression') continue
    const reached = memberNames(node).filter((name) => names.has(name) || names.has(`=${name}`))
    if (reached.length === 0) continue
    const fn = functionAround(analysis, node)
    if (fn === null) continue
    const { read, write } = accessOf(analysis, node)
    for (const name of reached) {
      if (read) found.push({ name, fn, node })
      if (write) found.push({ name: `=${name}`, fn, node })
    }
  }
  return found
}

function functionAround(analysis: Analysis, node: Node): Fn | null {
  for (let at: Node | undefined = node; at !== undefined; at = analysis.parentOf.get(at)) {
    const fn = analysis.fnOf.get(at)
    if (fn !== undefined) return fn
  }
  return null
}

function nameOf(key: Node): string {
  if (key.type === 'PrivateIdentifier') return `#${key['name']}`
  return String(key['name'] ?? key['value'])
}
