import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ownFolder } from './own-package.ts'

/** The extensions of what can be compiled. */
const sources = /\.([cm]?[jt]s|[jt]sx)$/
const inDependency = /^.*[/\\]node_modules[/\\]((?:@[^/\\]+[/\\])?[^/\\]+)/

/**
 * Which modules are compiled: the program's own files, and of its dependencies (below a `node_modules`) those that a
 * pattern of `include` names. Fibril itself never is.
 *
 * A pattern is a package (`express`, `@acme/*`) or a path from the working directory (`src/legacy/**`). `*` stands for
 * anything within one name, `**` for any folders; a folder means all that is in it.
 */
export function createSelection(
  { include, exclude }: { readonly include: readonly string[]; readonly exclude: readonly string[] },
  cwd: string = process.cwd(),
): (url: string) => boolean {
  const included = matcher(include, cwd)
  const excluded = matcher(exclude, cwd)
  return (url) => {
    if (!url.startsWith('file:')) return false
    const path = pathOf(url)
    if (!sources.test(path) || path.startsWith(ownFolder) || excluded(path)) return false
    return !inDependency.test(path) || included(path)
  }
}

/** The path of a file URL, without its query. */
export function pathOf(url: string): string {
  const end = url.search(/[?#]/)
  return fileURLToPath(end < 0 ? url : url.slice(0, end))
}

function matcher(patterns: readonly string[], cwd: string): (path: string) => boolean {
  if (patterns.length === 0) return () => false
  const expressions = patterns.map((pattern) => new RegExp(`^${regexOf(pattern.replace(/^\.\/|\/$/g, ''))}(/.*)?$`))
  return (path) => {
    const names = [slashed(relative(cwd, path)), slashed(path)]
    const dependency = inDependency.exec(path)?.[1]
    if (dependency !== undefined) names.push(slashed(dependency))
    return expressions.some((expression) => names.some((name) => expression.test(name)))
  }
}

const slashed = (path: string): string => path.replaceAll('\\', '/')

const wildcards: Readonly<Record<string, string>> = { '*': '[^/]*', '**': '.*', '**/': '(?:.*/)?' }

function regexOf(pattern: string): string {
  return pattern.replace(/\*\*\/?|[*.+?^${}()|[\]\\]/g, (found) => wildcards[found] ?? `\\${found}`)
}
