import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { cli, folderWith, node } from './program.ts'

// `using` where a program is loaded: at the top level of modules of either kind.
const env = { FIBRIL_GREEN: '{"cache":false}' }
const esm = { 'package.json': '{"type":"module"}' }

async function prints(t: TestContext, files: Record<string, string>, main: string, expected: string): Promise<void> {
  const cwd = folderWith(t, files)
  for (const flags of [[], ['--stress']]) {
    const { stdout, stderr, code } = await node([cli, 'run', ...flags, main], { cwd, env })
    assert.deepEqual([stdout, stderr, code], [`${expected}\n`, '', 0], flags.join())
  }
}

test('what an `await using` owns is disposed of by the main task', async (t) => {
  await prints(
    t,
    {
      ...esm,
      'main.js': `import { currentTask, sleep } from 'fibril/green'
const log = []
export function owned(name) {
  return { name, async [Symbol.asyncDispose]() { await 1; log.push(name) } }
}
const parks = (name) => ({ [Symbol.dispose]() { sleep(1); log.push(name) }, [Symbol.asyncDispose]: null })
process.on('exit', () => console.log(log.join()))
await using first = owned('first'), none = null
{
  await using inner = owned('inner')
  using second = parks('second')
  await using third = parks('third')
  log.push(inner.name)
}
for (const n of [1, 2]) {
  await using each = parks('each' + n)
  if (n === 1) continue
  log.push('body')
}
for (await using x of [owned('x1'), null, owned('x2')]) if (x === null) continue; else log.push('in ' + x.name)
for (await using x = owned('head'), y = null; ;) { sleep(1); break }
for await (using x of [Promise.resolve(parks('y'))]) log.push('awaited')
switch (1) { case 1: { await using z = owned('z'); break } }
try {
  await using a = owned('a')
  await using b = { async [Symbol.asyncDispose]() { throw new Error('disposing') } }
  throw new Error('body')
} catch (error) {
  log.push(error instanceof SuppressedError, error.error.message, error.suppressed.message)
}
try { await using wrong = {} } catch (error) { log.push(error.name) }
sleep(1)
log.push(currentTask().name)
`,
    },
    'main.js',
    'inner,third,second,inner,each1,body,each2,in x1,x1,in x2,x2,head,awaited,y,z,a,true,disposing,body,TypeError,main,first',
  )
})

test('a module that is imported disposes at its end, and has all its exports', async (t) => {
  await prints(
    t,
    {
      ...esm,
      'log.js': `export const log = []
export const owned = (name) => ({ name, [Symbol.dispose]() { log.push(name) }, async [Symbol.asyncDispose]() { await 1; log.push(name + '…') } })
`,
      'plain.js': `#!/usr/bin/env node
'use strict'
import { log, owned } from './log.js'
export * from './circle.js'
using a = owned('a')
export let n = 1
export const { name } = a
export function next() { return ++n }
export class C { static is = a.name }
const resource = a
export { resource, hidden, log as 'a log' }
if (n) { var hidden = 'var' }
import { early } from './circle.js' // behind
export default class { is = early }
export { n as again }
log.push('end')
// over`,
      'circle.js': `import { log } from './log.js'
import * as plain from './plain.js'
let found
try { found = plain.C.is } catch (error) { found = error.name }
export const early = typeof found
export const later = () => plain.C.is
`,
      'awaits.js': `import { log, owned } from './log.js'
await using a = owned('async'), none = null
export default () => a.name
export var m = 1
m++`,
      'parks.js': `import { sleep } from 'fibril/green'
import { log, owned } from './log.js'
sleep(1)
using a = { [Symbol.dispose]() { sleep(1); log.push('parked') } }
export const value = (sleep(1), 5)`,
      'itself.js': `import { log, owned } from './log.js'
import { n as seen } from './itself.js'
using a = owned('itself')
export let n = 1
n++
log.push(seen)`,
      'fails.js': `import { log, owned } from './log.js'
using a = owned('failing'), b = { [Symbol.dispose]() { throw new Error('b') } }
export const never = null.x`,
      'main.js': `import { log } from './log.js'
import * as plain from './plain.js'
import made, { m } from './awaits.js'
import { value } from './parks.js'
import './itself.js'
const { again, n, name, next, C, resource, hidden, 'a log': same, default: D, later } = plain
log.push(n, again, name, next(), plain.n, plain.again, C.is, resource.name, hidden, same === log, new D().is, D.name, later(), made(), m, made.name, value)
try { await import('./fails.js') } catch (e) { log.push(e.name, e.error.message, e.suppressed.name) }
console.log(log.join(' '))
`,
    },
    'main.js',
    'end a 2 itself async… parked 1 1 a 2 2 2 a a var true string default a async 2 default 5 failing SuppressedError b TypeError',
  )
})

test('CommonJS modules dispose at their end, which may park', async (t) => {
  await prints(
    t,
    {
      'main.cjs': `#!/usr/bin/env node
'use strict'
const { sleep } = require('fibril/green')
const { log, owned } = require('./log.cjs')
process.on('exit', () => console.log(log.join(' ')))
using a = owned('main')
exports.early = 1
const { value, f } = require('./parks.cjs')
log.push(value, f(), require('./plain.cjs').g())
if (value) return sleep(1)
log.push('never') // last`,
      'log.cjs': `const { sleep } = require('fibril/green')
exports.log = []
exports.owned = (name) => ({ [Symbol.dispose]() { sleep(1); exports.log.push(name) } })`,
      'parks.cjs': `const { sleep } = require('fibril/green')
const { log, owned } = require('./log.cjs')
using a = owned('required')
exports.value = (sleep(1), 5)
exports.f = f
function f() { return typeof a }`,
      'plain.cjs': `const { log } = require('./log.cjs')
using a = { [Symbol.dispose]: () => log.push('plain') }
exports.g = g
function g() { return 'g' }`,
    },
    'main.cjs',
    'required plain 5 object g main',
  )
})

test('functions in which nothing parks, and async ones, have it on every Node', async (t) => {
  await prints(
    t,
    {
      ...esm,
      'main.js': `const log = []
const own = (name) => ({ [Symbol.dispose]: () => log.push(name) })
// @fibril never-parks
export function plain() { using a = own('plain'); for (using b of [own('round')]) log.push('in'); return a }
plain()
const later = async () => { await using a = { [Symbol.asyncDispose]: async () => { await 1; log.push('async') } }; using b = own('b') }
later().then(() => console.log(log.join(' ')))
`,
    },
    'main.js',
    'in round plain b async',
  )
})
