/** Patterns that take what may park: from a generator, or by a getter. The runtime takes it beforehand, and gives them the rest. */
import { keysOf } from '../accessors.ts'
import type { Node } from '../nodes.ts'
import type { Emitter } from './emitter.ts'

/** What the runtime is to make of a value that a pattern is given. */
export interface Taken {
  readonly by: 'take' | 'pick'
  /** Behind the value. */
  readonly args: string
}

/** The same for the pattern of a declarator or an assignment; null: the pattern does by itself. */
export function takenBy(emitter: Emitter, pattern: Node, owner: Node): Taken | null {
  if (pattern.type !== 'ArrayPattern') return pickedBy(emitter, pattern)
  if (emitter.isHarmless(owner)) return null
  const elements: (Node | null)[] = pattern['elements']
  return { by: 'take', args: elements.at(-1)?.type === 'RestElement' ? '1/0' : String(elements.length) }
}

/** … of any pattern of an object. */
export function pickedBy(emitter: Emitter, pattern: Node): Taken | null {
  const keys = keysOf(pattern)
  if (keys === null || !keys.some((key) => emitter.analysis.parkingGetters.has(key))) return null
  const rest = (pattern['properties'] as Node[]).at(-1)?.type === 'RestElement'
  return { by: 'pick', args: `${rest},${keys.map((key) => JSON.stringify(key)).join(',')}` }
}

/** `x` → `($1 = (x), take($1, …))`. */
export function visitTaken(emitter: Emitter, node: Node, { by, args }: Taken, result: string = emitter.temp()): void {
  emitter.before(node.start, `(${result}=(`)
  emitter.visit(node)
  emitter.after(node.end, `),${emitter.callOf(by, `${result},${args}`, node)})`)
}

/** `{ a } = x`: the value of the whole is what stands on the right. */
export function visitPatternAssignment(emitter: Emitter, node: Node, taken: Taken): void {
  const used = (emitter.analysis.parentOf.get(node) as Node).type !== 'ExpressionStatement'
  if (used) emitter.before(node.start, '(')
  emitter.keep(() => {
    // What the pattern runs comes later, and must not take it for its own.
    const given = emitter.temp()
    emitter.visit(node['left'])
    visitTaken(emitter, node['right'], taken, given)
    if (used) emitter.after(node.end, `,${given})`)
  })
}
