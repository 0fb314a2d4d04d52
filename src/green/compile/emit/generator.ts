import type { Node } from '../nodes.ts'
import { assignable, type Emitter } from './emitter.ts'

/**
 * `yield v` of a generator of the source's own. Who resumes it is not known yet, so its activation is barred until the
 * runtime's `next` gives it a depth again. `yield*` is done by the runtime, since the native one would be a frame between.
 */
export function visitYield(emitter: Emitter, node: Node): void {
  const argument: Node | null = node['argument']
  const cell = emitter.names.of('k')
  if (argument === null) {
    emitter.before(node.start, '(')
    emitter.after(node.end, ` void(${cell}.depth=0))`)
    return
  }
  const value = emitter.temp()
  emitter.before(node.start, '(')
  const [open, closed] = assignable(argument)
  emitter.before(argument.start, `(${value}=${open}`)
  emitter.visit(argument)
  if (node['delegate'])
    emitter.after(argument.end, `${closed},${emitter.use('delegate', 'delegate')}(${cell},${value}))`)
  else emitter.after(argument.end, `${closed},${cell}.depth=0,${value})`)
  emitter.after(node.end, ')')
  emitter.release(1)
}
