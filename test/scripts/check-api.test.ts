import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fixtureTree, runScript, scriptUrl } from './fixture-tree.ts'

const script: { namesIn(declarations: string): string[] } = await import(scriptUrl('check-api.mjs'))

const target = (folder: string) => ({
  types: `./dist/src${folder}/index.d.ts`,
  default: `./dist/src${folder}/index.js`,
})

/** A package with one public folder, one that is not for users, and the face. */
const project = (changed: Record<string, string> = {}, exported: Record<string, unknown> = {}) => {
  const map = { '.': target(''), './sync': target('/sync'), './host': null, './internal/*': null, ...exported }
  return fixtureTree({
    'package.json': JSON.stringify({ name: 'toy', type: 'module', exports: map }),
    'src/index.ts': '',
    'src/host/index.ts': '',
    'src/sync/index.ts': '',
    'dist/src/index.js': 'export const run = 1',
    'dist/src/index.d.ts': 'export declare const run: 1;',
    'dist/src/sync/index.js': 'export class Queue {}\nexport const queue = 1',
    'dist/src/sync/index.d.ts': "export { type Options, Queue } from './queue.js';\nexport declare const queue: 1;",
    'test/api/exports.json': JSON.stringify({
      toy: { values: ['run'], types: [] },
      'toy/sync': { values: ['Queue', 'queue'], types: ['Options'] },
    }),
    ...changed,
  })
}

/** What check-api prints of a project: its complaints, or nothing. */
function complaints(...args: Parameters<typeof project>): string[] {
  using tree = project(...args)
  const { status, stderr } = runScript('check-api.mjs', [tree.path])
  assert.equal(status, stderr === '' ? 0 : 1, stderr)
  return stderr.split('\n').filter((line) => line !== '')
}

const advice = 'If this is meant: npm run check:api -- --update'

describe('check-api', () => {
  it('is content with what is recorded', () => {
    assert.deepEqual(complaints(), [])
  })

  it('names each export that comes, goes, or turns from a value into a type', () => {
    const found = complaints({
      'dist/src/sync/index.js': 'export const queue = 1, lock = 2',
      'dist/src/sync/index.d.ts':
        "export { type Queue, type Options } from './queue.js';\nexport declare const queue: 1, lock: 2;",
    })
    assert.deepEqual(found, ['- toy/sync: value Queue', '+ toy/sync: value lock', '+ toy/sync: type Queue', advice])
  })

  it('notices a type that comes or goes', () => {
    const found = complaints({ 'dist/src/index.d.ts': 'export declare const run: 1;\nexport interface Shape {\n}' })
    assert.deepEqual(found, ['+ toy: type Shape', advice])
  })

  it('refuses a folder with an index that the map does not list', () => {
    assert.deepEqual(complaints({ 'src/net/index.ts': '' }), [
      'src has ./net/index.ts, but "exports" does not list "./net": give it files, or null',
    ])
  })

  it('refuses a subpath without a folder', () => {
    assert.deepEqual(complaints({}, { './net': target('/net') }), [
      '"exports" lists "./net", but src has no ./net/index.ts',
    ])
  })

  it('refuses a subpath that leads to other files than its folder', () => {
    assert.deepEqual(complaints({}, { './sync': target('') }), [
      '"./sync" should be {"types":"./dist/src/sync/index.d.ts","default":"./dist/src/sync/index.js"}',
    ])
  })

  it('writes the record anew when asked, in an order that does not depend on the sources', () => {
    using tree = project({
      'dist/src/index.js': 'export const b = 1, a = 2',
      'dist/src/index.d.ts': 'export declare const b: 1, a: 2;',
    })
    assert.equal(runScript('check-api.mjs', [tree.path, '--update']).status, 0)
    const record = JSON.parse(readFileSync(join(tree.path, 'test/api/exports.json'), 'utf8'))
    assert.deepEqual(record.toy, { values: ['a', 'b'], types: [] })
    assert.equal(runScript('check-api.mjs', [tree.path]).status, 0)
  })

  it('reads every form of export, and no comment', () => {
    const names = script.namesIn(`
      export { a, type B, c as d, type E as F, } from './x.js';
      export type { G } from './y.js';
      export declare function h(): void;
      export declare function h(x: number): void;
      export declare function* i(): Generator;
      export declare abstract class J {}
      export interface K extends L {}
      export type M<T> = T;
      export {};
      // export type N = 1
      /** export type O = 1 */
    `)
    assert.deepEqual(names.sort(), ['B', 'F', 'G', 'J', 'K', 'M', 'a', 'd', 'h', 'i'])
  })

  it('refuses "export *", which exports what nobody named', () => {
    assert.throws(() => script.namesIn("export * from './x.js'"), /name what is exported/)
  })
})
