/** CommonJS where no hook sees it: by the loader's own tables. */
import { readFileSync } from 'node:fs'
import Module from 'node:module'
import { pathToFileURL } from 'node:url'
import { formatOf } from './format.ts'
import { ownModule } from './own-package.ts'
import { otherFile } from './resolve.ts'
import { pathOf } from './selection.ts'
import type { Translator } from './translator.ts'

interface LoadedModule {
  readonly id: string
  _compile(code: string, filename: string): void
}
type Extension = (module: LoadedModule, filename: string) => void
type ResolveFilename = (request: string, parent: { readonly filename?: string } | null, ...rest: unknown[]) => string

const tables = Module as unknown as { _extensions: Record<string, Extension>; _resolveFilename: ResolveFilename }

const extensions = ['.js', '.cjs', '.jsx', '.ts', '.cts', '.tsx']

/** Has `require` compile the files of which `mine` is true. `adding`: also those of extensions that it does not know. */
export function compileRequired(translator: Translator, mine: (url: string) => boolean, adding: boolean): void {
  const plain = tables._extensions['.js'] as Extension
  for (const extension of extensions) {
    if (!adding && !(extension in tables._extensions)) continue
    const former = tables._extensions[extension] ?? plain
    tables._extensions[extension] = (module, filename) => {
      const url = pathToFileURL(filename).href
      if (!mine(url)) return former(module, filename)
      const source = readFileSync(filename, 'utf8')
      const format = formatOf(url, undefined, source)
      // require(esm): Node reads such a file itself, past all hooks.
      if (format === 'module') return former(module, filename)
      const isEntry = module.id === '.' || process.mainModule === (module as unknown)
      module._compile(translator.translate(source, url, format, isEntry), filename)
    }
  }
}

/** Has `require` find what is written in the ways of TypeScript, and our own copy of Fibril. */
export function resolveRequired(): void {
  const resolve = tables._resolveFilename
  tables._resolveFilename = function (this: unknown, request, parent, ...rest) {
    const own = ownModule(request)
    if (own !== null) return pathOf(own)
    try {
      return resolve.call(this, request, parent, ...rest)
    } catch (error) {
      const from = parent?.filename === undefined ? undefined : pathToFileURL(parent.filename).href
      const other = otherFile(request, from, error)
      if (other === null) throw error
      return pathOf(other)
    }
  }
}
