import { isFunction, type Node } from '../nodes.ts'
import type { Emitter } from './emitter.ts'

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
  const state = emitter.use('state', 's')
  const labels = takeLabels(emitter, node)

  const of = emitter.find('of', left.end)
  const close = closing(emitter, right, body)
  emitter.before(node.start, `{let ${cursor}=(`)
  emitter.replace(node.start, left.start, '')
  emitter.replace(left.end, of + 2, '')
  emitter.keep(() => {
    const value = emitter.temp()
    text.appendRight(of + 2, `${value}=(`)
    emitter.visit(right)
    const opened = emitter.callOf('open', value)
    const advance = emitter.callOf('advance', cursor)
    text.update(close, close + 1, `),${opened});try{${labels}for(;${advance};){`)
  })
  const declares = left.type === 'VariableDeclaration'
  if (!declares) text.prependRight(left.start, '(')
  emitter.visit(left)
  emitter.after(left.end, declares ? `=${cursor}.value;` : `=${cursor}.value);`)
  text.move(left.start, left.end, close + 1)
  emitter.visit(body)
  const failed = `catch(${error}){${state}.next=0;if(${cursor}.open)${emitter.callOf('fail', cursor)};throw ${error}}`
  const closed = `finally{${state}.next=0;if(${cursor}.open)${emitter.callOf('close', cursor)}}`
  emitter.after(node.end, `${code[node.end - 1] === ';' || code[node.end - 1] === '}' ? '' : ';'}}}${failed}${closed}}`)
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

/** Takes the labels off a loop, to be put on again where it now begins. */
export function takeLabels(emitter: Emitter, loop: Node): string {
  let labels = ''
  for (let at = emitter.analysis.parentOf.get(loop); at?.type === 'LabeledStatement'; ) {
    const { label, body } = at
    labels = `${label.name}:${labels}`
    emitter.replace(at.start, body.start, '')
    at = emitter.analysis.parentOf.get(at)
    if (at === undefined || isFunction(at)) break
  }
  return labels
}
