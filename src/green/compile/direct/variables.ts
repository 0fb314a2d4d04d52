/**
 * The variables of a function that is compiled the direct way: what its frame keeps, and when that is enough.
 */
import type { Analysis } from '../analyze.ts'
import { boundNames, childrenOf, isFunction, type Node } from '../nodes.ts'
import type { Binding, Fn, Scope } from '../scope.ts'

export interface Variable {
  readonly name: string
  /** Null for what the compiler itself keeps in a loop. */
  readonly binding: Binding | null
  readonly within: Node | null
  /** Where in a frame's list it is kept. */
  readonly slot: number
  /** Given its value as soon as the function is entered; otherwise where it is declared. */
  readonly early: boolean
  /** A parameter, or a function, that never changes: what a frame has once kept of it holds. */
  readonly lasting: boolean
  /** From here on it has a value. */
  readonly from: number
}

interface Closure {
  /** From where on it may exist. */
  readonly start: number
  readonly node: Node
}

const loops = new Set(['ForStatement', 'WhileStatement', 'DoWhileStatement', 'ForOfStatement', 'ForInStatement'])

export class Variables {
  readonly all: Variable[] = []
  private readonly byBinding = new Map<Binding, Variable>()
  private readonly captures: { variable: Binding; closure: Closure }[] = []
  /** Where a name occurs for the last time. */
  private readonly lastUse = new Map<string, number>()
  private readonly analysis: Analysis
  private readonly fn: Fn
  private readonly sites: readonly Node[]
  private doubtful: string | null = null

  constructor(analysis: Analysis, fn: Fn, sites: readonly Node[]) {
    this.analysis = analysis
    this.fn = fn
    this.sites = sites
    const { node } = fn
    for (const param of node['params'] as Node[])
      for (const id of boundNames(param)) this.add(id['name'], fn.scope, true, 0, true)
    for (const child of [...node['params'], node['body']]) this.collect(child, null)
    // The names of functions are needed by slot before others are declared.
    for (const name of [...fn.scope.bindings.keys()])
      if (!this.byBinding.has(fn.scope.bindings.get(name) as Binding)) this.doubtful ??= `the variable ${name}`
  }

  get early(): Variable[] {
    return this.all.filter(({ early }) => early)
  }

  of(binding: Binding | null): Variable | null {
    return binding === null ? null : (this.byBinding.get(binding) ?? null)
  }

  /** Why frames cannot keep them; null if they can. `started`: every call parks at its start. */
  problem(started: boolean): string | null {
    if (this.doubtful !== null) return this.doubtful
    if (this.sites.length === 0 && !started) return null
    for (const site of this.sites) {
      const scope = this.scopeAt(site)
      for (const { name, binding } of this.keptAt(site, scope))
        if (scope.lookup(name) !== binding) return `the variable ${name}, which another one hides`
    }
    for (const { variable, closure } of this.captures) {
      const { name, fixed } = variable
      const known = this.of(variable)
      if (known === null) continue
      if (!fixed) return `the variable ${name}, which changes and is used by a function inside`
      if (closure.start >= known.from) continue
      if (started && closure.start === this.fn.node['body'].start)
        return `the variable ${name}, which a function inside may use before it is declared`
      const begin = Math.min(closure.start, this.loopAround(closure.node, known)?.start ?? closure.start)
      if (this.sites.some((site) => site.end > begin && site.start < known.from))
        return `the variable ${name}, which a function inside may use before it is declared`
    }
    return null
  }

  /** Those that are kept at a site. */
  keptAt(site: Node, scope: Scope): Variable[] {
    const from = this.horizon(site)
    return this.all.filter((variable) => {
      if (variable.binding === null) {
        const node = variable.within
        if (node === null) return false
        return site === node || (site.start >= node['right'].end && site.end <= node.end)
      }
      if (!variable.early && variable.from > site.start) return false
      if (!isAround(variable.binding.scope, scope)) return false
      return (this.lastUse.get(variable.name) ?? -1) >= from
    })
  }

  /** What stands in front of this position is over when the site is resumed. */
  private horizon(site: Node): number {
    let from: number | null = null
    for (let at = site; at !== this.fn.node; at = this.analysis.parentOf.get(at) as Node)
      if (loops.has(at.type)) from = at.start
      else if (from === null && /Statement$|^VariableDeclaration$/.test(at.type)) from = at.start
    return from ?? this.fn.node['body'].start
  }

  /** One of the compiler's own, which is kept within a `for…of` loop; null: where it is asked for. */
  hide(name: string, within: Node | null): Variable {
    const variable = { name, binding: null, within, slot: this.all.length, early: false, lasting: false, from: 0 }
    this.all.push(variable)
    return variable
  }

  private add(name: string, scope: Scope, early: boolean, from: number, lasts = false): void {
    const binding = scope.bindings.get(name)
    if (binding === undefined) {
      this.doubtful ??= `the variable ${name}`
      return
    }
    if (this.byBinding.has(binding)) return
    const lasting = lasts && binding.fixed
    const variable = { name, binding, within: null, slot: this.all.length, early, lasting, from }
    this.byBinding.set(binding, variable)
    this.all.push(variable)
  }

  /** Walks over the body, and into the functions in it. */
  private collect(node: Node, closure: Closure | null): void {
    let inside = closure
    if (isFunction(node) || node.type === 'ClassExpression' || node.type === 'ClassDeclaration') {
      if (closure === null) {
        const hoisted = node.type === 'FunctionDeclaration'
        if (hoisted) this.add(node['id'].name, this.scopeAt(this.analysis.parentOf.get(node) as Node), true, 0, true)
        inside = { start: hoisted ? this.fn.node['body'].start : node.start, node }
      }
    } else if (closure === null) this.declaration(node)
    if (node.type === 'Identifier' || node.type === 'JSXIdentifier') this.use(node, inside)
    for (const child of childrenOf(node)) this.collect(child, inside)
  }

  private declaration(node: Node): void {
    if (node.type === 'VariableDeclaration') {
      const { kind } = node
      for (const { id, end } of node['declarations'])
        for (const name of boundNames(id)) {
          const scope = this.scopeAt(node)
          if (kind === 'var') this.add(name['name'], scope.hoist, true, 0)
          else {
            const around = this.analysis.parentOf.get(node) as Node
            this.add(name['name'], scope, false, around['left'] === node ? around['right'].end : end)
            const binding = scope.bindings.get(name['name'])
            if (kind === 'const' && binding?.fixed === false)
              this.doubtful ??= `the constant ${name['name']}, which is assigned to`
          }
        }
    } else if (node.type === 'CatchClause' && node['param'])
      for (const id of boundNames(node['param']))
        this.add(id['name'], this.analysis.scopeOf.get(node) as Scope, false, node['param'].end)
  }

  private use(node: Node, closure: Closure | null): void {
    const { name } = node
    this.lastUse.set(name, Math.max(node.start, this.lastUse.get(name) ?? 0))
    if (closure === null) return
    const binding = this.scopeAt(node).lookup(node['name'])
    if (binding !== null && binding.scope.fn === this.fn) this.captures.push({ variable: binding, closure })
  }

  /** The outermost loop around a closure that does not contain the variable's declaration. */
  private loopAround(node: Node, variable: Variable): Node | null {
    let found: Node | null = null
    for (let at: Node | undefined = node; at !== undefined && at !== this.fn.node; at = this.analysis.parentOf.get(at))
      if (loops.has(at.type) && !(variable.from > at.start && variable.from <= at.end)) found = at
    return found
  }

  private scopeAt(node: Node): Scope {
    for (let at: Node | undefined = node; at !== undefined; at = this.analysis.parentOf.get(at)) {
      const scope = this.analysis.scopeOf.get(at)
      if (scope !== undefined) return scope
    }
    return this.analysis.top
  }
}

function isAround(outer: Scope, inner: Scope): boolean {
  for (let scope: Scope | null = inner; scope !== null; scope = scope.parent) if (scope === outer) return true
  return false
}
