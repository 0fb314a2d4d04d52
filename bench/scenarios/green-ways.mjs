import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { loadCompiler } from '../green/compiled.mjs'

const root = fileURLToPath(new URL('../../', import.meta.url))
const require = createRequire(root)

/** Real programs: where they lie, and what of their files is source. */
const programs = {
  fibril: () => ({ folder: join(root, 'src'), ending: '.ts', language: 'ts', format: 'module' }),
  rollup: () => ({
    folder: dirname(require.resolve('rollup/dist/es/shared/node-entry.js')),
    ending: 'node-entry.js',
    language: 'js',
    format: 'module',
  }),
  mysql2: () => ({ folder: join(root, 'node_modules/mysql2/lib'), ending: '.js', language: 'js', format: 'commonjs' }),
}

function waysOf(compile, { folder, ending, language, format }) {
  const ways = { A: 0, B: 0, untouched: 0 }
  for (const name of readdirSync(folder, { recursive: true })) {
    if (!name.endsWith(ending)) continue
    const text = readFileSync(join(folder, name), 'utf8')
    for (const { way } of compile(text, { url: name, language, format }).functions) ways[way]++
  }
  return ways
}

/** @type {import('./index.mjs').Scenario} */
export const greenWays = {
  name: 'green-ways',
  title: 'Functions of real programs, by the way in which they are compiled',
  metrics: [
    { key: 'share', title: '% direct of those compiled' },
    { key: 'B', title: 'direct' },
    { key: 'A', title: 'by generators' },
    { key: 'untouched', title: 'untouched' },
  ],
  reference: 'fibril',
  goals: [],
  rounds: 1,
  sizes: { default: { full: 1, quick: 1 } },
  contenders: Object.fromEntries(
    Object.entries(programs).map(([name, program]) => [
      name,
      async () => {
        const compile = await loadCompiler()
        return () => waysOf(compile, program())
      },
    ]),
  ),
  measure(workload) {
    const { A, B, untouched } = workload()
    return { share: (100 * B) / (A + B), A, B, untouched }
  },
}
