/**
 * Theory of operation: what others need to know of a module, to say of its exports whether a call of them may park.
 *
 * A summary depends on the text of its module alone. It does not say what may park; it says what that hangs on: each
 * function calls functions of the same module, values of others (`Foreign`), and what nobody knows. Whoever has the
 * summaries of all modules can follow that through; and a summary, once made, is right as long as the text is the same.
 *
 * A `Value` says what is plainly exported: a function, a class, an object of such, something of another module, one of
 * several of these. Whatever is not plain is null: nobody knows. So is an object that the module hands on, or changes in
 * a way that cannot be followed. What another module does to an object of this one is not seen: who replaces a function
 * of an exported object by one that parks gets a `NativeFrameError` where nobody expected that.
 */
import { publicAccessors } from './accessors.ts'
import type { Analysis } from './analyze.ts'
import { moduleExports, requiredExports, starsOf } from './exports.ts'
import type { Lines } from './lines.ts'
import type { Node } from './nodes.ts'
import type { Fn, Foreign, Site } from './scope.ts'
import { keyOf } from './sites.ts'
import { type Value, Values } from './values.ts'

/** A call, and what is called: a function of this module by its number, something of another, or nobody knows. */
export interface Call {
  readonly what: string
  readonly line: number
  readonly to: number | Foreign | null
}

export interface FunctionSummary {
  readonly name: string
  /** From 1. */
  readonly line: number
  /** From 0. */
  readonly column: number
  /** A call of it answers at once: an async function, or a generator. */
  readonly answers: boolean
  /** What a comment says: whether it parks. */
  readonly said: boolean | null
  /** Of calls of what nobody knows the first; all of them if the function is handed to a package. */
  readonly calls: readonly Call[]
}

/** A function that is handed to one of a package: the first argument of a call. */
export interface Handed {
  readonly to: Foreign
  /** The argument, in words. */
  readonly what: string
  readonly line: number
  readonly column: number
  readonly value: Value
}

export interface Summary {
  readonly functions: readonly FunctionSummary[]
  /** By name, of an ES module; null: it is CommonJS. */
  readonly exports: Readonly<Record<string, Value>> | null
  /** From where it exports all that it has not itself. */
  readonly stars: readonly string[]
  /** What `module.exports` is, of CommonJS. */
  readonly root: Value
  /** The values of others that are called, in functions and outside. */
  readonly foreign: readonly Foreign[]
  /** Its getters and setters, by name (accessors.ts), but for those that nobody else can name. */
  readonly accessors: readonly { readonly name: string; readonly fn: number }[]
  /** The modules that it names. */
  readonly imports: readonly Pick<Foreign, 'from' | 'required'>[]
  readonly handed: readonly Handed[]
}

export function summarize(program: Node, analysis: Analysis, lines: Lines, isModule: boolean): Summary {
  const values = new Values(analysis)
  const sites = [...analysis.topSites, ...analysis.functions.flatMap(({ sites }) => sites)]
  const handed = sites.flatMap((site) => handedAt(site, values, lines)).sort((a, b) => a.line - b.line)
  const shown = new Set(handed.map(({ value }) => (value !== null && 'fn' in value ? value.fn : null)))
  const reads = readsOf(analysis)
  const functions = analysis.functions.map((fn, number): FunctionSummary => {
    const { name, said } = fn
    const calls = callsOf([...fn.sites, ...(reads.get(fn) ?? [])], shown.has(number))
    return { name, ...lines.of(fn.node.start), answers: fn.async || fn.generator, said, calls }
  })
  const foreign = new Map<string, Foreign>()
  for (const site of sites) if (site.foreign !== null) foreign.set(keyOf(site.foreign), site.foreign)
  // A direct `eval` may assign to anything.
  const opaque = analysis.identifiers.has('eval')
  return {
    functions,
    exports: !isModule ? null : opaque ? {} : moduleExports(program, values),
    stars: isModule ? starsOf(program) : [],
    root: isModule || opaque ? null : requiredExports(values),
    foreign: [...foreign.values()],
    accessors: publicAccessors(analysis),
    imports: importsOf(program, analysis),
    handed,
  }

  function callsOf(sites: readonly Site[], all: boolean): Call[] {
    const calls = new Map<string, Call>()
    let unknown = false
    for (const { node, fn, foreign, what } of sites) {
      const to = fn === null ? foreign : values.numberOf(fn)
      if (to === null && unknown && !all) continue
      unknown ||= to === null
      const key = to === null ? what : typeof to === 'number' ? String(to) : keyOf(to)
      if (!calls.has(key)) calls.set(key, { what, line: lines.of(node.start).line, to })
    }
    return [...calls.values()]
  }
}

/** Reads of what has the name of a getter of the same source, as calls of it. */
function readsOf({ functions, reads }: Analysis): Map<Fn, Site[]> {
  const getters = functions.filter(({ kind }) => kind === 'getter')
  const names = new Set(getters.map(({ name }) => name))
  const found = new Map<Fn, Site[]>()
  for (const { name, fn } of reads)
    for (const getter of names.has(name) ? getters : []) {
      if (getter.name !== name) continue
      const sites = found.get(fn) ?? []
      sites.push({ node: fn.node, fn: getter, foreign: null, what: `.${name}` })
      found.set(fn, sites)
    }
  return found
}

/** The modules that a source names, but for those that it loads as it runs. */
function importsOf(program: Node, { parentOf, scopeOf, top }: Analysis): Summary['imports'] {
  const found = new Map<string, Summary['imports'][number]>()
  const note = (from: unknown, required: boolean): void => {
    if (typeof from === 'string') found.set(`${required} ${from}`, { from, required })
  }
  for (const { source } of program['body'] as Node[]) note(source?.['value'], false)
  for (const node of parentOf.keys()) {
    if (node.type !== 'CallExpression' || node['callee'].name !== 'require') continue
    let at: Node | undefined = node
    while (at !== undefined && !scopeOf.has(at)) at = parentOf.get(at)
    if ((scopeOf.get(at as Node) ?? top).lookup('require') === null) note(node['arguments'][0]?.value, true)
  }
  return [...found.values()]
}

function handedAt({ node, foreign }: Site, values: Values, lines: Lines): Handed[] {
  const [argument] = (node['arguments'] as Node[] | undefined) ?? []
  if (foreign === null || argument === undefined || argument.type === 'Literal' || /^[./]|^file:/.test(foreign.from))
    return []
  const value = values.of(argument)
  const what = value !== null && 'fn' in value ? values.nameOf(value.fn) : String(argument['name'] ?? 'a function')
  return [{ to: foreign, what, ...lines.of(node.start), value }]
}
