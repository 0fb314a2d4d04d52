import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSelection } from '../../../src/green/load/selection.ts'

const selects = (url: string, include: string[] = [], exclude: string[] = []): boolean =>
  createSelection({ include, exclude }, '/app')(url)

test('the files of the program are compiled, by their extension', () => {
  for (const name of ['a.js', 'a.mjs', 'a.cjs', 'a.jsx', 'a.ts', 'a.mts', 'a.cts', 'a.tsx', 'a.ts?v=1', 'a%20b.ts'])
    assert.ok(selects(`file:///app/src/${name}`), name)
  for (const name of ['a.json', 'a.wasm', 'a.node', 'ajs', 'a.js.map', 'a.json?x=a.js'])
    assert.ok(!selects(`file:///app/src/${name}`), name)
  for (const url of ['node:fs', 'data:text/javascript,1', 'https://example.org/a.js']) assert.ok(!selects(url), url)
})

test('Fibril itself is never compiled', () => {
  const own = new URL('../../../src/core/index.js', import.meta.url).href
  assert.ok(!selects(own))
  assert.ok(!selects(own, ['**']))
})

test('a dependency is compiled if a pattern names its package or its path', () => {
  const dependency = 'file:///app/node_modules/express/lib/router.js'
  const scoped = 'file:///app/node_modules/@acme/tools/index.js'
  const nested = 'file:///app/node_modules/express/node_modules/qs/index.js'
  assert.ok(!selects(dependency))
  for (const pattern of [
    'express',
    'exp*',
    'node_modules/express',
    'node_modules/express/lib/*.js',
    '**/router.js',
    '**',
  ])
    assert.ok(selects(dependency, [pattern]), pattern)
  for (const pattern of ['expres', 'xpress', '*/router.js', 'node_modules/express/*.js', 'lib'])
    assert.ok(!selects(dependency, [pattern]), pattern)
  for (const pattern of ['@acme/tools', '@acme/*', '/app/node_modules/@acme/'])
    assert.ok(selects(scoped, [pattern]), pattern)
  assert.ok(selects(scoped, ['*']))
  assert.ok(selects(nested, ['qs']))
  assert.ok(!selects(nested, ['express']))
})

test('what is excluded is left alone, also where it is included', () => {
  assert.ok(!selects('file:///app/src/old/a.ts', [], ['src/old']))
  assert.ok(!selects('file:///app/src/old/a.ts', [], ['./src/old/']))
  assert.ok(selects('file:///app/src/older/a.ts', [], ['src/old']))
  assert.ok(!selects('file:///app/node_modules/express/a.js', ['*'], ['express']))
})
