import { initialisersOf } from '../fields.ts'
import { isFunction, type Node } from '../nodes.ts'
import type { Fn } from '../scope.ts'
import { isInert } from './arguments.ts'
import { type Activation, type Emitter, NATIVE } from './emitter.ts'
import { aroundClass, initialised, initialisesGreenly, visitInitialisers } from './fields.ts'

/** A class. One whose constructor is compiled says so to the runtime when it is made. */
export function visitClass(emitter: Emitter, node: Node): void {
  const visit = (): void => visitBody(emitter, node, statics)
  const statics = initialisesGreenly(emitter, node, true)
  if (statics) aroundClass(emitter, node, visit)
  else visit()
}

function visitBody(emitter: Emitter, node: Node, statics: boolean): void {
  const members: Node[] = node['body']['body']
  const definition = members.find((member) => member['kind'] === 'constructor')
  const fn = definition === undefined ? null : (emitter.analysis.fnOf.get(definition['value']) as Fn)
  const fields = initialisesGreenly(emitter, node, false)
  if (fields) emitter.initialising.add(node)
  if (node['superClass']) emitter.visit(node['superClass'])
  if (fn === null && (fields || (node['superClass'] && needsConstructor(emitter, node)))) addConstructor(emitter, node)
  else if (fn !== null && emitter.isGreen(fn)) {
    markClass(emitter, node)
    if (fn.kind === 'constructor' && !fields) guardFields(emitter, node, members)
  }
  const made = new Set<Node>()
  for (const isStatic of [false, true]) {
    if (!(isStatic ? statics : fields)) continue
    for (const member of initialisersOf(node, isStatic)) made.add(member)
    visitInitialisers(emitter, node, isStatic)
  }
  emitter.visitAll(members.filter((member) => !made.has(member)))
}

/**
 * The fields of a base class are initialised before its constructor's first instruction. So what they run must find no
 * announcement: it is put aside in a private field, the first of all. And a constructor that is called once more makes an
 * object that nobody sees: its fields must not be initialised again.
 */
function guardFields(emitter: Emitter, node: Node, members: readonly Node[]): void {
  const fields = members.filter((member) => member.type === 'PropertyDefinition' && !member['static'])
  const noisy = fields.filter(({ value }) => value !== null && !isQuiet(value))
  if (noisy.length === 0) return
  const held = `#${emitter.names.of('h')}`
  emitter.held.set(node, held)
  emitter.after(node['body'].start + 1, `${held}=${emitter.use('hold', 'hold')}();`)
  for (const { value } of noisy) {
    // A class that has no name would lose the one that it gets here.
    if (value.type === 'ClassExpression') continue
    emitter.before(value.start, `${emitter.sharedState}.made!==null?void 0:(`)
    emitter.guarded.add(value)
  }
}

/** True if evaluating it runs no code. */
function isQuiet(node: Node): boolean {
  if (isFunction(node)) return true
  if (node.type === 'ArrayExpression')
    return node['elements'].every((item: Node | null) => item === null || isQuiet(item))
  if (node.type === 'ObjectExpression')
    return node['properties'].every(
      (item: Node) => item.type === 'Property' && !item['computed'] && isQuiet(item['value']),
    )
  return isInert(node)
}

/** Before any other static element, which may call the constructor. */
function markClass(emitter: Emitter, node: Node): void {
  const brand = node['superClass'] && !node['id'] ? `static ${brandOf(emitter)};` : ''
  emitter.after(node['body'].start + 1, `${brand}static{${emitter.use('declareParking', 'compiled')}(this)}`)
}

/** The private field by which a class without a name is known. */
function brandOf(emitter: Emitter): string {
  return `#${emitter.names.of('C')}`
}

/** How the constructor of a class that extends another one names that class. */
function homeOf(emitter: Emitter, node: Node): string {
  if (node['id']) return node['id'].name
  const each = emitter.names.of('class')
  return `${emitter.use('homeOf', 'homeOf')}(new.target,${each}=>${brandOf(emitter)} in ${each})`
}

/** A constructor for a class that has none, and extends one which may park in its own, or has fields that may. */
function addConstructor(emitter: Emitter, node: Node): void {
  const args = emitter.names.of('p')
  const state = emitter.sharedState
  const announced = `${state}.next,${state}.next=0`
  const body = emitter.initialising.has(node) ? implicitBody(emitter, node, args) : null
  const made = node['superClass']
    ? `${emitter.use('derive', 'derive')}(${announced},${body ?? `${emitter.use('implicit', 'implicit')}(${args})`},${constructionOf(emitter, node)})`
    : `${emitter.use('enter', 'enter')}(${announced},${body},this)`
  emitter.after(
    node['body'].start + 1,
    `constructor(${node['superClass'] ? `...${args}` : ''}){if(${state}.made!==null)return ${emitter.use('takeMade', 'takeMade')}();return ${made}}`,
  )
  markClass(emitter, node)
}

/** What it does where there are fields that may park. */
function implicitBody(emitter: Emitter, node: Node, args: string): string {
  const { names } = emitter
  const activation: Activation = { mode: 'green', fn: null, used: 0, most: 0 }
  const self = node['superClass'] ? `${names.of('t')}.this` : 'this'
  const steps: string[] = []
  emitter.inActivation(activation, NATIVE, () => {
    if (node['superClass']) steps.push(`${emitter.callOf('superCall', `${names.of('t')},...${args}`, node)};`)
    steps.push(`${initialised(emitter, self, node)};`)
  })
  const state = names.of('s')
  const locals = [emitter.stateHere, `${names.of('d')}=${state}.depth`]
  if (node['superClass']) locals.push(`${names.of('t')}=${state}.construction`)
  for (let n = 1; n <= activation.most; n++) locals.push(names.of(String(n)))
  return `(function*(){let ${locals.join(',')};${steps.join('')}}).call(${node['superClass'] ? 'void 0' : 'this'})`
}

/** What a derived constructor's wrapper hands to its body: the class, `new.target`, how to call `super`, and `this`. */
export function constructionOf(emitter: Emitter, node: Node): string {
  const args = emitter.names.of('q')
  return `new ${emitter.use('Construction', 'Construction')}(${homeOf(emitter, node)},new.target,(...${args})=>super(...${args}),()=>this)`
}

/** True for a class without a constructor whose parent's may park. */
function needsConstructor(emitter: Emitter, node: Node): boolean {
  const parent: Node = node['superClass']
  if (parent.type === 'Literal') return false
  if (parent.type !== 'Identifier') return true
  const binding = emitter.scopeAt(node).lookup(parent['name'])
  if (binding === null) return false
  const { cls } = binding
  if (cls === null || cls === node) return true
  const definition = cls['body'].body.find((member: Node) => member['kind'] === 'constructor')
  if (definition !== undefined) return emitter.isGreen(emitter.analysis.fnOf.get(definition.value) as Fn)
  return cls['superClass'] !== null && needsConstructor(emitter, cls)
}
