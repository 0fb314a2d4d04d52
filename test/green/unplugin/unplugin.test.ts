import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { rollup } from 'rollup'
import * as green from '../../../src/green/unplugin/index.ts'
import { folderWith, node, withStandIn } from '../load/program.ts'

const own = fileURLToPath(new URL('../../../../', import.meta.url))

const files = {
  'package.json': '{"type":"module"}',
  'main.ts': `import { double } from './double.ts'\nimport { kept } from 'kept'\nconsole.log(COMPILED, double(21), kept)\n`,
  'double.ts': 'export function double(n: number): number {\n  return COMPILED ? n * 2 : 0\n}\n',
  'node_modules/kept/package.json': '{"main":"index.js"}',
  'node_modules/kept/index.js': 'export const kept = typeof COMPILED',
}

function useStandIn(t: TestContext): void {
  Object.assign(process.env, withStandIn())
  t.after(() => delete process.env['FIBRIL_GREEN'])
}

test('a bundle of Rollup is compiled, but for dependencies, and runs', async (t) => {
  useStandIn(t)
  const cwd = folderWith(t, files)
  const dependencies = {
    name: 'dependencies',
    resolveId: (id: string) => (id === 'kept' ? join(cwd, 'node_modules/kept/index.js') : null),
  }
  const bundle = await rollup({ input: join(cwd, 'main.ts'), plugins: [dependencies, green.rollup()] })
  await bundle.write({ file: join(cwd, 'out.mjs'), sourcemap: true })
  const { stdout, stderr } = await node(['out.mjs'], { cwd })
  assert.equal(stdout, 'true 42 undefined\n', stderr)
})

test('a bundle of esbuild is compiled, and what of the dependencies is included, and runs', async (t) => {
  useStandIn(t)
  const cwd = folderWith(t, files)
  await build({
    entryPoints: [join(cwd, 'main.ts')],
    outfile: join(cwd, 'out.mjs'),
    bundle: true,
    format: 'esm',
    platform: 'node',
    logLevel: 'silent',
    plugins: [green.esbuild({ include: ['kept'] })],
  })
  const { stdout, stderr } = await node(['out.mjs'], { cwd })
  assert.equal(stdout, 'true 42 boolean\n', stderr)
})

test('a program that blocks runs from a bundle', async (t) => {
  const cwd = folderWith(t, {
    'package.json': '{"type":"module"}',
    'main.ts': `import { run, sleep } from 'fibril'
import { park, parkable } from 'fibril/green/runtime'
import { double } from './double.ts'
const rest = parkable(function rest(ms: number) { return park(sleep(ms)) })
function main(): number {
  rest(1)
  return double(21)
}
console.log(await run(main))
`,
    'double.ts': 'export function double(n: number): number {\n  return n * 2\n}\n',
  })
  mkdirSync(join(cwd, 'node_modules'))
  symlinkSync(own, join(cwd, 'node_modules/fibril'), 'junction')
  const bundle = await rollup({ input: join(cwd, 'main.ts'), external: /^fibril/, plugins: [green.rollup()] })
  await bundle.write({ file: join(cwd, 'out.mjs') })
  const { stdout, stderr } = await node(['out.mjs'], { cwd })
  assert.equal(stdout, '42\n', stderr)
})
