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
 *   direct     the function itself (direct/plan.ts): it returns
 *   async      an async function, or top-level code that may await: `await detach()` (async.ts)
 *   plain      nothing: what it calls is not announced, so nothing parks there
 *
 * Temporaries (`$1`, `$2` …) are locals of the activation, used like a stack: an expression takes the next ones and gives
 * them back when it has been visited.
 */
import MagicString from 'magic-string'
import type { Analysis } from '../analyze.ts'
import { initialiserFn } from '../fields.ts'
import { mayPark, parksAt } from '../infer.ts'
import type { Names } from '../names.ts'
import { isFunction, type Node } from '../nodes.ts'
import { positionOf } from '../place-map.ts'
import { isRequire } from '../requires.ts'
import type { Fn, Scope } from '../scope.ts'
import { siteOf } from '../sites.ts'
import { scopeAt } from '../values.ts'
import { lead, placeOf } from './places.ts'

export type Mode = 'green' | 'direct' | 'generator' | 'async' | 'plain'

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
  /** In mode `direct`: what follows the call that is visited. */
  parked?: () => string
  /** In mode `green`: its generator begins again (reusable.ts), so it may not return. */
  readonly reusable?: boolean
  /** It has no variable of its own for the state of the runtime. */
  readonly stateless?: boolean
}

/** The front of an optional chain, which has been visited. */
export interface Hole {
  readonly node: Node
  /** Holds its value. */
  readonly name: string
  /** What a call of that value has for `this`. */
  readonly self: string
  readonly start: number
  /** Past the parentheses that may stand around it. */
  readonly end: number
  /** What is to stand before the value. */
  front: string
}

/** The variables outside of the body of an entry that stand for what it exports (entry.ts). */
export interface Cells {
  /** By the name inside. */
  readonly of: ReadonlyMap<string, readonly string[]>
  /** By the statement that exports an expression. */
  readonly byDefault: ReadonlyMap<Node, string>
  /** Their declarations, and the exports themselves. */
  readonly outside: string
}

/** What the compiler's part of a file is made with. */
export interface EmitOptions {
  readonly stress: boolean
  /** The top-level code is strict. */
  readonly strict: boolean
  /** `require` may park. */
  readonly loads: boolean
  /** Every function that may park is compiled by way of a generator. */
  readonly onlyGenerators: boolean
  /** Code in which nothing parks keeps its `using`. */
  readonly nativeUsing: boolean
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
  /** Names that are declared at a place, by position. */
  readonly declared = new Map<number, { keyword: 'var' | 'let'; names: string[] }>()
  /** The runtime's exports that are used, by the name that they have here. */
  readonly imports = new Map<string, string>()
  /** Why functions are not compiled the direct way; null: they are. */
  readonly indirect = new Map<Fn, string | null>()
  /** Where frames may wait, as positions in the source: the first one's number is 1. */
  readonly places: number[] = []
  /** Initialisers around which something stands. */
  readonly guarded = new Set<Node>()
  /** Classes whose objects' fields are initialised by a method. */
  readonly initialising = new Set<Node>()
  /** The private field of a class that holds the announcement of its constructor. */
  readonly held = new Map<Node, string>()
  /** In the module that a program starts with: what stands for its exports. */
  cells: Cells | null = null
  /** Some are written by a pattern. */
  writesExports = false
  private readonly dispatch: (emitter: Emitter, node: Node) => void
  /** Positions at which text was put in front of a node. */
  readonly fronts = new Set<number>()

  constructor(code: string, analysis: Analysis, names: Names, options: EmitOptions, dispatch: Emitter['dispatch']) {
    this.text = new MagicString(code)
    this.code = code
    this.analysis = analysis
    this.names = names
    this.options = options
    this.dispatch = dispatch
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
    const at = this.findBefore(character, from, this.code.length)
    if (at < 0) throw new Error(`no ${character} after ${from}`)
    return at
  }

  /** The same, before `end`; -1 if there is none. */
  findBefore(character: string, from: number, end: number): number {
    let at = from
    while (at < end) {
      if (this.code.startsWith(character, at)) return at
      if (this.code.startsWith('//', at)) at = this.lineEnd(at)
      else if (this.code.startsWith('/*', at)) at = this.code.indexOf('*/', at) + 2
      else at++
    }
    return -1
  }

  /** Where the arrow of an arrow function is. */
  arrowOf(node: Node): number {
    const last: Node | undefined = node['params'].at(-1)
    return this.find('=>', last === undefined ? node.start : last.end)
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
  keep(visit: () => unknown): void {
    const { used } = this.activation
    visit()
    this.activation.used = used
  }

  // -- calls

  get mayPark(): boolean {
    return this.activation.mode !== 'plain'
  }

  /** The state of the runtime, as all code of the file can name it. */
  get sharedState(): string {
    return this.use('state', 'S')
  }

  /** The declaration of a function's own variable for it: what is imported V8 looks up at every use. */
  get stateHere(): string {
    return `${this.names.of('s')}=${this.sharedState}`
  }

  /** The state of the runtime, as the code that is visited names it. */
  get state(): string {
    const { mode, stateless } = this.activation
    return (mode === 'green' || mode === 'direct') && stateless !== true ? this.names.of('s') : this.sharedState
  }

  /** Announces a call of `callee`, which names a value. */
  announce(callee: string): string {
    const { state, depth } = this
    return `${state}.callees[${depth}]=${callee},${state}.next=${depth}`
  }

  get depth(): string {
    return this.activation.mode === 'generator' ? `${this.names.of('k')}.depth` : this.names.of('d')
  }

  /** The number of a new place. `site`: what waits there. */
  place(site: Node): number {
    return this.places.push(positionOf(site))
  }

  /** True behind a call that has parked. Compared to null, which is one instruction: whether any value is true takes ten. */
  get hasParked(): string {
    return `${this.state}.machine.registers.op!==null`
  }

  /** What follows a call, of which `site` is told as its place, whose result is in `result`. */
  outcome(result: string, site: Node): string {
    if (this.activation.mode === 'direct') return (this.activation.parked as () => string)()
    const parked = this.hasParked
    if (this.activation.mode === 'async') return `${parked}?await ${this.use('detach', 'detach')}():${result}`
    return `${parked}?${this.use('resumedValue', 'v')}(yield ${this.place(site)}):${result}`
  }

  /** A whole call of a function of the runtime's that may park, as an expression. */
  callOf(name: string, args: string, site: Node): string {
    const result = this.temp()
    const callee = this.use(name, name)
    if (this.activation.mode === 'async') {
      this.release(1)
      return `(${result}=${this.use('callAsync', 'callAsync')}(${callee},void 0,${args}),${this.outcome(result, site)})`
    }
    const text = `(${this.announce(callee)},${result}=${callee}(${args}),${this.outcome(result, site)})`
    this.release(1)
    return text
  }

  // -- the tree

  /** The innermost scope around a node. */
  scopeAt(node: Node): Scope {
    return scopeAt(this.analysis, node)
  }

  /** True for strict code. */
  isStrict(node: Node): boolean {
    for (let at: Node | undefined = node; at !== undefined; at = this.analysis.parentOf.get(at)) {
      const fn = this.analysis.fnOf.get(at)
      if (fn !== undefined) return fn.strict
      if (at.type === 'ClassBody') return true
    }
    return this.options.strict
  }

  /** True if a node that could be a site, as the inference sees it, cannot park. */
  isHarmless(node: Node): boolean {
    if (node.type === 'PropertyDefinition' || node.type === 'StaticBlock') {
      const fn = initialiserFn(this.analysis, node)
      return fn === null || !mayPark(fn)
    }
    const { callee } = node
    if (callee?.type === 'Identifier' && callee.name === 'eval') return true
    if (this.options.loads && isRequire(node, this.scopeAt(node))) return false
    if (this.options.stress) return callee?.type === 'Import'
    const site = siteOf(node, this.scopeAt(node))
    return site === null || !parksAt(this.analysis, site)
  }

  isGreen(fn: Fn): boolean {
    return mayPark(fn) && fn.obstacle === null && fn.kind !== 'fields'
  }

  visitAll(nodes: readonly (Node | null)[]): void {
    for (const node of nodes) if (node !== null) this.visit(node)
  }

  visit(node: Node): void {
    if (node === this.hole?.node) return this.fillHole()
    this.dispatch(this, node)
  }

  private fillHole(): void {
    const { end, front, name } = this.hole as Hole
    this.hole = null
    this.after(end, `)==null?void 0:${front}${name}`)
  }

  inActivation<T>(activation: Activation, lexical: Lexical, visit: () => T): T {
    const { activation: outer, lexical: outerLexical } = this
    this.activation = activation
    this.lexical = lexical
    const result = visit()
    this.activation = outer
    this.lexical = outerLexical
    return result
  }

  // -- places

  /** Declares `name` where it lives as long as the names in `scope`, seen from `node`; false if there is no such place. */
  declareIn(scope: Scope | null, node: Node, name: string): boolean {
    const place = placeOf(scope ?? this.analysis.top, node, (body) => this.isGreen(this.analysis.fnOf.get(body) as Fn))
    if (place === null) return false
    const known = this.declared.get(place.position)
    if (known === undefined) this.declared.set(place.position, { keyword: place.keyword, names: [name] })
    else known.names.push(name)
    return true
  }

  /** Declarations that belong at `position`; they are written once. */
  takeDeclared(position: number, keyword?: 'let'): string {
    const entry = this.declared.get(position)
    this.declared.delete(position)
    return entry === undefined ? '' : `${keyword ?? entry.keyword} ${entry.names.join(',')};`
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
