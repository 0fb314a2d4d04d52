/**
 * Theory of operation: what the summaries of all modules say together.
 *
 * A function may park if one of its calls may. So: all functions that can be reached from the one that is asked for are
 * gathered, over modules; those that call what nobody knows, or what is known to park, are marked; and the marks spread to
 * callers. What is not marked then can never park: functions that call each other in a circle, in one module or in
 * several, need no special care. What was gathered is settled for good, so all questions together are linear in the
 * calls that there are.
 *
 * A second mark of the same kind says that a function *blocks*: that calls which are known lead to a function that is made to
 * block, and not only to something that might. It gives the better reason in reports, and decides whether top-level code
 * waits.
 */
import type { Access, Call, Foreign, ForeignVerdict, FunctionSummary, Summary, Value } from '../compile/index.ts'

/** What a specifier means: a module that is compiled, or one of which it is known what parks; null: neither. */
export type Located = { readonly url: string } | { readonly known: Known } | null

/** Says of a call of a member of a module what it may do. */
export type Known = (path: readonly string[], made: boolean) => ForeignVerdict

/** Where the graph's knowledge comes from. */
export interface Sources {
  /** Null: nothing is known of that module. */
  summaryOf(url: string): Summary | null
  locate(specifier: string, from: string, required: boolean): Located
  /** Where functions of a module reach accessors of one of these names. */
  accessesIn(url: string, names: ReadonlySet<string>): readonly Access[]
}

/** A call on the way from a function to what makes it park. */
export interface Step {
  /** The call, in words. */
  readonly what: string
  /** Where it stands. */
  readonly url: string
  /** From 1. */
  readonly line: number
}

interface Node {
  readonly url: string
  readonly number: number
  readonly summary: FunctionSummary
  readonly callers: { readonly caller: Node; readonly call: Call }[]
  settled: boolean
  parks: Mark | null
  blocks: Mark | null
}

/** Why a node is marked: a call, and whom it leads to; no call: a comment says so. */
interface Mark {
  readonly call: Call | null
  readonly next: Node | null
}

type Target = Node | ForeignVerdict

const NEVER: ForeignVerdict = { parks: false, blocks: false }
const UNKNOWN: ForeignVerdict = { parks: true, blocks: false }
/** So many exports may pass on one another's. */
const DEPTH = 100
/** So many accessors may block by way of one another's, each in a module of its own. */
const ACCESSORS = 4

export class Graph {
  private readonly sources: Sources
  private readonly nodes = new Map<string, Node>()
  /** The same graph, which knows one accessor less on the way; null: this one knows none. It says which accessors block. */
  private readonly plain: Graph | null
  /** Accessors of the modules behind each that block, by name. */
  private readonly blocking = new Map<string, ReadonlyMap<string, readonly Node[]>>()
  /** Of each module in which there are such names, the accesses of each function. */
  private readonly accesses = new Map<string, ReadonlyMap<number, readonly Access[]>>()

  constructor(sources: Sources, accessors = ACCESSORS) {
    this.sources = sources
    this.plain = accessors > 0 ? new Graph(sources, accessors - 1) : null
  }

  /** What a call of `foreign`, as the module `from` sees it, may do. */
  verdict(foreign: Foreign, from: string): ForeignVerdict {
    const verdicts = this.targets(foreign, from, 0).map((target) => this.verdictOf(target))
    return { parks: verdicts.some(({ parks }) => parks), blocks: verdicts.some(({ blocks }) => blocks) }
  }

  /** Why a function may park: the calls that lead there, from its own on; null: it cannot. */
  reason(url: string, number: number): readonly Step[] | null {
    const node = this.node(url, number)
    if (node === null) return null
    this.settle(node)
    return node.parks === null ? null : stepsFrom(node)
  }

  /** The same for each call in a function that may park, of a value that is such a function; `at` says where that stands. */
  reasons(value: Value, at: Step): (readonly Step[])[] {
    return this.follow(value, at.url, { path: [], made: false, loose: false }, 0).flatMap((target) => {
      if (!('summary' in target)) return target.parks ? [[at]] : []
      if (target.summary.said === false) return []
      return target.summary.calls.flatMap((call) => this.reasonsAt(call, target))
    })
  }

  /**
   * The names of getters and setters that block, in the modules that `url` imports, or these do. Not of all that might park: whoever calls a
   * method of what it was given might, and then each `o.length` could be anything. So a getter that does not plainly block parks in
   * its own module only.
   */
  accessorsBehind(url: string): ReadonlySet<string> {
    return new Set(this.blockingBehind(url).keys())
  }

  /** The modules on which verdicts in `url` may hang. */
  modulesBehind(url: string): string[] {
    const found = new Set([url])
    // Grows as it is gone through.
    for (const at of found) {
      for (const { from, required } of this.sources.summaryOf(at)?.imports ?? []) {
        const located = this.sources.locate(from, at, required)
        if (located !== null && 'url' in located) found.add(located.url)
      }
    }
    found.delete(url)
    return [...found]
  }

  private blockingBehind(url: string): ReadonlyMap<string, readonly Node[]> {
    const known = this.blocking.get(url)
    if (known !== undefined) return known
    const found = new Map<string, Node[]>()
    this.blocking.set(url, found)
    const { plain } = this
    if (plain === null) return found
    const behind = this.modulesBehind(url)
    for (const at of behind)
      for (const { name, fn } of this.sources.summaryOf(at)?.accessors ?? []) {
        const accessor = plain.node(at, fn)
        if (accessor === null || !plain.verdictOf(accessor).blocks) continue
        found.set(name, [...(found.get(name) ?? []), this.node(at, fn) as Node])
      }
    // Mostly there are none: then all of these need not be looked at again for each of them.
    if (found.size === 0) for (const at of behind) this.blocking.set(at, found)
    return found
  }

  /** The accesses in a function that may come to an accessor of another module which blocks, as calls of that. */
  private accessed({ url, number }: Node): { readonly call: Call; readonly target: Node }[] {
    const accessors = this.blockingBehind(url)
    if (accessors.size === 0) return []
    let accesses = this.accesses.get(url)
    if (accesses === undefined) {
      const byFunction = new Map<number, Access[]>()
      for (const access of this.sources.accessesIn(url, new Set(accessors.keys())))
        byFunction.set(access.fn, [...(byFunction.get(access.fn) ?? []), access])
      accesses = byFunction
      this.accesses.set(url, accesses)
    }
    return (accesses.get(number) ?? []).flatMap(({ name, line }) => {
      const what = name.startsWith('=') ? `.${name.slice(1)} = …` : `.${name}`
      return (accessors.get(name) ?? []).map((target) => ({ call: { what, line, to: null }, target }))
    })
  }

  private reasonsAt(call: Call, { url }: Node): (readonly Step[])[] {
    const parking = this.called(call, url).find((target) => this.verdictOf(target).parks)
    if (parking === undefined) return []
    const step = { what: call.what, url, line: call.line }
    return ['summary' in parking ? [step, ...stepsFrom(parking)] : [step]]
  }

  // -- which functions may park

  private verdictOf(target: Target): ForeignVerdict {
    if (!('summary' in target)) return target
    if (target.summary.answers) return NEVER
    this.settle(target)
    return { parks: target.parks !== null, blocks: target.blocks !== null }
  }

  private settle(from: Node): void {
    if (from.settled) return
    from.settled = true
    const gathered = [from]
    const parking: Node[] = []
    const blocking: Node[] = []
    // Grows as it is gone through.
    for (const node of gathered) {
      const { said, calls } = node.summary
      if (said === false) continue
      if (said === true) mark(node, 'parks', { call: null, next: null }, parking)
      const called = calls.flatMap((call) => this.called(call, node.url).map((target) => ({ call, target })))
      for (const { call, target } of [...called, ...this.accessed(node)]) {
        if (!('summary' in target)) {
          if (target.parks) mark(node, 'parks', { call, next: null }, parking)
          if (target.blocks) mark(node, 'blocks', { call, next: null }, blocking)
          continue
        }
        if (target.summary.answers) continue
        target.callers.push({ caller: node, call })
        if (!target.settled) {
          target.settled = true
          gathered.push(target)
        } else if (target.parks !== null) mark(node, 'parks', { call, next: target }, parking)
        if (target.blocks !== null) mark(node, 'blocks', { call, next: target }, blocking)
      }
    }
    spread('parks', parking)
    spread('blocks', blocking)
  }

  private called({ to }: Call, url: string): Target[] {
    if (to === null) return [UNKNOWN]
    if (typeof to !== 'number') return this.targets(to, url, 0)
    return [this.node(url, to) ?? UNKNOWN]
  }

  private node(url: string, number: number): Node | null {
    const key = `${number} ${url}`
    const known = this.nodes.get(key)
    if (known !== undefined) return known
    const summary = this.sources.summaryOf(url)?.functions[number]
    if (summary === undefined) return null
    const node: Node = { url, number, summary, callers: [], settled: false, parks: null, blocks: null }
    this.nodes.set(key, node)
    return node
  }

  // -- what a name of another module is

  private targets({ from: specifier, path, required, made, loose }: Foreign, from: string, depth: number): Target[] {
    const located = depth > DEPTH ? null : this.sources.locate(specifier, from, required)
    if (located === null) return [UNKNOWN]
    if ('known' in located) return [located.known(path, made)]
    const { url } = located
    const summary = this.sources.summaryOf(url)
    if (summary === null) return [UNKNOWN]
    const [name, ...rest] = path
    const wanted = { path: rest, made, loose }
    if (summary.exports !== null) {
      // What `require` gives instead of the namespace.
      if (required && 'module.exports' in summary.exports) return [UNKNOWN]
      if (name === undefined) return [NEVER]
      const exported = this.exported(url, name, new Set())
      return exported === null ? [UNKNOWN] : this.follow(exported.value, exported.url, wanted, depth + 1)
    }
    const { root } = summary
    if (required) return this.follow(root, url, { ...wanted, path }, depth + 1)
    if (name === undefined) return [NEVER]
    if (name !== 'default' && name !== 'module.exports') return this.follow(root, url, { ...wanted, path }, depth + 1)
    // Node and bundlers differ in what the default of a transpiled module is.
    const transpiled = root !== null && 'members' in root && 'default' in root.members
    return transpiled ? [UNKNOWN] : this.follow(root, url, wanted, depth + 1)
  }

  /** Where an ES module has an export from; null: nobody knows. */
  private exported(
    url: string,
    name: string,
    seen: Set<string>,
  ): { readonly url: string; readonly value: Value } | null {
    const summary = this.sources.summaryOf(url)
    if (summary === null || summary.exports === null || seen.has(url)) return null
    seen.add(url)
    if (Object.hasOwn(summary.exports, name)) return { url, value: summary.exports[name] as Value }
    if (name === 'default' || summary.stars.length === 0) return null
    let found: { readonly url: string; readonly value: Value } | null = null
    for (const star of summary.stars) {
      const located = this.sources.locate(star, url, false)
      // What cannot be looked into might have it.
      if (located === null || !('url' in located) || !this.isOpen(located.url, new Set(seen))) return null
      const exported = this.exported(located.url, name, new Set(seen))
      if (exported === null) continue
      if (found !== null && found.url !== exported.url) return null
      found = exported
    }
    return found
  }

  /** True if all that a module exports is known by name. */
  private isOpen(url: string, seen: Set<string>): boolean {
    if (seen.has(url)) return true
    seen.add(url)
    const summary = this.sources.summaryOf(url)
    if (summary === null || summary.exports === null) return false
    return summary.stars.every((star) => {
      const located = this.sources.locate(star, url, false)
      return located !== null && 'url' in located && this.isOpen(located.url, seen)
    })
  }

  private follow(
    value: Value,
    url: string,
    wanted: { readonly path: readonly string[]; readonly made: boolean; readonly loose: boolean },
    depth: number,
  ): Target[] {
    if (value === null || depth > DEPTH) return [UNKNOWN]
    const { path, made, loose } = wanted
    if ('either' in value) return value.either.flatMap((one) => this.follow(one, url, wanted, depth + 1))
    if ('foreign' in value) {
      const { foreign } = value
      // Who else holds an object that is passed on is not known.
      const passed = loose || foreign.loose || path.length > 0
      return this.targets({ ...foreign, path: [...foreign.path, ...path], made, loose: passed }, url, depth + 1)
    }
    const [name, ...rest] = path
    if ('members' in value) {
      // What is no function throws when it is called.
      if (name === undefined) return [NEVER]
      const member = loose || !Object.hasOwn(value.members, name) ? null : (value.members[name] as Value)
      return this.follow(member, url, { ...wanted, path: rest }, depth + 1)
    }
    if (name !== undefined) return [UNKNOWN]
    if ('fn' in value) return [this.node(url, value.fn) ?? UNKNOWN]
    return [made && value.maker !== null ? (this.node(url, value.maker) ?? UNKNOWN) : NEVER]
  }
}

function mark(node: Node, kind: 'parks' | 'blocks', why: Mark, marked: Node[]): void {
  if (node[kind] !== null || node.summary.said === false) return
  node[kind] = why
  marked.push(node)
}

/** To all who call what is marked. */
function spread(kind: 'parks' | 'blocks', marked: Node[]): void {
  for (const node of marked)
    for (const { caller, call } of node.callers) mark(caller, kind, { call, next: node }, marked)
}

/** The way from a node to what makes it so; by calls that are known to the end, if there is such a way. */
function stepsFrom(from: Node): Step[] {
  const kind = from.blocks === null ? 'parks' : 'blocks'
  const steps: Step[] = []
  for (let node: Node | null = from; node !== null; ) {
    const { call, next }: Mark = node[kind] ?? { call: null, next: null }
    const { url, summary } = node
    steps.push({ what: call?.what ?? 'a comment', url, line: call?.line ?? summary.line })
    node = next
  }
  return steps
}
