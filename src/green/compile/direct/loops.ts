/** Loops, and what leaves them. */
import { takeLabels } from '../emit/labels.ts'
import { closing } from '../emit/loop.ts'
import type { Node } from '../nodes.ts'
import { Declarations } from './declarations.ts'
import type { Loop } from './plan.ts'
import { withoutComments } from './terms.ts'

export abstract class Loops extends Declarations {
  /** Visits a statement that is not in a list. */
  protected abstract single(statement: Node): void

  /** The condition of a loop. `around`: the loop may be entered behind it. */
  protected condition(test: Node, around: boolean): boolean {
    const { emitter } = this
    const { place, left } = this.locals
    if (!this.has(test)) {
      if (around) emitter.before(test.start, `${place}||(`)
      emitter.visit(test)
      if (around) emitter.after(test.end, ')')
      return false
    }
    emitter.keep(() => {
      this.begin(test)
      emitter.before(test.start, `${around ? `${place}>${this.range(test)[1]}||` : ''}!(${left}=`)
      const prefix = this.prefix(test)
      emitter.after(this.tailOf(test), `)&&(${prefix}`)
      emitter.after(test.end, ')')
    })
    return true
  }

  /** Behind a loop whose condition may have parked. */
  protected leaveLoop(node: Node): void {
    this.emitter.after(node.end, `;if(${this.locals.left})return ${this.PARK};`)
  }

  protected while(node: Node): void {
    const parks = this.condition(node['test'], this.has(node['body']))
    this.single(node['body'])
    if (parks) this.leaveLoop(node)
  }

  protected doWhile(node: Node): void {
    const { emitter } = this
    const { body, test } = node
    const guard = this.has(test)
    if (guard)
      emitter.text.appendRight(body.start, this.has(body) ? `{if(${this.until(body)})` : `{if(!${this.locals.place})`)
    this.single(body)
    if (guard) emitter.after(body.end, '}')
    if (this.condition(test, false)) this.leaveLoop(node)
  }

  protected for(node: Node): void {
    const { emitter } = this
    const { init, test, update, body } = node
    const { place, left } = this.locals
    if (this.has(init)) this.headed(node)
    else if (init?.type === 'VariableDeclaration') {
      for (const declarator of init.declarations as Node[])
        if (init.kind !== 'var') this.again(declarator)
        else if (declarator['init'] !== null) {
          const equals = emitter.find('=', declarator['id'].end)
          emitter.text.appendLeft(equals + 1, `${place}?${declarator['id'].name}:`)
          emitter.visit(declarator['init'])
        }
    } else if (init !== null) {
      emitter.before(init.start, `${place}||(`)
      emitter.visit(init)
      emitter.after(init.end, ')')
    }
    const updates = this.has(update)
    if (updates && test !== null) emitter.before(test.start, `!${left}&&(`)
    const parks = test !== null && this.condition(test, updates || this.has(body))
    if (updates) {
      const semicolon = emitter.find(';', test?.end ?? emitter.find(';', init?.end ?? node.start) + 1)
      emitter.after(semicolon, test === null ? `!${left}` : ')')
      this.updating(node)
    } else if (update !== null) emitter.visit(update)
    this.single(body)
    if (updates) emitter.after(body.end, '}')
    if (updates || parks) this.leaveLoop(node)
    if (this.has(init)) emitter.after(node.end, '}')
  }

  /** The head's first part has sites: `{ if (terms) return PARK; for (let a = …; …) … }` */
  protected headed(node: Node): void {
    const { emitter } = this
    const { init } = node
    const { place, saved } = this.locals
    const declarator: Node | null = init.type === 'VariableDeclaration' ? init.declarations[0] : null
    const value: Node = declarator === null ? init : declarator['init']
    const labels = takeLabels(emitter, node)
    emitter.keep(() => {
      this.begin(value)
      emitter.text.appendRight(node.start, `{if(${this.until(init)}&&(`)
      const head = withoutComments(emitter.code.slice(node.start, value.start))
      this.erase(node.start, value.start)
      const prefix = this.prefix(value)
      let kept = `${place}||`
      if (declarator !== null) {
        const slot = init.kind === 'var' ? null : this.variable(declarator['id'])
        kept = `${place}?${slot === null ? declarator['id'].name : `${saved}[${slot}]`}:`
      }
      const open = head.lastIndexOf('=') + 1 || head.indexOf('(') + 1
      const start = `${labels}${head.slice(0, open)}${kept}(${head.slice(open)}`
      emitter.after(this.tailOf(value), `))return ${this.PARK};${start}${prefix}`)
      emitter.after(value.end, ')')
    })
  }

  /**
   * The head's last part has sites. The way to them is past the body; and what has parked there shows in the condition, which
   * ends the loop.
   */
  protected updating(node: Node): void {
    const { emitter } = this
    const { update, body } = node
    const { place, left } = this.locals
    const [first, last] = this.range(update)
    emitter.keep(() => {
      this.begin(update)
      emitter.before(update.start, `${left}=`)
      const prefix = this.prefix(update)
      emitter.after(this.tailOf(update), `||!${place}&&(${prefix}`)
      emitter.after(update.end, ',!1)')
    })
    emitter.text.appendRight(body.start, `{if(${place}<${first}||${place}>${last})`)
  }

  /** A statement that leaves loops: they are closed first. */
  protected exit(node: Node): void {
    const { emitter, plan } = this
    const argument: Node | null = node['argument'] ?? null
    const closings = (): string =>
      (plan.exits.get(node) ?? [])
        .map(({ loop, place }) => {
          const cursor = (plan.loops.get(loop) as Loop).cursor.name
          return this.runtimeTerm(node, place, 'close', cursor, null, `${cursor}.open&&`)
        })
        .join('||')
    emitter.keep(() => {
      emitter.text.appendRight(node.start, 'if(')
      if (argument === null) {
        emitter.text.appendRight(node.start, `${closings()})return ${this.PARK};`)
        return
      }
      this.begin(argument)
      this.erase(node.start, argument.start)
      const result = this.settle(argument)
      emitter.after(argument.end, `${this.takeJoint()}${closings()})return ${this.PARK};return ${result}`)
      this.erase(argument.end, emitter.code[node.end - 1] === ';' ? node.end - 1 : node.end)
    })
  }

  /** As emit/loop.ts has it, but that statements which leave the loop close it. */
  protected forOf(node: Node): void {
    const { emitter, plan } = this
    const { text } = emitter
    const { left, right, body } = node
    const loop = plan.loops.get(node) as Loop
    const { place, saved } = this.locals
    const cursor = loop.cursor.name
    const error = loop.error.name
    const labels = takeLabels(emitter, node)
    const close = closing(emitter, right, body)
    text.appendRight(node.start, `{let ${cursor};if(${place}<=${loop.open}&&(`)
    this.erase(node.start, left.start)
    this.erase(left.end, right.start)
    emitter.keep(() => {
      this.begin(right)
      const given = this.settle(right)
      const result = emitter.temp()
      emitter.release(1)
      const opened = this.runtimeTerm(node, loop.open, 'open', given, result)
      emitter.temp()
      // Not open yet: no `fail` for what `open` throws.
      const start = `${this.takeJoint()}${opened}))return ${this.PARK};${cursor}=${place}?${saved}[${loop.cursor.slot}]:${result};`
      emitter.after(right.end, `${start}try{if(${place}===${loop.fail})throw ${saved}[${loop.error.slot}];`)
    })
    emitter.keep(() => {
      const more = emitter.temp()
      emitter.release(1)
      const advanced = this.runtimeTerm(node, loop.advance, 'advance', cursor, more)
      emitter.temp()
      const { left: parked } = this.locals
      text.update(close, close + 1, `${labels}for(;${place}>${loop.advance}||!(${parked}=${advanced})&&${more};){`)
    })
    this.erase(right.end, close)
    this.loopVariable(left, cursor)
    text.move(left.start, left.end, close + 1)
    this.single(body)
    const failed = this.runtimeTerm(
      node,
      loop.fail,
      'abandon',
      `${cursor},${error}`,
      null,
      `${cursor}.open&&`,
      loop.error,
    )
    const { state } = emitter
    const end = /[;}]/.test(emitter.code[node.end - 1] as string) ? '' : ';'
    emitter.after(
      node.end,
      `${end}}if(${this.locals.left})return ${this.PARK}}catch(${error}){${state}.next=0;if(${failed})return ${this.PARK};throw ${error}}}`,
    )
  }

  /** Gives a loop's variable its value, or what it had. */
  protected loopVariable(left: Node, cursor: string): void {
    const { emitter } = this
    const { place, saved } = this.locals
    if (left.type !== 'VariableDeclaration') {
      emitter.text.appendRight(left.start, `if(!${place})(`)
      emitter.visit(left)
      emitter.after(left.end, `=${cursor}.value);`)
      return
    }
    const { id } = left['declarations'][0]
    if (left['kind'] === 'var') {
      emitter.text.appendRight(left.start, `if(!${place}){`)
      emitter.visit(left)
      emitter.after(left.end, `=${cursor}.value;}`)
    } else if (id.type === 'Identifier')
      emitter.after(left.end, `=${place}?${saved}[${this.variable(id)}]:${cursor}.value;`)
    else {
      emitter.text.appendRight(left.start, `${this.names(id)};if(!${place})(`)
      this.erase(left.start, id.start)
      emitter.visit(id)
      emitter.after(left.end, `=${cursor}.value);`)
    }
  }
}
