import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cli, folderWith, node, withStandIn } from './program.ts'

const env = withStandIn({ cache: false })
const skip = process.platform === 'win32' ? 'no signals there' : false

const waiting = `import { run, sleep } from 'fibril'
const main = run(function* main() {
  try {
    setTimeout(() => console.log('waits'), 1)
    yield* sleep(60_000)
  } catch {
    console.log('never')
  } finally {
    console.log('cleans')
    yield* sleep(PAUSE)
    console.log('cleaned')
  }
})
`

test('the first SIGINT cancels the tasks, and the process dies of it when they have cleaned up', {
  skip,
}, async (t) => {
  const cwd = folderWith(t, { 'package.json': '{"type":"module"}', 'main.ts': waiting.replace('PAUSE', '1') })
  let sent = false
  const { stdout, stderr, signal } = await node([cli, 'run', 'main.ts'], {
    cwd,
    env,
    onOutput({ stdout }, kill) {
      if (!sent && stdout.includes('waits')) kill('SIGINT')
      sent ||= stdout.includes('waits')
    },
  })
  assert.deepEqual([stdout, stderr, signal], ['waits\ncleans\ncleaned\n', '', 'SIGINT'])
})

test('a module that waits for its tasks cleans up as well, and its cancel is no error', { skip }, async (t) => {
  const cwd = folderWith(t, {
    'package.json': '{"type":"module"}',
    'main.ts': `${waiting.replace('PAUSE', '1')}try { await main } finally { console.log('top level') }`,
  })
  let sent = false
  const { stdout, stderr, signal } = await node([cli, 'run', 'main.ts'], {
    cwd,
    env,
    onOutput({ stdout }, kill) {
      if (!sent && stdout.includes('waits')) kill('SIGINT')
      sent ||= stdout.includes('waits')
    },
  })
  assert.deepEqual([stdout, stderr, signal], ['waits\ncleans\ncleaned\ntop level\n', '', 'SIGINT'])
})

test('the second SIGINT does not wait for them', { skip }, async (t) => {
  const cwd = folderWith(t, { 'package.json': '{"type":"module"}', 'main.ts': waiting.replace('PAUSE', '60_000') })
  let sent = 0
  const { stdout, signal } = await node([cli, 'run', 'main.ts'], {
    cwd,
    env,
    onOutput({ stdout }, kill) {
      if (sent < stdout.trim().split('\n').length) {
        sent++
        kill('SIGINT')
      }
    },
  })
  assert.deepEqual([stdout, signal], ['waits\ncleans\n', 'SIGINT'])
})

test('a program that listens for SIGINT itself is left to it', { skip }, async (t) => {
  const cwd = folderWith(t, {
    'package.json': '{"type":"module"}',
    'main.ts': `process.on('SIGINT', () => process.exit(5))\n${waiting.replace('PAUSE', '1')}`,
  })
  const { stdout, code } = await node([cli, 'run', 'main.ts'], {
    cwd,
    env,
    onOutput({ stdout }, kill) {
      if (stdout.includes('waits')) kill('SIGINT')
    },
  })
  assert.deepEqual([stdout, code], ['waits\n', 5])
})

test('SIGINT ends a program without tasks at once, also one that calculates', { skip }, async (t) => {
  const cwd = folderWith(t, {
    'main.cts': `console.log('begins')\nconst end: number = Date.now() + 60_000\nwhile (Date.now() < end);`,
  })
  const { stdout, signal } = await node([cli, 'run', 'main.cts'], {
    cwd,
    env,
    onOutput: (_, kill) => kill('SIGINT'),
  })
  assert.deepEqual([stdout, signal], ['begins\n', 'SIGINT'])
})

test('a program that can never go on says who waits for what, and ends with code 13', async (t) => {
  const cwd = folderWith(t, {
    'package.json': '{"type":"module"}',
    'main.ts': `import { Queue, run } from 'fibril'
await run(function* main() {
  yield* new Queue().get()
})`,
  })
  const { stderr, code } = await node([cli, 'run', 'main.ts'], { cwd, env })
  assert.equal(code, 13)
  assert.match(stderr, /DeadlockError: every task waits and nothing outside can wake one \(1 parked\)/)
  assert.match(stderr, /main #1 has waited \d+ ms for/)
})

test('a program that waits for nothing that can come ends with code 13, as under Node', async (t) => {
  const cwd = folderWith(t, { 'package.json': '{"type":"module"}', 'main.ts': `await new Promise(() => {})` })
  const { code } = await node([cli, 'run', 'main.ts'], { cwd, env })
  assert.equal(code, 13)
})
