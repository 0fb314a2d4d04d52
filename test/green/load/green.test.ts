import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cli, folderWith, node, register } from './program.ts'

// With the real compiler: what a program is from its first line to its end.
const env = { FIBRIL_GREEN: '{"cache":false}' }
const skip = process.platform === 'win32' ? 'no signals there' : false

const primitives = {
  'package.json': '{}',
  'green.mts': `import * as fibril from 'fibril'
import { park, parkable } from 'fibril/green/runtime'
export const sleep = parkable(function sleep(ms: number) { return park(fibril.sleep(ms)) })
export const take = parkable(function take(queue: fibril.Queue<string>) { return park(queue.get()) })
export const queue = new fibril.Queue<string>()
export const { run } = fibril
`,
  'green.cts': `const fibril = require('fibril')
const { park, parkable } = require('fibril/green/runtime')
exports.sleep = parkable(function sleep(ms: number) { return park(fibril.sleep(ms)) })
exports.take = parkable(function take(queue: any) { return park(queue.get()) })
exports.queue = new fibril.Queue()
exports.run = fibril.run
`,
}

for (const [format, name, imports] of [
  ['a module', 'main.mts', `import { queue, run, sleep, take } from './green.mts'\n`],
  ['CommonJS', 'main.cts', `const { queue, run, sleep, take } = require('./green.cts')\n`],
] as const) {
  test(`top-level code of ${format} blocks, while other tasks run`, async (t) => {
    const cwd = folderWith(t, {
      ...primitives,
      [name]: `${imports}function rest(ms: number): number {
  sleep(ms)
  return ms
}
let ended = false
const other = run(function other() {
  console.log('other', rest(1))
  ended = true
})
try {
  while (!ended) rest(1)
  console.log('main', rest(2))
  if (process.argv[2] !== 'x') take(queue)
} finally {
  console.log('end', process.argv.slice(2))
}
`,
    })
    for (const args of [
      [cli, 'run'],
      [cli, 'run', '--stress'],
      ['--import', register],
    ]) {
      const { stdout, stderr, code } = await node([...args, name, 'x'], { cwd, env })
      assert.deepEqual([stdout, stderr, code], [`other 1\nmain 2\nend [ 'x' ]\n`, '', 0])
    }
  })

  test(`what ${format} throws after it has blocked ends the process, with the lines of the source`, async (t) => {
    const cwd = folderWith(t, {
      ...primitives,
      [name]: `${imports}function fail(): never {
  sleep(1)
  throw new TypeError('after a rest')
}
fail()
`,
    })
    const { stderr, code } = await node([cli, 'run', name], { cwd, env })
    assert.equal(code, 1)
    assert.match(stderr, new RegExp(`TypeError: after a rest\\n.*at fail.*${name}:4:`))
  })

  test(`SIGINT runs the finally blocks of ${format} that blocks`, { skip }, async (t) => {
    const cwd = folderWith(t, {
      ...primitives,
      [name]: `${imports}function work(): void {
  try {
    // A turn later than the one in which the task takes its first step.
    setTimeout(() => setImmediate(() => setTimeout(() => console.log('waits'), 1)), 1)
    sleep(60_000)
  } catch {
    console.log('never')
  } finally {
    sleep(1)
    console.log('cleaned')
  }
}
try {
  work()
} finally {
  console.log('top level')
}
`,
    })
    let sent = false
    const { stdout, stderr, signal } = await node([cli, 'run', name], {
      cwd,
      env,
      onOutput({ stdout }, kill) {
        if (!sent && stdout.includes('waits')) kill('SIGINT')
        sent ||= stdout.includes('waits')
      },
    })
    assert.deepEqual([stdout, stderr, signal], ['waits\ncleaned\ntop level\n', '', 'SIGINT'])
  })

  test(`${format} that waits for what cannot come ends with code 13, and says for what`, async (t) => {
    const cwd = folderWith(t, { ...primitives, [name]: `${imports}take(queue)\nrun(() => {})\nsleep(1)\n` })
    const { stderr, code } = await node([cli, 'run', name], { cwd, env })
    assert.equal(code, 13)
    assert.match(stderr, /DeadlockError: every task waits and nothing outside can wake one \(1 parked\)/)
  })
}

test('check tells what the compiler does', async (t) => {
  const cwd = folderWith(t, {
    ...primitives,
    'main.mts': `import { sleep } from './green.mts'
export function rest(ms: number) { sleep(ms) }
export function add(a: number, b: number) { return a + b }
`,
  })
  const { stdout, stderr } = await node([cli, 'check', 'main.mts'], { cwd, env })
  assert.equal(stderr, '')
  assert.match(stdout, /^main\.mts:2 {2}rest +may park +sleep\(…\) +B$/m)
  assert.match(stdout, /^main\.mts:3 {2}add +never parks +untouched$/m)
})

test('a source that is none is said with its place, by run and by check', async (t) => {
  const cwd = folderWith(t, { 'bad.mts': 'const a: number = 1\nfunction x( {\n' })
  for (const command of ['run', 'check']) {
    const { stderr, code } = await node([cli, command, 'bad.mts'], { cwd, env })
    assert.equal(code, 1)
    assert.match(stderr, /SyntaxError.*bad\.mts/)
    assert.match(stderr, /at .*bad\.mts:2:14/)
    assert.doesNotMatch(stderr, /parse\.js/)
  }
})
