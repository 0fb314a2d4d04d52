/** Expressions that get a value of their own: calls, and what is evaluated under a condition. See expressions.ts. */
import { hasWork, visitArguments } from '../emit/arguments.ts'
import { nameFor, visitCall, visitNew } from '../emit/call.ts'
import { assignable } from '../emit/emitter.ts'
import { twins } from '../emit/method.ts'
import type { Node } from '../nodes.ts'
import { Expressions, isLogical } from './expressions.ts'
import { withoutComments } from './terms.ts'

/** What a chain gives, and what a call of it has for `this`, if it is a member that is to be called. */
export interface Link {
  readonly value: string
  readonly self: string | null
}

export abstract class Units extends Expressions {
  /** An optional chain. `called`: it is what is called. */
  protected abstract links(node: Node, called: boolean): Link

  protected unit(node: Node): string {
    switch (node.type) {
      case 'CallExpression':
        return this.call(node)
      case 'NewExpression':
        return this.call(node)
      case 'MemberExpression':
        return this.getter(node)
      case 'ChainExpression':
        return this.links(node['expression'], false).value
      case 'SpreadElement':
        return `...${this.spread(node)}`
      case 'ConditionalExpression':
        return this.conditional(node)
      case 'LogicalExpression':
        return this.logical(node)
      default:
        return isLogical(node) ? this.logicalAssignment(node) : this.compound(node)
    }
  }

  protected call(node: Node): string {
    const { callee } = node
    const method = node.type === 'CallExpression' && callee.type === 'MemberExpression'
    if (!this.has(callee) && !node['arguments'].some((argument: Node) => this.has(argument)))
      return this.plainCall(node, method)
    this.erase(node.start, callee.start)
    const self = method ? this.receiver(callee) : null
    return this.callOn(node, self === null ? this.settle(callee) : this.method(callee, self), self)
  }

  /** The call of `fn`, which has been evaluated. */
  protected callOn(node: Node, fn: string, self: string | null): string {
    const { emitter } = this
    const { callee } = node
    const args: Node[] = node['arguments']
    const last = args.findLastIndex((argument) => this.has(argument))
    let at = callee.end
    const given: string[] = []
    args.slice(0, Math.max(last, 0)).forEach((argument) => {
      this.erase(at, argument.start)
      given.push(this.settlePart(node, argument))
      at = argument.end
    })
    const target = args[last]
    let text = ''
    let end = 0
    if (target !== undefined) {
      // Its own parentheses end behind the tail.
      const parens = withoutComments(emitter.code.slice(at, target.start)).split('(').length - (last === 0 ? 2 : 1)
      this.erase(at, target.start)
      text = '('.repeat(parens) + this.prefix(target)
      at = this.tailOf(target)
      end = target.end
      for (let n = 0; n < parens; n++) end = emitter.find(')', end) + 1
    }
    const result = emitter.temp()
    const rest = args.slice(last + 1)
    const announced = (): string =>
      emitter.announce(
        self === null
          ? fn
          : `typeof ${fn}=="function"?${fn}:${emitter.use('notCallable', 'not')}(${nameFor(emitter, callee)})`,
      )
    const late = hasWork(rest)
    const here =
      this.plan.places.has(node) && !late && target !== undefined && (at < end || !/^(\.\.\.)?[\w$]+$/.test(text))
    const kept = here ? emitter.temp() : ''
    if (here) text = text.startsWith('...') ? `...(${kept}=${text.slice(3)}` : `(${kept}=${text}`
    const head =
      self === null
        ? `${node.type === 'NewExpression' ? 'new ' : ''}${fn}(`
        : `${emitter.use('call', 'call')}(${fn},${self}${args.length > 0 ? ',' : ''}`
    const before = [...given, text].filter((each) => each !== '').join(',')
    const site = this.plan.places.has(node)
    const early = late || here || !site ? '' : `${announced()},`
    const open = site ? `(${this.resume(node, result)}(` : `!${this.locals.place}&&(`
    const begin = `${this.takeJoint()}${open}${early}${result}=${head}${before}`
    if (target === undefined) {
      // Only the callee has sites: the arguments stand as they are.
      const bare = emitter.findBefore('(', this.afterCallee(node), node.end) < 0
      const from = bare ? node.end : emitter.find('(', this.afterCallee(node)) + 1
      this.erase(callee.end, from)
      emitter.after(from, begin)
      if (bare) emitter.after(node.end, ')')
    } else emitter.after(at, begin)
    visitArguments(emitter, rest, late && site ? announced : null)
    if (here) emitter.after(end, `,${announced()},${kept})`)
    if (kept !== '') emitter.release(1)
    emitter.release(1)
    emitter.after(node.end, site ? `,${this.parked(node)}))` : ',!1)')
    emitter.temp()
    return result
  }

  /** A call whose parts have no sites: as it stands. */
  protected plainCall(node: Node, method: boolean): string {
    const { emitter } = this
    const { activation } = emitter
    const { used } = activation
    const result = emitter.names.of(String(used + (method ? 2 : 1)))
    emitter.before(node.start, `${this.takeJoint()}(${this.resume(node, result)}`)
    activation.parked = () => {
      activation.used -= method ? 2 : 1
      const text = this.parked(node)
      activation.used += method ? 2 : 1
      return text
    }
    if (node.type === 'NewExpression') visitNew(emitter, node)
    else visitCall(emitter, node)
    emitter.after(node.end, ')')
    while (activation.used < used + (method ? 2 : 1)) emitter.temp()
    return result
  }

  protected receiver(callee: Node): string {
    const { object } = callee
    if (object.type === 'Super') return 'this'
    this.erase(callee.start, object.start)
    return this.settle(object)
  }

  /** Evaluates `self.m` into a temporary. `called`: to be called. */
  protected method(callee: Node, self: string, called = true): string {
    const { emitter } = this
    const { object, property, computed } = callee
    const twin = called && !computed && twins.has(property.name)
    if (this.plan.places.has(callee)) {
      const got = this.getterOf(callee, self)
      if (twin) emitter.after(callee.end, `||!${this.locals.place}&&(${got}=${emitter.use('twin', 'twin')}(${got}),!1)`)
      return got
    }
    const fn = emitter.temp()
    const open = twin ? `${emitter.use('twin', 'twin')}(` : ''
    const closed = twin ? ')' : ''
    if (object.type === 'Super') {
      this.quiet(callee.start, `${fn}=${open}`)
      emitter.visit(callee)
      emitter.after(callee.end, `${closed},!1)`)
      return fn
    }
    this.erase(object.end, property.start)
    this.erase(property.end, callee.end)
    if (!computed) {
      this.quiet(property.start, `${fn}=${open}${self}.`)
      emitter.after(property.end, `${closed},!1)`)
    } else if (this.has(property)) {
      const text = this.prefix(property)
      emitter.after(this.tailOf(property), `||!${this.locals.place}&&(${fn}=${self}[${text}`)
      emitter.after(property.end, '],!1)')
    } else {
      this.quiet(property.start, `${fn}=${self}[`)
      emitter.visit(property)
      emitter.after(property.end, '],!1)')
    }
    return fn
  }

  /** Past the parentheses that may stand around the callee. */
  protected afterCallee(node: Node): number {
    const { code } = this.emitter
    const before = withoutComments(code.slice(node.start, node['callee'].start))
    let at = node['callee'].end
    for (let parens = before.split('(').length - 1; parens > 0; parens--) at = this.emitter.find(')', at) + 1
    return at
  }

  /** A call of the runtime's, behind what its arguments are made of. */
  protected runtimeCall(site: Node, name: string, args: string): string {
    const { emitter } = this
    const result = emitter.temp()
    emitter.release(1)
    const term = this.runtimeTerm(site, this.plan.places.get(site) as number, name, args, result)
    emitter.temp()
    emitter.after(site.end, `${this.takeJoint()}${term}`)
    return result
  }

  protected getter(node: Node): string {
    const { object } = node
    this.erase(node.start, object.start)
    return this.getterOf(node, this.settle(object))
  }

  /** The same, of an object that has been evaluated. */
  protected getterOf(node: Node, self: string): string {
    const { object, property } = node
    this.erase(object.end, node.end)
    return this.runtimeCall(node, 'get', `${self},${JSON.stringify(property.name)}`)
  }

  protected spread(node: Node): string {
    this.erase(node.start, node['argument'].start)
    this.erase(node['argument'].end, node.end)
    return this.runtimeCall(node, 'list', this.settle(node['argument']))
  }

  /** A node that is evaluated under a condition: its terms, and its value into `result`. */
  protected branch(node: Node, result: string): void {
    const { emitter } = this
    this.joint = ''
    if (this.has(node)) {
      this.assign(result, node, this.prefix(node))
    } else {
      const [open, closed] = assignable(node)
      this.quiet(node.start, `${result}=${open}`)
      emitter.visit(node)
      emitter.after(node.end, closed)
    }
    emitter.after(node.end, ',!1)')
    this.joint = '||'
  }

  protected conditional(node: Node): string {
    const { emitter } = this
    const { place } = this.locals
    const { test, consequent, alternate } = node
    const result = emitter.temp()
    this.erase(node.start, test.start)
    this.erase(test.end, emitter.find('?', test.end))
    const way = this.has(consequent) ? `${place}<=${this.range(consequent)[1]}` : '0'
    if (this.has(test)) {
      const text = this.prefix(test)
      emitter.after(this.tailOf(test), `||((${place}?${way}:(${text}`)
      emitter.after(test.end, '))')
    } else {
      emitter.before(node.start, `${this.takeJoint()}(`)
      emitter.before(test.start, `(${place}?${way}:(`)
      emitter.visit(test)
      emitter.after(test.end, '))')
    }
    this.branch(consequent, result)
    this.branch(alternate, result)
    emitter.after(node.end, ')')
    this.joint = '||'
    return result
  }

  protected logical(node: Node): string {
    const { emitter } = this
    const { left, right, operator } = node
    const result = emitter.temp()
    this.erase(node.start, left.start)
    if (this.has(left)) {
      this.assign(result, left, this.prefix(left))
    } else {
      const [open] = assignable(left)
      this.quiet(left.start, `${result}=${open}`)
      emitter.visit(left)
      emitter.after(left.end, assignable(left)[1])
    }
    emitter.after(left.end, ',!1)')
    this.erase(left.end, right.start)
    emitter.after(left.end, `||${this.unless(operator, result)}&&(`)
    this.branch(right, result)
    this.erase(right.end, node.end)
    emitter.after(node.end, ')')
    return result
  }

  /** True where the right side of an operator is evaluated. */
  protected unless(operator: string, left: string): string {
    const { place } = this.locals
    if (operator === '&&') return `(${place}||${left})`
    return operator === '||' ? `(${place}||!${left})` : `(${place}||${left}===null||${left}===void 0)`
  }

  protected logicalAssignment(node: Node): string {
    const { emitter } = this
    const { left, right, operator } = node
    const target = left.type === 'Identifier' ? this.verbatim(left) : this.member(left)
    const result = emitter.temp()
    emitter.after(left.end, `${this.takeJoint()}!${this.locals.place}&&(${result}=${target},!1)`)
    this.erase(left.end, right.start)
    emitter.after(left.end, `||${this.unless(operator.slice(0, 2), result)}&&(`)
    this.joint = ''
    this.assign(`${result}=${target}`, right, this.prefix(right))
    emitter.after(right.end, ',!1)')
    this.erase(right.end, node.end)
    emitter.after(node.end, ')')
    this.joint = '||'
    return result
  }

  /** `o.x += …`: what it was is read before the right side is evaluated. */
  protected compound(node: Node): string {
    const { emitter } = this
    const { left, right, operator } = node
    const name = left.type === 'Identifier'
    const target = name ? this.verbatim(left) : this.member(left)
    const old = emitter.temp()
    emitter.after(left.end, `${this.takeJoint()}!${this.locals.place}&&(${old}=${target},!1)`)
    this.erase(left.end, right.start)
    const text = this.prefix(right)
    this.erase(right.end, node.end)
    const result = emitter.temp()
    emitter.after(
      this.tailOf(right),
      `||!${this.locals.place}&&(${result}=${target}=${old}${operator.slice(0, -1)}(${text}`,
    )
    emitter.after(node.end, '),!1)')
    return result
  }
}
