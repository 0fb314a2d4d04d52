/**
 * Parameters that are more than names. What a pattern or a default runs must find no announcement, and runs once, though the
 * function is called again to go on. So it goes to the body, behind the prologue:
 *
 *     function f({ a }, b = g(), [c] = d) { … }
 *     →  function f($p0, b = void 0, $p2 = void 0) { …prologue; var a; if (!$p) ({ a } = $p0); if (!$p && b === void 0) b = g(); … }
 */
import type { Emitter } from '../emit/emitter.ts'
import { boundNames, childrenOf, isFunction, type Node, redeclares } from '../nodes.ts'
import type { Fn } from '../scope.ts'

/** Why the parameters of a function cannot be moved to its body; null: they can. */
export function parametersProblem(fn: Fn): string | null {
  const { body, params } = fn.node
  const moved = (params as Node[]).filter((param) => !staysWhole(param))
  if (moved.length === 0) return null
  const bound = new Map((params as Node[]).flatMap((param) => boundNames(param)).map((id) => [id['name'], id]))
  const statements: Node[] = body.body ?? []
  if (statements.some(({ type, id }) => type === 'FunctionDeclaration' && bound.has(id.name)))
    return 'a function that has the name of a parameter'
  if (moved.some(hasFunction) && redeclares(body, new Set(bound.keys()))) return 'a parameter that is declared again'
  for (const { name, before } of moved.flatMap((param) => namesIn(param))) {
    const id = bound.get(name)
    // Natively it has no value yet; and what the body declares is not what a parameter sees.
    if (id === undefined ? fn.scope.bindings.has(name) : id.start >= before)
      return 'a parameter that uses what is declared behind it'
  }
  return null
}

/**
 * Makes statements of what is to be moved, and answers it: once the body has been visited, it goes where that begins. `guard` is
 * true but where the function goes on.
 */
export function visitParameters(emitter: Emitter, params: readonly Node[], guard: string): Node[] {
  const { text } = emitter
  const moved: Node[] = []
  const place = (node: Node, before: string, after: string): void => {
    emitter.visit(node)
    text.prependRight(node.start, before)
    text.appendLeft(node.end, after)
    moved.push(node)
  }
  for (const [index, param] of params.entries()) {
    if (staysWhole(param)) {
      emitter.visit(param)
      continue
    }
    const given = param.type === 'AssignmentPattern' ? (param['right'] as Node) : null
    const target: Node = param['left'] ?? param['argument'] ?? param
    const stays = given === null || defaultStays(param)
    if (!stays) {
      emitter.replace(target.end, given.start, '=void 0')
      if (param.end > given.end) emitter.replace(given.end, param.end, '')
    }
    const [open, closed] = given?.type === 'SequenceExpression' ? ['(', ')'] : ['', '']
    if (target.type === 'Identifier') {
      place(given as Node, `if(${guard}${target['name']}===void 0)${target['name']}=${open}`, `${closed};`)
      continue
    }
    const name = emitter.names.of(`p${index}`)
    text.appendLeft(target.start, name)
    const names = boundNames(target).map((id) => id['name'])
    const declared = names.length > 0 ? `var ${names};` : ''
    const once = guard === '' ? '' : `if(${guard.slice(0, -2)})`
    place(target, `${declared}${once}(`, stays ? `=${name});` : `=${name}===void 0?`)
    if (!stays) place(given, open, `${closed}:${name});`)
  }
  return moved
}

/** A name, or a rest of that kind, or one with a default that runs nothing: nothing happens if it is evaluated again. */
function staysWhole(param: Node): boolean {
  if (param.type === 'RestElement') return param['argument'].type === 'Identifier'
  if (param.type === 'AssignmentPattern') return param['left'].type === 'Identifier' && defaultStays(param)
  return param.type === 'Identifier'
}

/** By parentheses in its head a function would not be known to be compiled (runtime/compiled.ts). */
function defaultStays({ right, end }: Node): boolean {
  if (right.end < end) return false
  if (right.type === 'ObjectExpression') return right.properties.length === 0
  if (right.type === 'ArrayExpression') return right.elements.length === 0
  for (let at: Node = right; at.type === 'UnaryExpression'; at = at['argument'])
    if (at['argument'].end < at.end) return false
  return isConstant(right)
}

/** An expression that runs nothing, and always gives the same. */
export function isConstant(node: Node): boolean {
  if (node.type === 'UnaryExpression') return node['operator'] !== 'delete' && isConstant(node['argument'])
  return node.type === 'Literal' && !node['regex'] && !/[\n\r\u2028\u2029]/.test(node['raw'] ?? '')
}

function hasFunction(node: Node): boolean {
  return isFunction(node) || childrenOf(node).some(hasFunction)
}

/** The names that are used in a parameter, but for those that it binds. What begins at `before`, or behind, is bound later. */
function namesIn(param: Node): { readonly name: string; readonly before: number }[] {
  const bound = new Set(boundNames(param))
  const found: { name: string; before: number }[] = []
  const walk = (node: Node, before: number | null): void => {
    if (node.type === 'Identifier' && !bound.has(node)) found.push({ name: node['name'], before: before ?? node.start })
    // Names of members are none.
    const named: Node | undefined =
      node['computed'] || node['shorthand'] ? undefined : (node['key'] ?? node['property'])
    for (const child of childrenOf(node).filter((each) => each !== named))
      walk(child, before ?? (node.type === 'AssignmentPattern' && child === node['right'] ? node.start : null))
  }
  walk(param, null)
  return found
}
