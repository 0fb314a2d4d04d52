/**
 * `await using` in the top-level code that is the main task. A generator cannot have it, so the block around becomes
 *
 *     { const $u = resources(); try { const a = $u.use(x, true); … } catch (e) { $u.failed(e) } finally { dispose($u) } }
 */
import { isFunction, type Node } from '../nodes.ts'
import { assignable, type Emitter } from './emitter.ts'

const USING = /^(await )?using$/

/** True for a block with an `await using` of its own, in code that is the main task. */
export function isDisposing(emitter: Emitter, block: Node): boolean {
  const { mode, fn } = emitter.activation
  if (mode !== 'green' || fn !== null || isFunction(emitter.analysis.parentOf.get(block) ?? block)) return false
  return (block['body'] as Node[]).some((node) => node.type === 'VariableDeclaration' && node['kind'] === 'await using')
}

/** What stands around the statements of such a block. */
export function disposing(emitter: Emitter, block: Node): { readonly open: string; readonly close: string } {
  const { names } = emitter
  const resources = names.of('u')
  const error = names.of('e')
  const state = emitter.use('state', 's')
  return {
    open: `const ${resources}=${emitter.use('resources', 'resources')}();try{`,
    close: `}catch(${error}){${state}.next=0;${resources}.failed(${error})}finally{${state}.next=0;${emitter.callOf('dispose', resources, block)}}`,
  }
}

export function visitDisposing(emitter: Emitter, block: Node): void {
  const { open, close } = disposing(emitter, block)
  emitter.after(block.start + 1, open)
  emitter.visitAll(block['body'])
  emitter.after(block.end - 1, close)
}

/** `await using a = x` → `const a = $u.use(x, true)`; false for any other declaration. */
export function visitUsing(emitter: Emitter, node: Node): boolean {
  const block = emitter.analysis.parentOf.get(node)
  if (!USING.test(node['kind']) || block === undefined || !Array.isArray(block['body'])) return false
  if (!isDisposing(emitter, block)) return false
  const [first] = node['declarations'] as Node[]
  emitter.replace(node.start, (first as Node).start, 'const ')
  for (const { init } of node['declarations'] as Node[]) {
    const [open, closed] = assignable(init)
    emitter.before(init.start, `${emitter.names.of('u')}.use(${open}`)
    emitter.visit(init)
    emitter.after(init.end, `${closed},${node['kind'] === 'await using'})`)
  }
  return true
}
