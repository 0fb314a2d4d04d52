// Preloaded into the process of each test file: notes the file in FIBRIL_FAILED_TESTS if the process fails. The
// runner's own events do not tell: to them a test lies where `test` was called, which may be a helper that all share.
import { appendFileSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'

const list = process.env.FIBRIL_FAILED_TESTS
if (isMainThread && list && process.env.NODE_TEST_CONTEXT) {
  const [, file] = process.argv
  process.on('exit', (code) => {
    if (code !== 0) appendFileSync(list, `${file}\n`)
  })
}
