import { accessorName } from './accessors.ts'
import type { Analysis, ForeignVerdict } from './analyze.ts'
import type { Node } from './nodes.ts'
import type { Comment } from './parse.ts'
import type { Fn, Foreign, Site } from './scope.ts'
import { keyOf } from './sites.ts'

/** What is known of the values of other modules; null: nothing, so they may park. */
export type Foreigners = (foreign: Foreign) => ForeignVerdict | null

const UNKNOWN: ForeignVerdict = { parks: true, blocks: false }
/** Who knows nothing else knows that this blocks. */
const blocking = /\bfibril\/green$/

/**
 * Decides which functions may park: those with a site that is a call of anything unknown, or of a function that may park.
 * `all` is for tests. Optimistic at first, then raised until nothing changes, so that recursion alone does not count.
 */
export function infer(analysis: Analysis, foreigners: Foreigners, all: boolean): void {
  for (const { foreign } of [...analysis.topSites, ...analysis.functions.flatMap(({ sites }) => sites)])
    if (foreign !== null)
      analysis.foreign.set(keyOf(foreign), foreigners(foreign) ?? { ...UNKNOWN, blocks: blocking.test(foreign.from) })
  for (const fn of analysis.functions) {
    if (all && fn.said !== false && !isEmpty(fn)) raise(fn, 'all may')
    if (fn.said === true) raise(fn, 'a comment')
    if (fn.said !== null) continue
    const unknown = fn.sites.find((site) => site.fn === null && parksAt(analysis, site))
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

/** True if what stands at `site` may park. */
export function parksAt(analysis: Analysis, { fn, foreign }: Site): boolean {
  if (fn !== null) return mayPark(fn)
  return foreign === null || (analysis.foreign.get(keyOf(foreign)) ?? UNKNOWN).parks
}

function raise(fn: Fn, why: string): void {
  fn.parks = true
  fn.why = why
}

/** Comments overrule: `// @fibril parks` and `// @fibril never-parks`, for the next function that begins on that line or the one after. */
export function hear(functions: readonly Fn[], comments: readonly Comment[], code: string): void {
  for (const { text, end } of comments) {
    const said = /^[\s*]*@fibril\s+(never-parks|parks)\b/.exec(text)
    if (said === null) continue
    const fn = functions.find(({ node }) => node.start >= end)
    if (fn === undefined || code.slice(end, fn.node.start).split('\n').length > 2) continue
    fn.said = said[1] === 'parks'
  }
}
