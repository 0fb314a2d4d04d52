import { boundNames, childrenOf, isFunction, isUsing, type Node } from './nodes.ts'
import type { Binding, Fn, FnKind } from './scope.ts'
import { lexicalOwner, Scope } from './scope.ts'
import { builtinMade, foreignOf, siteOf } from './sites.ts'

/** What is known of a source before it is changed. */
export interface Analysis {
  readonly top: Scope
  /** In the order of the text. */
  readonly functions: readonly Fn[]
  readonly fnOf: ReadonlyMap<Node, Fn>
  /** By the value of a field, and by static block: the function that it is by itself. */
  readonly initialisers: ReadonlyMap<Node, Fn>
  readonly scopeOf: ReadonlyMap<Node, Scope>
  readonly parentOf: ReadonlyMap<Node, Node>
  readonly identifiers: Set<string>
  /** Names that are assigned to, where they are. */
  readonly writes: ReadonlySet<Node>
  /** Sites of the top-level code. */
  readonly topSites: Fn['sites']
  /** It cannot be the body of a generator. */
  readonly topObstacle: boolean
  /** Accesses of members by name: accessors.ts fills it. */
  readonly reads: { readonly name: string; readonly fn: Fn; readonly node: Node }[]
  /** Names of accessors that may park (accessors.ts): the inference fills it. */
  readonly parkingGetters: Set<string>
  /** How often a member of that name is assigned to, deleted and the like, of whatever object. */
  readonly written: ReadonlyMap<string, number>
  /** Where CommonJS says what it exports: the names `exports` and `module`. */
  readonly exporting: readonly { readonly node: Node; readonly scope: Scope }[]
  /** `this` of the top level is used. */
  readonly topThis: boolean
  /** What is known of what other modules have: by `keyOf`. The inference fills it. */
  readonly foreign: Map<string, ForeignVerdict>
}

/** What a call of a foreign value may do. */
export interface ForeignVerdict {
  readonly parks: boolean
  /** Through calls that are known, it comes to one that is made to block. */
  readonly blocks: boolean
}

interface Reference {
  readonly name: string
  readonly scope: Scope
  readonly write: boolean
  /** Only members of it are read. */
  readonly quiet: boolean
}

/** Finds scopes, functions, and what each of them uses. */
export function analyze(program: Node, strict: boolean): Analysis {
  const functions: Fn[] = []
  const fnOf = new Map<Node, Fn>()
  const initialisers = new Map<Node, Fn>()
  const scopeOf = new Map<Node, Scope>()
  const parentOf = new Map<Node, Node>()
  const identifiers = new Set<string>()
  const references: Reference[] = []
  const writes = new Set<Node>()
  const written = new Map<string, number>()
  const exporting: { node: Node; scope: Scope }[] = []
  let topThis = false
  const quiet = new Set<Node>()
  const classes = new Map<Node, Binding>()
  const initialised: { binding: Binding; init: Node; path: readonly string[]; scope: Scope }[] = []
  const candidates: { node: Node; scope: Scope; fn: Fn | null }[] = []
  const top = new Scope('top', program, null, null)
  let topObstacle = false
  const within: Node[] = [] // `with` statements around
  scopeOf.set(program, top)
  visitAll(program, top, null, strict || isStrict(program['body']))

  for (const { name, scope, write, quiet } of references) resolve(name, scope, write, quiet)
  for (const { binding, init, path, scope } of initialised) know(binding, init, path, scope)
  // Sloppy `arguments` may change parameters.
  for (const fn of functions)
    if (fn.usesArguments && !fn.strict) for (const binding of fn.scope.bindings.values()) binding.fixed = false
  for (const fn of functions)
    if (fn.kind === 'arrow' && fn.callsSuper)
      for (let at: Fn | null = fn; at !== null; at = at.kind === 'arrow' ? at.parent : null)
        at.obstacle ??= 'an arrow function in it calls `super`'
  const topSites: Fn['sites'] = []
  for (const { node, scope, fn } of candidates) {
    const site = siteOf(node, scope)
    if (site !== null) (fn === null ? topSites : fn.sites).push(site)
  }
  return {
    top,
    functions,
    fnOf,
    initialisers,
    scopeOf,
    parentOf,
    identifiers,
    writes,
    topSites,
    topObstacle,
    reads: [],
    parkingGetters: new Set(),
    written,
    exporting,
    topThis,
    foreign: new Map(),
  }

  function visitAll(node: Node, scope: Scope, fn: Fn | null, strict: boolean): void {
    for (const child of childrenOf(node)) {
      parentOf.set(child, node)
      visit(child, scope, fn, strict)
    }
  }

  function visit(node: Node, scope: Scope, fn: Fn | null, strict: boolean): void {
    if (isFunction(node)) return visitFunction(node, scope, fn, strict)
    let inner = scope
    switch (node.type) {
      case 'BlockStatement': {
        const parent = parentOf.get(node) as Node
        // The body of a function is in the function's scope, that of a catch clause in the clause's.
        if (!isFunction(parent) && parent.type !== 'CatchClause') inner = open('block', node, scope, fn)
        break
      }
      case 'ForStatement':
      case 'ForInStatement':
      case 'ForOfStatement':
        inner = open('for', node, scope, fn)
        if (node.type !== 'ForStatement') for (const id of boundNames(node['left'])) writes.add(id)
        if (node.type === 'ForOfStatement' && !node['await']) candidates.push({ node, scope, fn })
        break
      case 'SwitchStatement':
        inner = open('switch', node, scope, fn)
        break
      case 'CatchClause':
        inner = open('catch', node, scope, fn)
        for (const id of boundNames(node['param'])) inner.declare(id['name'], true)
        break
      case 'WithStatement':
        if (fn !== null) fn.obstacle ??= 'it has a `with` statement'
        else topObstacle = true
        within.push(node)
        visitAll(node, scope, fn, strict)
        within.pop()
        return
      case 'VariableDeclaration':
        if (isUsing(node)) candidates.push({ node, scope, fn })
        for (const { id, init } of node['declarations'])
          for (const name of boundNames(id)) {
            quiet.add(name)
            const target = node['kind'] === 'var' ? scope.hoist : scope
            const binding = target.declare(name['name'], isConstant(node) || (node['kind'] === 'let' && init))
            if (node['kind'] === 'const' && init && id === name && isFunction(init)) pendingFn.set(init, binding)
            if (!isConstant(node) && !init) binding.fixed = false
            const path = init && pathTo(id, name)
            if (path) initialised.push({ binding, init, path, scope })
          }
        break
      case 'ImportDeclaration':
        for (const specifier of node['specifiers']) {
          const binding = top.declare(specifier['local']['name'], true)
          const from = String(node['source']['value'])
          binding.from = from
          quiet.add(specifier['local'])
          binding.foreign = { from, path: importedPath(specifier), required: false, made: false, loose: false }
        }
        break
      case 'ClassDeclaration':
      case 'ClassExpression':
        if (node.type === 'ClassDeclaration' && node['id']) {
          const binding = scope.declare(node['id']['name'], true)
          if (binding.fixed) binding.cls = node
          classes.set(node, binding)
        }
        inner = open('class', node, scope, fn)
        if (node['id']) inner.declare(node['id']['name'], true)
        for (const { key, type } of node['body']['body'])
          if (type !== 'StaticBlock' && key.type === 'PrivateIdentifier' && !inner.bindings.has(`#${key['name']}`))
            inner.declare(`#${key['name']}`, true)
        return visitAll(node, inner, fn, true)
      case 'PropertyDefinition':
        visitKey(node, scope, fn, strict)
        if (node['value'] !== null) visitFields(node['value'], node, scope, fn)
        return
      case 'StaticBlock':
        return visitFields(node, node, scope, fn)
      case 'MethodDefinition':
      case 'Property':
        visitKey(node, scope, fn, strict)
        parentOf.set(node['value'], node)
        return visit(node['value'], scope, fn, strict)
      case 'AssignmentExpression':
        for (const id of boundNames(node['left'])) writes.add(id)
        if (node['left'].type === 'ArrayPattern') candidates.push({ node, scope, fn })
        break
      case 'UpdateExpression':
        if (node['argument'].type === 'Identifier') writes.add(node['argument'])
        break
      case 'CallExpression':
        if (node['callee'].type === 'Identifier' && node['callee']['name'] === 'eval') noteEval(fn)
        if (node['callee'].type === 'Super') owner(fn, 'callsSuper')
        candidates.push({ node, scope, fn })
        break
      case 'SpreadElement':
        if (parentOf.get(node)?.type !== 'ObjectExpression') candidates.push({ node, scope, fn })
        break
      case 'VariableDeclarator':
        if (node['id'].type === 'ArrayPattern' && node['init'] !== null) candidates.push({ node, scope, fn })
        if (node['id'].type === 'ObjectPattern' && node['init'] !== null) quiet.add(node['init'])
        break
      case 'NewExpression':
      case 'TaggedTemplateExpression':
        candidates.push({ node, scope, fn })
        break
      case 'YieldExpression':
        if (node['delegate']) candidates.push({ node, scope, fn })
        break
      case 'MemberExpression':
        if (node['object'].type === 'Super') {
          owner(fn, 'usesSuper')
          owner(fn, 'usesThis')
        }
        parentOf.set(node['object'], node)
        parentOf.set(node['property'], node)
        if (!node['computed'] && isRead(node)) quiet.add(node['object'])
        visit(node['object'], scope, fn, strict)
        if (node['computed'] || node['property'].type === 'PrivateIdentifier')
          visit(node['property'], scope, fn, strict)
        else {
          const { name } = node['property']
          identifiers.add(name)
          if (!isRead(node)) written.set(name, (written.get(name) ?? 0) + 1)
        }
        return
      case 'ThisExpression':
        owner(fn, 'usesThis')
        if (lexicalOwner(fn) === null) topThis = true
        return
      case 'MetaProperty':
        if (node['meta']['name'] === 'new') owner(fn, 'usesNewTarget')
        return
      case 'LabeledStatement':
        noteName(node['label']['name'], scope)
        parentOf.set(node['body'], node)
        return visit(node['body'], scope, fn, strict)
      case 'BreakStatement':
      case 'ContinueStatement':
      case 'ExportAllDeclaration':
        return
      case 'ExportNamedDeclaration':
        if (node['declaration']) {
          parentOf.set(node['declaration'], node)
          return visit(node['declaration'], scope, fn, strict)
        }
        if (node['source'] === null)
          for (const { local } of node['specifiers'])
            if (local.type === 'Identifier') refer(local['name'], scope, false)
        return
      case 'PrivateIdentifier':
        identifiers.add(node['name'])
        return refer(`#${node['name']}`, scope, false)
      case 'JSXIdentifier':
        return refer(node['name'], scope, false)
      case 'Identifier': {
        const { name } = node
        identifiers.add(name)
        if (name === 'exports' || name === 'module') exporting.push({ node, scope })
        if (name === 'arguments' && parentOf.get(node)?.['property']?.name === 'callee' && fn !== null)
          fn.obstacle ??= 'it uses `arguments.callee`'
        if (within.length > 0 && fn !== null) fn.obstacle ??= 'it is in a `with` statement'
        return refer(name, scope, writes.has(node), quiet.has(node))
      }
    }
    visitAll(node, inner, fn, strict)
  }

  function visitKey(node: Node, scope: Scope, fn: Fn | null, strict: boolean): void {
    if (!node['computed']) {
      if (node['key'].type === 'Identifier') identifiers.add(node['key']['name'])
      return
    }
    parentOf.set(node['key'], node)
    visit(node['key'], scope, fn, strict)
  }

  function visitFields(node: Node, home: Node, scope: Scope, parent: Fn | null): void {
    const name = node === home ? 'a static block' : nameOf(node, home)
    const fn = makeFn(node, 'fields', name, parent, parentOf.get(parentOf.get(home) as Node) as Node, true)
    initialisers.set(node, fn)
    fn.scope = new Scope('function', node, scope, fn)
    scopeOf.set(node, fn.scope)
    if (node === home) return visitAll(node, fn.scope, fn, true)
    parentOf.set(node, home)
    visit(node, fn.scope, fn, true)
  }

  function visitFunction(node: Node, outer: Scope, parent: Fn | null, outerStrict: boolean): void {
    const strict = outerStrict || (node['body'].type === 'BlockStatement' && isStrict(node['body']['body']))
    const definition = parentOf.get(node) as Node
    const home =
      definition.type === 'MethodDefinition' ? (parentOf.get(parentOf.get(definition) as Node) as Node) : null
    const kind = kindOf(node, definition, home)
    const fn = makeFn(node, kind, nameOf(node, definition), parent, home, strict)
    let scope = outer
    if (node.type === 'FunctionDeclaration' && node['id']) {
      noteName(node['id']['name'], outer)
      identifiers.add(node['id']['name'])
      const binding = outer.declare(node['id']['name'], true)
      if (binding.fixed) binding.fn = fn
      fn.self = binding
      // Sloppy code sees it outside of its block as well.
      if (!strict && outer.hoist !== outer) outer.hoist.declare(node['id']['name'], false)
    } else if (node.type === 'FunctionExpression' && node['id']) {
      identifiers.add(node['id']['name'])
      scope = open('self', node, outer, parent)
      fn.self = scope.declare(node['id']['name'], true)
      fn.self.fn = fn
    }
    const initialised = pendingFn.get(node)
    if (initialised?.fixed) initialised.fn = fn
    const own = new Scope('function', node, scope, fn)
    fn.scope = own
    scopeOf.set(node, own)
    for (const param of node['params']) for (const id of boundNames(param)) own.declare(id['name'], true)
    for (const child of [...node['params'], node['body']]) {
      parentOf.set(child, node)
      visit(child, own, fn, strict)
    }
  }

  function makeFn(node: Node, kind: FnKind, name: string, parent: Fn | null, home: Node | null, strict: boolean): Fn {
    const fn: Fn = {
      node,
      kind,
      async: node['async'] === true,
      generator: node['generator'] === true,
      name,
      parent,
      home,
      scope: top,
      strict,
      usesThis: false,
      usesArguments: false,
      usesNewTarget: false,
      usesSuper: false,
      callsSuper: false,
      usesSelf: false,
      obstacle: within.length > 0 ? 'it is in a `with` statement' : null,
      evals: false,
      captured: null,
      self: null,
      sites: [],
      said: null,
      parks: false,
      why: null,
    }
    functions.push(fn)
    fnOf.set(node, fn)
    const cls = kind === 'constructor' ? classes.get(home as Node) : undefined
    if (cls !== undefined) cls.maker = fn
    return fn
  }

  /** Notes what a constant holds. */
  function know(binding: Binding, init: Node, path: readonly string[], scope: Scope): void {
    if (!binding.fixed) return
    if (path.length === 0 && builtinMade(init, scope)) binding.builtin = true
    const foreign = foreignOf(init, scope)
    if (foreign !== null && binding.foreign === null) binding.foreign = { ...foreign, path: [...foreign.path, ...path] }
  }

  /** False where a member is assigned to, or deleted. */
  function isRead(node: Node): boolean {
    const parent = parentOf.get(node) as Node
    switch (parent.type) {
      case 'AssignmentExpression':
      case 'AssignmentPattern':
        return parent['right'] === node
      case 'ForInStatement':
      case 'ForOfStatement':
        return parent['left'] !== node
      case 'UnaryExpression':
        return parent['operator'] !== 'delete'
      case 'UpdateExpression':
      case 'ArrayPattern':
      case 'RestElement':
        return false
      case 'Property':
        return parentOf.get(parent)?.type !== 'ObjectPattern'
      case 'ChainExpression':
        return isRead(parent)
      default:
        return true
    }
  }

  function open(kind: Scope['kind'], node: Node, parent: Scope, fn: Fn | null): Scope {
    const scope = new Scope(kind, node, parent, fn)
    scopeOf.set(node, scope)
    return scope
  }

  function refer(name: string, scope: Scope, write: boolean, quiet = false): void {
    noteName(name, scope)
    references.push({ name, scope, write, quiet })
  }

  /** Names in sloppy code that the body of a generator cannot have. */
  function noteName(name: string, scope: Scope): void {
    if (name !== 'yield' && name !== 'await') return
    for (let fn = scope.fn; fn !== null; fn = fn.parent) fn.obstacle ??= `it uses the name ${name}`
    topObstacle = true
  }

  /** Notes something of a function, or, if it is an arrow, of all arrows out to the one that has a `this` of its own. */
  function owner(
    fn: Fn | null,
    use: 'usesThis' | 'usesArguments' | 'usesNewTarget' | 'usesSuper' | 'callsSuper',
  ): void {
    for (let at = fn; at !== null; at = at.parent) {
      at[use] = true
      if (at.kind !== 'arrow') return
    }
  }

  function noteEval(from: Fn | null): void {
    for (let fn = from; fn !== null; fn = fn.parent) {
      fn.evals = true
      fn.usesThis = true
      fn.usesArguments = true
      if (fn.kind !== 'declaration' && fn.kind !== 'expression') fn.obstacle ??= 'it has a direct `eval`'
    }
  }

  function resolve(name: string, from: Scope, write: boolean, quiet: boolean): void {
    const binding = from.lookup(name)
    if (binding === null) {
      if (name === 'arguments') owner(from.fn, 'usesArguments')
      return
    }
    // Parameters see the object, where the body has a variable of that name.
    if (name === 'arguments') owner(binding.scope.fn, 'usesArguments')
    if (write) {
      binding.fixed = false
      binding.fn = null
      binding.cls = null
    }
    if (!quiet) binding.escapes = true
    for (let scope: Scope = from; scope !== binding.scope; scope = scope.parent as Scope) {
      if (scope.kind !== 'function') continue
      const fn = scope.fn as Fn
      if (binding === fn.self && binding.scope.kind === 'self') fn.usesSelf = true
      else if (fn.captured === null || fn.captured.depth < binding.scope.depth) fn.captured = binding.scope
    }
  }
}

/** Functions that are the value of a constant which is declared, but whose `Fn` has not been made yet. */
const pendingFn = new WeakMap<Node, ReturnType<Scope['declare']>>()

function isConstant(declaration: Node): boolean {
  return declaration['kind'] === 'const' || isUsing(declaration)
}

/** From what a declaration is initialised with to a name in it; null where that is not plainly said. */
function pathTo(id: Node, name: Node): string[] | null {
  if (id === name) return []
  if (id.type !== 'ObjectPattern') return null
  const property = (id['properties'] as Node[]).find(({ value, computed }) => value === name && !computed)
  return property === undefined ? null : [String(property['key']['name'] ?? property['key']['value'])]
}

/** What an import specifier takes of its module. */
function importedPath({ type, imported }: Node): string[] {
  if (type === 'ImportNamespaceSpecifier') return []
  return [type === 'ImportDefaultSpecifier' ? 'default' : String(imported['name'] ?? imported['value'])]
}

function kindOf(node: Node, definition: Node, home: Node | null): FnKind {
  if (node.type === 'ArrowFunctionExpression') return 'arrow'
  if (node.type === 'FunctionDeclaration') return node['id'] ? 'declaration' : 'expression'
  if (definition['value'] !== node) return 'expression'
  if (definition.type === 'Property' && !definition['method'] && definition['kind'] === 'init') return 'expression'
  if (definition.type !== 'Property' && definition.type !== 'MethodDefinition') return 'expression'
  if (definition['kind'] === 'get') return 'getter'
  if (definition['kind'] === 'set') return 'setter'
  if (definition['kind'] !== 'constructor') return 'method'
  return home?.['superClass'] ? 'derived' : 'constructor'
}

function nameOf(node: Node, definition: Node): string {
  if (node['id']) return node['id']['name']
  const { type } = definition
  if (type === 'VariableDeclarator' && definition['id'].type === 'Identifier') return definition['id']['name']
  if (type === 'MethodDefinition' || type === 'Property' || type === 'PropertyDefinition') {
    const { key } = definition
    if (!definition['computed']) return String(key['name'] ?? key['value'])
  }
  if (type === 'AssignmentExpression' && definition['left'].type === 'Identifier') return definition['left']['name']
  return type === 'ExportDefaultDeclaration' ? 'default' : 'anonymous'
}

/** True if a body begins with "use strict". */
export function isStrict(body: readonly Node[]): boolean {
  for (const statement of body) {
    if (statement.type !== 'ExpressionStatement' || statement['directive'] === undefined) return false
    if (statement['directive'] === 'use strict') return true
  }
  return false
}
