import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { UsageError } from '../../src/core/index.ts'
import { moduleUrl } from '../../src/offload/module-url.ts'

const here = new URL('./work.js', import.meta.url)

test('a module is named by URL, text of a URL, or absolute path', () => {
  assert.equal(moduleUrl(here), here.href)
  assert.equal(moduleUrl(here.href), here.href)
  assert.equal(moduleUrl(fileURLToPath(here)), here.href)
  assert.equal(moduleUrl('data:text/javascript,1'), 'data:text/javascript,1')
})

test('the name of a source stands for what it was compiled to', () => {
  assert.equal(moduleUrl(new URL('./work.ts', import.meta.url)), here.href)
  assert.equal(moduleUrl(new URL('./work.ts?v=1', import.meta.url)), `${here.href}?v=1`)
})

test('the name of a file that is nowhere stays as it is, for the error to show', () => {
  const missing = new URL('./missing.ts', import.meta.url)
  assert.equal(moduleUrl(missing), missing.href)
})

test('a relative name is refused with advice: nobody knows what it is relative to', () => {
  assert.throws(
    () => moduleUrl('./work.js'),
    (error: unknown) => {
      assert.ok(error instanceof UsageError)
      assert.match(error.message, /new URL\(".\/work.js", import.meta.url\)/)
      return true
    },
  )
})
