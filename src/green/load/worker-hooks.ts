/**
 * The hooks of `module.register`, for Node before 22.15: in a thread of their own, and for `import` only. What is
 * CommonJS is left to `commonjs.ts`, in the program's thread.
 */
import { readFileSync } from 'node:fs'
import { formatOf } from './format.ts'
import { ownModule } from './own-package.ts'
import { otherFile } from './resolve.ts'
import { pathOf } from './selection.ts'
import type { LoadSettings } from './settings.ts'
import { createTranslator, type Translator } from './translator.ts'

let translator: Translator

// What nobody imports is what the program starts with; `program.ts` imports it for `fibril run`.
const entries = new Set<string>()
const starter = new URL('./program.js', import.meta.url).href

export function initialize(settings: LoadSettings): void {
  translator = createTranslator(settings)
}

export async function resolve(
  specifier: string,
  context: { readonly parentURL?: string | undefined },
  next: (specifier: string, context?: object) => Promise<{ readonly url: string }>,
): Promise<{ readonly url: string; readonly format?: string; readonly shortCircuit?: boolean }> {
  const own = ownModule(specifier)
  if (own !== null) return { url: own, format: 'module', shortCircuit: true }
  const { parentURL } = context
  let resolved: { readonly url: string }
  try {
    resolved = await next(specifier, context)
  } catch (error) {
    const other = otherFile(specifier, parentURL, error)
    if (other === null) throw error
    resolved = { url: other }
  }
  if (parentURL === undefined || parentURL === starter) entries.add(resolved.url)
  return { ...resolved, shortCircuit: true }
}

export async function load(
  url: string,
  context: { readonly format?: string | null | undefined },
  next: (url: string, context?: object) => Promise<object>,
): Promise<object> {
  if (!translator.selects(url)) return next(url, context)
  const source = readFileSync(pathOf(url), 'utf8')
  const format = formatOf(url, context.format, source)
  // Without a source, Node has its CommonJS loader read the file, in the program's thread.
  if (format === 'commonjs') return { format, source: null, shortCircuit: true }
  return { format, source: translator.translate(source, url, format, entries.has(url)), shortCircuit: true }
}
