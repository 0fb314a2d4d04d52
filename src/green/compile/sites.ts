import { isFunction, type Node } from './nodes.ts'
import type { Scope, Site } from './scope.ts'

/**
 * Which calls may park. Anything may that is not known to be harmless: builtins that call nothing back in a way that could
 * be suspended, and functions of the same source, of which the inference decides.
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

/** The site that a node is, or null if nothing parks there. */
export function siteOf(node: Node, scope: Scope): Site | null {
  const iterated = iteratedBy(node)
  if (iterated !== null)
    return isInertIterable(iterated, scope) ? null : { node, fn: null, what: iterations[node.type] as string }
  if (node.type === 'YieldExpression') return { node, fn: null, what: 'yield*' }
  const callee = (node.type === 'TaggedTemplateExpression' ? node['tag'] : node['callee']) as Node
  const made = node.type === 'NewExpression'
  if (callee.type === 'Super') return { node, fn: null, what: 'super(…)' }
  if (callee.type === 'Import') return null
  if (callee.type === 'Identifier') {
    const name = callee['name'] as string
    const binding = scope.lookup(name)
    if (binding === null && (made ? constructors : functions).has(name)) return null
    return { node, fn: made ? null : (binding?.fn ?? null), what: `${made ? 'new ' : ''}${name}(…)` }
  }
  if (callee.type === 'MemberExpression' && !made) {
    const { object, property } = callee
    const name = callee['computed'] ? null : (property['name'] as string)
    if (object.type === 'Identifier' && namespaces.has(object['name']) && scope.lookup(object['name']) === null)
      if (name !== null && !withTwin.has(name)) return null
    if (name !== null && isBuiltin(object) && !node['arguments']?.some((argument: Node) => !isInert(argument)))
      return null
    return { node, fn: null, what: `${name === null ? '[…]' : `.${name}`}(…)` }
  }
  return { node, fn: null, what: isFunction(callee) ? 'a function expression' : 'a computed function' }
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
  if (isBuiltin(node)) return true
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

/** Nothing that could be called back. */
function isInert(node: Node): boolean {
  return node.type === 'Literal' || (node.type === 'TemplateLiteral' && node['expressions'].length === 0)
}
