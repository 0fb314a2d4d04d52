import type { Fn } from '../scope.ts'
import { type Emitter, type Lexical, NATIVE } from './emitter.ts'

/** What a wrapper hands to its generator beside the parameters. */
export interface Handed {
  /** The list that the wrapper makes; null: nothing. */
  readonly made: string | null
  /** How the generator reads it: declarations. */
  readonly read: string
  /** The names that the body uses for it. */
  readonly lexical: Lexical
}

/** `list`: also its own `arguments`. */
export function handedOver(emitter: Emitter, fn: Fn, list = false): Handed {
  const { names } = emitter
  const arrow = fn.kind === 'arrow'
  const derived = fn.kind === 'derived'
  const outer = arrow ? emitter.lexical : NATIVE
  const lexical = { ...outer, self: derived ? `${names.of('t')}.this` : null, derived }
  const made: string[] = []
  const read: string[] = []
  const hand = (value: string, local: string): string => {
    read.push(`${local}=${names.of('x')}[${made.length}]`)
    made.push(value)
    return local
  }
  if ((arrow || list) && fn.usesArguments)
    lexical.arguments = hand(outer.arguments ?? 'arguments', names.of('arguments'))
  if (fn.usesNewTarget) lexical.newTarget = hand(outer.newTarget ?? 'new.target', names.of('target'))
  if (fn.usesSuper) lexical.superRef = hand(outer.superRef ?? superRef(emitter), names.of('super'))
  if (fn.usesSelf && fn.self?.fixed && !fn.evals) hand(fn.self.name, fn.self.name)
  if (derived) read.push(`${names.of('t')}=${names.of('s')}.construction`)
  if (made.length === 0) return { made: null, read: read.join(','), lexical }
  const source = `${names.of('x')}=${names.of('s')}.extra`
  return { made: `[${made.join(',')}]`, read: [source, ...read].join(','), lexical }
}

/** Reads and writes `super[key]` for code that has no `super`. */
function superRef(emitter: Emitter): string {
  const key = emitter.names.of('key')
  const value = emitter.names.of('value')
  return `${emitter.use('superRef', 'superRef')}(${key}=>super[${key}],(${key},${value})=>{super[${key}]=${value}})`
}
