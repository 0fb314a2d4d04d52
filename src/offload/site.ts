/** Where a call was made: remembered cheaply, turned into text only if it fails. */
export interface Site {
  stack?: string
}

type Callable = (...args: never[]) => unknown

/** Where the caller of `skip` stands. */
export function siteOf(skip: Callable): Site {
  const site: Site = {}
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 4
  Error.captureStackTrace(site, skip)
  Error.stackTraceLimit = limit
  return site
}

/** Makes an error whose own stack would only show the machinery. What is thrown is given the caller's lines later. */
export function withoutStack<E extends Error>(make: () => E): E {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 0
  try {
    return make()
  } finally {
    Error.stackTraceLimit = limit
  }
}

// The engine's own lines, and the call that V8 shows for each resumption of a generator.
const noise = /\/src\/core\/[\w-]+\.[jt]s|^\s*at \S+\.(next|throw|return) \(<anonymous>\)$/

/** Lines for the stack of an error. */
export function linesOf(site: Site | null): string {
  const lines = site?.stack?.split('\n').slice(1) ?? []
  return lines.filter((line) => !noise.test(line)).join('\n')
}
