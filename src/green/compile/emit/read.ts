import { accessOf, memberNames } from '../accessors.ts'
import type { Node } from '../nodes.ts'
import type { Fn } from '../scope.ts'
import { assignable, type Emitter, type Hole, type Mode } from './emitter.ts'

/** True if a member is read whose name is that of a getter of this source which may park. */
export function isGreenRead(emitter: Emitter, node: Node): boolean {
  if (!emitter.mayPark || !isReachable(emitter, node) || !reaches(emitter, node, '')) return false
  return accessOf(emitter.analysis, node).read && !isCalled(emitter, node)
}

/** The same of one that is read to be called. */
export function isGreenCallee(emitter: Emitter, node: Node): boolean {
  if (!emitter.mayPark || node.type !== 'MemberExpression' || node['object'].type === 'Super') return false
  return node['property'].type !== 'PrivateIdentifier' && reaches(emitter, node, '') && isCalled(emitter, node)
}

/** True but for a member of `super` that is not a class's: nobody can name the object that it is looked for from. */
function isReachable(emitter: Emitter, node: Node): boolean {
  return node['object'].type !== 'Super' || superHome(emitter, node) !== null
}

function isCalled(emitter: Emitter, node: Node): boolean {
  const { parentOf } = emitter.analysis
  const parent = parentOf.get(node) as Node
  // A chain that is called has parentheses around it.
  const whole = parent.type === 'ChainExpression' ? parent : node
  const { type, callee } = parentOf.get(whole) as Node
  return type === 'CallExpression' && callee === whole
}

const writers: ReadonlySet<Mode> = new Set<Mode>(['green', 'generator', 'async', 'direct'])

/** True if a member is written, by an assignment or an update, whose name is that of a setter of this source which may park. */
export function isGreenWrite(emitter: Emitter, node: Node): boolean {
  if (!writers.has(emitter.activation.mode) || emitter.hole !== null) return false
  const target: Node = node['left'] ?? node['argument']
  if (target.type !== 'MemberExpression' || !isReachable(emitter, target)) return false
  // What is read and written at once, is if either may park.
  if (node.type === 'UpdateExpression' || node['operator'] !== '=')
    return reaches(emitter, target, '=') || reaches(emitter, target, '')
  return reaches(emitter, target, '=')
}

function reaches(emitter: Emitter, member: Node, prefix: '' | '='): boolean {
  if (!memberNames(member).some((name) => emitter.analysis.parkingGetters.has(prefix + name))) return false
  return member['property'].type !== 'PrivateIdentifier' || privateAccessor(emitter, member, prefix) !== null
}

/** `o.x` → `($1 = o, announce get, $1 = get($1, "x"), …)`. */
export function visitRead(emitter: Emitter, node: Node): void {
  emitter.keep(() => {
    const place = visitPlace(emitter, node)
    emitter.after(node.end, `,${place.get})`)
  })
}

/** The back of a member that is read to be called, from behind `end`. Its object is in `self`. */
export function visitGetter(emitter: Emitter, callee: Node, self: string, end: number): void {
  emitter.keep(() => {
    const key = visitKey(emitter, callee, end)
    emitter.after(callee.end, `,${emitter.callOf('get', `${self},${key}`, callee)})`)
  })
}

/** Takes the key of a member out of it, from behind `end`; answers its name. */
function visitKey(emitter: Emitter, member: Node, end: number): string {
  const { property, computed } = member
  if (!computed) {
    // That of an optional link has been replaced.
    emitter.text.remove(emitter.code.startsWith('?.', end) ? end : emitter.find('.', end), property.end)
    return JSON.stringify(property.name)
  }
  const key = emitter.temp()
  const open = emitter.find('[', end)
  emitter.text.update(open, open + 1, `,${key}=(`)
  emitter.visit(property)
  emitter.text.update(member.end - 1, member.end, ')')
  return key
}

/** `o.x = v` → `($1 = o, $2 = v, announce set, set($1, "x", $2), … , $2)`, and so what reads beforehand. */
export function visitWrite(emitter: Emitter, node: Node): void {
  const target: Node = node['left'] ?? node['argument']
  emitter.keep(() => {
    if (node.type === 'UpdateExpression') {
      const { operator, prefix } = node
      if (prefix) {
        emitter.before(node.start, '(')
        emitter.replace(node.start, node.start + 2, '')
      }
      const place = visitPlace(emitter, target)
      const value = emitter.temp()
      const given = prefix ? value : emitter.temp()
      const step = prefix ? `${operator}${value}` : `${given}=${value}${operator}`
      if (!prefix) emitter.replace(node.end - 2, node.end, '')
      emitter.after(node.end, `,${value}=${place.get},${step},${place.set(value)},${given})${prefix ? ')' : ''}`)
      return
    }
    const { operator, right } = node
    const place = visitPlace(emitter, target)
    const value = emitter.temp()
    const [open, closed] = assignable(right)
    const at = emitter.find(operator, target.end)
    const done = `${place.set(value)},${value}`
    if (operator === '=') {
      emitter.text.update(at, at + 1, `,${value}=${open}`)
      emitter.visit(right)
      emitter.after(node.end, `${closed},${done})`)
      return
    }
    const plain = operator.slice(0, -1)
    const logical = plain === '||' || plain === '&&' || plain === '??'
    const read = `${value}=${place.get}`
    emitter.text.update(
      at,
      at + operator.length,
      logical ? `,${read},${value}${plain}(${value}=${open}` : `,${value}=(${read})${plain}(`,
    )
    emitter.visit(right)
    emitter.after(node.end, logical ? `${closed},${done}))` : `),${done})`)
  })
}

interface Place {
  /** Expressions. */
  readonly get: string
  set(value: string): string
}

/** Leaves a parenthesis open, behind which the object and the key are known. */
function visitPlace(emitter: Emitter, member: Node): Place {
  const { object } = member
  if (object.type === 'Super') return superPlace(emitter, member)
  const { hole } = emitter
  const inHole = object === hole?.node
  const self = inHole ? (hole as Hole).name : emitter.temp()
  const end = inHole ? (hole as Hole).end : object.end
  emitter.before(member.start, '(')
  if (inHole) emitter.visit(object)
  else emitter.keepIn(self, object)
  const key = visitKey(emitter, member, end)
  if (member['property'].type === 'PrivateIdentifier') return privatePlace(emitter, member, self)
  return {
    get: emitter.callOf('get', `${self},${key}`, member),
    set: (value) => emitter.callOf('set', `${self},${key},${value}${emitter.isStrict(member) ? '' : ',1'}`, member),
  }
}

function superPlace(emitter: Emitter, member: Node): Place {
  const { object } = member
  const self = emitter.lexical.self ?? 'this'
  emitter.before(member.start, '(')
  // In a constructor it has to be there before the key is evaluated.
  emitter.text.update(object.start, object.end, self)
  const key = visitKey(emitter, member, object.end)
  const args = `${superHome(emitter, member)},${self},${key}`
  return {
    get: emitter.callOf('superGet', args, member),
    set: (value) => emitter.callOf('superSet', `${args},${value}`, member),
  }
}

/** The object whose method has this `super`, by its name; null where it has none. */
function superHome(emitter: Emitter, member: Node): string | null {
  const { parentOf, fnOf } = emitter.analysis
  let at: Node | undefined = member
  while (at !== undefined && (fnOf.get(at)?.kind ?? 'arrow') === 'arrow') at = parentOf.get(at)
  const definition = at === undefined ? undefined : parentOf.get(at)
  if (definition?.type !== 'MethodDefinition') return null
  const cls = parentOf.get(parentOf.get(definition) as Node) as Node
  const name: string | undefined = cls['id']?.name
  if (name === undefined || emitter.scopeAt(member).lookup(name)?.scope.node !== cls) return null
  return definition['static'] ? name : `${name}.prototype`
}

/** Accessors with a private name, which the runtime cannot look up: each has a method beside it. */
function privatePlace(emitter: Emitter, member: Node, self: string): Place {
  const name = `#${member['property'].name}`
  const called = (prefix: '' | '=', args: string, otherwise: string): string => {
    if (privateAccessor(emitter, member, prefix) === null) return otherwise
    const fn = emitter.temp()
    const method = `${fn}=${self}.${privateMethod(emitter, name, prefix)}`
    const text =
      emitter.activation.mode === 'async'
        ? `${fn}=${emitter.use('callAsync', 'callAsync')}(${fn},${self}${args})`
        : `${emitter.announce(fn)},${fn}=${emitter.use('call', 'call')}(${fn},${self}${args})`
    emitter.release(1)
    return `(${method},${text},${emitter.outcome(fn, member)})`
  }
  return {
    get: called('', '', `${self}.${name}`),
    set: (value) => called('=', `,${value}`, `${self}.${name}=${value}`),
  }
}

/** `get #x() { … }` → `get #x() { return this.#$get_x() } #$get_x() { … }`. */
export function visitAccessor(emitter: Emitter, node: Node): void {
  const { key, kind, static: isStatic } = node
  const prefix = kind === 'get' ? '' : '='
  const method = privateMethod(emitter, `#${key.name}`, prefix)
  const value = emitter.names.of('value')
  const native = kind === 'get' ? `(){return this.${method}()}` : `(${value}){this.${method}(${value})}`
  emitter.after(key.end, `${native}${isStatic ? 'static ' : ''}${method}`)
  emitter.visit(node['value'])
}

/** True for a private accessor that is compiled. */
export function isPrivateAccessor(emitter: Emitter, node: Node): boolean {
  if (node['key'].type !== 'PrivateIdentifier' || (node['kind'] !== 'get' && node['kind'] !== 'set')) return false
  return emitter.isGreen(emitter.analysis.fnOf.get(node['value']) as Fn)
}

function privateMethod(emitter: Emitter, name: string, prefix: '' | '='): string {
  return `#${emitter.names.of(prefix === '' ? 'get' : 'set')}_${name.slice(1)}`
}

/** The definition of the compiled accessor that a private name stands for. */
function privateAccessor(emitter: Emitter, member: Node, prefix: '' | '='): Node | null {
  const cls = emitter.scopeAt(member).lookup(`#${member['property'].name}`)?.scope.node
  const members: Node[] = cls?.['body']?.body ?? []
  const kind = prefix === '' ? 'get' : 'set'
  const found = members.find(
    (node) =>
      node['kind'] === kind &&
      node['key']?.type === 'PrivateIdentifier' &&
      node['key'].name === member['property'].name,
  )
  return found !== undefined && isPrivateAccessor(emitter, found) ? found : null
}
