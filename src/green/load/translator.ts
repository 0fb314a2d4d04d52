import { fileURLToPath } from 'node:url'
import type { Compiled, CompileOptions } from '../compile/index.ts'
import { type Cache, cacheFolder, createCache, hashOf, noCache } from './cache.ts'
import { type Compiler, compilerIdentity, loadCompiler } from './compiler.ts'
import { type Format, languageOf } from './format.ts'
import { Modules } from './modules.ts'
import { createSelection, pathOf } from './selection.ts'
import type { LoadSettings } from './settings.ts'

/** Turns the sources of a program into what Node runs. One for each thread. */
export interface Translator {
  /** Whether this module is compiled. */
  readonly selects: (url: string) => boolean
  /** JavaScript with its source map inside. `entry`: the program starts with this module. */
  translate(source: string, url: string, format: Format, entry: boolean): string
}

/** Node does from 24 on. */
const knowsUsing = canParse('{ using x = null }')

const runtime = new URL('../runtime/index.js', import.meta.url).href

export function createTranslator(settings: LoadSettings): Translator {
  const cache: Cache = settings.cache ? createCache(cacheFolder()) : noCache
  const identity = settings.cache ? compilerIdentity(settings) : ''
  const selects = createSelection(settings)
  let compiler: Compiler | null = null
  let loading = false

  // Loaded when it is first needed: a program that was compiled before never pays for it.
  const theCompiler = (): Compiler => {
    if (compiler !== null) return compiler
    loading = true
    try {
      return (compiler = loadCompiler(settings))
    } finally {
      loading = false
    }
  }
  const modules = new Modules(theCompiler, selects, { cache, identity })

  const compile = (source: string, options: CompileOptions): Compiled | null => {
    try {
      return modules.compile(source, options)
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error
      // What our parser does not understand Node may, and if not it says so better than anyone; but it knows no types.
      if (options.language !== 'js') throw asFound(error, options.url)
      process.emitWarning(`not compiled, since it was not understood: ${error.message}`, 'FibrilWarning')
      return null
    }
  }

  return {
    // The compiler comes by way of the hooks as well, and what it is made of cannot be compiled before it is there.
    selects: (url) => !loading && selects(url),

    translate(source, url, format, entry) {
      const options = {
        url,
        format,
        language: languageOf(url),
        // `require` takes paths, `import` takes URLs.
        runtime: format === 'module' ? runtime : fileURLToPath(runtime),
        entry,
        loads: true,
        nativeUsing: knowsUsing,
        stress: settings.stress,
      }
      const assumed = modules.assumed(modules.meet(source, url, format), url)
      const key = settings.cache ? hashOf(identity, JSON.stringify(options), assumed, source) : ''
      const kept = cache.read(key)
      if (kept !== null) return kept
      const compiled = compile(source, options)
      if (compiled === null) return source
      const { code, map } = compiled
      const text = code === source ? code : withMap(code, map, source)
      cache.write(key, text)
      return text
    },
  }
}

/** A `SyntaxError` whose stack is the place in the source, not one in the compiler. */
export function asFound(error: SyntaxError, url: string): SyntaxError {
  const { loc, cause } = error as {
    loc?: { line: number; column: number }
    cause?: { startLine?: number; startColumn?: number }
  }
  const line = loc?.line ?? cause?.startLine
  const column = loc !== undefined ? loc.column + 1 : cause?.startColumn
  const found = new SyntaxError(error.message.trimEnd())
  found.stack = `${found}\n    at ${pathOf(url)}${line === undefined ? '' : `:${line}:${column}`}`
  return found
}

function canParse(code: string): boolean {
  try {
    return new Function(code) instanceof Function
  } catch {
    return false
  }
}

function withMap(code: string, map: object, source: string): string {
  // Errors show the line as it was written, with its types.
  const data = Buffer.from(JSON.stringify({ ...map, sourcesContent: [source] })).toString('base64')
  return `${code}\n//# sourceMappingURL=data:application/json;base64,${data}\n`
}
