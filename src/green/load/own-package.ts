import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

// This is in PACKAGE/dist/src/green/load/.
const root = new URL('../../../../', import.meta.url)
const manifest = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as {
  readonly name: string
  readonly version: string
  readonly exports: Readonly<Record<string, { readonly default: string } | string | null>>
}

export const { version } = manifest

/** The folder of Fibril's own built files. Nothing in it is ever compiled. */
export const ownFolder: string = fileURLToPath(new URL('dist/src/', root))

/**
 * The module that `fibril` or one of its subpaths means; null for any other specifier. Compiled code and the code of users
 * must share one copy of the engine, so these mean the copy that compiles, also where another one is installed, or none.
 */
export function ownModule(specifier: string): string | null {
  const subpath = ownSubpath(specifier)
  const target = subpath === null ? null : manifest.exports[subpath]
  return typeof target === 'object' && target !== null ? new URL(target.default, root).href : null
}

/** The face of Fibril that a specifier names, as `./green`; null for any other specifier. */
export function ownSubpath(specifier: string): string | null {
  const { name } = manifest
  return specifier === name || specifier.startsWith(`${name}/`) ? `.${specifier.slice(name.length)}` : null
}
