/** Functions that are compiled the direct way. See plan.ts. */
import { type Activation, type Emitter, NATIVE } from '../emit/emitter.ts'
import { bodyStart, lead } from '../emit/places.ts'
import type { Node } from '../nodes.ts'
import { makeConstructor } from './constructor.ts'
import { visitParameters } from './parameters.ts'
import type { Plan } from './plan.ts'
import { Statements } from './statements.ts'
import { withoutComments } from './terms.ts'

export function visitDirect(emitter: Emitter, plan: Plan): void {
  const { fn } = plan
  const { node } = fn
  const { body } = node
  const activation: Activation = { mode: 'direct', fn, used: 0, most: 0, stateless: !isResumed(plan) }
  const statements = new Statements(emitter, plan)
  const block = body.type === 'BlockStatement'
  const position = block ? bodyStart(body) : body.start
  const lexical = fn.kind === 'arrow' ? emitter.lexical : NATIVE
  let head = ''
  let moved: Node[] = []
  if (fn.kind === 'constructor') makeConstructor(emitter, fn)
  emitter.inActivation(activation, lexical, () => {
    const guard = isResumed(plan) ? `!${statements.locals.place}&&` : ''
    moved = visitParameters(emitter, node['params'], guard)
    if (block) return statements.body(body.body)
    const arrow = emitter.arrowOf(node)
    head = `return(${withoutComments(emitter.code.slice(arrow + 2, body.start)).trim()}`
    statements.erase(arrow + 2, body.start)
    if (statements.has(body)) head = statements.value(body, head)
    else emitter.visit(body)
  })
  const start = plan.start === null ? '' : `if(${statements.startTerm(plan.start)})return ${statements.PARK};`
  const prologue = prologueOf(emitter, plan, activation, position, statements)
  const last = `${start}${head}`
  if (moved.length > 0) emitter.text.prependRight(position, last)
  const text = moved.length > 0 ? prologue : prologue + last
  // Not before all is done: what is replaced later would take along what was moved behind it.
  for (const { start, end } of moved) emitter.text.move(start, end, position)
  if (block) emitter.text.prependLeft(position, lead(emitter.code, position) + text)
  else {
    emitter.text.appendLeft(emitter.arrowOf(node) + 2, `{${text}`)
    emitter.after(node.end, ')}')
  }
}

/** True if it may be called once more to go on. */
function isResumed(plan: Plan): boolean {
  return plan.places.size > 0 || plan.loops.size > 0 || plan.start !== null
}

/** What a function begins with: it takes its announcement, or, if it is to go on, what its frame has kept. */
function prologueOf(
  emitter: Emitter,
  plan: Plan,
  activation: Activation,
  position: number,
  statements: Statements,
): string {
  const { names } = emitter
  const declared = emitter.takeDeclared(position)
  if (!isResumed(plan)) return `${emitter.sharedState}.next=0;${declared}`
  const next = `${names.of('s')}.next`
  const { place, value, frame, saved, left } = statements.locals
  const depth = names.of('d')
  const locals = [emitter.stateHere, `${depth}=${next}`, `${place}=0`, `${frame}=null`, value, saved, left]
  const again: string[] = []
  for (const { name, slot } of plan.variables.early) again.push(`${name}=${saved}[${slot}]`)
  for (let n = 1; n <= activation.most; n++) {
    locals.push(names.of(String(n)))
    if (n <= statements.temporaries) again.push(`${names.of(String(n))}=${saved}[${plan.variables.all.length + n - 1}]`)
  }
  const resume = [
    `${frame}=${names.of('s')}.machine.registers.resuming`,
    `${depth}=${frame}.depth`,
    `${place}=${frame}.place`,
    `${value}=${frame}.value`,
    `${saved}=${frame}.saved`,
    ...again,
  ].join(',')
  return `let ${locals.join(',')};${next}=0;if(${depth}>0)${depth}++;else if(${depth}<0){${resume}}${declared}`
}
