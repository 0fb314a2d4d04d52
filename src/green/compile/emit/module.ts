import { mayPark } from '../infer.ts'
import type { Node } from '../nodes.ts'
import { keyOf } from '../sites.ts'
import { type Activation, type Emitter, NATIVE } from './emitter.ts'
import { canBeInside, cellsOf, type Shell, shellOf } from './entry.ts'
import { bodyStart, lead } from './places.ts'
import { disposalOf } from './using.ts'

export interface ModuleOptions {
  readonly url: string
  readonly format: 'module' | 'commonjs'
  readonly runtime: string
  readonly entry: boolean
}

/**
 * The whole file: its code, then, on its first line, what it imports of the runtime.
 *
 * The body of the module that a program starts with becomes a generator, and a task; the module itself does not wait for it,
 * so that what it imports later may import it. Elsewhere, top-level code of an ES module that parks awaits, as an async
 * function does; so that few modules become async ones, only where it plainly calls what blocks. That of a CommonJS module is
 * a generator too, which the runtime runs where it is required. One that disposes of something at its end is put into a `try`,
 * which can have no exports, either.
 */
export function emitModule(emitter: Emitter, program: Node, options: ModuleOptions): void {
  const { format, runtime, entry } = options
  const { topSites, topObstacle } = emitter.analysis
  const isModule = format === 'module'
  const loaded = !isModule && !entry && emitter.options.loads && topSites.length > 0
  const whole =
    (entry || loaded) &&
    !topObstacle &&
    (!isModule || (topSites.length > 0 && canBeInside(emitter, program, options.url)))
  const awaits = isModule && !whole && (entry ? topSites.length > 0 : blocksPlainly(emitter))
  const activation: Activation = { mode: whole ? 'green' : awaits ? 'async' : 'plain', fn: null, used: 0, most: 0 }
  const disposed = emitter.inActivation(activation, NATIVE, () => disposalOf(emitter, program))
  const { open, close } = disposed ?? { open: '', close: '' }
  const inside = isModule && (whole || disposed !== null)
  if (inside) emitter.cells = cellsOf(emitter, program, whole)
  emitter.inActivation(activation, NATIVE, () => emitter.visitAll(program['body']))
  emitter.flush()

  const locals = Array.from({ length: activation.most }, (_, n) => emitter.names.of(String(n + 1)))
  const start = topStart(emitter.code, program)
  let shell: Shell = { position: start, outside: '', prologue: '' }
  let body = emitter.takeDeclared(-1)
  if (inside) shell = shellOf(emitter, program, start)
  if (whole) {
    const depth = `${emitter.stateHere},${emitter.names.of('d')}=${emitter.names.of('s')}.depth`
    const main = `${isModule ? '' : 'return '}${loaded ? emitter.use('required', 'required') : emitter.use('main', 'main')}`
    body = `${main}(${loaded ? 'module,' : ''}(function*(${isModule ? '' : parametersOf(emitter)}){let ${[depth, ...locals].join(',')};${body}${open}${shell.prologue}`
  } else body += `${locals.length > 0 ? `let ${locals.join(',')};` : ''}${open}${shell.prologue}`
  const imports = importsOf(emitter, format, runtime)
  if (imports === '' && body === '') return
  const { position, outside } = shell
  // In front of what was moved to this place.
  const before = `${position === 0 ? '' : lead(emitter.code, position)}${imports}${outside}`
  if (inside) emitter.text.prependLeft(position, before).prependRight(position, `;${body}`)
  else emitter.text.prependLeft(position, before + body)
  // The last line may be a comment.
  const end = !whole ? close : isModule ? `${close}})());` : `${close}}).apply(this,arguments))`
  if (end !== '') emitter.text.append(`\n${end}`)
}

/** A `var` of one of these names is the variable that Node gives. */
function parametersOf(emitter: Emitter): string {
  const names = ['exports', 'require', 'module', '__filename', '__dirname']
  return names.some((name) => emitter.analysis.top.bindings.has(name)) ? names.join(',') : ''
}

function blocksPlainly(emitter: Emitter): boolean {
  const { topSites, foreign: known } = emitter.analysis
  return topSites.some(({ fn, foreign }) => {
    if (fn !== null) return mayPark(fn)
    return foreign !== null && known.get(keyOf(foreign))?.blocks === true
  })
}

function importsOf(emitter: Emitter, format: string, runtime: string): string {
  const names = [...emitter.imports].sort()
  if (names.length === 0) return ''
  const from = JSON.stringify(runtime)
  const list = (as: string): string => names.map(([name, local]) => `${name}${as}${local}`).join(',')
  return format === 'module' ? `import{${list(' as ')}}from${from};` : `const{${list(':')}}=require(${from});`
}

/** After the hashbang and the directives. */
function topStart(code: string, program: Node): number {
  const position = bodyStart({ ...program, start: -1 } as Node)
  if (position > 0 || !code.startsWith('#!')) return position
  const end = code.search(/[\n\r\u2028\u2029]/)
  return end < 0 ? code.length : end + 1
}
