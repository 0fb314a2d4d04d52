import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cli, folderWith, node, register } from './program.ts'

// The module that a program starts with, whose top level is the main task.
const env = { FIBRIL_GREEN: '{"cache":false}' }
const esm = { 'package.json': '{"type":"module"}' }

test('top-level code is a task: it spawns, has values of its own, and awaits', async (t) => {
  const cwd = folderWith(t, {
    ...esm,
    'main.ts': `import { currentTask, sleep, spawn, TaskLocal } from 'fibril/green'
const local = new TaskLocal({
  create: () => (sleep(1), { n: 0 }),
  dispose: (value: { n: number }) => (sleep(1), console.log('disposed', value)),
})
const task = spawn((ms: number) => (sleep(ms), 'child'), 5)
local.get().n++
console.log(local.get().n, currentTask()?.name, task.join())
for (const promise of [1, Promise.resolve(2)]) console.log(-await promise + 1)
console.log(await (async () => 'over')(), await (Promise.resolve('and done')))
`,
  })
  for (const args of [
    [cli, 'run'],
    [cli, 'run', '--stress'],
    ['--import', register],
  ]) {
    const { stdout, stderr, code } = await node([...args, 'main.ts'], { cwd, env })
    assert.deepEqual([stdout, stderr, code], ['1 main child\n0\n-1\nover and done\ndisposed { n: 1 }\n', '', 0])
  }
})

test('imports stand anywhere in it, and what it exports has its value for who imports it later', async (t) => {
  const cwd = folderWith(t, {
    ...esm,
    'main.ts': `import { sleep } from 'fibril/green'
import type { Nothing } from './nothing.ts'
sleep(1)
export const one = 1, { two, ...rest } = { two: 2, three: 3 }
import {
  sep as separator,
} from 'node:path'
export { separator, four as 'number four', fn as again }
export function fn(): number { return one + two }
class Four { readonly n = 4 }
const four = new Four()
export default (() => 'by default')
export * from './other.ts'
sleep(1)
await import('./late.ts')
`,
    'other.ts': 'export const other = true\n',
    'late.ts': `import * as main from './main.ts'
const { default: byDefault, ...rest } = main
console.log(byDefault.name, byDefault(), main.fn(), rest)
`,
  })
  const { stdout, stderr, code } = await node([cli, 'run', 'main.ts'], { cwd, env })
  assert.match(stdout, /^default by default 3 \{/, stderr)
  for (const text of ["'number four': Four { n: 4 }", 'other: true', 'one: 1', 'rest: { three: 3 }', "separator: '/'"])
    assert.ok(stdout.includes(text), `${text} in ${stdout}`)
  assert.equal(code, 0)
})

test('a failed child fails the top level, whose cleanup waits', async (t) => {
  const cwd = folderWith(t, {
    ...esm,
    'main.ts': `import { sleep, spawn } from 'fibril/green'
spawn(() => { throw new Error('boom') })
try {
  sleep(10_000)
} catch {
  console.log('never')
} finally {
  sleep(1)
  console.log('cleaned up')
}
`,
  })
  const { stdout, stderr, code } = await node([cli, 'run', 'main.ts'], { cwd, env })
  assert.deepEqual([stdout, code], ['cleaned up\n', 1])
  assert.match(stderr, /Error: boom/)
})

test('the blocking calls of node park in a program, unless it is told not to', async (t) => {
  const cwd = folderWith(t, {
    ...esm,
    'main.ts': `import { execSync } from 'node:child_process'
import { spawn } from 'fibril/green'
let active = 0
let most = 0
const tasks = [1, 2, 3].map(() => spawn(() => {
  most = Math.max(most, ++active)
  execSync('exit 0')
  active--
}))
for (const task of tasks) task.join()
console.log(most)
`,
  })
  const run = async (...args: string[]) => (await node([...args, 'main.ts'], { cwd, env })).stdout
  assert.equal(await run(cli, 'run'), '3\n')
  assert.equal(await run(cli, 'run', '--no-patch'), '1\n')
})
