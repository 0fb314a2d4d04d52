import { readdirSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { type Cache, cacheFolder, createCache, hashOf, noCache } from './cache.ts'
import { type Format, languageOf } from './format.ts'
import { version } from './own-package.ts'
import { createSelection } from './selection.ts'
import type { LoadSettings } from './settings.ts'

type Compiler = typeof import('../compile/index.ts')

/** Turns the sources of a program into what Node runs. One for each thread. */
export interface Translator {
  /** Whether this module is compiled. */
  readonly selects: (url: string) => boolean
  /** JavaScript with its source map inside. `entry`: the program starts with this module. */
  translate(source: string, url: string, format: Format, entry: boolean): string
}

const require = createRequire(import.meta.url)
const runtime = new URL('../runtime/index.js', import.meta.url).href

/** Our own compiler, or the one of a test. */
export function loadCompiler(settings: LoadSettings): Compiler {
  return require(fileURLToPath(compilerOf(settings))) as Compiler
}

function compilerOf({ compiler }: LoadSettings): string {
  return compiler ?? new URL('../compile/index.js', import.meta.url).href
}

export function createTranslator(settings: LoadSettings): Translator {
  const cache: Cache = settings.cache ? createCache(cacheFolder()) : noCache
  const identity = settings.cache ? identityOf(compilerOf(settings)) : ''
  const selects = createSelection(settings)
  let compiler: Compiler | null = null
  let loading = false

  // Loaded when it is first needed: a program that was compiled before never pays for it.
  const theCompiler = (): Compiler => {
    if (compiler !== null) return compiler
    loading = true
    compiler = loadCompiler(settings)
    loading = false
    return compiler
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
        stress: settings.stress,
      }
      const key = settings.cache ? hashOf(identity, JSON.stringify(options), source) : ''
      const kept = cache.read(key)
      if (kept !== null) return kept
      const { code, map, changed } = theCompiler().compile(source, options)
      // Taking the types out may have moved things, too.
      const text = changed || options.language !== 'js' ? withMap(code, map) : code
      cache.write(key, text)
      return text
    },
  }
}

function withMap(code: string, map: object): string {
  const data = Buffer.from(JSON.stringify(map)).toString('base64')
  return `${code}\n//# sourceMappingURL=data:application/json;base64,${data}\n`
}

/**
 * Which compiler this is, without loading it: its version, and the files that it is made of. So whoever works on the
 * compiler never gets what an earlier one made.
 */
function identityOf(compilerUrl: string): string {
  const folder = new URL('./', compilerUrl)
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.js'))
  const marks = files.sort().map((name) => {
    const { size, mtimeMs } = statSync(new URL(name.replaceAll('\\', '/'), folder))
    return `${name} ${size} ${mtimeMs}`
  })
  return [version, ...marks].join('\n')
}
