import type { Node } from '../nodes.ts'
import type { Fn } from '../scope.ts'
import type { Emitter } from './emitter.ts'

export interface Placeholders {
  readonly list: string
  /** As arguments. */
  readonly given: readonly string[]
  /** How they are handed on, with `this`. */
  readonly apply: string
}

/** The parameters of a wrapper: as many, so that its `length` is right. */
export function placeholders(emitter: Emitter, fn: Fn): Placeholders {
  const params: Node[] = fn.node['params']
  const names = params.map((_, index) => emitter.names.of(`p${index}`))
  const rest = params.at(-1)?.type === 'RestElement'
  // From the first default on, parameters do not count for `length`.
  let optional = false
  const list = params.map((param, index) => {
    if (param.type === 'RestElement') return `...${names[index]}`
    if (param.type === 'AssignmentPattern') optional = true
    return optional ? `${names[index]}=void 0` : `${names[index]}`
  })
  const given = rest ? [...names.slice(0, -1), `...${names.at(-1)}`] : names
  const self = fn.kind === 'arrow' ? (emitter.lexical.self ?? 'this') : 'this'
  let apply = `.call(${[self, ...given].join(',')})`
  if (fn.usesArguments && fn.kind !== 'arrow') apply = `.apply(${fn.kind === 'derived' ? 'void 0' : self},arguments)`
  // Besides, the `this` of an arrow may be that of a derived constructor, and not be there yet.
  else if (!fn.usesThis || fn.kind === 'derived') apply = `(${given.join(',')})`
  return { list: list.join(','), given, apply }
}
