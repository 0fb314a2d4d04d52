import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { formatOf } from '../../../src/green/load/format.ts'
import { folderWith } from './program.ts'

test('where nothing says what a file is, its syntax does', (t) => {
  const url = pathToFileURL(`${folderWith(t, { 'package.json': '{}' })}/file.js`).href
  const modules = ['import a from "a"', 'import{a}from"a"', "import'a'", 'import*as a from"a"', 'export default 1']
  const more = ['export{a}', 'export*from"a"', '  export function f() {}', 'f(import.meta.url)', 'import $ from "$"']
  for (const source of [...modules, ...more]) assert.equal(formatOf(url, undefined, source), 'module', source)
  const scripts = ['exports.a = 1', 'exports = module.exports = 1', 'importAll()', 'import("a")', 'important = 1', '']
  for (const source of scripts) assert.equal(formatOf(url, undefined, source), 'commonjs', source)
})
