/**
 * The body of an ES module that a program starts with becomes that of a generator, and that of one which disposes of something at
 * its end is put into a `try`. What only a module may have stays outside of it: the imports, which stand in front, and for each export a variable, which is given its value where what it
 * names gets its own.
 */
import { boundNames, type Node, varsIn } from '../nodes.ts'
import type { Binding } from '../scope.ts'
import type { Cells, Emitter } from './emitter.ts'

/** What stands outside, and how the inside begins. */
export interface Shell {
  /** After the imports that the source begins with. */
  readonly position: number
  readonly outside: string
  readonly prologue: string
}

/** False where an export gets its value in a way that is not followed, or where the module sees its own exports. */
export function canBeInside(emitter: Emitter, program: Node, url: string): boolean {
  const { bindings } = emitter.analysis.top
  const body = program['body'] as Node[]
  const declared = new Set(body.flatMap((node) => namesDeclared(declarationOf(node))))
  const nested = new Set<string>()
  for (const node of body) if (declarationOf(node) === null) varsIn(node, nested)
  return body.every((node) => {
    if (node['source'] && isSame(url, String(node['source'].value))) return false
    return exportsOf(node).every(({ local }) => {
      if (local === null) return true
      const { from } = bindings.get(local) as Binding
      return from !== null || (declared.has(local) && !nested.has(local))
    })
  })
}

/** True if a module imports itself. */
function isSame(url: string, specifier: string): boolean {
  if (!/^\.{1,2}\//.test(specifier)) return false
  const parts = url.split('/').slice(0, -1)
  for (const part of specifier.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '.') parts.push(part)
  }
  return parts.join('/') === url
}

/** Makes a variable for each export. `inFunction`: also for a `var`, which otherwise is the module's own wherever it is declared. */
export function cellsOf(emitter: Emitter, program: Node, inFunction: boolean): Cells {
  const own = new Set<string>()
  if (!inFunction) varsIn(program, own)
  const cells = new Map<string, string[]>()
  const byDefault = new Map<Node, string>()
  const exported: string[] = []
  let outside = ''
  for (const node of program['body'] as Node[])
    for (const { local, as } of exportsOf(node)) {
      if (local !== null && (own.has(local) || emitter.analysis.top.bindings.get(local)?.from != null)) {
        outside += `export{${local} as ${as}};`
        continue
      }
      const cell = emitter.names.of(`e${exported.length}`)
      exported.push(`${cell} as ${as}`)
      if (local === null) byDefault.set(node, cell)
      else cells.set(local, [...(cells.get(local) ?? []), cell])
    }
  if (exported.length > 0)
    outside += `let ${exported.map((_, n) => emitter.names.of(`e${n}`)).join(',')};export{${exported.join(',')}};`
  return { of: cells, byDefault, outside }
}

/** The cells that a name is written to with, where the module's variable is meant; null: none. */
function cellsAt(emitter: Emitter, id: Node): readonly string[] | null {
  const cells = id.type === 'Identifier' ? emitter.cells?.of.get(id['name']) : undefined
  if (cells === undefined || !emitter.analysis.writes.has(id)) return null
  return emitter.scopeAt(id).lookup(id['name'])?.scope === emitter.analysis.top ? cells : null
}

/** `n = 1` → `$e0 = n = 1`; false if no export is written. */
export function beforeWrite(emitter: Emitter, node: Node): boolean {
  const target: Node = node['left'] ?? node['argument']
  const cells = cellsAt(emitter, target)
  if (cells === null) return false
  const assigned = `${cells.join('=')}=`
  if (node.type === 'AssignmentExpression') emitter.before(node.start, assigned)
  else if (node['prefix']) {
    emitter.before(node.start, `(${assigned}`)
    emitter.after(node.end, ')')
  } else {
    emitter.before(node.start, '[')
    emitter.after(node.end, `,${assigned}${target['name']}][0]`)
  }
  return true
}

/** In a pattern, or in the head of a loop, a setter is written in place of the name. */
export function visitWritten(emitter: Emitter, id: Node): boolean {
  if (cellsAt(emitter, id) === null) return false
  const parent = emitter.analysis.parentOf.get(id) as Node
  if (parent.type === 'AssignmentExpression' && parent['left'] === id) return false
  if (parent.type === 'UpdateExpression') return false
  const property = parent.type === 'AssignmentPattern' ? emitter.analysis.parentOf.get(parent) : parent
  const key = property?.type === 'Property' && property['shorthand'] ? `${id['name']}:` : ''
  emitter.text.update(id.start, id.end, `${key}${emitter.names.of('exports')}.${id['name']}`)
  emitter.writesExports = true
  return true
}

/** Takes out of the body what must not be in it. `start` is where the body begins. */
export function shellOf(emitter: Emitter, program: Node, start: number): Shell {
  const { text, names } = emitter
  const body = program['body'] as Node[]
  const { of: cells, byDefault, outside } = emitter.cells as Cells
  let position = start
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
    const cell = byDefault.get(node)
    const declaration = declarationOf(node)
    if (cell !== undefined) {
      // As the value of a property of that name, it gets the name that it would have had.
      emitter.replace(node.start, emitter.find('default', node.start) + 'default'.length, `${cell}={default:`)
      const ended = emitter.code[node.end - 1] === ';'
      emitter.after(ended ? node.end - 1 : node.end, ended ? '}.default' : '}.default;')
    } else if (node.type === 'ExportNamedDeclaration' && declaration === null)
      emitter.replace(node.start, node.end, ';')
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
  if (emitter.writesExports) {
    const value = names.of('value')
    const setters = [...cells].map(([name, list]) => `set ${name}(${value}){${list.join('=')}=${name}=${value}}`)
    prologue += `const ${names.of('exports')}={${setters.join(',')}};`
  }
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
  if (inner === null || isAnonymous(inner)) return null
  return /^(Variable|Function|Class)Declaration$/.test(inner.type) ? inner : null
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
