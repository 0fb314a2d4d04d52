import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { loadFibril, Skipped } from '../peers.mjs'

const compileProgram = fileURLToPath(new URL('compile.mjs', import.meta.url))
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
  // Elsewhere, as its output is kept on disk elsewhere: what a compiler leaves in the heap makes V8 enlarge the space for young objects
  // beyond the processor's caches, which costs whoever makes many of them a third.
  const job = JSON.stringify({ url, said, onlyGenerators })
  const { code, functions } = JSON.parse(execFileSync(process.execPath, [compileProgram, job], { encoding: 'utf8' }))
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
