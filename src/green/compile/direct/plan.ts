/**
 * Theory of operation: the direct way to compile a function (way B), beside the generator of emit/function.ts (way A).
 *
 * The function stays what it is. After each call that may park it looks whether that has happened; if so, it hands its place
 * and its variables to a frame, and returns. To go on, the frame calls the function once more: the same body, entered with a
 * place `$p`, finds its way there. `$p` is 0 in all other calls, and from the moment that the place is reached:
 *
 *     function f(a) {                      function f(a) { let $d = …, $p = 0, …   // prologue (function.ts)
 *       if (a) {                             if ($p ? $p <= 1 : a) {
 *         const x = g(a) + 1          →        if ($p ? $p === 1 && (resume $1) : (announce g, $1 = g(a), parked && leave(1, a))) return PARK;
 *                                              const x = $p ? saved x : $1 + 1
 *         h(x, g(x))                           …
 *
 *   - A statement may contain *sites*, numbered in the order of their evaluation. A list of statements passes over those in
 *     front of the place, and declares again what they declared (statements.ts, loops.ts, declarations.ts).
 *   - An expression cannot be left in its middle. So what a statement evaluates up to its last site is taken to pieces: *terms*
 *     that are true if something has parked, joined by `||`, in place and in order; then the statement as it was, with
 *     temporaries for what the terms have evaluated (expressions.ts).
 *
 * So nothing is printed twice, each token stays on its line, and a debugger sees one function.
 *
 * A variable that is declared again is another one to closures that hold the first. That makes no difference if it holds the same
 * for all of its life, and was there when the closure was made (variables.ts). Whatever is not known to be right, `planOf`
 * gives a reason for, and the function is compiled the other way.
 */
import { patternOf } from '../accessors.ts'
import type { Emitter } from '../emit/emitter.ts'
import { hides } from '../emit/loop.ts'
import { isGreenCallee, isGreenRead, isGreenWrite } from '../emit/read.ts'
import { pickedBy, takenBy } from '../emit/taken.ts'
import { initialiserFn, initialisersOf } from '../fields.ts'
import { mayPark } from '../infer.ts'
import { boundNames, childrenOf, isFunction, type Node } from '../nodes.ts'
import { isRequire } from '../requires.ts'
import type { Fn } from '../scope.ts'
import { isConstant, parametersProblem } from './parameters.ts'
import { type Variable, Variables } from './variables.ts'

export interface Plan {
  readonly fn: Fn
  /** The number of each site. They go on through a file, so that one tells a place wherever the function's text is found. */
  readonly places: ReadonlyMap<Node, number>
  /** The first and the last site in a node, for nodes that have any. */
  readonly ranges: ReadonlyMap<Node, readonly [number, number]>
  /** The place at its very start, where every call parks once for tests. */
  readonly start: number | null
  readonly variables: Variables
  readonly loops: ReadonlyMap<Node, Loop>
  /** Statements that leave such loops, and the places at which they close them, from the inside out. */
  readonly exits: ReadonlyMap<Node, readonly Exit[]>
}

/** A `for…of` that may park, or has sites in it. */
export interface Loop {
  readonly cursor: Variable
  readonly error: Variable
  readonly open: number
  readonly advance: number
  readonly fail: number
}

export interface Exit {
  readonly loop: Node
  readonly place: number
}

/** Thrown with the reason why a function cannot be compiled the direct way. */
class Obstacle {
  readonly reason: string

  constructor(reason: string) {
    this.reason = reason
  }
}

/** How to compile a function the direct way, or why it is not. */
export function planOf(emitter: Emitter, fn: Fn): Plan | string {
  let plan: Plan | string = ''
  const { length } = emitter.places
  emitter.inActivation({ mode: 'direct', fn, used: 0, most: 0 }, emitter.lexical, () => {
    try {
      plan = new Planner(emitter, fn).plan()
    } catch (error) {
      if (!(error instanceof Obstacle)) throw error
      plan = error.reason
      emitter.places.length = length
    }
  })
  return plan
}

const oneExpression = new Set(['ExpressionStatement', 'ReturnStatement', 'ThrowStatement', 'VariableDeclarator'])

const kinds = new Set(['declaration', 'expression', 'arrow', 'method', 'getter', 'setter', 'constructor'])

class Planner {
  private readonly emitter: Emitter
  private readonly fn: Fn
  private readonly places = new Map<Node, number>()
  private readonly ranges = new Map<Node, readonly [number, number]>()
  private readonly loops = new Map<Node, { open: number; advance: number; fail: number }>()
  private readonly exits = new Map<Node, Exit[]>()

  constructor(emitter: Emitter, fn: Fn) {
    this.emitter = emitter
    this.fn = fn
  }

  plan(): Plan {
    const { emitter, fn } = this
    if (!kinds.has(fn.kind)) refuse(`a ${fn.kind}`)
    if (fn.evals) refuse('eval')
    if (fn.usesNewTarget) refuse('new.target')
    if (fn.kind === 'constructor') {
      const home = fn.home as Node
      if (!home['id']) refuse('a constructor of a class without a name')
      if (fn.usesSuper) refuse('super in a constructor')
      if (emitter.initialising.has(home)) refuse('a constructor of a class whose fields may park')
    }
    if (fn.kind === 'arrow') {
      const { lexical } = emitter
      if (fn.usesSuper || (fn.usesThis && lexical.derived)) refuse('super in an arrow function')
    } else if (fn.usesArguments) refuse('arguments')
    const unmovable = parametersProblem(fn)
    if (unmovable !== null) refuse(unmovable)
    for (const param of fn.node['params'] as Node[]) this.scan(param)
    const params = (fn.node['params'] as Node[]).map(patternOf)
    if (this.ranges.size > 0 || params.some((param) => pickedBy(emitter, param) !== null))
      refuse('a parameter that may park')
    const start = emitter.options.stress ? emitter.place(fn.node) : null
    const { body } = fn.node
    if (body.type === 'BlockStatement') this.list(body.body, true)
    else this.scan(body)
    const sites = [...this.places.keys(), ...this.loops.keys(), ...this.exits.keys()]
    const variables = new Variables(emitter.analysis, fn, sites)
    const problem = variables.problem(start !== null)
    if (problem !== null) refuse(problem)
    const loops = new Map<Node, Loop>()
    for (const [node, places] of this.loops) {
      const cursor = variables.hide(emitter.names.fresh(emitter.names.of('i')), node)
      loops.set(node, { ...places, cursor, error: variables.hide(emitter.names.fresh(emitter.names.of('e')), null) })
    }
    return { fn, places: this.places, ranges: this.ranges, start, variables, loops, exits: this.exits }
  }

  private get count(): number {
    return this.emitter.places.length
  }

  private has(node: Node | null): boolean {
    return node !== null && this.ranges.has(node)
  }

  private list(statements: readonly Node[], top: boolean): void {
    for (const statement of statements) {
      if (statement.type === 'ClassDeclaration') refuse('a class declaration')
      if (statement.type === 'FunctionDeclaration') {
        if (!top) refuse('a function declaration in a block')
        continue
      }
      this.scan(statement)
    }
  }

  /** Numbers the sites in a node, and makes sure that all that contains them is known. */
  private scan(node: Node): void {
    if (isFunction(node)) return
    const { emitter } = this
    if (/^(Assignment|Update)Expression$/.test(node.type) && isGreenWrite(emitter, node)) refuse('a setter')
    if (emitter.options.loads && isRequire(node, emitter.scopeAt(node))) refuse('require(…)')
    const first = this.count + 1
    this.inside(node)
    if (this.isSite(node)) this.places.set(node, this.emitter.place(node))
    if (this.count < first) return
    this.ranges.set(node, [first, this.count])
    // Each of them would keep what all before it have given.
    if (oneExpression.has(node.type) && this.count - first > 60) refuse('so many calls in one statement')
    this.check(node)
  }

  private inside(node: Node): void {
    switch (node.type) {
      case 'BlockStatement':
        return this.list(node['body'], false)
      case 'ClassExpression': {
        const before = this.count
        if (node['superClass']) this.scan(node['superClass'])
        for (const member of node['body'].body) if (member.computed) this.scan(member.key)
        if (this.count > before) refuse('a class that is made of what a call gives')
        const own = initialisersOf(node, true).map((member) => initialiserFn(this.emitter.analysis, member))
        if (own.some((fn) => fn !== null && mayPark(fn))) refuse('a class whose own fields are made by calls')
        return
      }
      case 'TaggedTemplateExpression':
        return refuse('a tagged template')
      case 'MemberExpression':
        this.scan(node['object'])
        if (node['computed']) this.scan(node['property'])
        return
      case 'Property':
        if (node['computed']) this.scan(node['key'])
        return this.scan(node['value'])
      case 'LabeledStatement':
        return this.scan(node['body'])
      case 'BreakStatement':
      case 'ContinueStatement':
        return this.exit(node)
      case 'ReturnStatement':
        if (node['argument']) this.scan(node['argument'])
        return this.exit(node)
      case 'ForOfStatement':
        return this.forOf(node)
      case 'FunctionDeclaration':
        return refuse('a function declaration in a block')
      case 'VariableDeclaration':
        if (/using/.test(node['kind'])) refuse('using')
        break
      case 'SwitchCase':
        if (node['test']) this.scan(node['test'])
        return this.list(node['consequent'], false)
      case 'DebuggerStatement':
        return
    }
    for (const child of childrenOf(node)) this.scan(child)
  }

  private forOf(node: Node): void {
    const { left, right, body } = node
    this.scan(left)
    if (this.has(left) || pickedBy(this.emitter, patternOf(left)) !== null) refuse('a pattern in the head of a loop')
    this.scan(right)
    if (node['await'] || (this.emitter.isHarmless(node) && !this.has(right) && !this.contains(body)))
      return this.scan(body)
    if (left.type === 'VariableDeclaration' ? /using/.test(left.kind) : left.type !== 'Identifier')
      refuse('the head of a for…of')
    if (hides(left, right)) refuse('a for…of over what has the name of its variable')
    const loop = { open: this.emitter.place(right), advance: this.emitter.place(right), fail: 0 }
    this.loops.set(node, loop)
    this.scan(body)
    loop.fail = this.emitter.place(right)
  }

  /** True if there are sites in a node that has not been scanned. */
  private contains(node: Node): boolean {
    if (isFunction(node)) return false
    return (
      this.isSite(node) ||
      (node.type === 'ForOfStatement' && !this.emitter.isHarmless(node)) ||
      childrenOf(node).some((child) => this.contains(child))
    )
  }

  /** A statement that may leave loops: each of them is closed. */
  private exit(node: Node): void {
    const { parentOf } = this.emitter.analysis
    const label: string | null = node['label']?.name ?? null
    const crossed: Node[] = []
    let tried = false
    for (let at = parentOf.get(node) as Node; at !== this.fn.node; at = parentOf.get(at) as Node) {
      const target: boolean =
        node.type !== 'ReturnStatement' &&
        (label === null
          ? /^(For|ForOf|ForIn|While|DoWhile)Statement$/.test(at.type) ||
            (at.type === 'SwitchStatement' && node.type === 'BreakStatement')
          : isLabelled(at, label, parentOf))
      if (this.loops.has(at) && !(target && node.type === 'ContinueStatement')) {
        if (tried) refuse('leaving a loop out of a try')
        crossed.push(at)
      }
      if (target || (at.type === 'LabeledStatement' && at['label'].name === label)) break
      if (at.type === 'TryStatement') tried = true
    }
    if (crossed.length > 0)
      this.exits.set(
        node,
        crossed.map((loop) => ({ loop, place: this.emitter.place(node) })),
      )
  }

  private isSite(node: Node): boolean {
    const { emitter } = this
    switch (node.type) {
      case 'CallExpression':
        if (node['callee'].type === 'Import') return false
        if (node['callee'].type === 'ChainExpression') refuse('a call of an optional chain')
        return !emitter.isHarmless(node)
      case 'NewExpression':
        return !emitter.isHarmless(node)
      case 'MemberExpression':
        if (!isGreenRead(emitter, node) && !isGreenCallee(emitter, node)) return false
        if (node['object'].type === 'Super') refuse('a getter of super')
        if (node['computed'] || node['property'].type !== 'Identifier') refuse('a getter without a plain name')
        return true
      case 'SpreadElement':
        return emitter.analysis.parentOf.get(node)?.type !== 'ObjectExpression' && !emitter.isHarmless(node)
      case 'VariableDeclarator':
        return node['init'] !== null && takenBy(emitter, node['id'], node) !== null
      case 'AssignmentExpression':
        if (takenBy(emitter, node['left'], node) !== null) refuse('an assignment by a pattern that may park')
        return false
      default:
        return false
    }
  }

  /** A node that contains sites. */
  private check(node: Node): void {
    switch (node.type) {
      case 'CallExpression':
        if (node['callee'].type === 'Super') refuse('super(…)')
        if (!this.places.has(node) && node['callee'].type === 'Import') refuse('import(…)')
        return
      case 'MemberExpression':
        if (node['object'].type === 'Super') refuse('a computed key of super')
        return
      case 'UnaryExpression':
        if (node['operator'] === 'delete' && node['argument'].type === 'ChainExpression')
          refuse('an optional chain that is deleted')
        return
      case 'ChainExpression':
      case 'NewExpression':
      case 'UpdateExpression':
      case 'SequenceExpression':
      case 'TemplateLiteral':
      case 'ArrayExpression':
      case 'Property':
      case 'SpreadElement':
      case 'BinaryExpression':
      case 'LogicalExpression':
      case 'ConditionalExpression':
      case 'ExpressionStatement':
      case 'ReturnStatement':
      case 'ThrowStatement':
      case 'IfStatement':
      case 'BlockStatement':
      case 'WhileStatement':
      case 'DoWhileStatement':
      case 'LabeledStatement':
      case 'BreakStatement':
      case 'ContinueStatement':
      case 'ForOfStatement':
        return
      case 'SwitchCase':
        if (this.has(node['test'])) refuse('a call in a case')
        return
      case 'ObjectExpression':
        return this.checkObject(node)
      case 'AssignmentExpression':
        return this.checkAssignment(node)
      case 'VariableDeclaration':
        return
      case 'VariableDeclarator':
        if (this.has(node['id']) || !isSimplePattern(node['id'])) refuse('a pattern')
        return this.checkPattern(node)
      case 'ForStatement':
        return this.checkHead(node['init'])
      case 'SwitchStatement':
        for (const { consequent } of node['cases'])
          for (const statement of consequent)
            if (statement.type === 'VariableDeclaration' && statement.kind !== 'var')
              refuse('a declaration in a switch')
        return
      case 'TryStatement':
        if (this.has(node['finalizer'])) refuse('a call in a finally')
        if (
          node['handler'] &&
          this.has(node['handler']) &&
          node['handler'].param !== null &&
          node['handler'].param.type !== 'Identifier'
        )
          refuse('a pattern in a catch')
        return
      case 'CatchClause':
        return
      default:
        refuse(node.type)
    }
  }

  /** `let` and `const` of a list that is passed over are declared again. */
  private checkPattern(declarator: Node): void {
    const names = new Set(boundNames(declarator['id']).map((id) => id['name']))
    if (declarator['id'].type !== 'Identifier' && declarator['init'] && mentions(declarator['init'], names))
      refuse('a pattern')
  }

  private checkHead(init: Node | null): void {
    if (init?.type !== 'VariableDeclaration') return
    const [{ id }] = init['declarations']
    if (
      this.has(init) &&
      (init['declarations'].length > 1 || mentions(init['declarations'][0].init, new Set([id.name])))
    )
      refuse('a call in the head of a for')
    for (const { id, init: value } of init['declarations'])
      if (id.type !== 'Identifier' || (value && isFunction(value))) refuse('a pattern in the head of a for')
  }

  private checkObject(node: Node): void {
    const properties: Node[] = node['properties']
    const last = properties.findLastIndex((property) => this.has(property))
    properties.forEach((property, index) => {
      if (index > last || property.type === 'SpreadElement') return
      if (property['method'] || property['kind'] !== 'init') refuse('a method in front of a call')
      if (property['computed'] && (index < last || this.has(property['value'])))
        refuse('a computed key in front of a call')
    })
  }

  private checkAssignment(node: Node): void {
    const { left, operator, right } = node
    if (left.start !== node.start) refuse('parentheses')
    if (left.type === 'Identifier') {
      if (this.emitter.scopeAt(left).lookup(left.name) === null) refuse('an assignment to a global variable')
      return
    }
    if (left.type !== 'MemberExpression') {
      if (operator === '=' && isSimplePattern(left) && !this.has(left)) return
      refuse('a pattern')
    }
    if (left.object.type === 'Super') refuse('super')
    if (!this.has(right)) return
    if (operator !== '=' && left.computed && left.property.type !== 'Literal')
      refuse('a compound assignment to a computed member')
  }
}

/** True for the loop that a label belongs to. */
function isLabelled(loop: Node, label: string, parentOf: ReadonlyMap<Node, Node>): boolean {
  if (!/^(For|ForOf|ForIn|While|DoWhile)Statement$/.test(loop.type)) return false
  for (let at = parentOf.get(loop); at?.type === 'LabeledStatement'; at = parentOf.get(at))
    if (at['label'].name === label) return true
  return false
}

function refuse(reason: string): never {
  throw new Obstacle(reason)
}

/** One that may be printed anew: it has names, keys, and defaults that are constants. */
function isSimplePattern(pattern: Node): boolean {
  switch (pattern.type) {
    case 'Identifier':
      return true
    case 'ObjectPattern':
      return pattern['properties'].every((property: Node) =>
        property.type === 'RestElement'
          ? isSimplePattern(property['argument'])
          : !property['computed'] && isConstantKey(property['key']) && isSimplePattern(property['value']),
      )
    case 'ArrayPattern':
      return pattern['elements'].every((element: Node | null) => element === null || isSimplePattern(element))
    case 'AssignmentPattern':
      return pattern['left'].type === 'Identifier' && isConstant(pattern['right'])
    case 'RestElement':
      return isSimplePattern(pattern['argument'])
    default:
      return false
  }
}

function isConstantKey(key: Node): boolean {
  return key.type === 'Identifier' || isConstant(key)
}

/** True if one of the names occurs in it. */
function mentions(node: Node, names: ReadonlySet<string>): boolean {
  if (node.type === 'Identifier' && names.has(node['name'])) return true
  return childrenOf(node).some((child) => mentions(child, names))
}
