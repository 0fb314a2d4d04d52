import { realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import type { Located } from './graph.ts'
import { knownBuiltin, knownFace } from './known.ts'
import { ownSubpath } from './own-package.ts'
import { otherFile } from './resolve.ts'
import { pathOf } from './selection.ts'

/**
 * What a specifier means, before it is loaded. Where only Node's own loader could tell (packages and aliases that are
 * imported), nothing is known. `selects`: whether a module is compiled.
 */
export function locate(specifier: string, from: string, required: boolean, selects: (url: string) => boolean): Located {
  const face = ownSubpath(specifier)
  const known = face === null ? knownBuiltin(specifier) : knownFace(face)
  if (known !== null) return { known }
  if (face !== null) return null
  const url = required ? whatIsRequired(specifier, from) : whatIsImported(specifier, from)
  return url !== null && selects(url) ? { url } : null
}

function whatIsRequired(specifier: string, from: string): string | null {
  try {
    return pathToFileURL(createRequire(pathOf(from)).resolve(specifier)).href
  } catch (error) {
    return otherFile(specifier, from, error)
  }
}

function whatIsImported(specifier: string, from: string): string | null {
  if (!/^(?:\.{0,2}\/|file:)/.test(specifier)) return null
  try {
    const { href, search, hash } = new URL(specifier, from)
    return pathToFileURL(realpathSync(pathOf(href))).href + search + hash
  } catch {
    return otherFile(specifier, from, { code: 'MODULE_NOT_FOUND' })
  }
}
