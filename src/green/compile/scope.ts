import type { Node } from './nodes.ts'

/** `function` holds parameters and body alike; `self` the own name of a function expression; `for` the head of a loop. */
export type ScopeKind = 'top' | 'function' | 'block' | 'for' | 'switch' | 'catch' | 'class' | 'self'

/** A name and what it stands for. */
export interface Binding {
  readonly name: string
  readonly scope: Scope
  /** Holds one value for all of its visible life. */
  fixed: boolean
  /** That value, if it is a function of this source. */
  fn: Fn | null
  /** … or a class. */
  cls: Node | null
  /** The constructor of that class, if one is written. */
  maker: Fn | null
  /** From where it is imported. */
  from: string | null
  /** What it stands for in another module. */
  foreign: Foreign | null
  /** It is used otherwise than by members that are read: whoever has it may change what it holds. */
  escapes: boolean
  /** A constant that holds an array, a map or the like, made here. */
  builtin: boolean
}

/** A value of another module: an export, or a member of what `require` gives. */
export interface Foreign {
  /** The specifier, as it is written. */
  readonly from: string
  /** Names from that module inward; none: the namespace, or what `module.exports` is. */
  readonly path: readonly string[]
  readonly required: boolean
  /** By `new`. */
  readonly made: boolean
  /** It is a member of an object that this module may have changed, or handed to others. */
  readonly loose: boolean
}

/** Where names live. */
export class Scope {
  readonly kind: ScopeKind
  readonly node: Node
  readonly parent: Scope | null
  readonly depth: number
  /** The function that it is in, or is the scope of; null: top-level code. */
  readonly fn: Fn | null
  readonly bindings = new Map<string, Binding>()

  constructor(kind: ScopeKind, node: Node, parent: Scope | null, fn: Fn | null) {
    this.kind = kind
    this.node = node
    this.parent = parent
    this.depth = parent === null ? 0 : parent.depth + 1
    this.fn = fn
  }

  declare(name: string, fixed: boolean): Binding {
    const known = this.bindings.get(name)
    if (known !== undefined) {
      known.fixed = false
      known.fn = null
      known.cls = null
      known.foreign = null
      known.builtin = false
      return known
    }
    const binding: Binding = {
      name,
      scope: this,
      fixed,
      fn: null,
      cls: null,
      maker: null,
      from: null,
      foreign: null,
      escapes: false,
      builtin: false,
    }
    this.bindings.set(name, binding)
    return binding
  }

  lookup(name: string): Binding | null {
    for (let scope: Scope | null = this; scope !== null; scope = scope.parent) {
      const binding = scope.bindings.get(name)
      if (binding !== undefined) return binding
      // Every function but an arrow has an `arguments` of its own.
      if (name === 'arguments' && scope.kind === 'function' && scope.fn?.kind !== 'arrow') return null
    }
    return null
  }

  /** Where `var` and functions are hoisted to. */
  get hoist(): Scope {
    let scope: Scope = this
    while (scope.kind !== 'function' && scope.kind !== 'top') scope = scope.parent as Scope
    return scope
  }
}

/** `fields`: the initialiser of a field, or a static block, which is a function of its own. */
export type FnKind =
  | 'declaration'
  | 'expression'
  | 'arrow'
  | 'method'
  | 'getter'
  | 'setter'
  | 'constructor'
  | 'derived'
  | 'fields'

/** Something in a function at which it may park. */
export interface Site {
  readonly node: Node
  /** The same-file function that is called there; null: anything else. */
  readonly fn: Fn | null
  /** What is called there of another module; null with `fn` null: anything. */
  readonly foreign: Foreign | null
  /** What is called, in words. */
  readonly what: string
}

/** A function of the source, and what was found out about it. */
export interface Fn {
  readonly node: Node
  readonly kind: FnKind
  readonly async: boolean
  readonly generator: boolean
  readonly name: string
  readonly parent: Fn | null
  /** The class whose constructor, method or field it is. */
  readonly home: Node | null
  /** Its own scope. */
  scope: Scope
  readonly strict: boolean
  usesThis: boolean
  usesArguments: boolean
  usesNewTarget: boolean
  usesSuper: boolean
  callsSuper: boolean
  /** A function expression that refers to itself by its own name. */
  usesSelf: boolean
  /** Why it must be left as it is; null: it need not. */
  obstacle: string | null
  /** Contains a direct `eval`, itself or deeper in: it captures all scopes. */
  evals: boolean
  /** The innermost scope outside of it that it takes names from; null: only globals. */
  captured: Scope | null
  /** Its own name, where that is bound by itself. */
  self: Binding | null
  readonly sites: Site[]
  /** A comment before it says so. */
  said: boolean | null
  parks: boolean
  why: string | null
}

/** An arrow function takes `this`, `arguments`, `super` and `new.target` from the function that this gives. */
export function lexicalOwner(fn: Fn | null): Fn | null {
  let owner = fn
  while (owner !== null && owner.kind === 'arrow') owner = owner.parent
  return owner
}
