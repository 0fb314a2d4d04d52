import type { Node } from '../nodes.ts'
import { bodyStart, type Emitter, lead } from './emitter.ts'

/** The whole file: its code, then what it imports of the runtime, on its first line. */
export function emitModule(emitter: Emitter, program: Node, format: 'module' | 'commonjs', runtime: string): void {
  emitter.visitAll(program['body'])
  emitter.flush()
  const names = [...emitter.imports].sort()
  const declared = emitter.takeDeclared(-1)
  if (names.length === 0 && declared === '') return
  const from = JSON.stringify(runtime)
  const list = (as: string): string => names.map(([name, local]) => `${name}${as}${local}`).join(',')
  const imports = format === 'module' ? `import{${list(' as ')}}from${from};` : `const{${list(':')}}=require(${from});`
  const position = topStart(emitter.code, program)
  emitter.text.prependLeft(position, `${position === 0 ? '' : lead(emitter.code, position)}${imports}${declared}`)
}

/** After the hashbang and the directives. */
function topStart(code: string, program: Node): number {
  const position = bodyStart({ ...program, start: -1 } as Node)
  if (position > 0 || !code.startsWith('#!')) return position
  const end = code.search(/[\n\r\u2028\u2029]/)
  return end < 0 ? code.length : end + 1
}
