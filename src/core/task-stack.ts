/**
 * Logical stacks. A task's callers that are parked are not on the native stack, so an error that passes from frame to
 * frame loses them. As the engine throws it into a frame, the code there is on the native stack for that moment, at the
 * line of its call: one captured site per frame crossed, and only when something fails.
 */
import type { Callable } from './machine.ts'

const packageRoot = import.meta.url.replace(/(dist\/)?src\/core\/[^/]*$/, '')
// With source maps, Node shows paths in place of URLs.
const packagePath = decodeURIComponent(packageRoot.replace(/^file:\/\//, ''))
const engineLine = /\/src\/(core|host|gevent|green|testing|tornado|twisted)\//
// V8: `    at name (file:1:2)`; JSC: `name@file:1:2`.
const isFrame = /^\s+at |@/
// V8 shows each resumption of a generator as a call of its own.
const resumption = /^\s*at \S+\.(next|throw|return) \(<anonymous>\)$/

const trails = new WeakMap<object, { stack?: string }[]>()

/** Adds to `error.stack` the line that called the frame which threw it. `skip` is the engine function that code runs in. */
export function addCaller(error: unknown, skip: Callable): void {
  if (!(error instanceof Error)) return
  try {
    extendTrail(error, skip)
  } catch {
    // An error with a stack of its own making keeps it; nothing may take the place of the error itself.
  }
}

/** How many callers `error` has been given. */
export function callersOf(error: unknown): number {
  return error instanceof Error ? (trails.get(error)?.length ?? 0) : 0
}

/**
 * Adds to `error.stack` a function that the error passed, by its name alone: of a generator that waits by a plain `yield`
 * nothing is on the native stack, so the platform does not tell its line.
 */
export function addCallerByName(error: unknown, name: string): void {
  if (!(error instanceof Error)) return
  try {
    extendTrail(error, { stack: `\n    at ${name} (yield)` })
  } catch {
    // As above.
  }
}

function extendTrail(error: Error, caller: Callable | { stack?: string }): void {
  let trail = trails.get(error)
  if (trail === undefined) {
    trail = []
    extend(error, trail)
    trails.set(error, trail)
  }
  if (trail.length < 64) trail.push(typeof caller === 'function' ? captureSite(caller, 1) : caller)
}

function extend(error: Error, trail: { stack?: string }[]): void {
  const own = withoutEngine((error.stack ?? String(error)).split('\n')).join('\n')
  Object.defineProperty(error, 'stack', {
    get: () => [own, ...trail.map(siteLines).filter((lines) => lines !== '')].join('\n'),
    set: (value: unknown) => Object.defineProperty(error, 'stack', { value, writable: true, configurable: true }),
    configurable: true,
    enumerable: false,
  })
}

// In JSC a call in tail position is a jump, so a function to skip may not be on the stack, and nothing would be captured.
export const tailCalls = ((): boolean => {
  const inner = (): string => String(new Error('').stack)
  const outerOfTwo = (): string => inner()
  return !outerOfTwo().includes('outerOfTwo')
})()

/** Remembers where the caller of `skip` stands; turned into text only when asked for. */
export function captureSite(skip: Callable | undefined, depth: number): { stack?: string } {
  const site: { stack?: string } = {}
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = tailCalls ? depth + 8 : depth
  if (Error.captureStackTrace === undefined) site.stack = new Error('').stack ?? ''
  else Error.captureStackTrace(site, tailCalls ? undefined : skip)
  if (limit !== undefined) Error.stackTraceLimit = limit
  return site
}

/** The functions on the stack above the caller of `skip`, as far as the platform tells. */
export function callSites(skip: Callable, depth: number): { getFunctionName?(): string | null }[] {
  const prepare = Error.prepareStackTrace
  Error.prepareStackTrace = (_, sites) => sites
  try {
    const sites: unknown = captureSite(skip, depth).stack
    return Array.isArray(sites) ? sites : []
  } finally {
    Error.prepareStackTrace = prepare
  }
}

/** The lines of a captured site, without its head line. */
export function stackLines(site: { stack?: unknown }): string[] {
  const { stack } = site
  // Tools that set `Error.prepareStackTrace` may make anything of a stack; most make a list of call sites.
  const lines = Array.isArray(stack) ? stack.map((call) => `    at ${call}`) : String(stack ?? '').split('\n')
  return lines.filter((line) => isFrame.test(line))
}

/** The same, as text and without the engine's own lines. */
export function siteLines(site: { stack?: unknown }): string {
  return withoutEngine(stackLines(site)).join('\n')
}

/** Drops the engine's own lines. */
export function withoutEngine(lines: string[]): string[] {
  return lines.filter(
    (line) =>
      !((line.includes(packageRoot) || line.includes(packagePath)) && engineLine.test(line)) && !resumption.test(line),
  )
}

/** Makes an error without paying for a stack that would say nothing. */
export function withoutStack<E>(make: () => E): E {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 0
  try {
    return make()
  } finally {
    if (limit !== undefined) Error.stackTraceLimit = limit
  }
}
