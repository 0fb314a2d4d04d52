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
 * What a generator cannot have of its wrapper (`arguments` and `this` of an arrow, `new.target`, `super`) is handed to it
 * (handed.ts), and read by the generator's first statement.
 */

import { visitDirect } from '../direct/function.ts'
import { planOf } from '../direct/plan.ts'
import { boundNames, type Node, redeclares } from '../nodes.ts'
import type { Fn } from '../scope.ts'
import { constructionOf } from './class.ts'
import { type Activation, type Emitter, NATIVE } from './emitter.ts'
import { initialised } from './fields.ts'
import { handedOver } from './handed.ts'
import { placeholders } from './placeholders.ts'
import { bodyStart, lead } from './places.ts'
import { poolFor, visitReusable } from './reusable.ts'
import { announced, constructed, directive, isBare, keptFor, onceMade, stressed } from './wrapper.ts'

export function visitFunction(emitter: Emitter, node: Node): void {
  const fn = emitter.analysis.fnOf.get(node) as Fn
  if (emitter.isGreen(fn) && !isLabelled(emitter, node)) {
    const plan = emitter.options.onlyGenerators ? 'not asked for' : planOf(emitter, fn)
    emitter.indirect.set(fn, typeof plan === 'string' ? plan : null)
    return typeof plan === 'string' ? visitGreen(emitter, fn) : visitDirect(emitter, plan)
  }
  const parks = fn.parks && fn.obstacle === null
  const mode = !parks ? 'plain' : fn.async ? 'async' : fn.generator ? 'generator' : 'plain'
  const activation: Activation = { mode, fn, used: 0, most: 0 }
  const lexical = fn.kind === 'arrow' ? emitter.lexical : NATIVE
  emitter.inActivation({ mode: 'plain', fn, used: 0, most: 0 }, lexical, () => emitter.visitAll(node['params']))
  emitter.inActivation(activation, lexical, () => emitter.visit(node['body']))
  if (mode !== 'plain') giveLocals(emitter, node, activation)
}

/** A declaration that stands where no list of statements is. */
function isLabelled(emitter: Emitter, node: Node): boolean {
  const parent = emitter.analysis.parentOf.get(node) as Node
  return node.type === 'FunctionDeclaration' && (parent.type === 'LabeledStatement' || parent.type === 'IfStatement')
}

function visitGreen(emitter: Emitter, fn: Fn): void {
  const pool = poolFor(emitter, fn)
  if (pool !== null) return visitReusable(emitter, fn, pool)
  const { node } = fn
  const params = placeholders(emitter, fn)
  const handed = handedOver(emitter, fn)
  const sibling = fn.kind === 'declaration' ? emitter.names.fresh(fn.name) : null
  const cache = sibling === null ? keptFor(emitter, fn) : null

  const next = `${emitter.sharedState}.next`
  const enter = emitter.use(fn.kind === 'derived' ? 'derive' : 'enter', fn.kind === 'derived' ? 'derive' : 'enter')
  const head = `{${directive(fn)}${onceMade(emitter, fn)}return ${enter}(${announced(emitter, fn)},${next}=0,`
  const tail = `${params.apply},${constructedBy(emitter, fn)}${handed.made === null ? '' : `,${handed.made}`})}`
  const generator = cache !== null ? `(${cache}??=function*` : '(function*'
  const start = fn.kind === 'arrow' ? node.start : emitter.find('(', node['id'] ? node['id'].end : node.start)
  switch (fn.kind) {
    case 'declaration':
      emitter.before(node.start, `function ${node['id']?.name ?? ''}(${params.list})${head}${sibling}${tail} `)
      emitter.replace(node.start, start, `function*${sibling}`)
      break
    case 'expression':
      emitter.replace(node.start, start, `function ${node['id']?.name ?? ''}(${params.list})${head}${generator}`)
      break
    case 'arrow':
      emitter.before(node.start, `(${params.list})=>${head}${generator}${isBare(emitter, node) ? '(' : ''}`)
      break
    default:
      emitter.before(node.start, `(${params.list})${head}${generator}`)
  }

  const activation: Activation = { mode: 'green', fn, used: 0, most: 0 }
  const { lexical, read } = handed
  const moved = parametersPark(emitter, fn, read !== '' || initialises(emitter, activation))
  const plain: Activation = { mode: 'plain', fn, used: 0, most: 0 }
  emitter.inActivation(moved ? activation : plain, lexical, () => emitter.visitAll(node['params']))
  emitter.inActivation(activation, lexical, () => emitter.visit(node['body']))
  if (moved) moveParameters(emitter, node, activation, read)
  else if (fn.kind === 'arrow') finishArrow(emitter, node, activation, read)
  else {
    const position = bodyStart(node['body'])
    const prologue = prologueOf(emitter, activation, position, read)
    emitter.text.prependLeft(position, lead(emitter.code, position) + prologue)
  }
  if (fn.kind !== 'declaration') emitter.after(node.end, `)${tail}`)
}

function finishArrow(emitter: Emitter, node: Node, activation: Activation, read: string): void {
  const { body, params } = node
  const block = body.type === 'BlockStatement'
  if (isBare(emitter, node)) emitter.after(params[0].end, ')')
  const arrow = emitter.arrowOf(node)
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

/** True if a default, or a computed key, of a parameter is a site; or if it may use what the body has to read first. */
function parametersPark(emitter: Emitter, fn: Fn, reading: boolean): boolean {
  const { node } = fn
  const params: Node[] = node['params']
  if (params.length === 0 || params.every((param) => param.type === 'Identifier')) return false
  const end = (params.at(-1) as Node).end
  const inside = (site: Node): boolean => site.start > node.start && site.end <= end
  const { reads, parkingGetters } = emitter.analysis
  const parks =
    fn.sites.some(({ node: site }) => inside(site) && !emitter.isHarmless(site)) ||
    reads.some((read) => read.fn === fn && inside(read.node) && parkingGetters.has(read.name))
  if (!reading && !parks) return false
  // `var a` in the body would be the parameter itself.
  return !redeclares(node['body'], new Set(params.flatMap((param) => boundNames(param)).map((id) => id['name'])))
}

/** `(a = f()) { … }` → `(...$q) { let [a = f()] = $q; { … } }`: parameters of a generator could not yield. */
function moveParameters(emitter: Emitter, node: Node, activation: Activation, read: string): void {
  const { body, params } = node
  const { text } = emitter
  const list = emitter.names.of('q')
  const open = emitter.find('(', node['id'] ? node['id'].end : node.start)
  const close = emitter.find(')', params.at(-1).end)
  const comma = emitter.findBefore(',', params.at(-1).end, close)
  if (comma >= 0) text.remove(comma, comma + 1)
  text.update(close, close + 1, `]=${list};`)
  const block = body.type === 'BlockStatement'
  const position = block ? bodyStart(body) : body.start
  const declared = emitter.takeDeclared(position)
  if (block && declared !== '') text.prependLeft(position, lead(emitter.code, position) + declared)
  if (node.type === 'ArrowFunctionExpression') {
    const arrow = emitter.arrowOf(node)
    text.update(arrow, arrow + 2, block ? ' ' : `${declared}return(`)
  }
  emitter.after(node.end, block ? '}' : ')}')
  text.update(open, open + 1, `(...${list}){${prologueOf(emitter, activation, -2, read)}let [`)
}

/** An async function, or a generator of the source's own: keeps its shape, and gets the locals that its sites use. */
function giveLocals(emitter: Emitter, node: Node, activation: Activation): void {
  const { body } = node
  const locals: string[] = []
  if (activation.mode === 'generator') locals.push(`${emitter.names.of('k')}=${emitter.use('begin', 'begin')}()`)
  for (let n = 1; n <= activation.most; n++) locals.push(emitter.names.of(String(n)))
  if (locals.length === 0) return
  const block = body.type === 'BlockStatement'
  const position = block ? bodyStart(body) : body.start
  const stress = activation.mode === 'generator' ? stressed(emitter, `${emitter.names.of('k')}.depth`) : ''
  const prologue = `let ${locals.join(',')};${stress}${emitter.takeDeclared(position)}`
  if (block) return void emitter.text.prependLeft(position, lead(emitter.code, position) + prologue)
  const arrow = emitter.arrowOf(node)
  emitter.text.update(arrow, arrow + 2, `=>{${prologue}return(`)
  emitter.after(node.end, ')}')
}

/** What a body begins with: its depth, its temporaries, what its wrapper handed over, and what is kept in its scope. */
function prologueOf(emitter: Emitter, activation: Activation, position: number, read: string): string {
  const depth = emitter.names.of('d')
  let fields = ''
  if (initialises(emitter, activation))
    emitter.inActivation(
      activation,
      NATIVE,
      () => (fields = `${initialised(emitter, 'this', (activation.fn as Fn).node)};`),
    )
  const names = [emitter.stateHere, `${depth}=${emitter.names.of('s')}.depth`]
  if (read !== '') names.push(read)
  for (let n = 1; n <= activation.most; n++) names.push(emitter.names.of(String(n)))
  return `let ${names.join(',')};${stressed(emitter, depth)}${fields}${emitter.takeDeclared(position)}`
}

/** True for the body of a constructor that begins with the fields of its object. */
function initialises(emitter: Emitter, { fn }: Activation): boolean {
  return fn?.kind === 'constructor' && emitter.initialising.has(fn.home as Node)
}

function constructedBy(emitter: Emitter, fn: Fn): string {
  return fn.kind === 'derived' ? constructionOf(emitter, fn.home as Node) : constructed(fn)
}
