import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { loadCompiler } from '../green/compiled.mjs'
import { loadFibril } from '../peers.mjs'

const root = new URL('../../', import.meta.url)
const require = createRequire(root)

const sources = {
  ts: () =>
    readdirSync(new URL('src/', root), { recursive: true })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => readSource(new URL(`src/${name}`, root), 'ts')),
  js: () => [readSource(pathToFileURL(require.resolve('rollup/dist/es/shared/node-entry.js')), 'js')],
}

function readSource(url, language) {
  return { url: url.href, language, text: readFileSync(url, 'utf8') }
}

const compilers = {
  async fibril() {
    const compile = await loadCompiler()
    return ({ text, url, language }) => compile(text, { url, language })
  },
  // The least that can be done with it.
  async parse() {
    const { parse } = await import('acorn')
    const { transformSync } = await import('@swc/wasm-typescript')
    return ({ text, language }) =>
      parse(language === 'ts' ? transformSync(text, { mode: 'strip-only' }).code : text, {
        ecmaVersion: 'latest',
        sourceType: 'module',
      })
  },
  // Native code, in a process of its own.
  async esbuild() {
    const { transformSync } = await import('esbuild')
    return ({ text, language }) => transformSync(text, { loader: language, sourcemap: 'external' })
  },
}

function compiling(kind, title) {
  return {
    name: `green-compile-${kind}`,
    title: `Compiling ${title}`,
    metrics: [
      { key: 'ms', title: 'ms/MB' },
      { key: 'rate', title: 'MB/s' },
      { key: 'cold', title: 'MB/s, first time' },
    ],
    reference: 'parse',
    goals: [],
    rounds: 3,
    sizes: { default: { full: 3, quick: 1 } },
    contenders: Object.fromEntries(
      Object.entries(compilers).map(([name, load]) => [
        name,
        async () => {
          const compile = await load()
          const files = sources[kind]()
          const megabytes = files.reduce((sum, { text }) => sum + text.length, 0) / 1e6
          return (times) => {
            const start = performance.now()
            for (let i = 0; i < times; i++) for (const file of files) compile(file)
            return (performance.now() - start) / (times * megabytes)
          }
        },
      ]),
    ),
    measure(workload, size) {
      const cold = workload(1)
      const ms = workload(size)
      return { ms, rate: 1000 / ms, cold: 1000 / cold }
    },
  }
}

/** @type {import('./index.mjs').Scenario} */
export const greenCompileTs = compiling('ts', "this project's own sources")
export const greenCompileJs = compiling('js', 'one big file, the core of rollup')

/** A module that has some ten functions, and is imported by the one before. */
function moduleOf(index, last) {
  const next = index < last ? `import { work as next } from './m${index + 1}.mjs'\n` : 'const next = (n) => n\n'
  const body = Array.from(
    { length: 10 },
    (_, k) => `export function step${k}(items, visit) {
  const found = []
  for (const item of items) if (item.size > ${k}) found.push(visit({ ...item, at: found.length }))
  return found.map((each) => visit(each) ?? 'none ${k}').join(', ')
}
`,
  ).join('\n')
  return `${next}\n${body}\nexport function work(n) {\n  return next(n) + 1\n}\n`
}

function programIn(folder, files) {
  for (let index = 1; index < files; index++) writeFileSync(join(folder, `m${index}.mjs`), moduleOf(index, files - 1))
  const main = join(folder, 'main.mjs')
  writeFileSync(main, `import { work } from './m1.mjs'\nif (work(0) !== ${files - 1}) throw new Error('wrong')\n`)
  return main
}

function startingWith({ cold }, ...before) {
  return async () => {
    const cli = fileURLToPath(new URL('dist/src/cli/main.js', root))
    if (before.includes('run')) await loadFibril()
    return (files) => {
      const folder = mkdtempSync(join(tmpdir(), 'fibril-bench-'))
      try {
        const main = programIn(folder, files)
        // The cache lies where the packages do.
        const packages = join(folder, 'node_modules')
        mkdirSync(packages)
        const start = () => {
          const begun = performance.now()
          execFileSync(process.execPath, before.length > 0 ? [cli, ...before, main] : [main], { cwd: folder })
          return performance.now() - begun
        }
        if (cold) return start()
        start()
        const ran = start()
        if (before.includes('run') && !existsSync(join(packages, '.cache/fibril')))
          throw new Error('nothing was cached')
        return ran
      } finally {
        rmSync(folder, { recursive: true })
      }
    }
  }
}

export const greenStart = {
  name: 'green-start',
  title: 'Starting a program of n small modules, to its end',
  metrics: [{ key: 'ms', title: 'ms' }],
  reference: 'node',
  goals: [],
  rounds: 7,
  sizes: { default: { full: 10, quick: 10 } },
  contenders: {
    node: startingWith({ cold: false }),
    fibrilWarm: startingWith({ cold: false }, 'run'),
    fibrilCold: startingWith({ cold: true }, 'run'),
  },
  measure: (workload, size) => ({ ms: workload(size) }),
}
