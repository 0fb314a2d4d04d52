import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { rollup } from 'rollup'
import * as green from '../../../src/green/unplugin/index.ts'
import type { Snapshot } from '../../../src/inspect/index.ts'
import { Place } from '../../inspect/program.ts'
import { cli, folderWith, node, register } from './program.ts'

const own = fileURLToPath(new URL('../../../../', import.meta.url))
const line = (text: string): number => waits.split('\n').findIndex((each) => each.includes(text)) + 1
const column = (text: string, within: string): number =>
  (waits.split('\n').find((each) => each.includes(text)) as string).indexOf(within) + 1

/** `outer` and the arrow and the method are compiled the direct way, `slow` is not: a call in its `finally` may park. */
const waits = `import { Event, run, sleep, spawn, yieldNow } from 'fibril/green'
import { describeTasks, snapshot } from 'fibril/inspect'
interface Asked { readonly n: number }
const gate = new Event()
let arrived = false
class Shop {
  price = 5
  'buy (one)'(asked: Asked): number {
    return (
      this.price + [1, 2].length +
      fetch(/* MARK1 */
        asked.n,
      )
    )
  }
}
const fetch = (n: number): number => n === 0 ? 0 : (
  arrived = true,
  gate
    .wait(), // MARK0
  n)
function slow(shop: Shop, n: number): number {
  try {
    return 1 +
      shop['buy (one)']({ // MARK2
        n,
      })
  } finally {
    sleep(1)
  }
}
function outer(shop: Shop): number {
  for (const item of [1, 2]) {
    const list = [
      'a',
      twice(2), slow( // MARK3
        shop,
        Math.max(2, twice(1), 3)),
      twice(item) +
        fail(2), // MARK4
    ]
    if (list.length > 9) throw new Error('too many')
  }
  return 0
}
function twice(n: number): number {
  sleep(1)
  return n * 2
}
function fail(n: number): number {
  sleep(1)
  if (n > 1) throw new Error('bang') // MARK5
  return n
}
function main(): void {
  const task = spawn.detached(outer, new Shop())
  while (!arrived) yieldNow()
  console.log(describeTasks(snapshot()))
  if (process.argv.includes('--stay')) sleep(100_000)
  gate.set()
  try {
    task.join()
  } catch (error) {
    console.log((error as Error).stack)
  }
}
run(main)
`

const at = (name: string, mark: string, within: string): string =>
  `at ${name} (main.ts:${line(mark)}:${column(mark, within)})`
const stack = [
  at('fetch', 'MARK0', 'wait'),
  at('buy (one)', 'MARK1', 'fetch'),
  at('slow', 'MARK2', "'buy"),
  at('outer', 'MARK3', 'slow'),
]

/** Of the names of functions as a minifier leaves them nothing is known. */
function stackOf(text: string): string[] {
  const [, task = ''] = text.split(/ #\d+ waits for an event.*\n/)
  const [lines = ''] = task.split(/\n *spawned at/)
  return lines.split('\n').map((each) => each.trim())
}

const unnamed = (lines: string[]): string[] => lines.map((each) => each.replace(/^at .* \(/, 'at ('))

test('a parked task shows the line and column at which each of its functions waits, whichever way it is compiled', async (t) => {
  const cwd = folderWith(t, { 'package.json': '{"type":"module"}', 'main.ts': waits })
  const { stdout, stderr } = await node(['--import', register, 'main.ts'], { cwd })
  assert.deepEqual(stackOf(stdout), stack, stderr)
  const [, trace = ''] = stdout.split('Error: bang\n')
  const places = [...trace.matchAll(/main\.ts:(\d+:\d+)/g)].map(([, place]) => place)
  const thrown = `${line('MARK5')}:${column('MARK5', 'new Error')}`
  assert.deepEqual(places.slice(0, 2), [thrown, `${line('MARK4')}:${column('MARK4', 'fail')}`], stdout)
})

test('fibril dump shows them of another process', { skip: process.platform === 'win32' && 'no signals' }, async (t) => {
  const cwd = folderWith(t, { 'package.json': '{"type":"module"}', 'main.ts': waits })
  const place = new Place(t)
  const running = place.start([cli, 'run', join(cwd, 'main.ts'), '--stay'], { env: { FIBRIL_INSPECT: '1' } })
  await running.wrote('stdout', /spawned at/)
  const text = await place.dumpUntil(running.pid, /waits for an event/)
  assert.deepEqual(
    stackOf(text).map((each) => each.replace(`${cwd}/`, '')),
    stack,
  )
  const { tasks } = JSON.parse((await place.dump('--json', running.pid)).stdout) as Snapshot
  const slow = tasks.flatMap(({ frames }) => frames).find(({ name }) => name === 'slow')
  // Its variables, and none of the compiler's.
  assert.deepEqual(slow?.locals?.toSorted(), ['n', 'shop'])
})

for (const bundler of ['rollup', 'esbuild', 'esbuild, minified'])
  test(`so does a bundle of ${bundler}, by its map`, async (t) => {
    const cwd = folderWith(t, { 'package.json': '{"type":"module"}', 'main.ts': waits })
    mkdirSync(join(cwd, 'node_modules'))
    symlinkSync(own, join(cwd, 'node_modules/fibril'), 'junction')
    const file = join(cwd, 'out.mjs')
    if (bundler === 'rollup') {
      const bundle = await rollup({ input: join(cwd, 'main.ts'), external: /^fibril/, plugins: [green.rollup()] })
      await bundle.write({ file, sourcemap: true })
    } else
      await build({
        entryPoints: [join(cwd, 'main.ts')],
        outfile: file,
        bundle: true,
        minify: bundler !== 'esbuild',
        sourcemap: true,
        format: 'esm',
        platform: 'node',
        external: ['fibril'],
        logLevel: 'silent',
        plugins: [green.esbuild()],
      })
    const { stdout, stderr } = await node(['--enable-source-maps', 'out.mjs'], { cwd })
    assert.deepEqual(unnamed(stackOf(stdout)), unnamed(stack), stdout + stderr)
  })
