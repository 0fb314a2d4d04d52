/**
 * Theory of operation: a chain as text, a pair to a line.
 *
 *     # what is done about a download          a comment
 *     callback "a poem"                        how it is fired; errback oops, cancel, or nothing at all
 *     throw GibberishError: odd | pass         what the callback does | what the errback does
 *     | give "the original"                    an errback alone; without a bar, a callback alone
 *     both give done                           one function for either
 *
 *     action = pass            gives back what it gets
 *            | give VALUE      returns it
 *            | throw ERROR     throws one
 *            | failure ERROR   returns a Failure
 *            | trap KIND …     passes failures of another kind on; then gives null
 *            | later RESULT    returns a Deferred that fires when all else has run
 *            | now RESULT      returns a Deferred that has fired
 *     RESULT = VALUE | failure ERROR
 *     ERROR  = [KIND:] text
 *     VALUE  = JSON, or any words
 *
 * It becomes a function that builds the chain on a real Deferred; what an action means is said here, what a chain does with
 * it is not.
 */
import { type Deferred, Failure, succeed } from '../index.ts'
import type { Build } from './simulation.ts'

/** A text that is no chain. `line` counts from 1. */
export class NotationError extends SyntaxError {
  readonly line: number

  constructor(line: number, problem: string) {
    super(`line ${line}: ${problem}`)
    this.line = line
  }
}
Object.defineProperty(NotationError.prototype, 'name', { value: 'NotationError', configurable: true, writable: true })

type Step = (result: unknown) => unknown
type Later = Parameters<Build>[1]
type Action = (later: Later) => Step

const actionNames = ['pass', 'give', 'throw', 'failure', 'trap', 'later', 'now'] as const
const firings = ['callback', 'errback', 'cancel'] as const

/**
 * Reads a chain in the notation of the simulator; a `NotationError` tells what is wrong with it, and where.
 *
 * ```ts
 * import { parseChain, simulate } from 'fibril/twisted/simulator'
 *
 * const trace = await simulate(parseChain('callback 1\nthrow RangeError: too far\n| give 0'))
 * console.log(trace.stages.map(({ came }) => came?.text).join(' → ')) // => 1 → RangeError: too far
 * console.log(trace.end?.text) // => 0
 * ```
 */
export function parseChain(text: string): Build {
  const builders: Build[] = []
  let fire: ((deferred: Deferred<unknown>) => void) | null = null
  for (const [index, whole] of text.split(/\r?\n/).entries()) {
    const line = new Line(index + 1, whole)
    if (line.empty) continue
    const { first } = line
    if (oneOf(firings, first)) {
      if (fire !== null) line.complain('a Deferred is fired once: this is the second time')
      if (builders.length > 0) line.complain('how the Deferred is fired comes before its callbacks')
      fire = firingOf(first, line)
    } else builders.push(stageOf(line))
  }
  if (fire === null && builders.length === 0)
    throw new NotationError(1, 'there is nothing to draw: say callback 1, say')
  return (deferred, later) => {
    for (const build of builders) build(deferred, later)
    fire?.(deferred)
  }
}

function firingOf(by: (typeof firings)[number], line: Line): (deferred: Deferred<unknown>) => void {
  const rest = line.after(by)
  if (by === 'cancel') {
    if (rest !== '') line.complain('cancel stands alone')
    return (deferred) => deferred.cancel()
  }
  if (by === 'errback') {
    const error = errorOf(rest === '' ? 'failed' : rest)
    return (deferred) => deferred.errback(error)
  }
  const value = valueIn(rest, line)
  return (deferred) => deferred.callback(value)
}

function stageOf(line: Line): Build {
  if (line.first === 'both') {
    const both = actionOf(line.after('both'), line)
    return (deferred, later) => deferred.addBoth(both(later))
  }
  const [left, right, ...more] = line.halves
  if (more.length > 0) line.complain('a pair has two halves: a bar within a value is written in quotes, as in "a | b"')
  const callback = left === '' || left === undefined ? null : actionOf(left, line)
  if (right === undefined) return (deferred, later) => deferred.addCallback((callback ?? passing)(later))
  if (right === '') line.complain('behind the bar is what the errback does: pass, say')
  const errback = actionOf(right, line)
  if (callback === null) return (deferred, later) => deferred.addErrback(errback(later))
  return (deferred, later) => deferred.addCallbacks(callback(later), errback(later))
}

const passing: Action = () => named('pass', (result) => result)

function actionOf(text: string, line: Line): Action {
  const [name = ''] = /^\S*/.exec(text) ?? []
  const rest = text.slice(name.length).trim()
  if (!oneOf(actionNames, name)) {
    const near = actionNames.find((known) => isNear(known, name))
    const hint = near === undefined ? `There are: ${actionNames.join(', ')}.` : `Did you mean "${near}"?`
    return line.complain(`there is no action ${JSON.stringify(name)}. ${hint}`)
  }
  if (name !== 'pass' && rest === '') line.complain(`${name} of what? As in: ${examples[name]}`)
  switch (name) {
    case 'pass':
      if (rest !== '') line.complain(`pass stands alone, without ${JSON.stringify(rest)}`)
      return passing
    case 'give': {
      const value = valueIn(rest, line)
      return () => named(text, () => value)
    }
    case 'throw': {
      const error = errorOf(rest)
      return () =>
        named(text, () => {
          throw error
        })
    }
    case 'failure': {
      const error = errorOf(rest)
      return () => named(text, () => new Failure(error))
    }
    case 'trap': {
      const kinds = rest.split(/[\s,]+/)
      return () =>
        named(text, (result) => {
          if (result instanceof Failure) result.trap(...kinds)
          return null
        })
    }
    case 'later': {
      const result = resultOf(rest, line)
      return (later) => named(text, () => later(result()))
    }
    case 'now': {
      const result = resultOf(rest, line)
      return () => named(text, () => succeed(result()))
    }
  }
}

const examples: Readonly<Record<(typeof actionNames)[number], string>> = {
  pass: 'pass',
  give: 'give 42',
  throw: 'throw RangeError: too far',
  failure: 'failure too far',
  trap: 'trap RangeError',
  later: 'later 42',
  now: 'now 42',
}

function resultOf(text: string, line: Line): () => unknown {
  const [, rest] = /^failure\b\s*(.*)$/.exec(text) ?? []
  if (rest === undefined) {
    const value = valueIn(text, line)
    return () => value
  }
  const error = errorOf(rest === '' ? 'failed' : rest)
  return () => new Failure(error)
}

/** `RangeError: too far` is an error of that kind. */
function errorOf(text: string): Error {
  const [, kind = 'Error', message = ''] = /^(?:([A-Z]\w*):\s*)?"?(.*?)"?$/.exec(text) ?? []
  const known = (globalThis as unknown as Record<string, unknown>)[kind]
  const isKind = typeof known === 'function' && (known === Error || known.prototype instanceof Error)
  const error = isKind ? new (known as new (message: string) => Error)(message) : new Error(message)
  if (!isKind) Object.defineProperty(error, 'name', { value: kind })
  return error
}

function valueIn(text: string, line: Line): unknown {
  if (text === '') return null
  try {
    return JSON.parse(text)
  } catch {
    if (/^["[{]/.test(text)) line.complain(`${text} begins like JSON, and is none`)
    return text
  }
}

function named(name: string, step: Step): Step {
  return Object.defineProperty(step, 'name', { value: name })
}

function oneOf<T extends string>(names: readonly T[], name: string): name is T {
  return (names as readonly string[]).includes(name)
}

/** Whether the two differ by a letter that is wrong, missing, too many, or by two that have changed places. */
function isNear(known: string, name: string): boolean {
  if (Math.abs(known.length - name.length) > 1) return false
  let at = 0
  while (at < known.length && known[at] === name[at]) at++
  const [a, b] = [known.slice(at), name.slice(at)]
  return (
    a.slice(1) === b.slice(1) ||
    a === b.slice(1) ||
    a.slice(1) === b ||
    (a[0] === b[1] && a[1] === b[0] && a.slice(2) === b.slice(2))
  )
}

/** A line without its comment, and where it stands. */
class Line {
  readonly #number: number
  readonly #text: string

  constructor(number: number, whole: string) {
    this.#number = number
    this.#text = piecesOf(whole, '#')[0]?.trim() ?? ''
  }

  get empty(): boolean {
    return this.#text === ''
  }

  get first(): string {
    return /^\S*/.exec(this.#text)?.[0] ?? ''
  }

  after(word: string): string {
    return this.#text.slice(word.length).trim()
  }

  get halves(): string[] {
    return piecesOf(this.#text, '|').map((half) => half.trim())
  }

  complain(problem: string): never {
    throw new NotationError(this.#number, problem)
  }
}

/** What stands between the marks, except for those in quotes. */
function piecesOf(text: string, mark: string): string[] {
  const pieces = ['']
  for (const [part] of text.matchAll(/"(?:[^"\\]|\\.)*"|[\s\S]/g)) {
    if (part === mark) pieces.push('')
    else pieces[pieces.length - 1] += part
  }
  return pieces
}
