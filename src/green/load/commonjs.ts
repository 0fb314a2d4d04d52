/** CommonJS for Node before 22.15, which has no hook for it but the loader's own tables. */
import { readFileSync } from 'node:fs'
import Module from 'node:module'
import { pathToFileURL } from 'node:url'
import { formatBySyntax, formatOf } from './format.ts'
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

export function patchCommonJs(translator: Translator): void {
  const plain = tables._extensions['.js'] as Extension
  for (const extension of ['.js', '.cjs', '.jsx', '.ts', '.cts', '.tsx']) {
    const former = tables._extensions[extension] ?? plain
    tables._extensions[extension] = (module, filename) => {
      const url = pathToFileURL(filename).href
      if (!translator.selects(url)) return former(module, filename)
      const source = readFileSync(filename, 'utf8')
      const format = formatOf(url, undefined) ?? formatBySyntax(source)
      // require(esm): Node reads such a file itself, past all hooks.
      if (format === 'module') return former(module, filename)
      const isEntry = module.id === '.' || process.mainModule === (module as unknown)
      module._compile(translator.translate(source, url, format, isEntry), filename)
    }
  }

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
