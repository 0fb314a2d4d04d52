/** What wrappers of both kinds are made with (function.ts, reusable.ts). */
import type { Node } from '../nodes.ts'
import type { Fn } from '../scope.ts'
import type { Emitter } from './emitter.ts'

/** `x => …`, without parentheses. */
export function isBare(emitter: Emitter, node: Node): boolean {
  return node['params'].length === 1 && emitter.code[node.start] !== '('
}

/** A variable that lives as long as the innermost scope from which a function takes a name; null: there is no place for one. */
export function keptFor(emitter: Emitter, fn: Fn): string | null {
  const rebound = fn.usesSelf && fn.self?.fixed !== true
  if (fn.evals || rebound) return null
  const name = emitter.names.fresh(emitter.names.of('g'))
  return emitter.declareIn(fn.captured, fn.node, name) ? name : null
}

/** Strict wrappers take `this` as it is. */
export function directive(fn: Fn): string {
  const { body } = fn.node
  if (body.type !== 'BlockStatement') return ''
  for (const statement of body.body as Node[]) {
    if (statement['directive'] === undefined) return ''
    if (statement['directive'] === 'use strict') return '"use strict";'
  }
  return ''
}

/** For tests: where each call parks once. */
export function stressed(emitter: Emitter, depth: string): string {
  if (!emitter.options.stress) return ''
  return `${emitter.use('stress', 'stress')}(${depth})&&${emitter.use('resumedValue', 'v')}(yield);`
}

/** Where a wrapper finds its announcement. */
export function announced(emitter: Emitter, fn: Fn): string {
  const held = fn.kind === 'constructor' ? emitter.held.get(fn.home as Node) : undefined
  return held === undefined ? `${emitter.sharedState}.next` : `${emitter.use('unhold', 'unhold')}(this.${held})`
}

/** A constructor that is called by a `super` which goes on after it parked gives what was made. */
export function onceMade(emitter: Emitter, fn: Fn): string {
  if (fn.kind !== 'constructor' && fn.kind !== 'derived') return ''
  return `if(${emitter.sharedState}.made!==null)return ${emitter.use('takeMade', 'takeMade')}();`
}

/** What `enter` is told of the object that a constructor makes. */
export function constructed(fn: Fn): string {
  if (fn.kind === 'constructor') return 'this'
  return fn.kind === 'declaration' || fn.kind === 'expression' ? 'new.target===void 0?void 0:this' : 'void 0'
}
