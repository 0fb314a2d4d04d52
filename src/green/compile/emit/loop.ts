import { patternOf } from '../accessors.ts'
import { boundNames, childrenOf, type Node } from '../nodes.ts'
import type { Emitter } from './emitter.ts'
import { takeLabels } from './labels.ts'
import { pickedBy } from './taken.ts'
import { roundOf, usesInHead } from './using.ts'

/**
 * `for (const x of e) body`, where the iterator may park:
 *
 *     { let i = open(e); try { for (; advance(i); ) { const x = i.value; body } }
 *       catch (error) { fail(i); throw error } finally { close(i) } }
 *
 * all on the line that it was on. `x` changes places with `e`; labels go to the loop inside.
 */
export function visitForOf(emitter: Emitter, node: Node): void {
  const { left, right, body } = node
  const { code, text } = emitter
  const cursor = emitter.names.fresh(emitter.names.of('i'))
  const error = emitter.names.fresh(emitter.names.of('e'))
  const { state } = emitter
  const labels = takeLabels(emitter, node)

  // `for await` has the `await` between.
  const of = emitter.find('of', left.end)
  const close = closing(emitter, right, body)
  // What is iterated over sees the names of the loop, and that they have no value.
  const hidden = hides(left, right) ? emitter.names.fresh(emitter.names.of('h')) : null
  emitter.before(node.start, hidden === null ? `{let ${cursor}=(` : `{let ${cursor};${hidden}:{${cursor}=(`)
  emitter.replace(node.start, left.start, '')
  emitter.replace(left.end, of + 2, '')
  emitter.keep(() => {
    const value = emitter.temp()
    text.appendRight(of + 2, `${value}=(`)
    emitter.visit(right)
    const over = node['await'] ? `${value}=${emitter.use('overAsync', 'overAsync')}(${value}),` : ''
    const opened = `${over}${emitter.callOf('open', value, right)}`
    const advance = emitter.callOf('advance', cursor, right)
    const dead = hidden === null ? '' : `break ${hidden};let ${namesOf(left).join(',')}}`
    text.update(close, close + 1, `),${opened});${dead}try{${labels}for(;${advance};){`)
  })
  const declares = left.type === 'VariableDeclaration'
  if (!declares) text.prependRight(left.start, '(')
  emitter.visit(left)
  const round = usesInHead(emitter, node) ? roundOf(emitter, left) : { open: '', close: '' }
  const picked = pickedBy(emitter, patternOf(left))
  const value =
    picked === null ? `${cursor}.value` : emitter.callOf(picked.by, `${cursor}.value,${picked.args}`, patternOf(left))
  emitter.after(left.end, `=${value}${declares ? '' : ')'};${round.open}`)
  text.move(left.start, left.end, close + 1)
  emitter.visit(body)
  const failed = `catch(${error}){${state}.next=0;if(${cursor}.open)${emitter.callOf('fail', cursor, right)};throw ${error}}`
  const closed = `finally{${state}.next=0;if(${cursor}.open)${emitter.callOf('close', cursor, right)}}`
  emitter.after(
    node.end,
    `${code[node.end - 1] === ';' || code[node.end - 1] === '}' ? '' : ';'}${round.close}}}${failed}${closed}}`,
  )
}

function namesOf(left: Node): string[] {
  if (left.type !== 'VariableDeclaration' || left['kind'] === 'var') return []
  return boundNames(left['declarations'][0].id).map((id) => id['name'] as string)
}

/** True if the head uses a name that it declares. */
export function hides(left: Node, right: Node): boolean {
  const names = new Set(namesOf(left))
  const uses = (node: Node): boolean =>
    (node.type === 'Identifier' && names.has(node['name'])) || childrenOf(node).some(uses)
  return names.size > 0 && uses(right)
}

/** The parenthesis that ends the head. */
export function closing(emitter: Emitter, right: Node, body: Node): number {
  let close = -1
  for (let at = right.end; at < body.start; ) {
    const next = emitter.findBefore(')', at, body.start)
    if (next < 0) break
    close = next
    at = next + 1
  }
  return close
}
