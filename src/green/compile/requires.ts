/** Calls of `require` that load modules of the program: their top level may park. */
import type { Analysis } from './analyze.ts'
import type { Node } from './nodes.ts'
import type { Scope } from './scope.ts'

/** True for `require` of a file, or of what is not known; packages have long been loaded, or do not park. */
export function isRequire(node: Node, scope: Scope): boolean {
  if (node.type !== 'CallExpression' || node['callee'].type !== 'Identifier' || node['callee'].name !== 'require')
    return false
  if (node['arguments'].length !== 1 || scope.lookup('require') !== null) return false
  const [name] = node['arguments']
  return name.type !== 'Literal' || /^\.{0,2}\//.test(String(name.value))
}

/** Makes sites of those at the top level. A function is not thought to park for what it requires, which mostly is there already. */
export function noteRequires(analysis: Analysis): void {
  for (const node of analysis.parentOf.keys()) {
    if (node.type !== 'CallExpression') continue
    let inside = false
    let scope: Scope | undefined
    for (let at: Node | undefined = node; at !== undefined && !inside; at = analysis.parentOf.get(at)) {
      scope ??= analysis.scopeOf.get(at)
      inside = analysis.fnOf.has(at)
    }
    if (inside || !isRequire(node, scope ?? analysis.top)) continue
    analysis.topSites.push({ node, fn: null, foreign: null, what: 'require(…)' })
  }
}
