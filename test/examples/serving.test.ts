import assert from 'node:assert/strict'
import { test } from 'node:test'
import { page } from '../serving/load.ts'
import { withProgram } from '../support/program.ts'

const notHere = process.platform === 'win32' ? 'no signals' : process.versions['bun'] !== undefined && 'not for Bun'

// Slow: it starts three processes.
test('the pages are served by two processes, until SIGTERM', {
  skip: notHere,
}, async () => {
  await withProgram('serving/main', ['2'], async ({ child, said, ended }) => {
    const port = /^service "pages" on port (\d+)$/.exec(await said())?.[1]
    const pids = [await said(), await said()].map((line) => Number(/^worker \d: (\d+)$/.exec(line)?.[1]))
    const { path, pid } = (await page(Number(port), '/about')) as unknown as { path: string; pid: number }
    assert.equal(path, '/about')
    assert.ok(pids.includes(pid))
    child.kill('SIGTERM')
    const words = [await said(), await said(), await said()].sort()
    assert.deepEqual(words, [
      '[1] the last request has been answered',
      '[2] the last request has been answered',
      'service "pages" has stopped',
    ])
    assert.deepEqual(await ended, [0, null])
  })
})
