/** Functions that are compiled the direct way. See plan.ts. */
import { type Activation, type Emitter, NATIVE } from '../emit/emitter.ts'
import { bodyStart, lead } from '../emit/places.ts'
import { boundNames, type Node } from '../nodes.ts'
import type { Plan } from './plan.ts'
import { Statements } from './statements.ts'
import { withoutComments } from './terms.ts'

export function visitDirect(emitter: Emitter, plan: Plan): void {
  const { fn } = plan
  const { node } = fn
  const { body } = node
  const activation: Activation = { mode: 'direct', fn, used: 0, most: 0 }
  const statements = new Statements(emitter, plan)
  const block = body.type === 'BlockStatement'
  const position = block ? bodyStart(body) : body.start
  const lexical = fn.kind === 'arrow' ? emitter.lexical : NATIVE
  let head = ''
  let parens = ''
  let taken = ''
  emitter.inActivation(activation, lexical, () => {
    ;(node['params'] as Node[]).forEach((param, index) => {
      const pattern = patternOf(param)
      if (pattern === null) {
        emitter.visit(param)
        return
      }
      const name = emitter.names.of(`p${index}`)
      const text = withoutComments(emitter.code.slice(pattern.start, pattern.end))
      taken +=
        `var ${boundNames(pattern).map((id) => id['name'])};if(!${statements.locals.place})(${text}=${name});`.replace(
          /^var ;/,
          '',
        )
      emitter.replace(pattern.start, pattern.end, name)
    })
    if (block) return statements.body(body.body)
    const arrow = emitter.arrowOf(node)
    parens = withoutComments(emitter.code.slice(arrow + 2, body.start)).trim()
    statements.erase(arrow + 2, body.start)
    if (statements.has(body)) head = statements.value(body, `return(${parens}`)
    else {
      emitter.visit(body)
      head = `return(${parens}`
    }
  })
  const prologue = prologueOf(emitter, plan, activation, position, statements, taken)
  if (block) {
    emitter.text.prependLeft(position, lead(emitter.code, position) + prologue)
  } else {
    emitter.text.appendLeft(emitter.arrowOf(node) + 2, `{${prologue}${head}`)
    emitter.after(node.end, ')}')
  }
}

/** The pattern of a parameter, if it is one. */
function patternOf(param: Node): Node | null {
  if (param.type === 'AssignmentPattern') return patternOf(param['left'])
  return param.type === 'ObjectPattern' ? param : null
}

/** What a function begins with: it takes its announcement, or, if it is to go on, what its frame has kept. */
function prologueOf(
  emitter: Emitter,
  plan: Plan,
  activation: Activation,
  position: number,
  statements: Statements,
  taken: string,
): string {
  const { names } = emitter
  const next = `${emitter.use('state', 's')}.next`
  const declared = emitter.takeDeclared(position)
  if (plan.places.size === 0 && plan.loops.size === 0 && plan.start === null)
    return `${next}=0;${taken.replaceAll(`if(!${statements.locals.place})`, '')}${declared}`
  const { place, value, frame, saved, left } = statements.locals
  const depth = names.of('d')
  const locals = [`${depth}=${next}`, `${place}=0`, `${frame}=null`, value, saved, left]
  const again: string[] = []
  for (const { name, slot } of plan.variables.early) again.push(`${name}=${saved}[${slot}]`)
  for (let n = 1; n <= activation.most; n++) {
    locals.push(names.of(String(n)))
    if (n <= statements.temporaries) again.push(`${names.of(String(n))}=${saved}[${plan.variables.all.length + n - 1}]`)
  }
  const resume = [
    `${frame}=${emitter.use('resuming', 'again')}()`,
    `${depth}=${frame}.depth`,
    `${place}=${frame}.place`,
    `${value}=${frame}.value`,
    `${saved}=${frame}.saved`,
    ...again,
  ].join(',')
  const start = plan.start === null ? '' : `if(${statements.startTerm(plan.start)})return ${statements.PARK};`
  return `let ${locals.join(',')};${next}=0;if(${depth}>0)${depth}++;else if(${depth}<0){${resume}}${taken}${start}${declared}`
}
