import type { Node } from './nodes.ts'
import type { Binding, Scope } from './scope.ts'

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
  /** The same-file function that is called there; null: anything. */
  readonly fn: Fn | null
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
