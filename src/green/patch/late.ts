import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

/** A module that was loaded before the patch, and holds functions as they were. */
export interface LateModule {
  readonly file: string
  /** Their names, as far as they can be seen. */
  readonly names: readonly string[]
}

/**
 * Finds the CommonJS modules that hold unpatched functions. Their variables cannot be seen, so it looks at what they export,
 * and at their source for what they take out of a builtin: `const { readFileSync } = require('fs')` or
 * `require('fs').readFileSync`. ES modules need not be sought: what they import by name follows the patch.
 */
export function findLate(builtins: readonly string[], former: ReadonlyMap<unknown, string>): LateModule[] {
  const { cache = {} } = createRequire(import.meta.url)
  const found: LateModule[] = []
  for (const [file, module] of Object.entries(cache)) {
    if (module === undefined) continue
    const names = new Set([
      ...namesTaken(file, builtins, new Set(former.values())),
      ...namesExported(module.exports, former),
    ])
    if (names.size > 0) found.push({ file, names: [...names].sort() })
  }
  return found
}

function namesExported(exports: unknown, former: ReadonlyMap<unknown, string>): string[] {
  if (typeof exports !== 'object' || exports === null) return former.has(exports) ? [former.get(exports) as string] : []
  const names: string[] = []
  for (const { value } of Object.values(Object.getOwnPropertyDescriptors(exports))) {
    const name = former.get(value)
    if (name !== undefined) names.push(name)
  }
  return names
}

function namesTaken(file: string, builtins: readonly string[], known: ReadonlySet<string>): string[] {
  let source: string
  try {
    source = readFileSync(file, 'utf8')
  } catch {
    return [] // No file: nothing to look at.
  }
  const required = `require\\s*\\(\\s*['"](?:node:)?(?:${builtins.join('|')})['"]\\s*\\)`
  const pattern = new RegExp(
    `\\{([^{}]*)\\}\\s*=\\s*${required}(?!\\s*\\.)|${required}\\s*\\.\\s*(\\w+)(?!\\s*\\()`,
    'g',
  )
  return [...source.matchAll(pattern)].flatMap(([, list, one]) => {
    const taken = list === undefined ? [one as string] : list.split(',').map((entry) => entry.split(':')[0]!.trim())
    return taken.filter((name) => known.has(name))
  })
}
