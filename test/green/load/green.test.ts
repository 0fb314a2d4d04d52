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
const other = run(function other() {
  console.log('other', rest(1))
})
try {
  console.log('main', rest(50))
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
      assert.deepEqual([stdout, stderr, code], [`other 1\nmain 50\nend [ 'x' ]\n`, '', 0])
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

test('required modules block as they load: in order, once, and again after a failure', async (t) => {
  const cwd = folderWith(t, {
    ...primitives,
    'main.cts': `const { run, sleep } = require('./green.cts')
console.log('main', require.main === module)
const a = require('./a.cjs')
console.log(a, require('./a.cjs') === a)
const slow = () => require(['.', 'slow.cts'].join('/'))
const tasks = [run(() => slow()), run(() => slow())]
require('./green.cts').sleep(20)
console.log(slow(), require('./data.json'))
for (let n = 0; n < 2; n++) try { require('./fails.cts') } catch (error) { console.log((error as Error).message) }
try { require('./nowhere.cts') } catch (error) { console.log((error as NodeJS.ErrnoException).code) }
console.log(require('./shadowed.cts'))
`,
    'a.cjs': `console.log('a')
exports.early = 1
const b = require('./b.cts')
const { sleep } = require('./green.cts')
sleep(2)
module.exports = { a: 1, b, loaded: module.loaded, file: __filename.slice(-5), same: this === exports }
if (b) return
`,
    'b.cts': `require('./green.cts').sleep(1)
const a = require('./a.cjs')
console.log('b sees', a.early)
exports.b = (() => { require('./green.cts').sleep(1); return 2 })()
`,
    'slow.cts': `console.log('slow begins')\nrequire('./green.cts').sleep(5)\nmodule.exports = 'slow'\n`,
    'fails.cts': `console.log('fails')\nrequire('./green.cts').sleep(1)\nthrow new Error('as it loads')\n`,
    'shadowed.cts': `var exports = exports || {}, module = module\nexports.x = (require('./green.cts').sleep(1), 1)\n`,
    'data.json': '{"json":true}',
  })
  const expected = `main true
a
b sees 1
{ a: 1, b: { b: 2 }, loaded: false, file: 'a.cjs', same: true } true
slow begins
slow { json: true }
fails
as it loads
fails
as it loads
MODULE_NOT_FOUND
{ x: 1 }
`
  for (const args of [
    [cli, 'run'],
    [cli, 'run', '--stress'],
    ['--import', register],
  ]) {
    const { stdout, stderr, code } = await node([...args, 'main.cts'], { cwd, env })
    assert.deepEqual([stdout, stderr, code], [expected, '', 0])
  }
})

test('a module that blocks as it is required by what was not compiled is told of', async (t) => {
  const cwd = folderWith(t, {
    ...primitives,
    'main.mts': `import { createRequire } from 'node:module'
import { sleep } from './green.mts'
const require = createRequire(import.meta.url)
try {
  require('./other.cts')
} catch (error) {
  console.log((error as Error).message)
}
sleep(1)
console.log('goes on')
`,
    'other.cts': `const { sleep } = require('./green.cts')\nsleep(1)`,
  })
  const { stdout, stderr, code } = await node([cli, 'run', 'main.mts'], { cwd, env })
  assert.match(stdout, / cannot park here: require stands between.*\ngoes on\n$/, stderr)
  assert.equal(code, 0)
})

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
  assert.match(stdout, /^main\.mts:2 {2}rest +may park +sleep\(…\) +A$/m)
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
