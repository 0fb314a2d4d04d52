/**
 * Expressions that contain sites, taken to pieces. See plan.ts.
 *
 * `prefix` makes terms of all that a node evaluates up to the end of its last site (`tailOf`), in place, and gives as text what
 * the node began with up to there, with the names of what the terms have evaluated in it. What stands behind, the *tail*,
 * stays as it was: that text and the tail together are the rest of the expression.
 *
 *     a.b + f(x) * 2   →   terms  !$p && ($1 = a.b, 0) || (… $2 = f(x) …)     text  $1 + $2     tail  * 2
 */
import { assignable } from '../emit/emitter.ts'
import { isFunction, type Node } from '../nodes.ts'
import { Terms, withoutComments } from './terms.ts'

export abstract class Expressions extends Terms {
  /** Names that the statement assigns to. */
  protected written: ReadonlySet<string> = new Set()

  /** Evaluates a node that is one, and gives the name of its value. */
  protected abstract unit(node: Node): string
  /** `...x`: gives the name of the list. */
  protected abstract spread(node: Node): string

  /** Begins the terms of a statement that evaluates `node`. */
  begin(node: Node): void {
    this.joint = ''
    this.written = writtenIn(node, new Set())
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
      case 'ChainExpression':
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
    this.emitter.after(node.end, `${closed},!1)`)
    return name
  }

  /** Puts the rest of a node whose prefix is `text` into a temporary. */
  protected keep(node: Node, text: string, open = '', closed = ''): string {
    const name = this.emitter.temp()
    this.assign(name, node, text, open, closed)
    this.emitter.after(node.end, ',!1)')
    return name
  }

  /** The same, without the end of the term. */
  protected assign(name: string, node: Node, text: string, open = '', closed = ''): void {
    const [outer, outerClosed] = node.type === 'SequenceExpression' ? ['(', ')'] : ['', '']
    this.emitter.after(this.tailOf(node), `||!${this.locals.place}&&(${name}=${open}${outer}${text}`)
    this.emitter.after(node.end, `${outerClosed}${closed}`)
  }

  /** What a node evaluates, in order, where that is all it has of interest. */
  protected parts(node: Node): Node[] {
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

  protected parted(node: Node): string {
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

  protected visitTail(parent: Node, part: Node): void {
    if (part.type === 'TemplateElement') return
    if (parent.type === 'Property' && part === parent['key'] && !parent['computed']) return
    if (part.type === 'SpreadElement') this.emitter.visit(part['argument'])
    else this.emitter.visit(part)
  }

  /** The same as `settle` for what is not quite an expression. */
  protected settlePart(parent: Node, part: Node): string {
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
    emitter.after(part.end, `||!${this.locals.place}&&(${name}=[...${name}],!1)`)
    return `...${name}`
  }

  /** Evaluates a node within something. `whole` begins with what is to be dropped. */
  protected settleAs(node: Node, open: string, closed: string, whole = node): string {
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
    this.emitter.after(node.end, `${closed},!1)`)
    return name
  }

  protected settleProperty(property: Node): string {
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

  protected inline(node: Node): string {
    const text = this.verbatim(node)
    if (node.type === 'ThisExpression') return this.emitter.lexical.self ?? 'this'
    return text
  }

  /** True for what may as well be evaluated later. */
  protected isInline(node: Node): boolean {
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

  /** `x += …`, where nothing but this may change `x` meanwhile. */
  protected isOwn(node: Node): boolean {
    const { left, right } = node
    if (left.type !== 'Identifier' || isLogical(node)) return false
    const own = this.plan.variables.of(this.emitter.scopeAt(left).lookup(left.name))
    return own !== null && own.from <= left.start && !writtenIn(right, new Set()).has(left.name)
  }

  protected assignment(node: Node): string {
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
  protected member(node: Node): string {
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
}

export function isLogical(assignment: Node): boolean {
  return /^(\|\||&&|\?\?)=$/.test(assignment['operator'])
}

function keyText(key: Node): string {
  return key.type === 'Identifier' ? JSON.stringify(key['name']) : key['raw']
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
