import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cli, folderWith, node } from './program.ts'

// What only a module may have, where its top level is the main task.
const env = { FIBRIL_GREEN: '{"cache":false}' }
const esm = { 'package.json': '{"type":"module"}' }

test('exports that change do so for who imports them, in every way in which a variable is written', async (t) => {
  const cwd = folderWith(t, {
    ...esm,
    'main.ts': `import { sleep, spawn } from 'fibril/green'
export let n = 1, m = 0, big = 1n
export let [p, q] = [1, 2]
export function f() { return 'first' }
export class C { static is = 'first' }
export { n as 'again' }
var late = 0
export { late }
const seen: unknown[] = []
const look = async () => { const { default: _, ...rest } = await import('./main.ts'); seen.push(JSON.stringify(rest, (_, v) => typeof v === 'bigint' ? String(v) : typeof v === 'function' ? v.is ?? v() : v)) }
sleep(1)
await look()
n++; const old = n++; ++n; n += -n++ + 10; big++
;[p, { q = 5, m }] = [7, { m: 8 }]
for (q of [3, 4]) sleep(1)
function later() { late = 9; for ({ n } of [{ n: 20 }]); m ||= 1; return m-- }
seen.push(later(), old)
f = () => 'second'
C = class { static is = 'second' } as never
const task = spawn(() => { sleep(1); late++ })
task.join()
await look()
console.log(seen.join('\\n'))
export default function () { return sleep(1) }
`,
  })
  const first = '{"C":"first","again":1,"big":"1","f":"first","late":0,"m":0,"n":1,"p":1,"q":2}'
  const second = '{"C":"second","again":20,"big":"2","f":"second","late":10,"m":7,"n":20,"p":7,"q":4}'
  for (const args of [
    [cli, 'run'],
    [cli, 'run', '--stress'],
  ]) {
    const { stdout, stderr, code } = await node([...args, 'main.ts'], { cwd, env })
    assert.deepEqual([stdout, stderr, code], [`${first}\n8\n2\n${second}\n`, '', 0])
  }
})

test('an anonymous default export, and a `for await`, are part of the main task', async (t) => {
  const cwd = folderWith(t, {
    ...esm,
    'main.ts': `import { currentTask, sleep, spawn } from 'fibril/green'
export default class {
  n = (sleep(1), 7)
}
const log: unknown[] = [currentTask()?.name]
async function* numbers(to: number) {
  try { for (let n = 1; n <= to; n++) yield n } finally { log.push('over') }
}
for await (const n of numbers(2)) { spawn(() => sleep(n)).join(); log.push(n) }
for await (const n of numbers(9)) if (n === 2) break
for await (const n of [Promise.resolve('p'), 3]) log.push(n)
outer: for await (const n of numbers(3)) for (const m of [1, 2]) { if (n === 2) continue outer; log.push(n * 10 + m) }
try { for await (const n of numbers(3)) throw n } catch (error) { log.push('caught', error) }
try { for await (const n of 5 as never) log.push(n) } catch (error) { log.push((error as Error).name) }
const { default: made } = await import('./main.ts')
log.push(made.name, new made().n)
console.log(log.join())
`,
  })
  const { stdout, stderr, code } = await node([cli, 'run', 'main.ts'], { cwd, env })
  const expected = 'main,1,2,over,over,p,3,11,12,31,32,over,over,caught,1,TypeError,default,7\n'
  assert.deepEqual([stdout, stderr, code], [expected, '', 0])
})

test('a module that imports itself stays one, and its top level awaits', async (t) => {
  const cwd = folderWith(t, {
    ...esm,
    'main.ts': `import { sleep } from 'fibril/green'
import { n as seen } from './main.ts'
try {
  console.log(seen)
} catch (error) {
  console.log((error as Error).name)
}
export const n = 1
sleep(1)
console.log(seen)
`,
  })
  const { stdout, stderr, code } = await node([cli, 'run', 'main.ts'], { cwd, env })
  assert.deepEqual([stdout, stderr, code], ['ReferenceError\n1\n', '', 0])
})
