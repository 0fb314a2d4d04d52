import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

// Takes seconds: the suite waits for real between its steps.
test('then passes the whole Promises/A+ suite', async () => {
  const suite = fileURLToPath(new URL('./promises-aplus-suite.js', import.meta.url))
  const output = await new Promise<string>((resolve, reject) =>
    execFile(process.execPath, ['--unhandled-rejections=none', suite], (error, stdout, stderr) =>
      error === null ? resolve(stdout) : reject(new Error(`${stdout}\n${stderr}`)),
    ),
  )
  assert.match(output, /\b872 passing\b/)
  assert.doesNotMatch(output, /failing|pending/)
})
