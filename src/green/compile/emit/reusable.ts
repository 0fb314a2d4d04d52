/**
 * Functions whose generators are used again. To make a generator takes longer than to run one, so that of a function that is
 * called often begins again when it is resumed after its end, instead of ending:
 *
 *     function f(a) { if (a) return 1; g() }
 *     →  function f($p0) { return $enterAgain(…, $g$1 ??= $pool(f$2), …, $S.p0 = $p0) }
 *        function* f$2() { let $r; for (;;) { $l: { let $d = $s.depth; let a = $s.p0; { if (a) { $r = 1; break $l } g() } $r = void 0 } yield $r } }
 *
 * Each round of the loop has variables of its own, as each call has. What cannot be had that way (a `var` that a function
 * inside uses, derived constructors) is left to function.ts.
 */
import { patternOf } from '../accessors.ts'
import { boundNames, childrenOf, isFunction, type Node, varsIn } from '../nodes.ts'
import type { Fn } from '../scope.ts'
import { type Activation, assignable, type Emitter } from './emitter.ts'
import { handedOver } from './handed.ts'
import { placeholders } from './placeholders.ts'
import { bodyStart, lead } from './places.ts'
import { pickedBy } from './taken.ts'
import { announced, constructed, directive, isBare, keptFor, onceMade, stressed } from './wrapper.ts'

const kinds = new Set(['declaration', 'expression', 'arrow', 'method', 'getter', 'setter', 'constructor'])

/** As many as the state of the runtime has places for. */
const MOST_PARAMETERS = 4

/** The variable that is to hold the generators of a function; null if they cannot be used again. */
export function poolFor(emitter: Emitter, fn: Fn): string | null {
  if (!kinds.has(fn.kind) || fn.evals) return null
  if (fn.kind === 'arrow' && emitter.lexical.derived) return null
  // In sloppy code the list and the parameters are the same variables.
  if (fn.kind !== 'arrow' && fn.usesArguments && !fn.strict) return null
  if (fn.kind === 'constructor' && emitter.initialising.has(fn.home as Node)) return null
  return parametersMove(fn) && declaresInBlocks(fn) ? keptFor(emitter, fn) : null
}

/** True if its parameters may be variables of a block. */
function parametersMove({ node }: Fn): boolean {
  const params: Node[] = node['params']
  if (params.length > MOST_PARAMETERS) return false
  const names = params.flatMap((param) => boundNames(param)).map((id) => id['name'] as string)
  if (new Set(names).size < names.length || names.includes('let') || names.includes('arguments')) return false
  return params.every((param) => {
    if (param.type !== 'AssignmentPattern') return true
    const [open] = assignable(param['right'])
    // Its name comes from where it stands.
    return open !== '(0,'
  })
}

/** True if what it declares lives in blocks, or is seen by itself only. */
function declaresInBlocks(fn: Fn): boolean {
  const { body } = fn.node
  if (body.type !== 'BlockStatement') return true
  const functions = (body.body as Node[]).filter(({ type }) => type === 'FunctionDeclaration')
  const declared = [...functions, ...fn.node['params']].flatMap((node) => boundNames(node['id'] ?? node))
  const names = declared.map((id) => id['name'] as string)
  const vars = varsIn(body)
  if (names.some((name) => vars.has(name)) || vars.has('arguments')) return false
  if (new Set(functions.map(({ id }) => id.name)).size < functions.length) return false
  // Sloppy code sees those of blocks in all of the function.
  if (!fn.strict && declaresFunction(body)) return false
  return vars.size === 0 || !usesInside(fn.node, vars, false)
}

function declaresFunction(node: Node): boolean {
  return childrenOf(node).some((child) =>
    isFunction(child) ? child.type === 'FunctionDeclaration' : declaresFunction(child),
  )
}

/** True if a function, or a class, in it names one of these. */
function usesInside(node: Node, names: ReadonlySet<string>, inside: boolean): boolean {
  if (inside && /Identifier$/.test(node.type) && names.has(node['name'])) return true
  return childrenOf(node).some((child) =>
    usesInside(child, names, inside || isFunction(child) || child.type.startsWith('Class')),
  )
}

export function visitReusable(emitter: Emitter, fn: Fn, pool: string): void {
  const { node } = fn
  const { names, text } = emitter
  const params: Node[] = node['params']
  const { list } = placeholders(emitter, fn)
  const handed = handedOver(emitter, fn, true)
  const state = emitter.sharedState
  const strict = directive(fn)

  const arrow = fn.kind === 'arrow'
  const given = params.map((_, index) => `${state}.p${index}=${names.of(`p${index}`)}`)
  if (fn.usesThis) given.unshift(`${state}.self=${(arrow ? emitter.lexical.self : null) ?? 'this'}`)
  if (handed.made !== null) given.unshift(`${state}.extra=${handed.made}`)
  const self = constructed(fn)
  if (self !== 'void 0' || given.length > 0) given.unshift(self)
  const enter = emitter.use('enterAgain', 'enterAgain')
  const head = `{${strict}${onceMade(emitter, fn)}return ${enter}(${announced(emitter, fn)},${state}.next=0,${pool}??=${emitter.use('poolOf', 'pool')}(`
  const tail = `)${given.map((value) => `,${value}`).join('')})}`
  const start = arrow ? node.start : emitter.find('(', node['id'] ? node['id'].end : node.start)
  switch (fn.kind) {
    case 'declaration': {
      const sibling = names.fresh(fn.name)
      emitter.before(node.start, `function ${node['id']?.name ?? ''}(${list})${head}${sibling}${tail} `)
      emitter.replace(node.start, start, `function*${sibling}`)
      break
    }
    case 'expression':
      emitter.replace(node.start, start, `function ${node['id']?.name ?? ''}(${list})${head}function*`)
      break
    default:
      emitter.before(node.start, `(${list})${arrow ? '=>' : ''}${head}function*`)
  }

  const own = fn.usesThis ? names.of('this') : null
  const activation: Activation = { mode: 'green', fn, used: 0, most: 0, reusable: true }
  emitter.inActivation(activation, { ...handed.lexical, self: own }, () => {
    const source = isPlain(node) ? `${names.of('s')}.p` : names.of('p')
    for (const [index, param] of params.entries()) visitParameter(emitter, param, `${source}${index}`)
    emitter.visit(node['body'])
  })

  const { body } = node
  const block = body.type === 'BlockStatement'
  const position = block ? bodyStart(body) : body.start
  const declared = emitter.takeDeclared(position, 'let')
  if (block && declared !== '') text.prependLeft(position, lead(emitter.code, position) + declared)
  const result = names.of('r')
  const label = names.of('l')
  const front = `(){${strict}let ${emitter.stateHere},${result};for(;;){${label}:{${frontOf(emitter, activation, own, handed.read)}`
  const begins = stressed(emitter, names.of('d')) + (block ? '' : `${declared}${result}=${assignable(body)[0]}`)
  wrapParameters(emitter, node, front, begins)
  if (arrow) {
    const at = emitter.arrowOf(node)
    text.remove(at, at + 2)
  }
  const ends = block ? `${result}=void 0` : `${assignable(body)[1]}`
  emitter.after(node.end, `${ends}}yield ${result}}}${fn.kind === 'declaration' ? '' : tail}`)
}

/** What each round begins with: it reads what it was handed, before anything else runs. */
function frontOf(emitter: Emitter, { fn, most }: Activation, self: string | null, read: string): string {
  const { names } = emitter
  const here = names.of('s')
  const { node } = fn as Fn
  const locals = [`${names.of('d')}=${here}.depth`]
  if (self !== null) locals.push(`${self}=${here}.self`)
  if (!isPlain(node)) locals.push(...(node['params'] as Node[]).map((_, n) => `${names.of(`p${n}`)}=${here}.p${n}`))
  if (read !== '') locals.push(read)
  for (let n = 1; n <= most; n++) locals.push(names.of(String(n)))
  const vars = node['body'].type === 'BlockStatement' ? [...varsIn(node['body'])] : []
  return `let ${locals.join(',')};${vars.map((name) => `${name}=void 0;`).join('')}`
}

/** True if all parameters are mere names. */
function isPlain(node: Node): boolean {
  return (node['params'] as Node[]).every(({ type }) => type === 'Identifier')
}

/** `(a, { b }, c = f()) {` → `(){ … let a = $p0, { b } = $p1, c = $p2 === void 0 ? f() : $p2; {`. */
function visitParameter(emitter: Emitter, param: Node, given: string): void {
  const picked = pickedBy(emitter, patternOf(param))
  const pick = (value: string): string => emitter.callOf('pick', `${value},${picked?.args}`, param)
  if (param.type === 'AssignmentPattern') {
    const { left, right } = param
    const [open, closed] = assignable(right)
    const value = picked === null ? '' : emitter.temp()
    emitter.visit(left)
    emitter.before(right.start, `${picked === null ? '' : `(${value}=(`}${given}===void 0?${open}`)
    emitter.visit(right)
    emitter.after(right.end, `${closed}:${given}${picked === null ? '' : `),${pick(value)})`}`)
    return emitter.release(picked === null ? 0 : 1)
  }
  if (param.type === 'RestElement') emitter.text.remove(param.start, param['argument'].start)
  emitter.visit(param['argument'] ?? param)
  emitter.after(param.end, `=${picked === null ? given : pick(given)}`)
}

function wrapParameters(emitter: Emitter, node: Node, front: string, begins: string): void {
  const { text } = emitter
  const params: Node[] = node['params']
  const bare = node.type === 'ArrowFunctionExpression' && isBare(emitter, node)
  const [first] = params
  if (bare) {
    text.appendRight((first as Node).start, `${front}let `)
    return emitter.after((first as Node).end, `;${begins}`)
  }
  const open = emitter.find('(', node['id'] ? node['id'].end : node.start)
  if (first === undefined) {
    const close = emitter.find(')', open)
    text.update(open, open + 1, front)
    text.update(close, close + 1, begins)
    return
  }
  const last = params.at(-1) as Node
  const close = emitter.find(')', last.end)
  const comma = emitter.findBefore(',', last.end, close)
  if (comma >= 0) text.remove(comma, comma + 1)
  text.update(open, open + 1, `${front}let `)
  text.update(close, close + 1, `;${begins}`)
}

/** `return e` → `{ $r = e; break $l }`. */
export function visitReturn(emitter: Emitter, node: Node): void {
  const { argument, start, end } = node
  const result = emitter.names.of('r')
  emitter.text.update(start, start + 'return'.length, `{${result}=${argument === null ? 'void 0' : ''}`)
  if (argument !== null) {
    const [open, closed] = assignable(argument)
    emitter.before(argument.start, open)
    emitter.visit(argument)
    emitter.after(argument.end, closed)
  }
  emitter.after(end, `${emitter.code[end - 1] === ';' ? '' : ';'}break ${emitter.names.of('l')}}`)
}
