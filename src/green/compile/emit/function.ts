/**
 * Functions. One that may park becomes a wrapper of the same kind, name and `length`, and a generator with its body:
 *
 *     function f(a) { … }     →  function f($p0) { return $enter(…, f$1.call(this, $p0)) } function* f$1(a) { … }
 *     m(a) { … }              →  m($p0) { return $enter(…, ($g$1 ??= function* (a) { … }).call(this, $p0)) }
 *     (a) => e                →  ($p0) => { return $enter(…, ($g$1 ??= function* (a) { return (e) }).call(this, $p0)) }
 *
 * A generator function that is made anew for each call costs a microsecond, as each has a prototype of its own. So it is
 * kept in a variable that lives exactly as long as the innermost scope from which the function takes a name: one for a
 * whole module most of the time, one for each round of a loop if it uses a variable of that round.
 *
 * What a generator cannot have of its wrapper (`arguments` and `this` of an arrow, `new.target`, `super`) is handed to it as
 * `extra`, read by the generator's first statement.
 */
import type { Fn } from '../functions.ts'
import type { Node } from '../nodes.ts'
import { type Activation, bodyStart, type Emitter, type Lexical, lead, NATIVE } from './emitter.ts'

export function visitFunction(emitter: Emitter, node: Node): void {
  const fn = emitter.analysis.fnOf.get(node) as Fn
  const arrow = fn.kind === 'arrow'
  if (emitter.isGreen(fn) && fn.kind !== 'derived' && !isLabelled(emitter, node)) return visitGreen(emitter, fn)
  const mode = fn.obstacle !== null || !fn.parks ? 'plain' : fn.generator ? 'generator' : fn.async ? 'async' : 'plain'
  // TODO
  const activation: Activation = { mode: mode === 'plain' ? 'plain' : 'plain', fn, used: 0, most: 0 }
  emitter.inActivation(activation, arrow ? emitter.lexical : NATIVE, () => {
    emitter.visitAll(node['params'])
    emitter.visit(node['body'])
  })
}

function isLabelled(emitter: Emitter, node: Node): boolean {
  const parent = emitter.analysis.parentOf.get(node) as Node
  return parent.type === 'LabeledStatement' || (parent.type === 'IfStatement' && node.type === 'FunctionDeclaration')
}

function visitGreen(emitter: Emitter, fn: Fn): void {
  const { node } = fn
  const params = placeholders(emitter, fn)
  const extra = extraOf(emitter, fn)
  const made = fn.kind === 'declaration' ? emitter.names.fresh(fn.name) : null
  const cache = made === null ? emitter.names.fresh(emitter.names.of('g')) : null
  const kept = cache !== null && !fn.evals && emitter.declareIn(fn.captured, node, cache)

  const state = `${emitter.use('state', 's')}.next`
  const head = `{${directive(fn)}return ${emitter.use('enter', 'enter')}(${state},${state}=0,`
  const tail = `.${params.apply},${constructed(fn)}${extra.made === null ? '' : `,${extra.made}`})/*~*/}`
  const generator = kept ? `(${cache}??=function*` : '(function*'

  const open =
    node.type === 'ArrowFunctionExpression' ? node.start : emitter.find('(', (node['id'] ?? node).end ?? node.start)
  const start =
    fn.kind === 'declaration' || fn.kind === 'expression'
      ? emitter.find('(', node['id'] ? node['id'].end : node.start)
      : open
  switch (fn.kind) {
    case 'declaration': {
      const name = node['id'] ? `${node['id']['name']}` : ''
      emitter.before(node.start, `function ${name}(${params.list})${head}${made}${tail} `)
      emitter.replace(node.start, start, `function*${made}`)
      break
    }
    case 'expression': {
      const name = node['id'] ? ` ${node['id']['name']}` : ''
      emitter.replace(node.start, start, `function${name}(${params.list})${head}${generator}`)
      break
    }
    case 'arrow':
      emitter.before(node.start, `(${params.list})=>${head}${generator}`)
      break
    default:
      emitter.before(node.start, `(${params.list})${head}${generator}`)
  }

  const { activation, lexical } = { activation: newActivation(fn), lexical: extra.lexical }
  emitter.inActivation({ mode: 'plain', fn, used: 0, most: 0 }, lexical, () => emitter.visitAll(node['params']))
  if (fn.kind === 'arrow') visitArrow(emitter, node, activation, lexical, extra.read)
  else {
    const { body } = node
    const position = bodyStart(body)
    emitter.inActivation(activation, lexical, () => emitter.visit(body))
    const prologue = prologueOf(emitter, activation, position, extra.read)
    emitter.text.prependLeft(position, lead(emitter.code, position) + prologue)
  }
  if (fn.kind !== 'declaration') emitter.after(node.end, `)${tail}`)
}

function newActivation(fn: Fn): Activation {
  return { mode: 'green', fn, used: 0, most: 0 }
}

function visitArrow(emitter: Emitter, node: Node, activation: Activation, lexical: Lexical, read: string): void {
  const { body, params } = node
  const block = body.type === 'BlockStatement'
  // `x => …` has no parentheses.
  const bare = params.length === 1 && emitter.code[node.start] !== '('
  if (bare) {
    emitter.text.prependRight((params[0] as Node).start, '(')
    emitter.after((params[0] as Node).end, ')')
  }
  const last = params.at(-1)
  const arrow = emitter.find('=>', last === undefined ? node.start : last.end)
  emitter.inActivation(activation, lexical, () => emitter.visit(body))
  const position = block ? bodyStart(body) : body.start
  const prologue = prologueOf(emitter, activation, position, read)
  if (block) {
    emitter.text.remove(arrow, arrow + 2)
    emitter.text.prependLeft(position, lead(emitter.code, position) + prologue)
  } else {
    // The parenthesis lets the value begin on the next line, as it may after an arrow.
    emitter.text.update(arrow, arrow + 2, `{${prologue}return(`)
    emitter.after(node.end, ')}')
  }
}

/** What a body begins with: its depth, its temporaries, what its wrapper handed over, and what is kept in its scope. */
export function prologueOf(emitter: Emitter, activation: Activation, position: number, read: string): string {
  const names = [`${emitter.names.of('d')}=${emitter.use('state', 's')}.depth`]
  if (read !== '') names.push(read)
  for (let n = 1; n <= activation.most; n++) names.push(emitter.names.of(String(n)))
  return `let ${names.join(',')};${emitter.takeDeclared(position)}`
}

/** The parameters of the wrapper: as many, so that its `length` is right, and how it hands them on. */
function placeholders(emitter: Emitter, fn: Fn): { list: string; apply: string } {
  const params = fn.node['params'] as Node[]
  const names = params.map((_, index) => emitter.names.of(`p${index}`))
  const rest = params.at(-1)?.type === 'RestElement'
  // From the first default on, parameters do not count for `length`.
  let optional = false
  const list = params.map((param, index) => {
    if (param.type === 'RestElement') return `...${names[index]}`
    if (param.type === 'AssignmentPattern') optional = true
    return optional ? `${names[index]}=void 0` : `${names[index]}`
  })
  const given = rest ? [...names.slice(0, -1), `...${names.at(-1)}`] : names
  const apply =
    fn.usesArguments && fn.kind !== 'arrow' ? 'apply(this,arguments)' : `call(${['this', ...given].join(',')})`
  return { list: list.join(','), apply }
}

/** Strict wrappers take `this` as it is. */
function directive(fn: Fn): string {
  const first = fn.node['body'].type === 'BlockStatement' ? fn.node['body']['body'] : []
  for (const statement of first as Node[]) {
    if (statement['directive'] === undefined) return ''
    if (statement['directive'] === 'use strict') return '"use strict";'
  }
  return ''
}

/** What a constructor gives if its body returns no object. */
function constructed(fn: Fn): string {
  if (fn.kind === 'constructor') return 'this'
  return fn.kind === 'declaration' || fn.kind === 'expression' ? 'new.target&&this' : 'void 0'
}

/** What the wrapper hands over beside the parameters, how the generator reads it, and the names that its body uses for it. */
function extraOf(emitter: Emitter, fn: Fn): { made: string | null; read: string; lexical: Lexical } {
  const arrow = fn.kind === 'arrow'
  const outer = arrow ? emitter.lexical : NATIVE
  const { names } = emitter
  const lexical = { ...outer }
  const made: string[] = []
  const read: string[] = []
  const hand = (value: string, local: string): string => {
    read.push(`${local}=${names.of('x')}[${made.length}]`)
    made.push(value)
    return local
  }
  if (arrow && fn.usesArguments) lexical.arguments = hand(outer.arguments ?? 'arguments', names.of('arguments'))
  if (fn.usesNewTarget) lexical.newTarget = hand(outer.newTarget ?? 'new.target', names.of('target'))
  if (fn.usesSuper) {
    const key = names.of('key')
    const value = names.of('value')
    lexical.superGet = hand(outer.superGet ?? `${key}=>super[${key}]`, names.of('get'))
    lexical.superSet = hand(outer.superSet ?? `(${key},${value})=>super[${key}]=${value}`, names.of('set'))
  }
  if (fn.usesSelf && fn.self !== null) hand(fn.self.name, fn.self.name)
  if (made.length === 0) return { made: null, read: '', lexical }
  const source = `${names.of('x')}=${emitter.use('state', 's')}.extra`
  return { made: `[${made.join(',')}]`, read: [source, ...read].join(','), lexical }
}
