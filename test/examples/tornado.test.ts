import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('../../examples/tornado/get-url.js', import.meta.url))

test('three coroutines in a list give their results in its order, and the run is drawn', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fibril-tornado-'))
  try {
    const file = join(folder, 'flow.svg')
    const { stdout, stderr, status } = spawnSync(process.execPath, [program, file], { encoding: 'utf8' })
    assert.equal(status, 0, stderr)
    assert.match(stdout, /URL URL1 took 100ms[\s\S]*\[ \[ 'URL1', 100 \], \[ 'URL2', 200 \], \[ 'URL3', 200 \] \]/)
    const total = Number(/total time: (\d+) ms/.exec(stdout)?.[1])
    assert.ok(total >= 199, `${total}`)
    assert.match(stdout, /outerCoroutine +waits for[\s\S]*getUrl +has ended[\s\S]*outerCoroutine +has ended/)
    const svg = readFileSync(file, 'utf8')
    assert.match(svg, />getUrl</)
    assert.match(svg, />outerCoroutine</)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
