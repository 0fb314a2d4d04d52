import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { PageFiles } from '../../../src/inspect/server/page-files.ts'
import { folderWith } from '../../green/load/program.ts'

test('what lies in the folder of the page is served, and nothing beside it', (t) => {
  const folder = folderWith(t, {
    'secret.js': 'no',
    'page/index.html': '<!doctype html>',
    'page/assets/app.js': 'app()',
    'page/notes.txt': 'no',
  })
  const page = new PageFiles(`${join(folder, 'page')}/`)
  assert.equal(page.get('/')?.type, 'text/html; charset=utf-8')
  assert.equal(String(page.get('/assets/app.js')?.content), 'app()')
  for (const path of [
    '/../secret.js',
    '/assets/../../secret.js',
    '/assets',
    '/notes.txt',
    '//index.html',
    '/assets//app.js',
    '',
  ])
    assert.equal(page.get(path), null, path)
  // A link that came later is none of the page's files.
  writeFileSync(join(folder, 'page/later.js'), '')
  assert.equal(page.get('/later.js'), null)
})

test('without a page there is none', (t) => {
  assert.equal(new PageFiles(`${folderWith(t, {})}/nowhere/`).get('/'), null)
})
