import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

test('trial registers tests with node:test: each fails by its own doing, and classes have setUp around each of their tests', async () => {
  const file = fileURLToPath(new URL('./samples/leaky.js', import.meta.url))
  // The runner tells its children by a variable that they are its children.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const output = await new Promise<string>((resolve) => {
    execFile(process.execPath, ['--test', '--test-reporter=tap', file], { env }, (_error, stdout) => resolve(stdout))
  })
  const results = [...output.matchAll(/^ *((?:not )?ok) \d+ - (.*)$/gm)].map(([, ok, title]) => `${ok} ${title}`)
  const only = (title: string): string | undefined => results.find((result) => result.includes(title))
  assert.equal(only('leaves a call'), 'not ok leaves a call')
  assert.equal(only('is clean'), 'ok is clean')
  assert.equal(only('leaves an unhandled failure'), 'not ok leaves an unhandled failure')
  assert.equal(only('is clean, too'), 'ok is clean, too')
  assert.equal(only('hangs'), 'not ok hangs')
  assert.match(String(only('skips itself')), /^ok skips itself # SKIP there is no moon/)
  assert.match(String(only('is not run')), /^ok is not run # SKIP not now/)
  assert.equal(only('testOfBase'), 'ok testOfBase')
  assert.equal(only('testReady'), 'ok testReady')
  assert.equal(only('testGenerator'), 'ok testGenerator')
  assert.equal(only('helper'), undefined)
})
