import assert from 'node:assert/strict'
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fixtureTree, root, runScript } from './fixture-tree.ts'

const project = () =>
  fixtureTree({
    'package.json': '{ "type": "module" }',
    'tsconfig.json': JSON.stringify({
      extends: join(root, 'tsconfig.json'),
      include: ['src', 'test'],
      compilerOptions: { rootDir: '.', outDir: 'dist', tsBuildInfoFile: 'dist/.tsbuildinfo' },
    }),
    'src/old.ts': 'export const a: number = 1',
    'test/a.test.ts': "import { a } from '../src/old.ts'\na.toFixed()",
  })

describe('build', () => {
  it('deletes from dist what no source makes any more', () => {
    using tree = project()
    const at = (name: string) => join(tree.path, name)
    assert.equal(runScript('build.mjs', [tree.path]).status, 0)
    assert.ok(existsSync(at('dist/src/old.js')) && existsSync(at('dist/test/a.test.d.ts.map')))

    renameSync(at('src/old.ts'), at('src/new.ts'))
    rmSync(at('test/a.test.ts'))
    assert.equal(runScript('build.mjs', [tree.path]).status, 0)
    for (const gone of ['src/old.js', 'src/old.js.map', 'src/old.d.ts', 'src/old.d.ts.map', 'test/a.test.js'])
      assert.ok(!existsSync(at(`dist/${gone}`)), `${gone} is still there`)
    assert.ok(existsSync(at('dist/src/new.js')))
  })

  it('fails on a type error, and says where', () => {
    using tree = project()
    writeFileSync(join(tree.path, 'src/old.ts'), "export const a: number = '1'")
    const { status, stdout } = runScript('build.mjs', [tree.path])
    assert.notEqual(status, 0)
    assert.match(stdout, /src\/old\.ts/)
  })
})
