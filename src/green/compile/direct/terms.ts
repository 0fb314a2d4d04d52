/**
 * Expressions that contain sites, taken to pieces. See plan.ts.
 *
 * `prefix` makes terms of all that a node evaluates up to the end of its last site (`tailOf`), in place, and gives as text what
 * the node began with up to there, with the names of what the terms have evaluated in it. What stands behind, the *tail*,
 * stays as it was: that text and the tail together are the rest of the expression.
 *
 *     a.b + f(x) * 2   →   terms  !$p && ($1 = a.b, 0) || (… $2 = f(x) …)     text  $1 + $2     tail  * 2
 */
import { hasWork, visitArguments } from '../emit/arguments.ts'
import { nameFor, twins, visitCall, visitNew } from '../emit/call.ts'
import { assignable, type Emitter } from '../emit/emitter.ts'
import { isFunction, type Node } from '../nodes.ts'
import type { Plan } from './plan.ts'
import type { Variable } from './variables.ts'

/** How the prologue's variables are called. */
export interface Locals {
  readonly place: string
  readonly value: string
  readonly frame: string
  readonly saved: string
  readonly left: string
}

export class Terms {
  readonly emitter: Emitter
  readonly plan: Plan
  readonly locals: Locals
  /** Stands before the next term: nothing, or `||`. */
  private joint = ''
  /** Names that the statement assigns to. */
  private written: ReadonlySet<string> = new Set()

  constructor(emitter: Emitter, plan: Plan) {
    this.emitter = emitter
    this.plan = plan
    const { names } = emitter
    this.locals = {
      place: names.of('p'),
      value: names.of('w'),
      frame: names.of('r'),
      saved: names.of('q'),
      left: names.of('x'),
    }
  }

  // -- sites

  has(node: Node | null): boolean {
    return node !== null && this.plan.ranges.has(node)
  }

  range(node: Node): readonly [number, number] {
    return this.plan.ranges.get(node) as readonly [number, number]
  }

  /** Begins the terms of a statement that evaluates `node`. */
  begin(node: Node): void {
    this.joint = ''
    this.written = writtenIn(node, new Set())
  }

  /** How a site whose value goes to `result` begins when it is the one that is resumed; a condition's two branches. */
  protected resume(site: Node | number, result: string | null): string {
    const { place, value } = this.locals
    const number = typeof site === 'number' ? site : (this.plan.places.get(site) as number)
    const resumed = `${this.emitter.use('resumedValue', 'v')}(${value})`
    return `${place}?${place}===${number}&&(${place}=0,${result === null ? '' : `${result}=`}${resumed},0):`
  }

  /** The term for the very start of a function, where every call parks once. */
  startTerm(number: number): string {
    const { emitter } = this
    const parks = `${emitter.use('stress', 'stress')}(${emitter.names.of('d')})`
    return `(${this.resume(number, null)}${parks}&&${this.leave(number, this.keptEarly())})`
  }

  private keptEarly(): string[] {
    const kept: string[] = []
    for (const { name, slot } of this.plan.variables.early) kept[slot] = name
    return kept
  }

  /** After a call: true if it has parked, with a frame made. */
  protected parked(site: Node, place = this.plan.places.get(site) as number, also: Variable | null = null): string {
    const { emitter, plan } = this
    const kept: string[] = []
    for (const { name, slot } of plan.variables.keptAt(site, emitter.scopeAt(site))) kept[slot] = name
    if (also !== null) kept[also.slot] = also.name
    const first = plan.variables.all.length
    for (let n = 1; n <= emitter.activation.used; n++) kept[first + n - 1] = emitter.names.of(String(n))
    const op = `${emitter.use('machine', 'm')}.registers.op`
    return `${op}&&${this.leave(place, kept)}`
  }

  private leave(place: number, kept: readonly string[]): string {
    const { emitter, plan } = this
    const { fn } = plan
    const list = Array.from(kept, (name) => name ?? '').join(',')
    const own = fn.kind !== 'arrow' && (fn.usesThis || fn.kind === 'declaration' || fn.kind === 'expression')
    const self = own ? `,this${fn.kind === 'declaration' || fn.kind === 'expression' ? ',new.target' : ''}` : ''
    return `${emitter.use('leave', 'leave')}(${this.locals.frame},${emitter.names.of('d')},${place},[${list}]${self})`
  }

  // -- terms

  /** A term that evaluates something, and is false. */
  private quiet(position: number, text: string): void {
    this.emitter.before(position, `${this.takeJoint()}!${this.locals.place}&&(${text}`)
  }

  protected takeJoint(): string {
    const { joint } = this
    this.joint = '||'
    return joint
  }

  /** Where the tail of a node begins. */
  tailOf(node: Node): number {
    if (this.isUnit(node)) return node.end
    const last = this.parts(node).findLast((part) => this.has(part))
    return last === undefined ? node.end : this.tailOf(last)
  }

  /** True for what gets a value of its own, so that nothing of it is left behind. */
  isUnit(node: Node): boolean {
    if (this.plan.places.has(node)) return true
    switch (node.type) {
      case 'CallExpression':
      case 'NewExpression':
        return this.has(node)
      case 'ConditionalExpression':
        return this.has(node['consequent']) || this.has(node['alternate'])
      case 'LogicalExpression':
        return this.has(node['right'])
      case 'AssignmentExpression':
        return node['operator'] !== '=' && this.has(node['right']) && !this.isOwn(node)
      default:
        return false
    }
  }

  /** See above. The node has sites. */
  prefix(node: Node): string {
    if (this.isUnit(node)) return this.unit(node)
    if (node.type === 'AssignmentExpression') return this.assignment(node)
    return this.parted(node)
  }

  /** Evaluates a node in terms, and gives a text that stands for its value. */
  settle(node: Node): string {
    if (this.has(node)) {
      if (this.isUnit(node)) return this.unit(node)
      const text = this.prefix(node)
      return this.keep(node, text)
    }
    if (this.isInline(node)) return this.inline(node)
    const name = this.emitter.temp()
    const [open, closed] = assignable(node)
    this.quiet(node.start, `${name}=${open}`)
    this.emitter.visit(node)
    this.emitter.after(node.end, `${closed},0)`)
    return name
  }

  /** Puts the rest of a node whose prefix is `text` into a temporary. */
  private keep(node: Node, text: string, open = '', closed = ''): string {
    const name = this.emitter.temp()
    this.assign(name, node, text, open, closed)
    this.emitter.after(node.end, ',0)')
    return name
  }

  /** The same, without the end of the term. */
  private assign(name: string, node: Node, text: string, open = '', closed = ''): void {
    const [outer, outerClosed] = node.type === 'SequenceExpression' ? ['(', ')'] : ['', '']
    this.emitter.after(this.tailOf(node), `||!${this.locals.place}&&(${name}=${open}${outer}${text}`)
    this.emitter.after(node.end, `${outerClosed}${closed}`)
  }

  private unit(node: Node): string {
    switch (node.type) {
      case 'CallExpression':
        return this.call(node)
      case 'NewExpression':
        return this.call(node)
      case 'MemberExpression':
        return this.getter(node)
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

  /** What a node evaluates, in order, where that is all it has of interest. */
  private parts(node: Node): Node[] {
    switch (node.type) {
      case 'MemberExpression':
        return node['computed'] ? [node['object'], node['property']] : [node['object']]
      case 'BinaryExpression':
      case 'LogicalExpression':
        return [node['left'], node['right']]
      case 'UnaryExpression':
      case 'UpdateExpression':
      case 'SpreadElement':
        return [node['argument']]
      case 'SequenceExpression':
        return node['expressions']
      case 'TemplateLiteral':
        return [...node['quasis'], ...node['expressions']].sort((a, b) => a.start - b.start)
      case 'ArrayExpression':
        return node['elements'].filter((element: Node | null) => element !== null)
      case 'ObjectExpression':
        return node['properties']
      case 'Property':
        return node['shorthand'] ? [node['value']] : [node['key'], node['value']]
      case 'ConditionalExpression':
        return [node['test'], node['consequent'], node['alternate']]
      case 'AssignmentExpression':
        return node['left'].type === 'MemberExpression' ? [...this.parts(node['left']), node['right']] : [node['right']]
      default:
        throw new Error(`${node.type} has no parts`)
    }
  }

  private parted(node: Node): string {
    const parts = this.parts(node)
    const last = parts.findLastIndex((part) => this.has(part))
    let at = node.start
    let text = ''
    parts.forEach((part, index) => {
      if (index > last) this.visitTail(node, part)
      else text += this.skeleton(at, part.start) + (index === last ? this.prefix(part) : this.settlePart(node, part))
      at = part.end
    })
    return text
  }

  private visitTail(parent: Node, part: Node): void {
    if (part.type === 'TemplateElement') return
    if (parent.type === 'Property' && part === parent['key'] && !parent['computed']) return
    if (part.type === 'SpreadElement') this.emitter.visit(part['argument'])
    else this.emitter.visit(part)
  }

  /** The same as `settle` for what is not quite an expression. */
  private settlePart(parent: Node, part: Node): string {
    const { emitter } = this
    if (part.type === 'TemplateElement') {
      const raw = emitter.code.slice(part.start, part.end)
      this.erase(part.start, part.end)
      return raw
        .replace(/\r\n?|\n/g, '\\n')
        .replace(/\u2028/g, '\\u2028')
        .replace(/\u2029/g, '\\u2029')
    }
    // Each part of a template is made a string before the next one is evaluated.
    if (parent.type === 'TemplateLiteral') return this.settleAs(part, '`${', '}`')
    if (parent.type === 'Property' && part === parent['key'] && !parent['computed']) return this.verbatim(part)
    if (part.type === 'Property') return this.settleProperty(part)
    if (part.type !== 'SpreadElement') return this.settle(part)
    if (parent.type === 'ObjectExpression') return `...${this.settleAs(part['argument'], '{...', '}', part)}`
    if (!this.plan.places.has(part)) return `...${this.settleAs(part['argument'], '[...', ']', part)}`
    const name = this.spread(part)
    // What follows may change the list.
    emitter.after(part.end, `||!${this.locals.place}&&(${name}=[...${name}],0)`)
    return `...${name}`
  }

  /** Evaluates a node within something. `whole` begins with what is to be dropped. */
  private settleAs(node: Node, open: string, closed: string, whole = node): string {
    this.erase(whole.start, node.start)
    this.erase(node.end, whole.end)
    if (this.has(node)) {
      const text = this.prefix(node)
      return this.keep(node, text, open, closed)
    }
    if (node.type === 'Literal' && open === '`${') return this.inline(node)
    const name = this.emitter.temp()
    this.quiet(node.start, `${name}=${open}`)
    this.emitter.visit(node)
    this.emitter.after(node.end, `${closed},0)`)
    return name
  }

  private settleProperty(property: Node): string {
    const { key, value } = property
    if (property['shorthand']) return `${key.name}:${this.settle(value)}`
    const text = this.verbatim(key)
    this.erase(key.end, value.start)
    this.erase(value.end, property.end)
    const unnamed = (isFunction(value) || value.type === 'ClassExpression') && !value.id
    // It is named after the key.
    const given =
      unnamed && text !== '__proto__' ? this.settleAs(value, `{${text}:`, `}[${keyText(key)}]`) : this.settle(value)
    return `${text}:${given}`
  }

  // -- text

  /** Takes text out of its place that evaluates nothing. */
  private skeleton(start: number, end: number): string {
    if (start >= end) return ''
    const text = this.emitter.code.slice(start, end)
    this.erase(start, end)
    return withoutComments(text)
  }

  erase(start: number, end: number): void {
    if (start < end) this.emitter.replace(start, end, '')
  }

  verbatim(node: Node): string {
    const text = this.emitter.code.slice(node.start, node.end)
    this.erase(node.start, node.end)
    return text
  }

  private inline(node: Node): string {
    const text = this.verbatim(node)
    if (node.type === 'ThisExpression') return this.emitter.lexical.self ?? 'this'
    return text
  }

  /** True for what may as well be evaluated later. */
  private isInline(node: Node): boolean {
    const { emitter, plan } = this
    switch (node.type) {
      case 'PrivateIdentifier':
      case 'ThisExpression':
        return true
      case 'Literal':
        return !/[\n\r\u2028\u2029]/.test(emitter.code.slice(node.start, node.end))
      case 'Identifier': {
        const binding = emitter.scopeAt(node).lookup(node['name'])
        if (binding === null) return node['name'] === 'undefined'
        const variable = plan.variables.of(binding)
        if (variable === null) return binding.fixed && binding.fn !== null && binding.fn.kind === 'declaration'
        return variable.from <= node.start && !this.written.has(node['name'])
      }
      default:
        return false
    }
  }

  // -- calls

  private call(node: Node): string {
    const { emitter } = this
    const { callee } = node
    const args: Node[] = node['arguments']
    const last = args.findLastIndex((argument) => this.has(argument))
    const method = node.type === 'CallExpression' && callee.type === 'MemberExpression'
    if (last < 0 && !this.has(callee)) return this.plainCall(node, method)

    this.erase(node.start, callee.start)
    const self = method ? this.receiver(callee) : null
    const fn = self === null ? this.settle(callee) : this.method(callee, self)
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
    const begin = `||${open}${early}${result}=${head}${before}`
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
    emitter.after(node.end, site ? `,${this.parked(node)}))` : ',0)')
    emitter.temp()
    return result
  }

  /** A call whose parts have no sites: as it stands. */
  private plainCall(node: Node, method: boolean): string {
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

  private receiver(callee: Node): string {
    const { object } = callee
    if (object.type === 'Super') return 'this'
    this.erase(callee.start, object.start)
    return this.settle(object)
  }

  /** Evaluates `self.m` into a temporary. */
  private method(callee: Node, self: string): string {
    const { emitter } = this
    const { object, property, computed } = callee
    const fn = emitter.temp()
    const twin = !computed && twins.has(property.name)
    const open = twin ? `${emitter.use('twin', 'twin')}(` : ''
    const closed = twin ? ')' : ''
    if (object.type === 'Super') {
      this.quiet(callee.start, `${fn}=${open}`)
      emitter.visit(callee)
      emitter.after(callee.end, `${closed},0)`)
      return fn
    }
    this.erase(object.end, property.start)
    this.erase(property.end, callee.end)
    if (!computed) {
      this.quiet(property.start, `${fn}=${open}${self}.`)
      emitter.after(property.end, `${closed},0)`)
    } else if (this.has(property)) {
      const text = this.prefix(property)
      emitter.after(this.tailOf(property), `||!${this.locals.place}&&(${fn}=${self}[${text}`)
      emitter.after(property.end, '],0)')
    } else {
      this.quiet(property.start, `${fn}=${self}[`)
      emitter.visit(property)
      emitter.after(property.end, '],0)')
    }
    return fn
  }

  /** Past the parentheses that may stand around the callee. */
  private afterCallee(node: Node): number {
    const { code } = this.emitter
    const before = withoutComments(code.slice(node.start, node['callee'].start))
    let at = node['callee'].end
    for (let parens = before.split('(').length - 1; parens > 0; parens--) at = this.emitter.find(')', at) + 1
    return at
  }

  /** The term for a call of the runtime's. */
  protected runtimeTerm(
    site: Node,
    place: number,
    name: string,
    args: string,
    result: string | null,
    condition = '',
    also: Variable | null = null,
  ): string {
    const { emitter } = this
    const callee = emitter.use(name, name)
    const call = `${emitter.announce(callee)},${result === null ? '' : `${result}=`}${callee}(${args})`
    return `(${this.resume(place, result)}${condition}(${call},${this.parked(site, place, also)}))`
  }

  /** A call of the runtime's, behind what its arguments are made of. */
  private runtimeCall(site: Node, name: string, args: string): string {
    const { emitter } = this
    const result = emitter.temp()
    emitter.release(1)
    const term = this.runtimeTerm(site, this.plan.places.get(site) as number, name, args, result)
    emitter.temp()
    emitter.after(site.end, `${this.takeJoint()}${term}`)
    return result
  }

  private getter(node: Node): string {
    const { object, property } = node
    this.erase(node.start, object.start)
    const self = this.settle(object)
    this.erase(object.end, node.end)
    return this.runtimeCall(node, 'get', `${self},${JSON.stringify(property.name)}`)
  }

  private spread(node: Node): string {
    this.erase(node.start, node['argument'].start)
    this.erase(node['argument'].end, node.end)
    return this.runtimeCall(node, 'list', this.settle(node['argument']))
  }

  // -- conditions

  /** A node that is evaluated under a condition: its terms, and its value into `result`. */
  private branch(node: Node, result: string): void {
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
    emitter.after(node.end, ',0)')
    this.joint = '||'
  }

  private conditional(node: Node): string {
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

  private logical(node: Node): string {
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
    emitter.after(left.end, ',0)')
    this.erase(left.end, right.start)
    emitter.after(left.end, `||${this.unless(operator, result)}&&(`)
    this.branch(right, result)
    this.erase(right.end, node.end)
    emitter.after(node.end, ')')
    return result
  }

  /** True where the right side of an operator is evaluated. */
  private unless(operator: string, left: string): string {
    const { place } = this.locals
    if (operator === '&&') return `(${place}||${left})`
    return operator === '||' ? `(${place}||!${left})` : `(${place}||${left}===null||${left}===void 0)`
  }

  private logicalAssignment(node: Node): string {
    const { emitter } = this
    const { left, right, operator } = node
    const result = emitter.temp()
    this.quiet(left.start, `${result}=`)
    emitter.after(left.end, ',0)')
    this.erase(left.end, right.start)
    emitter.after(left.end, `||${this.unless(operator.slice(0, 2), result)}&&(`)
    this.joint = ''
    this.assign(`${result}=${left.name}`, right, this.prefix(right))
    emitter.after(right.end, ',0)')
    this.erase(right.end, node.end)
    emitter.after(node.end, ')')
    this.joint = '||'
    return result
  }

  // -- assignments

  /** `x += …`, where nothing but this may change `x` meanwhile. */
  private isOwn(node: Node): boolean {
    const { left, right } = node
    if (left.type !== 'Identifier' || isLogical(node)) return false
    const own = this.plan.variables.of(this.emitter.scopeAt(left).lookup(left.name))
    return own !== null && own.from <= left.start && !writtenIn(right, new Set()).has(left.name)
  }

  private assignment(node: Node): string {
    const { left, right } = node
    if (left.type !== 'MemberExpression') {
      const target = withoutComments(this.verbatim(left))
      return `${target}${this.skeleton(left.end, right.start)}${this.prefix(right)}`
    }
    if (!this.has(right)) return this.parted(node)
    const target = this.member(left)
    return `${target}${this.skeleton(left.end, right.start)}${this.prefix(right)}`
  }

  /** What is to be assigned to, with all that is in it evaluated. */
  private member(node: Node): string {
    const { object, property, computed } = node
    this.erase(node.start, object.start)
    const self = this.settle(object)
    if (!computed) {
      this.erase(object.end, node.end)
      return `${self}.${this.emitter.code.slice(property.start, property.end)}`
    }
    this.erase(object.end, property.start)
    const key = this.settle(property)
    this.erase(property.end, node.end)
    return `${self}[${key}]`
  }

  /** `o.x += …`: what it was is read before the right side is evaluated. */
  private compound(node: Node): string {
    const { emitter } = this
    const { left, right, operator } = node
    const name = left.type === 'Identifier'
    const target = name ? this.verbatim(left) : this.member(left)
    const old = emitter.temp()
    emitter.after(left.end, `${this.takeJoint()}!${this.locals.place}&&(${old}=${target},0)`)
    this.erase(left.end, right.start)
    const text = this.prefix(right)
    this.erase(right.end, node.end)
    const result = emitter.temp()
    emitter.after(
      this.tailOf(right),
      `||!${this.locals.place}&&(${result}=${target}=${old}${operator.slice(0, -1)}(${text}`,
    )
    emitter.after(node.end, '),0)')
    return result
  }
}

function isLogical(assignment: Node): boolean {
  return /^(\|\||&&|\?\?)=$/.test(assignment['operator'])
}

function keyText(key: Node): string {
  return key.type === 'Identifier' ? JSON.stringify(key['name']) : key['raw']
}

export function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n\r\u2028\u2029]*/g, ' ').replace(/\s+/g, ' ')
}

function writtenIn(node: Node, into: Set<string>): Set<string> {
  if (isFunction(node)) return into
  const target: Node | null =
    node.type === 'AssignmentExpression' ? node['left'] : node.type === 'UpdateExpression' ? node['argument'] : null
  if (target !== null) namesIn(target, into)
  for (const key in node) {
    const value = node[key]
    for (const child of Array.isArray(value) ? value : [value])
      if (typeof child === 'object' && child !== null && typeof child.type === 'string') writtenIn(child, into)
  }
  return into
}

function namesIn(node: Node, into: Set<string>): void {
  if (node.type === 'Identifier') into.add(node['name'])
  else if (node.type !== 'MemberExpression')
    for (const key in node) {
      const value = node[key]
      for (const child of Array.isArray(value) ? value : [value])
        if (typeof child === 'object' && child !== null && typeof child.type === 'string') namesIn(child, into)
    }
}
