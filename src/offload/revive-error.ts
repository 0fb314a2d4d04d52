/**
 * The other half of wire-error.ts. What arrives has the name, message, stack, code, cause and plain properties of what was
 * thrown, and the nearest of its classes that both sides are sure to have: the language's own or Fibril's.
 */
import * as core from '../core/index.ts'
import type { Thrown } from './wire-error.ts'

const prototypes = new Map<string, object>()
for (const type of [Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError, AggregateError]) {
  prototypes.set(type.name, type.prototype)
}
for (const [name, type] of Object.entries(core)) {
  if (typeof type === 'function' && type.prototype instanceof core.FibrilError) prototypes.set(name, type.prototype)
}

/** What was thrown, as near as can be. `site` is where the call was made: lines of a stack, or nothing. */
export function decodeThrown(thrown: Thrown): unknown {
  if ('value' in thrown) return thrown.value
  const { classes, name, message, stack, own, cause, errors } = thrown.error
  const error = new Error(message)
  const nearest = classes.find((type) => prototypes.has(type)) ?? 'Error'
  Object.setPrototypeOf(error, prototypes.get(nearest) as object)
  for (const [key, value] of Object.entries(own))
    Object.defineProperty(error, key, { ...plain, value, enumerable: true })
  Object.defineProperty(error, 'stack', { ...plain, value: stack })
  if (error.name !== name) Object.defineProperty(error, 'name', { ...plain, value: name })
  if (cause !== undefined) Object.defineProperty(error, 'cause', { ...plain, value: decodeThrown(cause) })
  revived.add(error)
  if (errors !== undefined) Object.defineProperty(error, 'errors', { ...plain, value: errors.map(decodeThrown) })
  return error
}

const revived = new WeakSet<Error>()

/** True if `error` was thrown by a function on the other side, and not made on this one about a worker. */
export function isRevived(error: unknown): boolean {
  return error instanceof Error && revived.has(error)
}

const plain = { writable: true, configurable: true, enumerable: false }

/** Continues the stack of `error` with lines from the side that made the call. */
export function continueStack(error: unknown, lines: string): void {
  if (lines === '' || !(error instanceof Error)) return
  try {
    Object.defineProperty(error, 'stack', { ...plain, value: `${error.stack}\n${lines}` })
  } catch {
    // A frozen error keeps the stack it has.
  }
}

/** The message of the error for something that cannot be cloned. */
export function unsendable(what: string, why: unknown): string {
  return `${what} cannot be sent: ${why instanceof Error ? why.message : String(why)}`
}
