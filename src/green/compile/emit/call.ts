import type { Node } from '../nodes.ts'
import { isRequire } from '../requires.ts'
import { hasWork, visitArguments } from './arguments.ts'
import { visitLinks } from './chain.ts'
import { assignable, type Emitter, type Hole } from './emitter.ts'
import { isStable, visitMethod } from './method.ts'
import { visitSuperCall } from './super.ts'

/** `f(x)` → `(announce f, $1 = f(x), parked ? yield : $1)`; `o.m(x)` → `($2 = ($1 = o).m, announce $2, $2 = call($2, $1, x), …)`. */
export function visitCall(emitter: Emitter, node: Node): void {
  const { callee } = node
  if (callee.type === 'Super') return visitSuperCall(emitter, node)
  if (callee.type === 'Import' || emitter.isHarmless(node)) {
    emitter.visit(callee)
    return visitArguments(emitter, node['arguments'], null)
  }
  if (emitter.options.loads && isRequire(node, emitter.scopeAt(node))) return visitRequire(emitter, node)
  const { hole } = emitter
  if (hole !== null && callee === hole.node) return visitHoleCall(emitter, node, hole)
  if (callee.type === 'MemberExpression' || callee.type === 'ChainExpression')
    return visitMethodCall(emitter, node, callee)
  const result = emitter.temp()
  const [named, closed] = assignable(callee)
  if (emitter.activation.mode === 'async') {
    emitter.before(node.start, `(${result}=${named}`)
    emitter.visit(callee)
    finishAsyncCall(emitter, node, result, 'void 0', closed)
    return emitter.release(1)
  }
  const stable = isStable(emitter, callee)
  const name = stable ? emitter.code.slice(callee.start, callee.end) : result
  const early = !hasWork(node['arguments'])
  if (stable) {
    emitter.before(node.start, early ? `(${emitter.announce(name)},${result}=` : `(${result}=`)
    visitArguments(emitter, node['arguments'], early ? null : () => emitter.announce(name))
  } else {
    emitter.before(node.start, `(${result}=${named}`)
    emitter.visit(callee)
    const open = emitter.find('(', afterCallee(emitter, node))
    emitter.text.appendLeft(open, `${closed},${early ? `${emitter.announce(name)},` : ''}${result}=${result}`)
    visitArguments(emitter, node['arguments'], early ? null : () => emitter.announce(name))
  }
  emitter.after(node.end, `,${emitter.outcome(result, node)})`)
  emitter.release(1)
}

/** `require(x)` → `(announce load, $1 = load(require, x), …)`. In an async function it stays what it is. */
function visitRequire(emitter: Emitter, node: Node): void {
  const { callee } = node
  const args: Node[] = node['arguments']
  if (emitter.activation.mode === 'async') return visitArguments(emitter, args, null)
  const result = emitter.temp()
  const load = emitter.use('load', 'load')
  const early = !hasWork(args)
  emitter.before(node.start, `(${early ? `${emitter.announce(load)},` : ''}${result}=`)
  emitter.text.update(callee.start, callee.end, `${load}(require,`)
  const open = emitter.find('(', callee.end)
  emitter.text.remove(open, open + 1)
  visitArguments(emitter, args, early ? null : () => emitter.announce(load))
  emitter.after(node.end, `,${emitter.outcome(result, node)})`)
  emitter.release(1)
}

/** A call of what stands in front of `?.(`. */
function visitHoleCall(emitter: Emitter, node: Node, hole: Hole): void {
  emitter.before(node.start, '(')
  emitter.visit(hole.node)
  finishMethodCall(emitter, node, hole.name, hole.self)
}

/** In an async function the runtime makes the call, since there is no frame of the caller's that could be relied on. */
function finishAsyncCall(emitter: Emitter, node: Node, fn: string, self: string, closed = ''): void {
  const args: Node[] = node['arguments']
  const open = emitter.find('(', afterCallee(emitter, node))
  const call = `${fn}=${emitter.use('callAsync', 'callAsync')}(${fn},${self}${args.length > 0 ? ',' : ''}`
  emitter.text.update(open, open + 1, `${closed},${call}`)
  visitArguments(emitter, args, null)
  emitter.after(node.end, `,${emitter.outcome(fn, node)})`)
}

function visitMethodCall(emitter: Emitter, node: Node, callee: Node): void {
  emitter.keep(() => {
    const receiver = emitter.temp()
    const fn = emitter.temp()
    emitter.before(node.start, `(${fn}=`)
    const self = visitCallee(emitter, callee, receiver)
    finishMethodCall(emitter, node, fn, self)
  })
}

/** Visits what is called, so that it gives the function; answers what that has for `this`. */
function visitCallee(emitter: Emitter, callee: Node, receiver: string): string {
  if (callee.type === 'MemberExpression') return visitMethod(emitter, callee, receiver)
  if (callee.type === 'ChainExpression') return visitLinks(emitter, callee['expression'], true)
  emitter.visit(callee)
  return 'void 0'
}

/** From `(` on: announces `fn`, calls it on `self`, and looks what came of it. */
function finishMethodCall(emitter: Emitter, node: Node, fn: string, self: string): void {
  if (emitter.activation.mode === 'async') return finishAsyncCall(emitter, node, fn, self)
  const args = node['arguments'] as Node[]
  const open = emitter.find('(', afterCallee(emitter, node))
  const early = !hasWork(args)
  const text = nameFor(emitter, node['callee'])
  const checked = `typeof ${fn}=="function"?${fn}:${emitter.use('notCallable', 'not')}(${text})`
  const call = `${fn}=${emitter.use('call', 'call')}(${fn},${self}${args.length > 0 ? ',' : ''}`
  emitter.text.update(open, open + 1, `,${early ? `${emitter.announce(checked)},` : ''}${call}`)
  visitArguments(emitter, args, early ? null : () => emitter.announce(checked))
  emitter.after(node.end, `,${emitter.outcome(fn, node)})`)
}

/** The callee in words, for an error. */
export function nameFor(emitter: Emitter, callee: Node): string {
  const text = emitter.code.slice(callee.start, callee.end).replace(/\s+/g, ' ')
  return JSON.stringify(text.length > 60 ? `…${text.slice(-59)}` : text)
}

export function visitNew(emitter: Emitter, node: Node): void {
  const { callee } = node
  if (emitter.isHarmless(node)) {
    emitter.visit(callee)
    return visitArguments(emitter, node['arguments'], null)
  }
  const result = emitter.temp()
  if (emitter.activation.mode === 'async') {
    emitter.before(node.start, `(${result}=`)
    emitter.replace(node.start, node.start + 3, '')
    emitter.visit(callee)
    const made = `,${result}=${emitter.use('constructAsync', 'constructAsync')}(${result}`
    const closed = afterCallee(emitter, node)
    const open = node.end > closed ? emitter.find('(', closed) : null
    if (open === null) emitter.after(node.end, `${made})`)
    else emitter.text.update(open, open + 1, `${made}${node['arguments'].length > 0 ? ',' : ''}`)
    visitArguments(emitter, node['arguments'], null)
    emitter.after(node.end, `,${emitter.outcome(result, node)})`)
    return emitter.release(1)
  }
  const early = !hasWork(node['arguments'])
  const stable = isStable(emitter, callee)
  const name = stable ? emitter.code.slice(callee.start, callee.end) : result
  emitter.before(node.start, `(${stable && early ? `${emitter.announce(name)},` : ''}${result}=`)
  const announce = early ? null : () => emitter.announce(name)
  if (stable) visitArguments(emitter, node['arguments'], announce)
  else {
    // `new a.b(x)` → `$1 = a.b, announce $1, $1 = new $1(x)`
    emitter.replace(node.start, node.start + 3, '')
    emitter.visit(callee)
    const closed = afterCallee(emitter, node)
    emitter.after(closed, `,${early ? `${emitter.announce(name)},` : ''}${result}=new ${result}`)
    visitArguments(emitter, node['arguments'], announce)
  }
  emitter.after(node.end, `,${emitter.outcome(result, node)})`)
  emitter.release(1)
}

/** A tag that is a plain name is called natively; `o.tag` needs its `this`, so the template is taken to pieces first. */
export function visitTagged(emitter: Emitter, node: Node): void {
  const { tag, quasi } = node
  const parts = quasi['expressions'] as Node[]
  const { used } = emitter.activation
  const receiver = emitter.temp()
  const fn = emitter.temp()
  emitter.before(node.start, `(${fn}=`)
  const self = visitCallee(emitter, tag, receiver)
  const list = emitter.temp()
  emitter.text.appendLeft(quasi.start, `,${list}=${emitter.use('template', 'template')}`)
  emitter.visitAll(parts)
  emitter.after(
    node.end,
    emitter.activation.mode === 'async'
      ? `,${fn}=${emitter.use('callAsync', 'callAsync')}(${fn},${self},...${list}),${emitter.outcome(fn, node)})`
      : `,${emitter.announce(fn)},${fn}=${emitter.use('call', 'call')}(${fn},${self},...${list}),${emitter.outcome(fn, node)})`,
  )
  emitter.release(emitter.activation.used - used)
}

/** Past the parentheses that may stand around the callee of a call. */
function afterCallee(emitter: Emitter, node: Node): number {
  const { code } = emitter
  const { callee } = node
  const before = code.slice(node.start, callee.start).replace(/\/\*[\s\S]*?\*\/|\/\/[^\n\r]*/g, '')
  let at = callee.end
  for (let parens = before.split('(').length - 1; parens > 0; parens--) at = emitter.find(')', at) + 1
  return at
}
