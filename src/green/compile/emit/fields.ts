/**
 * Fields whose initialisers may park, and static blocks. Natively they run where no generator is. So each becomes a method,
 * where it stands, and one method more runs them in their order and defines what they give:
 *
 *     class A { x = f(); #y = 1 }  →  class A { #$init() { return $enter(…, this.#$inits()) }
 *                                               *#$inits() { define(this, "x", yield* this.#$i0($d)); this.#y = this.#$i1() }
 *                                               *#$i0($d) { return (f()) } #y; #$i1() { return (1) } }
 *
 * The constructor calls that at its start, or after `super()`; for those of the class itself, who makes the class.
 * All of a class are done so, or none: the order is seen.
 */
import { initialiserFn, initialisersOf } from '../fields.ts'
import { mayPark } from '../infer.ts'
import { isFunction, type Node } from '../nodes.ts'
import type { Fn } from '../scope.ts'
import { type Activation, type Emitter, type Mode, NATIVE } from './emitter.ts'
import { visitStatements } from './using.ts'

const makers: ReadonlySet<Mode> = new Set<Mode>(['green', 'generator', 'async'])

/** True if the fields of its objects, or its own, are to be initialised by methods. */
export function initialisesGreenly(emitter: Emitter, cls: Node, isStatic: boolean): boolean {
  const members = initialisersOf(cls, isStatic)
  const fns = members.map((member) => initialiserFn(emitter.analysis, member))
  if (!fns.some((fn) => fn !== null && mayPark(fn)) || fns.some((fn) => fn !== null && fn.obstacle !== null))
    return false
  if (members.some((member) => member['computed'])) return false
  if (isStatic) return makers.has(emitter.activation.mode) && (cls.type === 'ClassExpression' || cls['id'] !== null)
  const definition = (cls['body'].body as Node[]).find((member) => member['kind'] === 'constructor')
  return definition === undefined || emitter.isGreen(emitter.analysis.fnOf.get(definition['value']) as Fn)
}

/** Makes methods of the initialisers. */
export function visitInitialisers(emitter: Emitter, cls: Node, isStatic: boolean): void {
  const { names } = emitter
  const word = isStatic ? 'static ' : ''
  const depth = names.of('d')
  const steps = initialisersOf(cls, isStatic).map((member, index) => {
    const fn = initialiserFn(emitter.analysis, member)
    const value =
      fn === null ? 'void 0' : visitInitialiser(emitter, member, fn, `#${names.of(isStatic ? 'j' : 'i')}${index}`)
    if (member.type === 'StaticBlock') return `${value};`
    const { key } = member
    if (key.type === 'PrivateIdentifier') return fn === null ? '' : `this.#${key.name}=${value};`
    if (fn === null) emitter.replace(member.start, member.end, '')
    return `${emitter.use('define', 'define')}(this,${keyText(key)},${value});`
  })
  const all = `#${names.of(isStatic ? 'own' : 'init')}`
  const state = emitter.sharedState
  const entered = `${emitter.use('enter', 'enter')}(${state}.next,${state}.next=0,this.${all}s(),void 0)`
  emitter.after(
    cls['body'].start + 1,
    `${word}${all}(){return ${entered}}${word}*${all}s(){let ${depth}=${state}.depth;${steps.join('')}}`,
  )
}

/** Answers an expression for what it gives. */
function visitInitialiser(emitter: Emitter, member: Node, fn: Fn, name: string): string {
  const { names } = emitter
  const parks = mayPark(fn)
  const activation: Activation = { mode: parks ? 'green' : 'plain', fn, used: 0, most: 0 }
  const block = member.type === 'StaticBlock'
  const value: Node = member['value']
  emitter.inActivation(activation, NATIVE, () => (block ? visitStatements(emitter, member) : emitter.visit(value)))
  const locals = Array.from({ length: activation.most }, (_, n) => names.of(String(n + 1)))
  if (parks) locals.unshift(emitter.stateHere)
  const word = member['static'] || block ? 'static ' : ''
  const declared = locals.length > 0 ? `let ${locals.join(',')};` : ''
  const head = `;${word}${parks ? '*' : ''}${name}(${parks ? names.of('d') : ''}){${declared}`
  if (block) emitter.replace(member.start, emitter.find('{', member.start) + 1, head)
  else {
    const key: Node = member['key']
    const kept = key.type === 'PrivateIdentifier' ? `;${word}#${key['name']}` : ''
    const [open, closed] = isAnonymous(value) ? [`({[${keyText(key)}]:`, `})[${keyText(key)}]`] : ['(', ')']
    emitter.replace(member.start, emitter.find('=', key.end) + 1, `${kept}${head}return${open}`)
    // Past the parentheses that may stand around it.
    const end = emitter.code[member.end - 1] === ';' ? member.end - 1 : member.end
    emitter.after(end, `${closed}}`)
  }
  return parks ? `yield*this.${name}(${names.of('d')})` : `this.${name}()`
}

function keyText(key: Node): string {
  return key.type === 'PrivateIdentifier' ? `"#${key['name']}"` : JSON.stringify(String(key['name'] ?? key['value']))
}

/** True for what gets its name from what it is the value of. */
function isAnonymous(node: Node): boolean {
  return (isFunction(node) || node.type === 'ClassExpression') && !node['id']
}

/** Initialises the fields of `self`: an expression in the body of a constructor. */
export function initialised(emitter: Emitter, self: string, site: Node): string {
  const result = emitter.temp()
  const text = callOn(emitter, result, `${self}.#${emitter.names.of('init')}`, self, site)
  emitter.release(1)
  return text
}

function callOn(emitter: Emitter, result: string, method: string, self: string, site: Node): string {
  const call = emitter.use('call', 'call')
  return `(${result}=${method},${emitter.announce(result)},${result}=${call}(${result},${self}),${emitter.outcome(result, site)})`
}

/** Around a class whose own fields are initialised by methods. Visits it by `visit`. */
export function aroundClass(emitter: Emitter, cls: Node, visit: () => void): void {
  const method = emitter.temp()
  const taken = `static{${method}=this.#${emitter.names.of('own')}}`
  if (cls.type === 'ClassDeclaration') {
    visit()
    emitter.after(cls['body'].start + 1, taken)
    emitter.after(cls.end, `;${calledOn(emitter, method, cls['id'].name, cls)};`)
    return emitter.release(1)
  }
  const made = emitter.temp()
  const name = cls['id'] ? null : nameFor(emitter, cls)
  const [open, closed] = cls['id'] ? ['', ''] : name === null ? ['(0,', ')'] : [`({[${name}]:`, `})[${name}]`]
  emitter.before(cls.start, `(${made}=${open}`)
  visit()
  emitter.after(cls['body'].start + 1, taken)
  emitter.after(cls.end, `${closed},${calledOn(emitter, method, made, cls)},${made})`)
  emitter.release(2)
}

function calledOn(emitter: Emitter, method: string, cls: string, site: Node): string {
  if (emitter.activation.mode !== 'async') return callOn(emitter, method, method, cls, site)
  return `(${method}=${emitter.use('callAsync', 'callAsync')}(${method},${cls}),${emitter.outcome(method, site)})`
}

/** The name that an anonymous class gets from where it stands. */
function nameFor(emitter: Emitter, cls: Node): string | null {
  const parent = emitter.analysis.parentOf.get(cls) as Node
  switch (parent.type) {
    case 'VariableDeclarator':
      return parent['id'].type === 'Identifier' ? JSON.stringify(parent['id'].name) : null
    case 'AssignmentExpression':
    case 'AssignmentPattern':
      return parent['left'].type === 'Identifier' ? JSON.stringify(parent['left'].name) : null
    case 'Property':
      return parent['computed'] || parent['value'] !== cls ? null : keyText(parent['key'])
    default:
      return null
  }
}
