import type { Fn } from '../functions.ts'
import { isFunction, type Node } from '../nodes.ts'
import type { Emitter } from './emitter.ts'

/** A class. One whose constructor is compiled ends in the mark, as compiled functions do. */
export function visitClass(emitter: Emitter, node: Node): void {
  const members: Node[] = node['body']['body']
  const definition = members.find((member) => member['kind'] === 'constructor')
  const fn = definition === undefined ? null : (emitter.analysis.fnOf.get(definition['value']) as Fn)
  if (node['superClass']) emitter.visit(node['superClass'])
  if (fn === null && node['superClass'] && emitter.needsConstructor(node)) addConstructor(emitter, node)
  else if (fn !== null && emitter.isGreen(fn)) {
    markClass(emitter, node)
    if (fn.kind === 'constructor') guardFields(emitter, members)
  }
  emitter.visitAll(members)
}

/** A constructor that is called once more makes an object that nobody sees: its fields must not be initialised again. */
function guardFields(emitter: Emitter, members: readonly Node[]): void {
  for (const { type, static: ofClass, value } of members) {
    if (type !== 'PropertyDefinition' || ofClass || value === null || value.type === 'Literal') continue
    if (isFunction(value) || value.type === 'ClassExpression') continue // they would lose their names
    emitter.before(value.start, `${emitter.use('state', 's')}.made!==null?void 0:(`)
    emitter.guarded.add(value)
  }
}

function markClass(emitter: Emitter, node: Node): void {
  const home = emitter.homeOf(node)
  if (home !== null && !node['id'] && node['superClass']) emitter.after(node['body'].start + 1, `static{${home}=this}`)
  emitter.after(node.end - 1, '/*~*/')
}

/** A constructor for a class that extends one which may park in its own. */
function addConstructor(emitter: Emitter, node: Node): void {
  const home = emitter.homeOf(node)
  if (home === null) return
  const args = emitter.names.of('p')
  const state = `${emitter.use('state', 's')}.next`
  const made = `${emitter.use('implicit', 'implicit')}(${args})`
  const construction = constructionOf(emitter, home)
  emitter.after(
    node['body'].start + 1,
    `constructor(...${args}){if(${emitter.use('state', 's')}.made!==null)return ${emitter.use('takeMade', 'takeMade')}();return ${emitter.use('derive', 'derive')}(${state},${state}=0,${made},${construction})}`,
  )
  markClass(emitter, node)
}

/** What a derived constructor's wrapper hands to its body: the class, `new.target`, and how to call `super`. */
export function constructionOf(emitter: Emitter, home: string): string {
  const args = emitter.names.of('q')
  return `new ${emitter.use('Construction', 'Construction')}(${home},new.target,(...${args})=>super(...${args}))`
}
