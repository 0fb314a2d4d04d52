/**
 * Theory of operation: the compiled text is the source with things put in.
 *
 * Nothing is printed anew. Each node's visitor puts text before, into and after the node, so what is not touched stays
 * as it was, each token stays on its line, and the map is exact. Two rules keep nested insertions in order: what goes in
 * *front* of a node is put in before its children are visited, at the right of the position (`before`); what goes
 * *behind* it afterwards, at the left (`after`).
 *
 * An *activation* is the function whose code is being visited. Its mode says what a call that parked does there:
 *
 *   green      its body is the generator of a wrapper (function.ts): `yield`
 *   generator  a generator of the source's own: `yield` as well, which `next` of the runtime understands (generator.ts)
 *   async      an async function, or top-level code that may await: `await detach()` (async.ts)
 *   plain      nothing: what it calls is not announced, so nothing parks there
 *
 * Temporaries (`$1`, `$2` …) are locals of the activation, used like a stack: an expression takes the next ones and gives
 * them back when it has been visited.
 */
import MagicString from 'magic-string'
import type { Analysis } from '../analyze.ts'
import type { Fn } from '../functions.ts'
import { mayPark } from '../infer.ts'
import type { Names } from '../names.ts'
import { childrenOf, isFunction, type Node } from '../nodes.ts'
import type { Scope } from '../scope.ts'
import { isHarmless, scopeAt, visitCall, visitNew, visitSpread, visitTagged, visitTaken } from './call.ts'
import { type Hole, visitChain } from './chain.ts'
import { constructionOf, visitClass } from './class.ts'
import { visitFunction } from './function.ts'
import { visitYield } from './generator.ts'
import { visitForOf } from './loop.ts'
import { isGreenRead, visitRead } from './read.ts'
import { visitSuperMember } from './super.ts'

export type Mode = 'green' | 'generator' | 'async' | 'plain'

/** What `this` and its like are called where the code that is visited ends up; null: by their own names. */
export interface Lexical {
  readonly self: string | null
  readonly arguments: string | null
  readonly newTarget: string | null
  readonly superRef: string | null
  /** In the body of a derived constructor: `super(…)` is the runtime's. */
  readonly derived: boolean
}

export const NATIVE: Lexical = { self: null, arguments: null, newTarget: null, superRef: null, derived: false }

export interface Activation {
  readonly mode: Mode
  readonly fn: Fn | null
  /** Temporaries in use, and the most that ever were. */
  used: number
  most: number
}

/** What the compiler's part of a file is made with. */
export interface EmitOptions {
  readonly stress: boolean
}

export class Emitter {
  readonly text: MagicString
  readonly code: string
  readonly analysis: Analysis
  readonly names: Names
  readonly options: EmitOptions
  activation: Activation = { mode: 'plain', fn: null, used: 0, most: 0 }
  lexical: Lexical = NATIVE
  /** Set while the back of an optional chain is visited. */
  hole: Hole | null = null
  /** Members of a chain whose object is needed again. */
  readonly receivers = new Map<Node, string>()
  /** Names that are declared at a place, by position. */
  readonly declared = new Map<number, { keyword: 'var' | 'let'; names: string[] }>()
  /** The runtime's exports that are used, by the name that they have here. */
  readonly imports = new Map<string, string>()
  /** Where compiled functions and classes end. */
  readonly marked = new Set<number>()
  /** Initialisers around which something stands. */
  readonly guarded = new Set<Node>()
  /** The private field of a class that holds the announcement of its constructor. */
  readonly held = new Map<Node, string>()
  private readonly homes = new Map<Node, string | null>()
  /** Positions at which text was put in front of a node. */
  private readonly fronts = new Set<number>()

  constructor(code: string, analysis: Analysis, names: Names, options: EmitOptions) {
    this.text = new MagicString(code)
    this.code = code
    this.analysis = analysis
    this.names = names
    this.options = options
  }

  // -- text

  before(position: number, text: string): void {
    const { hole } = this
    if (hole !== null && position === hole.start) {
      hole.front += text
      return
    }
    this.fronts.add(position)
    this.text.appendRight(position, text)
  }

  after(position: number, text: string): void {
    this.text.appendLeft(position, text)
  }

  /** Replaces what is between two positions, and keeps its line breaks. */
  replace(start: number, end: number, text: string): void {
    const lines = this.code.slice(start, end).replace(/[^\n\r\u2028\u2029]+/g, '')
    this.text.update(start, end, text + lines)
  }

  /** The runtime's export `name`, as it is called here. */
  use(name: string, as: string): string {
    const local = this.names.of(as)
    this.imports.set(name, local)
    return local
  }

  /** The position of a character of punctuation, past spaces, comments and closing parentheses. */
  find(character: string, from: number): number {
    let at = from
    for (;;) {
      if (this.code.startsWith(character, at)) return at
      if (this.code.startsWith('//', at)) at = this.lineEnd(at)
      else if (this.code.startsWith('/*', at)) at = this.code.indexOf('*/', at) + 2
      else at++
      if (at > this.code.length) throw new Error(`no ${character} after ${from}`)
    }
  }

  private lineEnd(at: number): number {
    const end = this.code.slice(at).search(/[\n\r\u2028\u2029]/)
    return end < 0 ? this.code.length : at + end
  }

  // -- temporaries

  temp(): string {
    const { activation } = this
    activation.used++
    if (activation.used > activation.most) activation.most = activation.used
    return this.names.of(String(activation.used))
  }

  release(count: number): void {
    this.activation.used -= count
  }

  /** Puts `(name = …)` around an expression. */
  keepIn(name: string, node: Node, visit: () => void = () => this.visit(node)): void {
    const [open, closed] = assignable(node)
    this.before(node.start, `(${name}=${open}`)
    visit()
    this.after(node.end, `${closed})`)
  }

  /** Gives back all temporaries that `visit` takes. */
  keep(visit: () => void): void {
    const { used } = this.activation
    visit()
    this.activation.used = used
  }

  // -- calls

  get mayPark(): boolean {
    return this.activation.mode !== 'plain'
  }

  /** Announces a call of `callee`, which names a value. */
  announce(callee: string): string {
    return `${this.use('callees', 'c')}[${this.depth}]=${callee},${this.use('state', 's')}.next=${this.depth}`
  }

  get depth(): string {
    return this.activation.mode === 'generator' ? `${this.names.of('k')}.depth` : this.names.of('d')
  }

  /** What follows a call whose result is in `result`. */
  outcome(result: string): string {
    const parked = `${this.use('machine', 'm')}.registers.op`
    if (this.activation.mode === 'async') return `${parked}?await ${this.use('detach', 'detach')}():${result}`
    return `${parked}?${this.use('resumedValue', 'v')}(yield):${result}`
  }

  /** A whole call of a function of the runtime's that may park, as an expression. */
  callOf(name: string, args: string): string {
    const result = this.temp()
    const callee = this.use(name, name)
    if (this.activation.mode === 'async') {
      this.release(1)
      return `(${result}=${this.use('callAsync', 'callAsync')}(${callee},void 0,${args}),${this.outcome(result)})`
    }
    const text = `(${this.announce(callee)},${result}=${callee}(${args}),${this.outcome(result)})`
    this.release(1)
    return text
  }

  // -- the tree

  isGreen(fn: Fn): boolean {
    if (!mayPark(fn) || fn.obstacle !== null || fn.kind === 'fields') return false
    return fn.kind !== 'derived' || this.homeOf(fn.home as Node) !== null
  }

  /** What `enter` is told of the object that a constructor makes. */
  constructed(fn: Fn): string {
    if (fn.kind === 'constructor') return 'this'
    if (fn.kind === 'derived') return constructionOf(this, this.homeOf(fn.home as Node) as string)
    return fn.kind === 'declaration' || fn.kind === 'expression' ? 'new.target&&this' : 'void 0'
  }

  /** How code in a class can name that class; null if there is no way. */
  homeOf(node: Node): string | null {
    if (node['id']) return node['id'].name
    const known = this.homes.get(node)
    if (known !== undefined) return known
    const name = this.names.fresh(this.names.of('C'))
    const scope = this.analysis.scopeOf.get(node) as Scope
    const home = this.declareIn(scope.parent, node, name) ? name : null
    this.homes.set(node, home)
    return home
  }

  /** True for a class without a constructor whose parent's may park. */
  needsConstructor(node: Node): boolean {
    const parent: Node = node['superClass']
    if (parent.type === 'Literal') return false
    if (parent.type !== 'Identifier') return true
    const binding = scopeAt(this, node).lookup(parent['name'])
    if (binding === null) return false
    const { cls } = binding
    if (cls === null || cls === node) return true
    const definition = cls['body'].body.find((member: Node) => member['kind'] === 'constructor')
    if (definition !== undefined) return this.isGreen(this.analysis.fnOf.get(definition.value) as Fn)
    return cls['superClass'] !== null && this.needsConstructor(cls)
  }

  visitAll(nodes: readonly (Node | null)[]): void {
    for (const node of nodes) if (node !== null) this.visit(node)
  }

  visit(node: Node): void {
    if (node === this.hole?.node) return this.fillHole()
    if (isFunction(node)) return visitFunction(this, node)
    switch (node.type) {
      case 'CallExpression':
        if (this.mayPark) return visitCall(this, node)
        break
      case 'NewExpression':
        if (this.mayPark) return visitNew(this, node)
        break
      case 'TaggedTemplateExpression':
        if (this.mayPark) return visitTagged(this, node)
        break
      case 'ChainExpression':
        if (this.mayPark) return visitChain(this, node)
        break
      case 'ForOfStatement':
        if (this.mayPark && !node['await'] && !isHarmless(this, node)) return visitForOf(this, node)
        break
      case 'YieldExpression':
        if (this.activation.mode === 'generator') return visitYield(this, node)
        break
      case 'ClassDeclaration':
      case 'ClassExpression':
        return visitClass(this, node)
      case 'CatchClause':
        if (this.mayPark) this.clearNext(node['body'])
        break
      case 'TryStatement':
        if (this.mayPark && node['finalizer']) this.clearNext(node['finalizer'])
        break
      case 'ArrayExpression':
        if (!this.mayPark) break
        for (const element of node['elements'] as (Node | null)[])
          if (element?.type === 'SpreadElement' && !isHarmless(this, element)) visitSpread(this, element['argument'])
          else if (element !== null) this.visit(element)
        return
      case 'VariableDeclarator':
        if (node['id'].type !== 'ArrayPattern' || node['init'] === null) break
        if (!this.mayPark || isHarmless(this, node)) break
        this.visit(node['id'])
        return visitTaken(this, node['init'], node['id'])
      case 'AssignmentExpression':
        if (node['left'].type !== 'ArrayPattern' || !this.mayPark || isHarmless(this, node)) break
        this.visit(node['left'])
        return visitTaken(this, node['right'], node['left'])
      case 'ExpressionStatement':
        return this.visitStatement(node)
      case 'PropertyDefinition':
        if (node['computed']) this.visit(node['key'])
        if (node['value']) this.inFields(node['value'], () => this.visit(node['value']))
        if (this.guarded.has(node['value'])) this.after(node['value'].end, ')')
        return
      case 'StaticBlock':
        return this.inFields(node, () => this.visitAll(node['body']))
      case 'MemberExpression':
        if (node['object'].type === 'Super') return visitSuperMember(this, node)
        if (isGreenRead(this, node)) return visitRead(this, node)
        if (this.receivers.has(node)) this.keepIn(this.receivers.get(node) as string, node['object'])
        else this.visit(node['object'])
        if (node['computed']) this.visit(node['property'])
        return
      case 'Property':
        if (node['shorthand']) return this.visitShorthand(node)
        if (node['computed']) this.visit(node['key'])
        return this.visit(node['value'])
      case 'MethodDefinition':
        if (node['computed']) this.visit(node['key'])
        return this.visit(node['value'])
      case 'LabeledStatement':
        return this.visit(node['body'])
      case 'BreakStatement':
      case 'ContinueStatement':
      case 'ImportDeclaration':
        return
      case 'UnaryExpression':
        // `super` may not be deleted from, which shows only when it runs.
        if (
          node['operator'] !== 'delete' ||
          node['argument'].object?.type !== 'Super' ||
          this.lexical.superRef === null
        )
          break
        return this.replace(node.start, node.end, `${this.use('noDelete', 'noDelete')}()`)
      case 'ThisExpression':
        if (this.lexical.self !== null) this.text.update(node.start, node.end, this.lexical.self)
        return
      case 'MetaProperty':
        if (node['meta']['name'] === 'new' && this.lexical.newTarget !== null)
          this.replace(node.start, node.end, this.lexical.newTarget)
        return
      case 'Identifier':
        if (this.isArguments(node)) this.text.update(node.start, node.end, this.lexical.arguments as string)
        return
      case 'ExportNamedDeclaration':
        if (node['declaration']) this.visit(node['declaration'])
        return
    }
    this.visitAll(childrenOf(node))
  }

  private fillHole(): void {
    const { node, front, name } = this.hole as Hole
    this.hole = null
    this.after(node.end, `)==null?void 0:${front}${name}`)
  }

  /** True for the `arguments` of a function around, which have another name here. */
  private isArguments(node: Node): boolean {
    if (node.type !== 'Identifier' || node['name'] !== 'arguments' || this.lexical.arguments === null) return false
    return scopeAt(this, node).lookup('arguments') === null
  }

  private visitShorthand(node: Node): void {
    const { value } = node
    if (this.isArguments(value)) this.text.update(value.start, value.end, `arguments:${this.lexical.arguments}`)
    else this.visit(value)
  }

  /** What now begins with a parenthesis must not be taken for the arguments of a call on the line before. */
  private visitStatement(node: Node): void {
    this.visit(node['expression'])
    const parent = this.analysis.parentOf.get(node) as Node
    const listed = Array.isArray(parent['body']) || parent.type === 'SwitchCase'
    if (listed && this.fronts.has(node.start)) this.text.prependRight(node.start, ';')
  }

  private clearNext(block: Node): void {
    this.after(block.start + 1, `${this.use('state', 's')}.next=0;`)
  }

  private inFields(node: Node, visit: () => void): void {
    const fn = this.analysis.fnOf.get(node) ?? null
    this.inActivation({ mode: 'plain', fn, used: 0, most: 0 }, NATIVE, visit)
  }

  inActivation(activation: Activation, lexical: Lexical, visit: () => void): void {
    const { activation: outer, lexical: outerLexical } = this
    this.activation = activation
    this.lexical = lexical
    visit()
    this.activation = outer
    this.lexical = outerLexical
  }

  // -- places

  /** Declares `name` where it lives as long as the names in `scope`, seen from `node`; false if there is no such place. */
  declareIn(scope: Scope | null, node: Node, name: string): boolean {
    const place = this.placeOf(scope ?? this.analysis.top, node)
    if (place === null) return false
    const known = this.declared.get(place.position)
    if (known === undefined) this.declared.set(place.position, { keyword: place.keyword, names: [name] })
    else known.names.push(name)
    return true
  }

  private placeOf(scope: Scope, from: Node): { position: number; keyword: 'var' | 'let' } | null {
    const { node } = scope
    switch (scope.kind) {
      case 'top':
        return { position: -1, keyword: 'var' }
      case 'function': {
        const { body } = node
        if (body === undefined || from.start < body.start) return null
        if (body.type === 'BlockStatement') return { position: bodyStart(body), keyword: 'var' }
        const fn = this.analysis.fnOf.get(node) as Fn
        return this.isGreen(fn) ? { position: body.start, keyword: 'let' } : null
      }
      case 'block':
        return { position: node.start + 1, keyword: 'let' }
      case 'catch':
      case 'for': {
        const { body } = node
        return body.type === 'BlockStatement' && from.start > body.start
          ? { position: body.start + 1, keyword: 'let' }
          : null
      }
      case 'class':
        return this.placeOf(scope.parent as Scope, node)
      default:
        return null
    }
  }

  /** Declarations that belong at `position`; they are written once. */
  takeDeclared(position: number): string {
    const entry = this.declared.get(position)
    this.declared.delete(position)
    return entry === undefined ? '' : `${entry.keyword} ${entry.names.join(',')};`
  }

  /** Writes what has not been written by a prologue. */
  flush(): void {
    for (const position of [...this.declared.keys()])
      if (position >= 0) this.text.prependLeft(position, lead(this.code, position) + this.takeDeclared(position))
  }
}

/** What must stand around an expression so that it can be assigned to a temporary, and so that it gets no name by that. */
export function assignable(node: Node): [open: string, closed: string] {
  if (node.type === 'SequenceExpression') return ['(', ')']
  const unnamed = (isFunction(node) || node.type === 'ClassExpression') && !node['id']
  return unnamed ? ['(0,', ')'] : ['', '']
}

/** Where statements may be put into a body: after its directives. */
export function bodyStart(body: Node): number {
  let position = body.start + 1
  for (const statement of body['body'] as Node[]) {
    if (statement['directive'] === undefined) break
    position = statement.end
  }
  return position
}

/** A directive may lack its semicolon. */
export function lead(code: string, position: number): string {
  return code[position - 1] === '{' ? '' : ';'
}
