import { isFunction, type Node } from '../nodes.ts'
import type { Emitter } from './emitter.ts'

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
