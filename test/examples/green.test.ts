import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { runGreen, runNode } from './green-programs.ts'

test('synckit and make-synchronous, as they are: calls of eight tasks are in flight at once', async () => {
  const { lines } = await runGreen('atomics-wait/main.ts', [], { include: ['synckit', 'make-synchronous'] })
  const answers = Array.from({ length: 8 }, (_, n) => `${n}: all 8 are here`).join(', ')
  assert.deepEqual(
    lines,
    ['make-synchronous', 'synckit'].map((name) => `${name}: 8 calls were made before the first answer; ${answers}`),
  )
})

test('fetch: fifty requests are in flight at once, and a timeout aborts one', async () => {
  const { lines } = await runGreen('fetch/main.ts')
  assert.deepEqual(lines, [
    '50 requests were in flight at once; 50 answers, the sum of which is 40425',
    'TimeoutError, and the request is aborted: true',
  ])
})

test('a build script runs four commands at once, and plainly under node makes the same files', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'fibril-build-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const [green, plain] = [join(folder, 'green'), join(folder, 'plain')]
  const parallel = await runGreen('build/build.mjs', [green])
  const serial = await runNode(['examples/green/build/build.mjs', plain])
  assert.deepEqual([parallel.errors, serial.errors], [['at most 4 at once'], ['at most 1 at once']])
  assert.deepEqual(parallel.lines, serial.lines)
  const files = readdirSync(plain)
  assert.equal(files.length, 13)
  assert.deepEqual(readdirSync(green), files)
  for (const file of files)
    assert.equal(readFileSync(join(green, file), 'utf8'), readFileSync(join(plain, file), 'utf8'))
})

test('an echo server that reads and writes line by line serves a thousand clients at once', async () => {
  const { lines } = await runGreen('echo/main.ts', [], { env: { PORT: '0' } })
  assert.deepEqual(lines.slice(1), ['1000 clients are served at once', '3000 lines came back as they were'])
})
