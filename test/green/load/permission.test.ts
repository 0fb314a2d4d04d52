import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { registerHooks } from '../../../src/green/load/hooks.ts'
import { cli, folderWith, node, withStandIn } from './program.ts'

// Before Node 22.15 hooks need a thread, and the model was another.
const skip = registerHooks === undefined ? 'hooks need a thread' : false
const own = fileURLToPath(new URL('../../../../', import.meta.url))

const files = {
  'package.json': '{"type":"module"}',
  'node_modules/x/index.js': '',
  'main.ts': `import './c.cts'\nconsole.log('main', COMPILED, process.permission.has('fs.write'))`,
  'c.cts': `console.log('c', COMPILED)`,
}

test('under the permission model a program runs with leave to read its files, and nothing is kept', {
  skip,
}, async (t) => {
  const cwd = folderWith(t, files)
  const flags = ['--permission', `--allow-fs-read=${cwd}`, `--allow-fs-read=${own}`]
  const { stdout, stderr, code } = await node([...flags, cli, 'run', 'main.ts'], { cwd, env: withStandIn() })
  assert.deepEqual([stdout, stderr, code], ['c true\nmain true false\n', '', 0])
  const debug = { ...withStandIn(), NODE_DEBUG: 'fibril' }
  const asked = await node([...flags, cli, 'run', 'main.ts'], { cwd, env: debug })
  assert.match(asked.stderr, /^FIBRIL \d+: compiled code is not kept: cannot write to .*\n$/)
})

test('under the permission model the watchdog says in a line that it cannot watch', { skip }, async (t) => {
  const cwd = folderWith(t, files)
  const flags = ['--permission', `--allow-fs-read=${cwd}`, `--allow-fs-read=${own}`]
  const { stdout, stderr, code } = await node([...flags, cli, 'run', '--watchdog', 'main.ts'], {
    cwd,
    env: withStandIn(),
  })
  assert.deepEqual([stdout, code], ['c true\nmain true false\n', 0])
  assert.match(
    stderr,
    /^\(node:\d+\) FibrilWarning: the watchdog watches nothing: it needs a thread of its own \(--allow-worker\)/,
  )
})

test('under the permission model the watchdog tells without a stack where the inspector is denied', {
  skip,
}, async (t) => {
  const cwd = folderWith(t, {
    'main.cjs': `const { existsSync } = require('node:fs')
const end = Date.now() + 60_000
while (!existsSync('free') && Date.now() < end);
`,
  })
  const flags = ['--no-warnings', '--permission', '--allow-worker', `--allow-fs-read=${cwd}`, `--allow-fs-read=${own}`]
  const { stderr, code } = await node([...flags, cli, 'run', '--watchdog=20', 'main.cjs'], {
    cwd,
    env: withStandIn(),
    onOutput: () => writeFileSync(join(cwd, 'free'), ''),
  })
  assert.equal(code, 0, stderr)
  assert.match(stderr, /^fibril watchdog: something \(no stack could be taken\) has held the loop for \d+ ms so far\n/)
})
