import { childrenOf, isFunction, type Node } from './nodes.ts'
import type { Binding, Foreign, Scope, Site } from './scope.ts'

/**
 * Which calls may park. Anything may that is not known to be harmless: builtins that call nothing back in a way that could
 * be suspended; functions and classes of the same source, of which the inference decides; and what is plainly another
 * module's, of which whoever compiles may know.
 */
const functions = new Set(
  `Number String Boolean Symbol BigInt Object Array Date RegExp Error TypeError RangeError SyntaxError ReferenceError
  EvalError URIError AggregateError parseInt parseFloat isNaN isFinite encodeURIComponent decodeURIComponent encodeURI
  decodeURI escape unescape setTimeout setInterval setImmediate clearTimeout clearInterval clearImmediate queueMicrotask
  structuredClone fetch require eval`.split(/\s+/),
)
const namespaces = new Set(
  `Math JSON Object Number String Symbol BigInt Date RegExp Promise console process performance Buffer Intl
  ArrayBuffer Atomics Proxy Error`.split(/\s+/),
)
const constructors = new Set(
  `Map Set WeakMap WeakSet WeakRef FinalizationRegistry Error TypeError RangeError SyntaxError ReferenceError EvalError
  URIError AggregateError Promise Date RegExp Array Object Proxy ArrayBuffer SharedArrayBuffer DataView Int8Array Uint8Array
  Uint8ClampedArray Int16Array Uint16Array Int32Array Uint32Array Float32Array Float64Array BigInt64Array BigUint64Array
  AbortController URL URLSearchParams TextEncoder TextDecoder Function`.split(/\s+/),
)
// Those that run a callback, or an iterator, which has a twin that can be suspended.
const withTwin = new Set(['from', 'fromEntries', 'groupBy', 'apply', 'construct', 'wait'])

// Methods that call nothing back, of what a constant may plainly hold: arrays, maps, sets, dates, regular expressions.
const methods = new Set(
  `push pop shift unshift slice splice concat join reverse indexOf lastIndexOf includes fill at keys entries values flat with
  toReversed toSpliced copyWithin get set has delete add clear test exec getTime toISOString toString subarray
  append encode decode`.split(/\s+/),
)
const held = new Set(
  `Map Set WeakMap WeakSet Date RegExp Array Int8Array Uint8Array Uint8ClampedArray Int16Array Uint16Array Int32Array
  Uint32Array Float32Array Float64Array URLSearchParams TextEncoder TextDecoder`.split(/\s+/),
)
const collections = new Set(['keys', 'values', 'entries', 'getOwnPropertyNames'])

/** The site that a node is, or null if nothing parks there. */
export function siteOf(node: Node, scope: Scope): Site | null {
  if (node.type === 'VariableDeclaration') return ownsNothing(node) ? null : siteAt(node, node['kind'])
  const iterated = iteratedBy(node)
  if (iterated !== null) return isInertIterable(iterated, scope) ? null : siteAt(node, iterations[node.type] as string)
  if (node.type === 'YieldExpression') return siteAt(node, 'yield*')
  const callee = (node.type === 'TaggedTemplateExpression' ? node['tag'] : node['callee']) as Node
  const made = node.type === 'NewExpression'
  if (callee.type === 'Super') return siteAt(node, 'super(…)')
  if (callee.type === 'Import') return null
  if (callee.type === 'Identifier') {
    const name = callee['name'] as string
    const binding = scope.lookup(name)
    if (binding === null && (made ? constructors : functions).has(name)) return null
    const what = `${made ? 'new ' : ''}${name}(…)`
    if (binding === null) return siteAt(node, what)
    if (made && binding.cls !== null) return constructionAt(node, what, binding)
    if (made && binding.fn?.kind === 'arrow') return siteAt(node, what)
    return { node, fn: binding.fn, foreign: binding.foreign && { ...binding.foreign, made }, what }
  }
  const foreign = foreignOf(callee, scope)
  if (callee.type === 'MemberExpression' && foreign !== null) {
    const what = `${made ? 'new ' : ''}${nameOf(callee)}(…)`
    return { node, fn: null, foreign: { ...foreign, made }, what }
  }
  if (callee.type === 'MemberExpression' && !made) {
    const { object, property } = callee
    const name = callee['computed'] ? null : (property['name'] as string)
    if (object.type === 'Identifier' && namespaces.has(object['name']) && scope.lookup(object['name']) === null)
      if (name !== null && !withTwin.has(name)) return null
    if (name !== null && isBuiltin(object) && !node['arguments']?.some((argument: Node) => !isInert(argument)))
      return null
    if (name !== null && methods.has(name) && holdsBuiltin(object, scope)) return null
    return siteAt(node, `${name === null ? '[…]' : `.${name}`}(…)`)
  }
  return siteAt(node, isFunction(callee) ? 'a function expression' : 'a computed function')
}

/** `using x = null` */
function ownsNothing(node: Node): boolean {
  return (node['declarations'] as Node[]).every(({ init }) => init?.['raw'] === 'null')
}

function siteAt(node: Node, what: string): Site {
  return { node, fn: null, foreign: null, what }
}

/** `new C(…)` of a class of this source: what its constructor does, unless more runs than that. */
function constructionAt(node: Node, what: string, { cls, maker, fixed }: Binding): Site | null {
  const { superClass, body } = cls as Node
  if (!fixed || superClass !== null) return siteAt(node, what)
  const members = body['body'] as Node[]
  // Initialisers run as well. What is not a function and has no call in it runs nothing that could park.
  if (members.some(({ type, value }) => type === 'PropertyDefinition' && value !== null && !isPlainValue(value)))
    return siteAt(node, what)
  return maker === null ? null : { node, fn: maker, foreign: null, what }
}

/** What a node plainly names of another module; null if it does not. */
export function foreignOf(node: Node, scope: Scope): Foreign | null {
  if (node.type === 'Identifier') {
    const binding = scope.lookup(node['name'])
    return binding?.fixed ? binding.foreign : null
  }
  if (node.type === 'MemberExpression' && !node['computed'] && node['property'].type === 'Identifier') {
    const { object, property } = node
    const outer = foreignOf(object, scope)
    if (outer === null) return null
    // Of what is deeper in nobody knows who has it.
    const loose = object.type === 'Identifier' ? scope.lookup(object['name'])?.escapes === true : outer.path.length > 0
    return { ...outer, path: [...outer.path, property['name']], loose: outer.loose || loose }
  }
  if (node.type !== 'CallExpression' || node['callee'].type !== 'Identifier' || node['callee']['name'] !== 'require')
    return null
  const [argument] = node['arguments'] as Node[]
  if (scope.lookup('require') !== null || argument?.type !== 'Literal' || typeof argument['value'] !== 'string')
    return null
  return { from: argument['value'], path: [], required: true, made: false, loose: false }
}

/** Names one foreign value among all. */
export function keyOf({ from, path, required, made, loose }: Foreign): string {
  return JSON.stringify([from, path, Number(required), Number(made), Number(loose)])
}

function nameOf({ object, property }: Node): string {
  return object.type === 'Identifier' ? `${object['name']}.${property['name']}` : `.${property['name']}`
}

const iterations: Record<string, string> = {
  ForOfStatement: 'for…of',
  SpreadElement: 'a spread',
  VariableDeclarator: 'destructuring',
  AssignmentExpression: 'destructuring',
}

/** What a node iterates over. */
function iteratedBy(node: Node): Node | null {
  switch (node.type) {
    case 'ForOfStatement':
    case 'AssignmentExpression':
      return node['right']
    case 'SpreadElement':
      return node['argument']
    case 'VariableDeclarator':
      return node['init']
    default:
      return null
  }
}

/** Literals, and what builtins give. */
function isInertIterable(node: Node, scope: Scope): boolean {
  if (isBuiltin(node) || holdsBuiltin(node, scope)) return true
  return (node.type === 'CallExpression' || node.type === 'NewExpression') && siteOf(node, scope) === null
}

/** Strings, regular expressions, arrays of such: what their own methods do is known. */
function isBuiltin(node: Node): boolean {
  return (
    node.type === 'Literal' ||
    node.type === 'TemplateLiteral' ||
    (node.type === 'ArrayExpression' &&
      node['elements'].every((element: Node | null) => element?.type !== 'SpreadElement'))
  )
}

/** A constant that was made here: an array, a map and the like. */
function holdsBuiltin(node: Node, scope: Scope): boolean {
  if (node.type !== 'Identifier') return false
  const binding = scope.lookup(node['name'])
  return binding?.fixed === true && binding.builtin
}

/** True if an expression makes an array, a map or the like. */
export function builtinMade(node: Node, scope: Scope): boolean {
  if (node.type === 'ArrayExpression' || node.type === 'TemplateLiteral') return true
  if (node.type === 'Literal') return node['value'] !== null
  const { callee } = node
  if (node.type === 'NewExpression')
    return callee.type === 'Identifier' && held.has(callee['name']) && scope.lookup(callee['name']) === null
  if (node.type !== 'CallExpression' || callee.type !== 'MemberExpression' || callee['computed']) return false
  const { object, property } = callee
  return object['name'] === 'Object' && collections.has(property['name']) && scope.lookup('Object') === null
}

/** An initialiser that runs nothing. */
function isPlainValue(node: Node): boolean {
  if (node.type === 'ArrayExpression' || node.type === 'ObjectExpression') return childrenOf(node).length === 0
  return node.type === 'Literal' || node.type === 'Identifier' || isFunction(node)
}

/** Nothing that could be called back. */
function isInert(node: Node): boolean {
  return node.type === 'Literal' || (node.type === 'TemplateLiteral' && node['expressions'].length === 0)
}
