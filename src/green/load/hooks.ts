/** The hooks of `module.registerHooks` (Node >= 22.15): in this thread, and for `import` and `require` alike. */
import module from 'node:module'
import { formatOf, knownFormat } from './format.ts'
import { ownModule } from './own-package.ts'
import { otherFile } from './resolve.ts'
import type { Translator } from './translator.ts'

// Wider than @types/node of Node 20 knows.
interface Loaded {
  readonly format?: string | null | undefined
  readonly source?: string | ArrayBuffer | NodeJS.TypedArray | null | undefined
  readonly shortCircuit?: boolean | undefined
}
interface Hooks {
  resolve(
    specifier: string,
    context: { readonly parentURL?: string | undefined },
    next: (specifier: string, context?: object) => { readonly url: string },
  ): { readonly url: string; readonly format?: string; readonly shortCircuit?: boolean }
  load(
    url: string,
    context: { readonly format?: string | null | undefined; readonly conditions?: readonly string[] },
    next: (url: string, context?: object) => Loaded,
  ): Loaded
}
type RegisterHooks = (hooks: Hooks) => { deregister(): void }

export const registerHooks: RegisterHooks | undefined = (module as unknown as { registerHooks?: RegisterHooks })
  .registerHooks

/** `left`: gets the CommonJS modules whose source Node is to read, and the loader's tables to compile. */
export function syncHooks(translator: Translator, left: Set<string>): Hooks {
  // What nobody imports is what the program starts with.
  const entries = new Set<string>()

  const resolve: Hooks['resolve'] = (specifier, context, next) => {
    const own = ownModule(specifier)
    if (own !== null) return { url: own, format: 'module', shortCircuit: true }
    try {
      return next(specifier, context)
    } catch (error) {
      const other = otherFile(specifier, context.parentURL, error)
      if (other === null) throw error
      return { url: other, shortCircuit: true }
    }
  }

  return {
    resolve(specifier, context, next) {
      const resolved = resolve(specifier, context, next)
      if (context.parentURL === undefined) entries.add(resolved.url)
      return resolved
    },

    load(url, context, next) {
      if (!translator.selects(url)) return next(url, context)
      const known = knownFormat(url, context.format)
      // Node gives the source of any file whose format it is told: also of one whose extension it does not know.
      const { source } = next(url, { ...context, format: known ?? 'commonjs' })
      if (source === undefined || source === null) return { format: known, source: null, shortCircuit: true }
      const text = typeof source === 'string' ? source : Buffer.from(source as Uint8Array).toString('utf8')
      // Not context.format: Node has written there what was passed on.
      const format = known ?? formatOf(url, null, text)
      // Imported CommonJS, given a source, is run by the ESM loader in a way of its own, in which `require` of an ES module
      // fails (ERR_VM_MODULE_LINK_FAILURE). Without one it is left to the CommonJS loader, which asks no hook again.
      if (format === 'commonjs' && context.conditions?.includes('import')) {
        left.add(url)
        return { format, source: null, shortCircuit: true }
      }
      return { format, source: translator.translate(text, url, format, entries.has(url)), shortCircuit: true }
    },
  }
}
