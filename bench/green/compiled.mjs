import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { loadFibril, Skipped } from '../peers.mjs'

const dist = new URL('../../dist/src/green/', import.meta.url)

/**
 * Compiles one of the programs of this folder, as the loader would, and loads it.
 *
 * @param {string} name
 * @param {{ said?: boolean, onlyGenerators?: boolean }} [options] `said: false` leaves out what the program's comments
 *   tell the compiler; `onlyGenerators` has it compile nothing the direct way.
 */
export async function loadCompiled(name, { said = true, onlyGenerators = false } = {}) {
  await loadFibril()
  const url = new URL(name, import.meta.url).href
  const text = readFileSync(new URL(url), 'utf8')
  const source = said ? text : text.replaceAll('// @fibril parks', '')
  const compile = await loadCompiler()
  const { code, functions } = compile(source, { url, language: 'js', onlyGenerators })
  const folder = mkdtempSync(join(tmpdir(), 'fibril-bench-'))
  try {
    const file = join(folder, 'compiled.mjs')
    writeFileSync(file, code.replaceAll(`'fibril/green'`, `'${new URL('index.js', dist)}'`))
    return { program: await import(pathToFileURL(file).href), functions }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** `fibril/green`, the very module that compiled programs import. */
export const loadGreen = () => import(new URL('index.js', dist))

/** The compiler itself, as `(source, { url, language, … }) => Compiled`. */
export async function loadCompiler() {
  const { compile } = await import(new URL('compile/index.js', dist)).catch(() => {
    throw new Skipped('not built: run `npm run build` first')
  })
  const runtime = new URL('runtime/index.js', dist).href
  return (source, options) => compile(source, { format: 'module', runtime, ...options })
}
