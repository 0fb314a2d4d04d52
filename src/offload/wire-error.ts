/**
 * Errors on their way between threads and processes. Structured clone keeps neither `code` nor any other property, turns
 * every class that is not the language's into `Error`, and fails on a property that cannot be cloned; so errors travel as
 * plain data. This half makes it, and is all that a worker loads; revive-error.ts makes errors of it again.
 */
import { types } from 'node:util'

/** An error as plain data. */
export interface WireError {
  /** The names of its classes, its own first. */
  readonly classes: readonly string[]
  readonly name: string
  readonly message: string
  readonly stack: string
  /** Its own properties, as far as they are plain data. */
  readonly own: Readonly<Record<string, unknown>>
  readonly cause?: Thrown
  readonly errors?: readonly Thrown[]
}

/** Something that was thrown, as plain data: an error, or a value. */
export type Thrown = { readonly error: WireError } | { readonly value: unknown }

/** Causes of causes that are followed. */
const DEEPEST = 8

/** As plain data, of which nothing can fail to be sent. */
export function encodeThrown(thrown: unknown, depth = 0): Thrown {
  if (!isError(thrown)) return { value: isPlain(thrown) ? thrown : describe(thrown) }
  const { code, cause, errors, message, name, stack } = thrown as Error & Record<'code' | 'errors', unknown>
  const own: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(thrown)) {
    if (!carriedApart.has(key) && isPlain(value)) own[key] = value
  }
  if (typeof code === 'string' || typeof code === 'number') own['code'] = code
  const deeper = (inner: unknown): Thrown => encodeThrown(inner, depth + 1)
  return {
    error: {
      classes: classesOf(thrown),
      name: String(name),
      message: String(message),
      stack: withoutServer(String(stack)),
      own,
      ...('cause' in thrown && depth < DEEPEST ? { cause: deeper(cause) } : {}),
      ...(Array.isArray(errors) && depth < DEEPEST ? { errors: errors.map(deeper) } : {}),
    },
  }
}

function isError(thrown: unknown): thrown is Error {
  return thrown instanceof Error || types.isNativeError(thrown) // an error of a vm context is the second only
}

const carriedApart = new Set(['name', 'message', 'stack', 'cause', 'errors'])

function classesOf(error: Error): string[] {
  const classes: string[] = []
  for (let type: object | null = Object.getPrototypeOf(error); type !== null; type = Object.getPrototypeOf(type)) {
    classes.push(String(type.constructor?.name))
  }
  return classes
}

/** True for plain data. An instance of a class may drag half the program along, so it is not even tried. */
function isPlain(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return typeof value !== 'function' && typeof value !== 'symbol'
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== Array.prototype && prototype !== null) return false
  try {
    structuredClone(value)
    return true
  } catch {
    return false
  }
}

function describe(value: unknown): string {
  try {
    return String(value)
  } catch {
    return Object.prototype.toString.call(value)
  }
}

/** Ends a worker's stack where the user's function was called from, and that of a cluster's before its own lines. */
function withoutServer(stack: string): string {
  const lines = stack.split('\n')
  const end = lines.findIndex((line) => serverLine.test(line))
  return end < 0 ? stack : lines.slice(0, end).join('\n')
}

const serverLine = /^\s*at .*\/src\/offload\/(?:server|cluster\/[\w-]+)\.[jt]s/
