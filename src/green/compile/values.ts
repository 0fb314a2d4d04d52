import type { Analysis } from './analyze.ts'
import type { Node } from './nodes.ts'
import type { Fn, Foreign, Scope } from './scope.ts'
import { foreignOf } from './sites.ts'

/** What an expression plainly is; null: nobody knows. */
export type Value =
  /** A function of this module, by its number. */
  | { readonly fn: number }
  /** A class: what `new` calls, or null if that is nothing of this source. */
  | { readonly maker: number | null }
  | { readonly members: Readonly<Record<string, Value>> }
  | { readonly foreign: Foreign }
  | { readonly either: readonly Value[] }
  | null

/** Says what expressions of one source are. */
export class Values {
  readonly analysis: Analysis
  private readonly numbers: ReadonlyMap<Fn, number>

  constructor(analysis: Analysis) {
    this.analysis = analysis
    this.numbers = new Map(analysis.functions.map((fn, number) => [fn, number]))
  }

  numberOf(fn: Fn): number {
    return this.numbers.get(fn) as number
  }

  nameOf(number: number): string {
    return (this.analysis.functions[number] as Fn).name
  }

  of(node: Node, scope: Scope = scopeAt(this.analysis, node)): Value {
    const fn = this.analysis.fnOf.get(node)
    if (fn !== undefined) return { fn: this.numberOf(fn) }
    if (node.type === 'Identifier') {
      const binding = scope.lookup(node['name'])
      if (binding === null || !binding.fixed) return null
      if (binding.fn !== null) return { fn: this.numberOf(binding.fn) }
      if (binding.cls !== null) return this.ofClass(binding.cls)
    }
    const foreign = foreignOf(node, scope)
    if (foreign !== null) return { foreign }
    switch (node.type) {
      case 'ClassDeclaration':
      case 'ClassExpression':
        return this.ofClass(node)
      case 'ConditionalExpression':
        return { either: [this.of(node['consequent'], scope), this.of(node['alternate'], scope)] }
      case 'ObjectExpression':
        return this.ofObject(node, scope)
      default:
        return null
    }
  }

  private ofClass(node: Node): Value {
    const members = node['body']['body'] as Node[]
    // Initialisers may call anything, and so may what it extends.
    const runs = members.some(({ type, value }) => type === 'PropertyDefinition' && value !== null)
    if (node['superClass'] !== null || runs) return null
    const maker = members.find(({ kind }) => kind === 'constructor')
    const fn = maker && this.analysis.fnOf.get(maker['value'])
    return { maker: fn === undefined ? null : this.numberOf(fn) }
  }

  private ofObject(node: Node, scope: Scope): Value {
    const members: [string, Value][] = []
    for (const { type, computed, kind, key, value } of node['properties'] as Node[]) {
      if (type !== 'Property' || computed || kind !== 'init') return null
      const name = String(key['name'] ?? key['value'])
      // Something assigns to a member of this name, of whatever object.
      members.push([name, this.analysis.written.has(name) ? null : this.of(value, scope)])
    }
    return { members: Object.fromEntries(members) }
  }
}

/** The innermost scope around a node. */
export function scopeAt({ parentOf, scopeOf, top }: Analysis, node: Node): Scope {
  for (let at: Node | undefined = node; at !== undefined; at = parentOf.get(at)) {
    const scope = scopeOf.get(at)
    if (scope !== undefined) return scope
  }
  return top
}
