import { statSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** TypeScript is written with the extensions of what it is compiled to: `./x.js` may be the file `./x.ts`. */
const written: Readonly<Record<string, readonly string[]>> = {
  '.js': ['.ts', '.tsx'],
  '.mjs': ['.mts'],
  '.cjs': ['.cts'],
  '.jsx': ['.tsx'],
}
const omitted = ['.ts', '.tsx', '.mts', '.cts', '.js', '.jsx', '.mjs', '.cjs', '/index.ts', '/index.tsx', '/index.js']

const failures = /^(?:ERR_)?MODULE_NOT_FOUND$|^ERR_UNSUPPORTED_DIR_IMPORT$/

/**
 * For a specifier that Node does not find: the file that was meant, in the ways of TypeScript. Only files of the program
 * are looked for (a relative or absolute specifier), and only after Node has failed, so what Node finds is never changed.
 */
export function otherFile(specifier: string, parent: string | undefined, error: unknown): string | null {
  if (!failures.test(String((error as { readonly code?: unknown }).code))) return null
  const wanted = isAbsolute(specifier) ? pathToFileURL(specifier).href : specifier
  if (!/^(?:\.{1,2}(?:\/|$)|file:)/.test(wanted) || !URL.canParse(wanted, parent)) return null
  const url = new URL(wanted, parent)
  if (url.protocol !== 'file:') return null
  const { pathname } = url
  const [extension = ''] = /\.[cm]?jsx?$/.exec(pathname) ?? []
  const replaced = (written[extension] ?? []).map((other) => pathname.slice(0, -extension.length) + other)
  const folder = pathname.replace(/\/$/, '')
  for (const candidate of [...replaced, ...omitted.map((other) => folder + other)]) {
    url.pathname = candidate
    if (isFile(url)) return url.href
  }
  return null
}

function isFile(url: URL): boolean {
  try {
    return statSync(fileURLToPath(url), { throwIfNoEntry: false })?.isFile() ?? false
  } catch {
    return false // the permission model
  }
}
