/**
 * The body of an ES module that a program starts with becomes that of a generator. What only a module may have stays
 * outside of it: the imports, which stand in front, and for each export a variable, which is given its value where what it
 * names gets its own.
 */
import { boundNames, type Node } from '../nodes.ts'
import type { Binding } from '../scope.ts'
import type { Emitter } from './emitter.ts'

/** What stands outside, and how the inside begins. */
export interface Shell {
  /** After the imports that the source begins with. */
  readonly position: number
  readonly outside: string
  readonly prologue: string
}

/** False where an export changes after it got its value, or has no name to get it by: such a module stays one. */
export function canBeInside(emitter: Emitter, program: Node): boolean {
  const { bindings } = emitter.analysis.top
  const declared = new Set((program['body'] as Node[]).flatMap((node) => namesDeclared(declarationOf(node))))
  return (program['body'] as Node[]).every((node) => {
    if (node.type === 'ExportDefaultDeclaration' && isAnonymous(node['declaration'])) return false
    return exportsOf(node).every(({ local }) => {
      if (local === null) return true
      const binding = bindings.get(local) as Binding
      return binding.from !== null || (binding.fixed && declared.has(local))
    })
  })
}

/** Takes out of the body what must not be in it. `start` is where the body begins. */
export function shellOf(emitter: Emitter, program: Node, start: number): Shell {
  const { text, names, analysis } = emitter
  const body = program['body'] as Node[]
  const cells = new Map<string, string[]>()
  const exported: string[] = []
  const cellFor = (as: string): string => {
    const cell = names.of(`e${exported.length}`)
    exported.push(`${cell} as ${as}`)
    return cell
  }
  let position = start
  let outside = ''
  let prologue = ''
  let leading = true
  for (const node of body) {
    if (node['directive'] !== undefined) continue
    if (node.type === 'ImportDeclaration' || node['source']) {
      if (leading) position = node.end
      else text.appendRight(node.start, ';').move(node.start, node.end, position)
      continue
    }
    leading = false
    for (const { local, as } of exportsOf(node)) {
      if (local === null) {
        emitter.replace(node.start, node['declaration'].start, `${cellFor(as)}={default:`)
        emitter.after(node['declaration'].end, '}.default')
      } else if (analysis.top.bindings.get(local)?.from != null) outside += `export{${local} as ${as}};`
      else cells.set(local, [...(cells.get(local) ?? []), cellFor(as)])
    }
    const declaration = declarationOf(node)
    if (node.type === 'ExportNamedDeclaration' && declaration === null) emitter.replace(node.start, node.end, ';')
    else if (declaration !== null && declaration !== node) emitter.replace(node.start, declaration.start, '')
  }
  for (const node of body) {
    const declaration = declarationOf(node)
    const given = namesDeclared(declaration).flatMap((name) =>
      (cells.get(name) ?? []).map((cell) => `${cell}=${name};`),
    )
    if (declaration?.type === 'FunctionDeclaration') prologue += given.join('')
    else if (given.length > 0) emitter.after(node.end, `;${given.join('')}`)
  }
  if (exported.length > 0)
    outside += `let ${exported.map((_, n) => names.of(`e${n}`)).join(',')};export{${exported.join(',')}};`
  return { position, outside, prologue }
}

interface Export {
  /** Null: the expression that is exported as default. */
  readonly local: string | null
  readonly as: string
}

/** What a statement exports of this module itself. */
function exportsOf(node: Node): Export[] {
  const { declaration } = node
  if (node.type === 'ExportDefaultDeclaration') {
    const names = namesDeclared(declaration)
    return [{ local: names[0] ?? null, as: 'default' }]
  }
  if (node.type !== 'ExportNamedDeclaration' || node['source']) return []
  if (declaration) return namesDeclared(declaration).map((name) => ({ local: name, as: name }))
  return (node['specifiers'] as Node[]).map(({ local, exported }) => ({
    local: local.name as string,
    as: exported.type === 'Literal' ? (exported.raw as string) : (exported.name as string),
  }))
}

function declarationOf(node: Node): Node | null {
  const inner: Node = /^Export(Named|Default)Declaration$/.test(node.type) ? node['declaration'] : node
  return inner !== null && /^(Variable|Function|Class)Declaration$/.test(inner.type) ? inner : null
}

function namesDeclared(node: Node | null): string[] {
  if (node === null) return []
  if (node.type === 'VariableDeclaration')
    return (node['declarations'] as Node[]).flatMap(({ id }) => boundNames(id).map((name) => name['name'] as string))
  return /^(Function|Class)Declaration$/.test(node.type) && node['id'] ? [node['id']['name']] : []
}

function isAnonymous(node: Node): boolean {
  return /^(Function|Class)Declaration$/.test(node.type) && !node['id']
}
