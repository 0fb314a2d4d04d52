import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { patchAll, unpatch } from '../../src/green/patch/index.ts'

const dir = mkdtempSync(join(tmpdir(), 'fibril-late-'))
after(() => rmSync(dir, { recursive: true }))
const require = createRequire(import.meta.url)

/** Loads a CommonJS module of this source; gives the path by which the report would name it. */
function load(name: string, source: string): string {
  const file = join(dir, name)
  writeFileSync(file, source)
  require(file)
  return require.resolve(file)
}

test('CommonJS modules that hold functions as they were are named, with these; the others are not', async () => {
  const expected = [
    {
      file: load('destructured.cjs', "const { readFileSync: read, statSync, readFile } = require('node:fs')"),
      names: ['readFileSync', 'statSync'],
    },
    { file: load('member.cjs', "const exec = require('child_process').execSync"), names: ['execSync'] },
    {
      file: load('exporting.cjs', "const f = require('fs'); exports.gone = f['unlink' + 'Sync']"),
      names: ['unlinkSync'],
    },
    { file: load('exporting-one.cjs', "module.exports = require('zlib')['gzip' + 'Sync']"), names: ['gzipSync'] },
  ]
  load('whole.cjs', "const fs = require('fs'); exports.read = (file) => fs.readFileSync(file)")
  load('called.cjs', "exports.read = (file) => require('fs').readFileSync(file)")
  load('other.cjs', "const { readFileSync } = require('path')")
  const warned = new Promise<(Error & { code?: string })[]>((resolve) => {
    const warnings: Error[] = []
    process.on('warning', function collect(warning) {
      if (warnings.push(warning) < expected.length) return
      process.off('warning', collect)
      resolve(warnings)
    })
  })

  const { late } = patchAll()

  unpatch()
  assert.deepEqual(
    late.filter(({ file }) => file.includes('fibril-late-')),
    expected,
  )
  const warnings = await warned
  assert.ok(warnings.every(({ code }) => code === 'FIBRIL_LATE_PATCH'))
  assert.match(String(warnings[0]), /destructured\.cjs was loaded before patchAll\(\) and holds readFileSync, statSync/)
})

test('a second patchAll with nothing to patch looks for nobody', () => {
  patchAll()
  assert.deepEqual(patchAll().late, [])
  unpatch()
})
