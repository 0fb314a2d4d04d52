import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { cli, folderWith, node, register } from './program.ts'

// CommonJS modules whose top level blocks.
const env = { FIBRIL_GREEN: '{"cache":false}' }

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

test('required modules block as they load: in order, once, and again after a failure', async (t) => {
  const cwd = folderWith(t, {
    ...primitives,
    'main.cts': `const { run, sleep } = require('./green.cts')
console.log('main', require.main === module)
const a = require('./a.cjs')
console.log(a, require('./a.cjs') === a)
const slow = () => (sleep(0), require(['.', 'slow.cts'].join('/')))
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

test('a CommonJS module that blocks as it is imported, or as a package, is told of', async (t) => {
  const cwd = folderWith(t, {
    ...primitives,
    'main.mts': `import { sleep } from './green.mts'
for (const load of [() => import('./other.cts'), () => import('some-package'), () => import('./requires.cjs')])
  try { await load() } catch (error) { console.log((error as Error).name, (error as Error).message) }
sleep(1)
console.log('goes on')
`,
    'other.cts': `const { sleep } = require('./green.cts')\nsleep(1)`,
    'requires.cjs': `exports.value = require('some-package')`,
    'node_modules/some-package/package.json': '{"main":"index.js"}',
    'node_modules/some-package/index.js': `const { sleep } = require('../../green.cts')\nsleep(1)`,
  })
  const { stdout, stderr, code } = await node([cli, 'run', '--include', 'some-package', 'main.mts'], { cwd, env })
  const told = (file: string): string =>
    `UsageError ${join(cwd, file)} makes a blocking call as it is imported, which a CommonJS module cannot wait for: make an ES module of it, require it by its path, or make the call in a function\n`
  const ofPackage = told('node_modules/some-package/index.js')
  assert.deepEqual([stdout, stderr, code], [`${told('other.cts')}${ofPackage}${ofPackage}goes on\n`, '', 0])
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
