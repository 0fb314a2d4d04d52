/**
 * `using` and `await using`. What is disposed of may park, and not every platform knows the syntax, so the block around becomes
 *
 *     { const $u = resources(); try { const a = $u.use(x, false); … } catch (e) { $u.failed(e) } finally { dispose($u) } }
 *
 * and so does what stands around a loop whose head declares such a variable, or in it, if the head is that of a `for…of`.
 */
import { isUsing, type Node } from '../nodes.ts'
import { assignable, type Emitter } from './emitter.ts'
import { takeLabels } from './labels.ts'
import { bodyStart, lead } from './places.ts'

/** What stands around statements that may use what is disposed of behind them. */
export interface Disposal {
  readonly open: string
  readonly close: string
}

/** True where such declarations do not stay what they are. */
function isLowered({ activation, options }: Emitter): boolean {
  return activation.mode !== 'plain' || !options.nativeUsing
}

/** What a block, or the body of a module, is to be put into; null: it stays as it is. */
export function disposalOf(emitter: Emitter, block: Node): Disposal | null {
  return isLowered(emitter) ? disposal(emitter, (block['body'] as Node[]).filter(isUsing)) : null
}

function disposal(emitter: Emitter, declarations: readonly Node[]): Disposal | null {
  const [first] = declarations
  if (first === undefined) return null
  const { names } = emitter
  const { mode } = emitter.activation
  const owner = names.of('u')
  const error = names.of('e')
  const awaits = declarations.some((node) => node['kind'] === 'await using')
  const cleared = mode === 'plain' ? '' : `${emitter.state}.next=0;`
  let disposed: string
  if (awaits && mode === 'green') disposed = emitter.callOf('disposeAll', owner, first)
  else {
    disposed =
      mode === 'plain' ? `${emitter.use('dispose', 'dispose')}(${owner})` : emitter.callOf('dispose', owner, first)
    if (awaits) disposed = `while(${disposed})try{await ${owner}.awaited}catch(${error}){${owner}.failed(${error})}`
  }
  return {
    open: `const ${owner}=${emitter.use('resources', 'resources')}();try{`,
    close: `}catch(${error}){${cleared}${owner}.failed(${error})}finally{${cleared}${disposed}}`,
  }
}

/** The statements of a block. */
export function visitStatements(emitter: Emitter, block: Node): void {
  const disposed = disposalOf(emitter, block)
  if (disposed === null) return emitter.visitAll(block['body'])
  const position = startOf(emitter, block)
  emitter.after(position, lead(emitter.code, position) + disposed.open)
  emitter.visitAll(block['body'])
  emitter.after(block.end - 1, disposed.close)
}

function startOf(emitter: Emitter, block: Node): number {
  return bodyStart(block.type === 'StaticBlock' ? { ...block, start: emitter.find('{', block.start) } : block)
}

/** `using a = x` → `const a = $u.use(x, false)`. */
export function visitUsing(emitter: Emitter, node: Node): void {
  if (!isLowered(emitter)) return emitter.visitAll(node['declarations'])
  emitter.replace(node.start, node['declarations'][0].start, 'const ')
  for (const { id, init } of node['declarations'] as Node[]) {
    if (init === null) continue
    const unnamed = assignable(init)[0] === '(0,'
    const [open, closed] = unnamed
      ? [`({[${JSON.stringify(id.name)}]:`, `})[${JSON.stringify(id.name)}]`]
      : assignable(init)
    emitter.before(init.start, `${emitter.names.of('u')}.use(${open}`)
    emitter.visit(init)
    emitter.after(init.end, `${closed},${node['kind'] === 'await using'})`)
  }
}

/** True for a loop whose head declares something that does not stay what it is. */
export function usesInHead(emitter: Emitter, loop: Node): boolean {
  return isUsing(loop['init'] ?? loop['left']) && isLowered(emitter)
}

/** `for (using a = x; …; …) …`: disposed of when the loop is over. */
export function visitUsingFor(emitter: Emitter, node: Node): void {
  const { init, test, update, body } = node
  const { open, close } = disposal(emitter, [init]) as Disposal
  emitter.before(node.start, `{${open}${takeLabels(emitter, node)}`)
  emitter.visitAll([init, test, update, body])
  emitter.after(node.end, `${close}}`)
}

/** `for (using a of x) …`: disposed of in each round. */
export function visitUsingForOf(emitter: Emitter, node: Node): void {
  const { left, right, body } = node
  const { open, close } = roundOf(emitter, left)
  emitter.visitAll([left, right])
  emitter.before(body.start, `{${open}`)
  emitter.visit(body)
  emitter.after(node.end, `${close}}`)
}

/** What stands around the body of such a loop. */
export function roundOf(emitter: Emitter, left: Node): Disposal {
  const { open, close } = disposal(emitter, [left]) as Disposal
  const { name } = left['declarations'][0].id
  const awaits = left['kind'] === 'await using'
  return { open: `${open}${emitter.names.of('u')}.use(${name},${awaits});`, close: `;${close}` }
}
