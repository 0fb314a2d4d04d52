import { accessorName } from './accessors.ts'
import type { Analysis } from './analyze.ts'
import type { Node } from './nodes.ts'
import type { Comment } from './parse.ts'
import type { Fn } from './scope.ts'

/**
 * Decides which functions may park: those with a site that is a call of anything unknown, or of a function that may park.
 * `all` is for tests. Optimistic at first, then raised until nothing changes, so that recursion alone does not count.
 */
export function infer(analysis: Analysis, comments: readonly Comment[], code: string, all: boolean): void {
  hear(analysis.functions, comments, code)
  for (const fn of analysis.functions) {
    if (all && fn.said !== false && !isEmpty(fn)) raise(fn, 'all may')
    if (fn.said === true) raise(fn, 'a comment')
    if (fn.said !== null) continue
    const unknown = fn.sites.find((site) => site.fn === null)
    if (unknown !== undefined) raise(fn, unknown.what)
  }
  for (let changed = true; changed; ) {
    changed = false
    for (const fn of analysis.functions) {
      const name = fn.parks && fn.obstacle === null ? accessorName(analysis, fn) : null
      if (name !== null) analysis.parkingGetters.add(name)
    }
    if (analysis.parkingGetters.size > 0)
      for (const { name, fn } of analysis.reads) {
        if (fn.parks || fn.said !== null || !analysis.parkingGetters.has(name)) continue
        raise(fn, name.startsWith('=') ? `.${name.slice(1)} = …` : `.${name}`)
        changed = true
      }
    for (const fn of analysis.functions) {
      if (fn.parks || fn.said !== null) continue
      const site = fn.sites.find((site) => site.fn !== null && mayPark(site.fn))
      if (site === undefined) continue
      raise(fn, site.what)
      changed = true
    }
  }
}

/** True for a function in which nothing is done. */
function isEmpty({ node }: Fn): boolean {
  if (node['params']?.length !== 0) return false
  const { body } = node
  if (body.type !== 'BlockStatement') return body.type === 'Literal'
  return body.body.every(({ type, argument }: Node) => type === 'ReturnStatement' && argument?.type === 'Literal')
}

/** True if a plain call of `fn` may park: async functions and generators answer at once. */
export function mayPark(fn: Fn): boolean {
  return fn.parks && !fn.async && !fn.generator
}

function raise(fn: Fn, why: string): void {
  fn.parks = true
  fn.why = why
}

/** Comments overrule: `// @fibril parks` and `// @fibril never-parks`, for the next function that begins on that line or the one after. */
function hear(functions: readonly Fn[], comments: readonly Comment[], code: string): void {
  for (const { text, end } of comments) {
    const said = /^[\s*]*@fibril\s+(never-parks|parks)\b/.exec(text)
    if (said === null) continue
    const fn = functions.find(({ node }) => node.start >= end)
    if (fn === undefined || code.slice(end, fn.node.start).split('\n').length > 2) continue
    fn.said = said[1] === 'parks'
  }
}
