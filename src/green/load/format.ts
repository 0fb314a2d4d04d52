import { readFileSync } from 'node:fs'
import { dirname, extname, join } from 'node:path'
import { compileFunction } from 'node:vm'
import { pathOf } from './selection.ts'

export type Format = 'module' | 'commonjs'
export type Language = 'js' | 'jsx' | 'ts' | 'tsx'

const byExtension: Readonly<Record<string, Format>> = {
  '.mjs': 'module',
  '.mts': 'module',
  '.cjs': 'commonjs',
  '.cts': 'commonjs',
}

/** What the extension of a file says of its syntax. */
export function languageOf(url: string): Language {
  const extension = extname(pathOf(url))
  if (extension === '.tsx' || extension === '.jsx') return extension.slice(1) as Language
  return extension.endsWith('ts') ? 'ts' : 'js'
}

/**
 * By Node's rules: the extension says it, or what Node has found out itself, or the nearest package.json; null if none of
 * them does, and the syntax decides.
 */
export function knownFormat(url: string, given: string | null | undefined): Format | null {
  const path = pathOf(url)
  const said = byExtension[extname(path)]
  if (said !== undefined) return said
  if (given?.startsWith('module')) return 'module'
  if (given?.startsWith('commonjs')) return 'commonjs'
  return packageType(dirname(path))
}

const moduleSyntax = /^\s*(?:import(?:\s+[\w$]|\s*[*{'"])|export(?:\s+\w|\s*[*{]))|\bimport\.meta\b/m

/** The same, where the source is at hand to ask. What looks like a module may be text in comments and templates. */
export function formatOf(url: string, given: string | null | undefined, source: string): Format {
  return knownFormat(url, given) ?? (moduleSyntax.test(source) && !isCommonJs(url, source) ? 'module' : 'commonjs')
}

/** As Node decides: what could be CommonJS, is. Of code with types the engine knows nothing. */
function isCommonJs(url: string, source: string): boolean {
  if (languageOf(url) !== 'js') return false
  try {
    compileFunction(source, ['exports', 'require', 'module', '__filename', '__dirname'])
    return true
  } catch {
    return false
  }
}

const types = new Map<string, Format | null>()

function packageType(folder: string): Format | null {
  const known = types.get(folder)
  if (known !== undefined) return known
  let type = readType(folder)
  if (type === undefined) type = dirname(folder) === folder ? null : packageType(dirname(folder))
  types.set(folder, type)
  return type
}

/** Undefined if there is no package.json to ask. */
function readType(folder: string): Format | null | undefined {
  try {
    const { type } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { readonly type?: unknown }
    return type === 'module' || type === 'commonjs' ? type : null
  } catch {
    return undefined
  }
}
