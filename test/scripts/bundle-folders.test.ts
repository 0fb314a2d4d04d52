import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { fixtureTree, root, runScript } from './fixture-tree.ts'

const project = () =>
  fixtureTree({
    'package.json': '{ "type": "module" }',
    'tsconfig.json': JSON.stringify({
      extends: join(root, 'tsconfig.json'),
      include: ['src', 'test'],
      compilerOptions: {
        ...{ rootDir: '.', outDir: 'dist', tsBuildInfoFile: 'dist/.tsbuildinfo' },
        typeRoots: [join(root, 'node_modules/@types')],
      },
    }),
    // Two entries of one folder, which share what counts.
    'src/core/index.ts': "export { count } from './counter.ts'\nexport { main } from './named.ts'",
    'src/core/counter.ts': 'let counted = 0\nexport const count = (): number => ++counted',
    'src/core/named.ts': 'export const main = (() => function main() {})()',
    'src/core/entry.ts': "import { count } from './counter.ts'\nexport const entered = count()",
    // A folder that imports another by its face, and has a file further down that knows where it is.
    'src/sync/index.ts': "export { here } from './deep/place.ts'\nexport { counted } from './counted.ts'",
    'src/sync/counted.ts': "import { count } from '../core/index.ts'\nexport const counted = count()",
    'src/sync/deep/place.ts': "export const here = new URL('./beside.txt', import.meta.url).href",
    'test/inner.test.ts': "import '../src/sync/counted.ts'",
  })

const build = (tree: string): void => {
  const { status, stdout, stderr } = runScript('build.mjs', [tree])
  assert.deepEqual([status, stdout, stderr], [0, '', ''])
}

function printed(tree: string, text: string): string {
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', text], { cwd: tree })
  assert.equal(stderr.toString(), '')
  return stdout.toString().trim()
}

it('puts the modules of a folder together, and each is there once for all who import it', () => {
  using tree = project()
  const at = (name: string) => join(tree.path, 'dist/src', name)
  build(tree.path)
  for (const inner of ['core/named.js', 'core/named.js.map', 'sync/deep/place.js'])
    assert.ok(!existsSync(at(inner)), inner)
  assert.ok(existsSync(at('core/named.d.ts')))

  const read = `const [{ entered }, { count, main }, { counted, here }, inner] = [await import('./dist/src/core/entry.js'),
    await import('./dist/src/core/index.js'), await import('./dist/src/sync/index.js'), await import('./dist/src/sync/counted.js')]
    console.log(entered, counted, inner.counted, count(), main.name, here.slice(-24))`
  assert.equal(printed(tree.path, read), '1 2 2 3 main src/sync/deep/beside.txt')

  const { sources } = JSON.parse(readFileSync(at('sync/index.js.map'), 'utf8')) as { sources: string[] }
  assert.ok(sources.includes('../../../src/sync/deep/place.ts'), sources.join())
})

it('leaves alone what did not change, and bundles anew what did', () => {
  using tree = project()
  const at = (name: string) => join(tree.path, 'dist/src', name)
  const times = () => ['core/index.js', 'core/entry.js', 'sync/index.js'].map((name) => statSync(at(name)).mtimeMs)
  build(tree.path)
  const before = times()
  build(tree.path)
  assert.deepEqual(times(), before)

  writeFileSync(join(tree.path, 'src/core/named.ts'), 'export const main = (() => function other() {})()')
  build(tree.path)
  assert.deepEqual(times().slice(1), before.slice(1))
  assert.equal(printed(tree.path, `console.log((await import('./dist/src/core/index.js')).main.name)`), 'other')

  renameSync(join(tree.path, 'src/core/entry.ts'), join(tree.path, 'src/core/starter.ts'))
  rmSync(join(tree.path, 'test/inner.test.ts'))
  build(tree.path)
  for (const gone of ['core/entry.js', 'core/entry.js.map', 'core/entry.d.ts', 'sync/counted.js'])
    assert.ok(!existsSync(at(gone)), gone)
  assert.equal(printed(tree.path, `console.log((await import('./dist/src/core/starter.js')).entered)`), '1')
})
