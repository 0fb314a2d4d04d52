/**
 * Statements that contain sites. See plan.ts.
 *
 * Whatever may be passed over on the way to a place is guarded: nothing runs there but what has to be declared again.
 */
import { closing, takeLabels } from '../emit/loop.ts'
import { boundNames, isFunction, type Node } from '../nodes.ts'
import type { Loop } from './plan.ts'
import { Terms, withoutComments } from './terms.ts'

export class Statements extends Terms {
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

  get PARK(): string {
    return this.emitter.use('PARK', 'P')
  }

  // -- lists

  private list(statements: readonly Node[]): void {
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
  private guarded(statement: Node, passed: boolean): void {
    const { emitter } = this
    if (passed) emitter.text.appendRight(statement.start, `if(${this.until(statement)}){`)
    this.statement(statement)
    if (passed) emitter.after(statement.end, '}')
  }

  /** True at places in a node, and where there is none to go to. */
  private until(node: Node): string {
    return `${this.locals.place}<=${this.range(node)[1]}`
  }

  /** A statement that is not in a list. */
  private single(statement: Node): void {
    if (!this.has(statement)) return this.emitter.visit(statement)
    const block = statement.type === 'BlockStatement'
    if (!block) this.emitter.text.appendRight(statement.start, '{')
    this.statement(statement)
    if (!block) this.emitter.after(statement.end, '}')
  }

  // -- kinds

  private statement(node: Node): void {
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
  private simple(node: Node, expression: Node): void {
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

  /** `passed`: on the way to a later place it is declared again. */
  private declaration(node: Node, passed: boolean): void {
    const { emitter } = this
    const { kind } = node
    const declarators: Node[] = node['declarations']
    const last = declarators.findLastIndex((declarator) => this.has(declarator))
    const split = last >= 0 || (passed && declarators.some(({ id }) => id.type !== 'Identifier'))
    if (!split) {
      if (kind === 'var' || !passed) return emitter.visit(node)
      if (declarators.some(({ init }) => isUnnamed(init)))
        emitter.text.update(node.start, node.start + kind.length, 'let')
      for (const declarator of declarators) this.again(declarator)
      return
    }
    // Each becomes a statement.
    this.erase(node.start, (declarators[0] as Node).start)
    declarators.forEach((declarator, index) => {
      const previous = declarators[index - 1]
      if (previous !== undefined) this.erase(previous.end, declarator.start)
      const later = passed || index < last
      const front = `${index > 0 ? ';' : ''}`
      emitter.keep(() => this.declarator(declarator, kind, later, front))
    })
  }

  private declarator(node: Node, kind: string, passed: boolean, front: string): void {
    const { emitter } = this
    const { id, init } = node
    const { place } = this.locals
    if (!this.has(node)) {
      if (kind === 'var' && passed) {
        emitter.text.appendRight(node.start, `${front}if(!${place}){var `)
        emitter.visit(node)
        emitter.after(node.end, '}')
      } else if (passed && id.type !== 'Identifier') {
        emitter.text.appendRight(node.start, `${front}${this.names(id)};if(!${place})(`)
        emitter.visit(node)
        emitter.after(node.end, ')')
      } else {
        emitter.text.appendRight(node.start, `${front}${this.keyword(node, kind, passed)} `)
        if (passed) this.again(node)
        else emitter.visit(node)
      }
      return
    }
    this.begin(init)
    const guard = passed ? `${this.until(node)}&&` : ''
    const wrapped = kind === 'var' && passed
    emitter.text.appendRight(
      node.start,
      `${front}${wrapped ? `if(${this.until(node)}){` : ''}if(${wrapped ? '' : guard}(`,
    )
    const pattern = withoutComments(emitter.code.slice(id.start, id.end))
    const between = withoutComments(emitter.code.slice(id.end, init.start))
    this.erase(node.start, init.start)
    const taken = this.plan.places.has(node)
    const prefix = taken ? this.taken(node) : this.prefix(init)
    const open = `))return ${this.PARK};`
    const variable = id.type === 'Identifier' ? this.variable(id) : null
    let rest: string
    let closed = ''
    if (kind === 'var' || !passed) rest = `${kind} ${pattern}${between}${prefix}`
    else if (id.type === 'Identifier') {
      const saved = variable === null ? 'void 0' : `${this.locals.saved}[${variable}]`
      rest = `${kind} ${pattern}=${place}?${saved}:${between.replace('=', '')}${prefix}`
    } else {
      rest = `${this.names(id)};if(!${place})(${pattern}${between}${prefix}`
      closed = ')'
    }
    emitter.after(taken ? init.end : this.tailOf(init), `${open}${rest}`)
    if (closed !== '' || wrapped) emitter.after(node.end, `${closed}${wrapped ? ';}' : ''}`)
  }

  /** What an array's pattern is given. */
  private taken(declarator: Node): string {
    const { emitter } = this
    const { id, init } = declarator
    const elements: (Node | null)[] = id.elements
    const count = elements.at(-1)?.type === 'RestElement' ? '1/0' : elements.length
    const given = this.settle(init)
    const result = emitter.temp()
    emitter.release(1)
    const term = this.runtimeTerm(
      declarator,
      this.plan.places.get(declarator) as number,
      'take',
      `${given},${count}`,
      result,
    )
    emitter.temp()
    emitter.after(init.end, `${this.takeJoint()}${term}`)
    return result
  }

  private keyword(declarator: Node, kind: string, passed: boolean): string {
    return passed && isUnnamed(declarator['init']) ? 'let' : kind
  }

  /** `let` or `const` without sites that is passed over: gets what it had. */
  private again(node: Node): void {
    const { emitter } = this
    const { id, init } = node
    const { place, saved } = this.locals
    const slot = this.variable(id)
    const value = slot === null ? 'void 0' : `${saved}[${slot}]`
    if (init === null) {
      if (slot !== null) emitter.after(node.end, `=${place}?${value}:void 0`)
      return
    }
    if (isUnnamed(init)) {
      // A function is named after its variable only if nothing stands between the two.
      emitter.visit(init)
      emitter.after(node.end, `,${emitter.names.fresh(emitter.names.of('n'))}=${place}&&(${id.name}=${value})`)
      return
    }
    const equals = emitter.find('=', id.end)
    emitter.text.appendLeft(equals + 1, `${place}?${value}:`)
    emitter.visit(init)
  }

  private variable(id: Node): number | null {
    const binding = this.emitter.scopeAt(id).lookup(id['name'])
    return this.plan.variables.of(binding)?.slot ?? null
  }

  /** Declares the names of a pattern. */
  private names(pattern: Node): string {
    const { place, saved } = this.locals
    const each = boundNames(pattern).map((id) => `${id['name']}=${place}?${saved}[${this.variable(id)}]:void 0`)
    return `let ${each.join(',')}`
  }

  private if(node: Node): void {
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

  /** The condition of a loop. `around`: the loop may be entered behind it. */
  private condition(test: Node, around: boolean): boolean {
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
  private leaveLoop(node: Node): void {
    this.emitter.after(node.end, `;if(${this.locals.left})return ${this.PARK};`)
  }

  private while(node: Node): void {
    const parks = this.condition(node['test'], this.has(node['body']))
    this.single(node['body'])
    if (parks) this.leaveLoop(node)
  }

  private doWhile(node: Node): void {
    const { emitter } = this
    const { body, test } = node
    const guard = this.has(test)
    if (guard)
      emitter.text.appendRight(body.start, this.has(body) ? `{if(${this.until(body)})` : `{if(!${this.locals.place})`)
    this.single(body)
    if (guard) emitter.after(body.end, '}')
    if (this.condition(test, false)) this.leaveLoop(node)
  }

  private for(node: Node): void {
    const { emitter } = this
    const { init, test, update, body } = node
    const { place } = this.locals
    if (init?.type === 'VariableDeclaration') {
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
    const parks = test !== null && this.condition(test, this.has(body))
    if (update !== null) emitter.visit(update)
    this.single(body)
    if (parks) this.leaveLoop(node)
  }

  private labeled(node: Node): void {
    const { body } = node
    if (/^(For|ForOf|While|DoWhile|Labeled)Statement$/.test(body.type)) this.statement(body)
    else this.single(body)
  }

  /** A statement that leaves loops: they are closed first. */
  private exit(node: Node): void {
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
  private forOf(node: Node): void {
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
    const state = emitter.use('state', 's')
    const end = /[;}]/.test(emitter.code[node.end - 1] as string) ? '' : ';'
    emitter.after(
      node.end,
      `${end}}if(${this.locals.left})return ${this.PARK}}catch(${error}){${state}.next=0;if(${failed})return ${this.PARK};throw ${error}}}`,
    )
  }

  /** Gives a loop's variable its value, or what it had. */
  private loopVariable(left: Node, cursor: string): void {
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

  private switch(node: Node): void {
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

  private try(node: Node): void {
    const { emitter } = this
    const { block, handler, finalizer } = node
    const { place, saved } = this.locals
    const state = emitter.use('state', 's')
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
      emitter.text.appendLeft(
        finalizer.start + 1,
        `if(${emitter.use('machine', 'm')}.registers.op===null){${state}.next=0;`,
      )
      emitter.visitAll(finalizer.body)
      emitter.after(finalizer.end - 1, '}')
    }
  }
}

function isUnnamed(init: Node | null): boolean {
  return init !== null && (isFunction(init) || init.type === 'ClassExpression') && !init['id']
}
