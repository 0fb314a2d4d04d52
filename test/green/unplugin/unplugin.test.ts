import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { rollup } from 'rollup'
import { build as vite } from 'vite'
import webpack from 'webpack'
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

// -- by the compiler itself

const blocking = {
  'package.json': '{"type":"module"}',
  'main.ts': `import { run, sleep } from 'fibril/green'
import { double } from './double.js'
interface Named { name: string }
function named<T extends Named>(it: T): string {
  sleep(1)
  return it.name
}
function main(): string {
  const words: string[] = []
  for (const name of ['a', 'b']) words.push([name].map((name) => named({ name }))[0]!)
  return words.join() + double(21)
}
run(main).then((result) => console.log(result))
`,
  'double.ts': 'export function double(n: number): number {\n  return n * 2\n}\n',
}

function programThatBlocks(t: TestContext): string {
  const cwd = folderWith(t, blocking)
  mkdirSync(join(cwd, 'node_modules'))
  symlinkSync(own, join(cwd, 'node_modules/fibril'), 'junction')
  return cwd
}

test('a program that blocks runs from a bundle of Rollup', async (t) => {
  const cwd = programThatBlocks(t)
  // What Rollup does not know of TypeScript.
  const resolve = { name: 'ts', resolveId: (id: string) => (/double/.test(id) ? join(cwd, 'double.ts') : null) }
  const bundle = await rollup({ input: join(cwd, 'main.ts'), external: /^fibril/, plugins: [resolve, green.rollup()] })
  await bundle.write({ file: join(cwd, 'out.mjs') })
  const { stdout, stderr } = await node(['out.mjs'], { cwd })
  assert.equal(stdout, 'a,b42\n', stderr)
  assert.match(readFileSync(join(cwd, 'out.mjs'), 'utf8'), /^function double\(n +\) +\{\n {2}return n \* 2\n\}$/m)
})

test('a bundle has `using` also for those who do not know it', async (t) => {
  const cwd = programThatBlocks(t)
  const file = join(cwd, 'using.js')
  writeFileSync(
    file,
    `import { run, sleep } from 'fibril/green'
const log = [], own = (name) => ({ [Symbol.dispose]() { log.push(name) } })
// @fibril never-parks
function plain() { using a = own('plain'); log.push('in') }
run(() => { using a = { [Symbol.dispose]() { sleep(1); log.push('parked') } }; plain() }).then(() => console.log(log.join()))
using top = own('top')
`,
  )
  const bundle = await rollup({ input: file, external: /^fibril/, plugins: [green.rollup()] })
  await bundle.write({ file: join(cwd, 'out.mjs') })
  assert.doesNotMatch(readFileSync(join(cwd, 'out.mjs'), 'utf8'), /\busing \w+ =/)
  const { stdout, stderr } = await node(['out.mjs'], { cwd })
  assert.equal(stdout, 'top,in,plain,parked\n', stderr)
})

test('a program that blocks runs from a bundle of esbuild, minified or not', async (t) => {
  for (const minify of [false, true]) {
    const cwd = programThatBlocks(t)
    await build({
      entryPoints: [join(cwd, 'main.ts')],
      outfile: join(cwd, 'out.mjs'),
      bundle: true,
      minify,
      format: 'esm',
      platform: 'node',
      external: ['fibril'],
      logLevel: 'silent',
      plugins: [green.esbuild()],
    })
    const { stdout, stderr } = await node(['out.mjs'], { cwd })
    assert.equal(stdout, 'a,b42\n', stderr)
  }
})

test('a program that blocks runs from a bundle of Vite', async (t) => {
  const cwd = programThatBlocks(t)
  await vite({
    root: cwd,
    configFile: false,
    logLevel: 'silent',
    plugins: [green.vite()],
    build: { ssr: join(cwd, 'main.ts'), outDir: 'out', sourcemap: true },
    ssr: { external: ['fibril'] },
  })
  const { stdout, stderr } = await node(['out/main.js'], { cwd })
  assert.equal(stdout, 'a,b42\n', stderr)
  const map = JSON.parse(readFileSync(join(cwd, 'out/main.js.map'), 'utf8'))
  assert.deepEqual(map.sources.map((source: string) => basename(source)).sort(), ['double.ts', 'main.ts'])
})

test('a program that blocks runs from a bundle of webpack', async (t) => {
  const cwd = programThatBlocks(t)
  const compiler = webpack({
    context: cwd,
    entry: './main.ts',
    mode: 'production',
    target: 'node20',
    experiments: { outputModule: true },
    output: { path: cwd, filename: 'out.mjs', library: { type: 'module' } },
    externalsType: 'module',
    externals: [/^fibril/],
    resolve: { extensionAlias: { '.js': ['.ts', '.js'] } },
    plugins: [green.webpack()],
  })
  const stats = await promisify(compiler.run.bind(compiler))()
  assert.equal(stats?.hasErrors(), false, stats?.toString())
  const { stdout, stderr } = await node(['out.mjs'], { cwd })
  assert.equal(stdout, 'a,b42\n', stderr)
  await promisify(compiler.close.bind(compiler))()
})

const everyKind = `import { run, sleep } from 'fibril/green'
const leaf = (x: number): number => (sleep(1), x)
class Base {
  x: number
  y = 3
  constructor(x: number) { this.x = leaf(x) }
  ['na' + 'med']() { return leaf(this.x) }
  'quoted (name' (x = 1) { return leaf(x) }
  get slow() { return leaf(this.y) }
  set slow(value) { this.y = leaf(value) }
  static #hidden(...all: number[]) { return all.map((x) => leaf(x)) }
  static shown() { return this.#hidden(1, 2) }
}
class Derived extends Base {
  constructor() { super(7) }
}
function* gen() { yield leaf(4); yield leaf(5) }
const nested = (x: number) => (y: number) => leaf(x) + leaf(y)
function strict(this: unknown) { 'use strict'; return [this, leaf(1)] }
function main() {
  const d = new Derived()
  d.slow = 9
  const a = [d.x, d.named(), d['quoted (name'](), d.slow, Base.shown(), [...gen()], nested(1)(2), strict()]
  a.push(((x: number, { y } = { y: leaf(2) }) => x + y)(1), (function f(n: number): number { return n ? leaf(n) + f(n - 1) : 0 })(3))
  for (const x of gen()) a.push(x)
  return JSON.stringify(a)
}
const uncompiled = Function('f', 'return f()')
export const outcome = await run(main)
console.log(outcome)
console.log(await run(() => { try { uncompiled(() => leaf(1)) } catch (error) { return (error as { code: string }).code } }))
`

const expected = '[7,7,1,9,[1,2],[4,5],3,[null,1],3,6,4,5]\nFIBRIL_NATIVE_FRAME\n'

function programOfEveryKind(t: TestContext): string {
  const cwd = folderWith(t, { 'package.json': '{"type":"module"}', 'main.ts': everyKind })
  mkdirSync(join(cwd, 'node_modules'))
  symlinkSync(own, join(cwd, 'node_modules/fibril'), 'junction')
  return cwd
}

for (const options of [
  {},
  { minify: true },
  { minify: true, splitting: true },
  { minify: true, keepNames: true },
  { minify: true, target: 'es2022' },
])
  test(`a program that blocks runs from a bundle of esbuild, runtime and all, made with ${JSON.stringify(options)}`, async (t) => {
    const cwd = programOfEveryKind(t)
    await build({
      entryPoints: [join(cwd, 'main.ts')],
      outdir: join(cwd, 'out'),
      outExtension: { '.js': '.mjs' },
      bundle: true,
      format: 'esm',
      platform: 'node',
      logLevel: 'silent',
      plugins: [green.esbuild()],
      ...options,
    })
    const { stdout, stderr } = await node(['out/main.mjs'], { cwd })
    assert.equal(stdout, expected, stderr)
  })

for (const minify of ['esbuild', 'terser', false] as const)
  test(`a program that blocks runs from a bundle of Vite, runtime and all, made with minify: ${minify}`, async (t) => {
    const cwd = programOfEveryKind(t)
    await vite({
      root: cwd,
      configFile: false,
      logLevel: 'silent',
      plugins: [green.vite()],
      build: { ssr: join(cwd, 'main.ts'), outDir: 'out', minify, target: 'es2022' },
      ssr: { noExternal: true },
    })
    const { stdout, stderr } = await node(['out/main.js'], { cwd })
    assert.equal(stdout, expected, stderr)
  })

test('a program that blocks runs from a bundle of webpack, runtime and all, which is minified', async (t) => {
  const cwd = programOfEveryKind(t)
  const compiler = webpack({
    context: cwd,
    entry: './main.ts',
    mode: 'production',
    target: 'node20',
    experiments: { outputModule: true },
    output: { path: cwd, filename: 'out.mjs', library: { type: 'module' } },
    plugins: [green.webpack()],
  })
  const stats = await promisify(compiler.run.bind(compiler))()
  assert.equal(stats?.hasErrors(), false, stats?.toString())
  const { stdout, stderr } = await node(['out.mjs'], { cwd })
  assert.equal(stdout, expected, stderr)
  await promisify(compiler.close.bind(compiler))()
})
