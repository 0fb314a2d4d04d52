import { type Callable, textOf, withoutEngine } from '../core/index.ts'
import { NoCurrentExceptionError } from './errors.ts'

/**
 * What `check` and `trap` compare an error with: its class or a class that it extends, or the name of one, or its `code`.
 */
export type ErrorKind = string | (abstract new (...args: never[]) => unknown)

/** Where a chain called the callback that threw: by the functions in `drive.ts` and `inline-callbacks.ts`; built, they have no files. */
const catcher = /^\s+at (?:[\w.]+\.)?(?:drive|advance) \(.*\/src\/twisted\//

/**
 * An error on its way through a chain of callbacks. `value` is what was thrown, as it was: also what is no `Error`.
 *
 * ```ts
 * import { Failure } from 'fibril/twisted'
 *
 * const failure = new Failure(new RangeError('too far'))
 * console.log(failure.check(TypeError, RangeError) === RangeError) // => true
 * console.log(failure.getErrorMessage()) // => too far
 * console.log(String(failure)) // => RangeError: too far
 * ```
 */
export class Failure {
  readonly value: unknown
  /** @internal It was thrown by a callback, not made by hand. */
  readonly caught: boolean

  /** A `NoCurrentExceptionError` if there is no error. A Failure of a failure is of the same error. */
  constructor(error?: unknown, /** @internal */ caught = false) {
    if (error === undefined && !caught) throw new NoCurrentExceptionError()
    this.value = error instanceof Failure ? error.value : error
    this.caught = error instanceof Failure ? error.caught : caught
  }

  /** The class of the error; for what is no object, that of its wrapper (`String`). */
  get type(): Callable {
    return this.value === undefined || this.value === null ? Object : Object(this.value).constructor
  }

  /** The first of `kinds` that the error is of, or null. */
  check<K extends readonly ErrorKind[]>(...kinds: K): K[number] | null {
    for (const kind of kinds) if (isOf(this.value, kind)) return kind
    return null
  }

  /** As `check`, but throws the error itself if it is of none of them: what follows is for these kinds only. */
  trap<K extends readonly ErrorKind[]>(...kinds: K): K[number] {
    const kind = this.check(...kinds)
    if (kind === null) throw this.value
    return kind
  }

  /** Throws the error. */
  raiseException(): never {
    throw this.value
  }

  /** The text of the error, without its class. */
  getErrorMessage(): string {
    return textOf(this.value)
  }

  /** The error in one line, and where it was thrown. */
  getBriefTraceback(): string {
    const { inside } = this.lines()
    return inside.length === 0 ? String(this) : `${this}\n${inside[0]}`
  }

  /**
   * The error and its stack, innermost call first. What was thrown by a callback has the line `--- <exception caught
   * here> ---` where the chain caught it: above are the callback and what it called, below is who fired the Deferred.
   */
  getTraceback(): string {
    const { inside, outside } = this.lines()
    const marker = this.caught ? ['--- <exception caught here> ---'] : []
    return [String(this), ...inside, ...marker, ...outside].join('\n')
  }

  /** Writes the traceback to `to`; by default to standard error. */
  printTraceback(to: { write(text: string): unknown } = process.stderr): void {
    to.write(`${this.getTraceback()}\n`)
  }

  toString(): string {
    const { value } = this
    return value instanceof Error ? `${value.name}: ${textOf(value)}` : `${this.type.name}: ${textOf(value)}`
  }

  private lines(): { inside: string[]; outside: string[] } {
    const { value } = this
    const stack = value instanceof Error && typeof value.stack === 'string' ? value.stack.split('\n') : []
    const frames = stack.filter((line) => /^\s+at /.test(line))
    const caught = this.caught ? frames.findIndex((line) => catcher.test(line)) : -1
    const cut = caught < 0 ? frames.length : caught
    return { inside: withoutEngine(frames.slice(0, cut)), outside: withoutEngine(frames.slice(cut)) }
  }
}

function isOf(error: unknown, kind: ErrorKind): boolean {
  if (typeof kind === 'function') return Object(error) instanceof kind
  if ((error as { code?: unknown } | null | undefined)?.code === kind) return true
  if ((error as { name?: unknown } | null | undefined)?.name === kind) return true
  for (let at = Object(error); at !== null; at = Object.getPrototypeOf(at))
    if (at.constructor?.name === kind) return true
  return false
}
