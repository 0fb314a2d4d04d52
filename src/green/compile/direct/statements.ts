/**
 * Statements that contain sites. See plan.ts.
 *
 * Whatever may be passed over on the way to a place is guarded: nothing runs there but what has to be declared again.
 */
import type { Node } from '../nodes.ts'
import { Loops } from './loops.ts'
import { withoutComments } from './terms.ts'

export class Statements extends Loops {
  /** The body of a function. */
  body(statements: readonly Node[]): void {
    this.list(statements)
  }

  /** An arrow function's value. `text` is what stands in front of it. */
  value(node: Node, text: string): string {
    this.begin(node)
    const { emitter } = this
    const prefix = this.prefix(node)
    emitter.after(this.tailOf(node), `)return ${this.PARK};${text}${prefix}`)
    return 'if('
  }

  protected list(statements: readonly Node[]): void {
    const { emitter } = this
    const last = statements.findLastIndex((statement) => this.has(statement))
    let group: Node | null = null
    let end = 0
    const close = (): void => {
      if (group !== null) emitter.after(end, '}')
      group = null
    }
    statements.forEach((statement, index) => {
      const passed = index < last
      const stays = statement['directive'] !== undefined || statement.type === 'FunctionDeclaration'
      const declares = statement.type === 'VariableDeclaration' && statement['kind'] !== 'var'
      if (this.has(statement) || !passed || stays || declares) close()
      if (this.has(statement)) {
        if (statement.type === 'VariableDeclaration') this.declaration(statement, passed)
        else this.guarded(statement, passed)
      } else if (!passed || stays) emitter.visit(statement)
      else if (declares) this.declaration(statement, true)
      else {
        if (group === null) emitter.text.appendRight(statement.start, `if(!${this.locals.place}){`)
        group = statement
        emitter.visit(statement)
        end = statement.end
      }
    })
    close()
  }

  /** A statement with sites. `passed`: others of its list have some, too, and come later. */
  protected guarded(statement: Node, passed: boolean): void {
    const { emitter } = this
    if (passed) emitter.text.appendRight(statement.start, `if(${this.until(statement)}){`)
    this.statement(statement)
    if (passed) emitter.after(statement.end, '}')
  }

  /** A statement that is not in a list. */
  protected single(statement: Node): void {
    if (!this.has(statement)) return this.emitter.visit(statement)
    const block = statement.type === 'BlockStatement'
    if (!block) this.emitter.text.appendRight(statement.start, '{')
    this.statement(statement)
    if (!block) this.emitter.after(statement.end, '}')
  }

  protected statement(node: Node): void {
    switch (node.type) {
      case 'ExpressionStatement':
        return this.simple(node, node['expression'])
      case 'ReturnStatement':
        return this.plan.exits.has(node) ? this.exit(node) : this.simple(node, node['argument'])
      case 'ThrowStatement':
        return this.simple(node, node['argument'])
      case 'BreakStatement':
      case 'ContinueStatement':
        return this.exit(node)
      case 'ForOfStatement':
        return this.forOf(node)
      case 'VariableDeclaration':
        return this.declaration(node, false)
      case 'BlockStatement':
        return this.list(node['body'])
      case 'IfStatement':
        return this.if(node)
      case 'WhileStatement':
        return this.while(node)
      case 'DoWhileStatement':
        return this.doWhile(node)
      case 'ForStatement':
        return this.for(node)
      case 'LabeledStatement':
        return this.labeled(node)
      case 'SwitchStatement':
        return this.switch(node)
      case 'TryStatement':
        return this.try(node)
      default:
        throw new Error(`${node.type} cannot have sites`)
    }
  }

  /** A statement that evaluates one expression. */
  protected simple(node: Node, expression: Node): void {
    const { emitter } = this
    emitter.keep(() => {
      this.begin(expression)
      emitter.text.appendRight(node.start, 'if(')
      const text = emitter.code.slice(node.start, expression.start)
      this.erase(node.start, expression.start)
      const prefix = this.prefix(expression)
      const whole = node.type === 'ExpressionStatement' && this.isUnit(expression) && text === ''
      const rest = whole ? '' : `${withoutComments(text)}${prefix}`
      emitter.after(this.tailOf(expression), `)return ${this.PARK};${rest}`)
    })
  }

  protected if(node: Node): void {
    const { emitter } = this
    const { test, consequent, alternate } = node
    const { place } = this.locals
    const way = this.has(consequent) ? this.until(consequent) : '0'
    const branches = this.has(consequent) || this.has(alternate)
    if (this.has(test)) {
      emitter.keep(() => {
        this.begin(test)
        emitter.text.appendRight(node.start, branches ? `if(${this.until(test)}&&(` : 'if(')
        const head = withoutComments(emitter.code.slice(node.start, test.start))
        this.erase(node.start, test.start)
        const prefix = this.prefix(test)
        const parens = head.slice(head.indexOf('(') + 1)
        const choice = branches ? `${place}?${way}:` : ''
        emitter.after(this.tailOf(test), `${branches ? ')' : ''})return ${this.PARK};if(${parens}${choice}(${prefix}`)
        emitter.after(test.end, ')')
      })
    } else {
      emitter.before(test.start, `${place}?${way}:(`)
      emitter.visit(test)
      emitter.after(test.end, ')')
    }
    this.single(consequent)
    if (alternate) this.single(alternate)
  }

  protected labeled(node: Node): void {
    const { body } = node
    if (/^(For|ForOf|While|DoWhile|Labeled)Statement$/.test(body.type)) this.statement(body)
    else this.single(body)
  }

  protected switch(node: Node): void {
    const { emitter } = this
    const { discriminant, cases } = node
    const { place } = this.locals
    const inside = (cases as Node[]).some((each) => this.has(each))
    if (this.has(discriminant)) {
      emitter.keep(() => {
        this.begin(discriminant)
        emitter.text.appendRight(node.start, inside ? `if(${this.until(discriminant)}&&(` : 'if(')
        const head = withoutComments(emitter.code.slice(node.start, discriminant.start))
        this.erase(node.start, discriminant.start)
        const prefix = this.prefix(discriminant)
        const choice = inside ? `${place}?1:` : ''
        const parens = head.slice(head.indexOf('(') + 1)
        emitter.after(
          this.tailOf(discriminant),
          `${inside ? ')' : ''})return ${this.PARK};switch(${parens}${choice}(${prefix}`,
        )
        emitter.after(discriminant.end, ')')
      })
    } else {
      emitter.before(discriminant.start, `${place}?1:(`)
      emitter.visit(discriminant)
      emitter.after(discriminant.end, ')')
    }
    for (const each of cases as Node[]) {
      const { test } = each
      if (test !== null) {
        const [first, last] = this.has(each) ? this.range(each) : [1, 0]
        const chosen = first > last ? '0' : `${place}>=${first}&&${place}<=${last}?1:0`
        if (inside) emitter.before(test.start, `${place}?${chosen}:(`)
        emitter.visit(test)
        if (inside) emitter.after(test.end, ')')
      }
      if (this.has(each)) this.list(each['consequent'])
      else emitter.visitAll(each['consequent'])
    }
  }

  protected try(node: Node): void {
    const { emitter } = this
    const { block, handler, finalizer } = node
    const { place, saved } = this.locals
    const { state } = emitter
    if (handler !== null && this.has(handler)) {
      const slot = handler.param === null ? null : this.variable(handler.param)
      const [first, last] = this.range(handler)
      // The way into a handler is to throw what it has caught.
      const caught = slot === null ? 'void 0' : `${saved}[${slot}]`
      emitter.text.appendRight(block.start + 1, `if(${place}>=${first}&&${place}<=${last})throw ${caught};`)
    }
    if (this.has(block)) this.list(block.body)
    else emitter.visitAll(block.body)
    if (handler !== null) {
      const { param, body } = handler
      const name = param?.type === 'Identifier' ? param.name : emitter.names.fresh(emitter.names.of('e'))
      const guard = `${state}.next=0;if(${name}===${emitter.use('RETURNING', 'R')})throw ${name};`
      if (param === null) emitter.text.appendLeft(body.start, `(${name})`)
      else if (param.type !== 'Identifier') {
        emitter.text.appendRight(param.start, `${name}){${guard}let `)
        emitter.visit(param)
        emitter.after(param.end, `=${name};`)
        this.erase(param.end, body.start + 1)
      }
      if (param === null || param.type === 'Identifier') emitter.text.appendLeft(body.start + 1, guard)
      if (this.has(handler)) this.list(body.body)
      else emitter.visitAll(body.body)
    }
    if (finalizer !== null) {
      // It also runs on the way out, when something has parked.
      emitter.text.appendLeft(finalizer.start + 1, `if(${state}.machine.registers.op===null){${state}.next=0;`)
      emitter.visitAll(finalizer.body)
      emitter.after(finalizer.end - 1, '}')
    }
  }
}
