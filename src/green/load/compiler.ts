import { readdirSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { version } from './own-package.ts'
import type { LoadSettings } from './settings.ts'

export type Compiler = typeof import('../compile/index.ts')

const require = createRequire(import.meta.url)

/** Our own compiler, or the one of a test. */
export function loadCompiler(settings: LoadSettings): Compiler {
  return require(fileURLToPath(compilerOf(settings))) as Compiler
}

function compilerOf({ compiler }: LoadSettings): string {
  return compiler ?? new URL('../compile/index.js', import.meta.url).href
}

/**
 * Which compiler this is, without loading it: its version, and the files that it is made of. So whoever works on the
 * compiler never gets what an earlier one made.
 */
export function compilerIdentity(settings: LoadSettings): string {
  const folder = new URL('./', compilerOf(settings))
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.js'))
  const marks = files.sort().map((name) => {
    const { size, mtimeMs } = statSync(new URL(name.replaceAll('\\', '/'), folder))
    return `${name} ${size} ${mtimeMs}`
  })
  return [version, ...marks].join('\n')
}
