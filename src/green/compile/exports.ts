import { boundNames, type Node } from './nodes.ts'
import type { Foreign, Scope } from './scope.ts'
import type { Value, Values } from './values.ts'

/** What an ES module exports, by name; not what it passes on by `export *`. */
export function moduleExports(program: Node, values: Values): Record<string, Value> {
  const { top } = values.analysis
  const found: [string, Value][] = []
  for (const node of program['body'] as Node[]) {
    const { declaration } = node
    if (node.type === 'ExportDefaultDeclaration')
      found.push(['default', declaration['id'] ? values.of(declaration['id'], top) : values.of(declaration)])
    else if (node.type === 'ExportAllDeclaration' && node['exported'] !== null)
      found.push([nameOf(node['exported']), { foreign: named(node['source'], []) }])
    else if (node.type === 'ExportNamedDeclaration' && declaration)
      for (const name of declaredNames(declaration)) found.push([nameOf(name), values.of(name, top)])
    else if (node.type === 'ExportNamedDeclaration')
      for (const { local, exported } of node['specifiers'] as Node[])
        found.push([
          nameOf(exported),
          node['source'] ? { foreign: named(node['source'], [nameOf(local)]) } : values.of(local, top),
        ])
  }
  return Object.fromEntries(found)
}

/** From where an ES module passes on whatever there is. */
export function starsOf(program: Node): string[] {
  return (program['body'] as Node[])
    .filter(({ type, exported }) => type === 'ExportAllDeclaration' && exported === null)
    .map(({ source }) => String(source['value']))
}

function declaredNames(declaration: Node): Node[] {
  if (declaration.type !== 'VariableDeclaration') return [declaration['id']]
  return (declaration['declarations'] as Node[]).flatMap(({ id }) => boundNames(id))
}

const nameOf = (node: Node): string => String(node['name'] ?? node['value'])

const named = (source: Node, path: string[]): Foreign => ({
  from: String(source['value']),
  path,
  ...{ required: false, made: false, loose: false },
})

/**
 * What a CommonJS module exports: all that is ever assigned to `module.exports`, and to members of it. Null, so anything, as
 * soon as the object is used in another way, for then others may change it.
 */
export function requiredExports(values: Values): Value {
  const { parentOf, exporting, written } = values.analysis
  const roots: Value[] = []
  const members = new Map<string, Value[]>()
  // At the top, `this` is what is exported.
  let followed = !values.analysis.topThis
  for (const { node, scope } of exporting) {
    if (scope.lookup(node['name']) !== null) continue
    if (node['name'] === 'exports') useOfObject(node, scope)
    else useOfModule(node, scope)
  }
  if (!followed || roots.length > 1) return null
  const [root] = roots
  if (members.size === 0 && root !== undefined) return root
  // `module.exports = { f }`, and `exports.g = …` besides.
  if (root === null || (root !== undefined && !('members' in root))) return null
  for (const [name, value] of Object.entries(root?.members ?? {})) if (members.has(name)) valuesOf(name).push(value)
  const own = [...members].map(([name, assigned]): [string, Value] => {
    // Something else assigns to a member of this name, of whatever object.
    const all = written.get(name) === assigned.length
    return [name, !all ? null : assigned.length === 1 ? (assigned[0] as Value) : { either: assigned }]
  })
  return { members: { ...root?.members, ...Object.fromEntries(own) } }

  function useOfModule(node: Node, scope: Scope): void {
    const parent = parentOf.get(node) as Node
    if (parent.type === 'BinaryExpression') return // require.main === module
    if (parent.type !== 'MemberExpression' || parent['computed']) followed = false
    else if (parent['property']['name'] === 'exports') {
      const around = parentOf.get(parent) as Node
      if (isAssigned(parent, around)) roots.push(values.of(around['right'], scope))
      else useOfObject(parent, scope)
    }
  }

  /** `node` is the object that is exported. */
  function useOfObject(node: Node, scope: Scope): void {
    const parent = parentOf.get(node) as Node
    if (isDefinition(parent, node)) {
      const name = String(parent['arguments'][1]['value'])
      if (name !== '__esModule') valuesOf(name).push(null)
    } else if (parent.type !== 'MemberExpression' || parent['object'] !== node || parent['computed']) followed = false
    else {
      const around = parentOf.get(parent) as Node
      if (isAssigned(parent, around)) valuesOf(parent['property']['name']).push(values.of(around['right'], scope))
    }
  }

  function valuesOf(name: string): Value[] {
    const assigned = members.get(name) ?? []
    members.set(name, assigned)
    return assigned
  }
}

function isAssigned(node: Node, { type, operator, left }: Node): boolean {
  return type === 'AssignmentExpression' && operator === '=' && left === node
}

/** `Object.defineProperty(exports, 'name', …)`. */
function isDefinition({ type, callee, arguments: given }: Node, object: Node): boolean {
  if (type !== 'CallExpression' || callee.type !== 'MemberExpression' || given[0] !== object) return false
  const { object: owner, property } = callee
  return owner['name'] === 'Object' && property['name'] === 'defineProperty' && given[1]?.type === 'Literal'
}
