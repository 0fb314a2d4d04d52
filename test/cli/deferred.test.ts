import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cli, folderWith, node } from '../green/load/program.ts'
import { wrongCommands } from './wrong-commands.ts'

test('fibril deferred draws a chain from a text', async (t) => {
  const cwd = folderWith(t, { 'chain.txt': 'callback 1\nthrow oops\n| give 2\n' })
  for (const args of [['chain.txt'], ['--chain', 'callback 1; throw oops; | give 2']]) {
    const { stdout, stderr, code } = await node([cli, 'deferred', ...args], { cwd })
    assert.deepEqual([stderr, code], ['', 0])
    assert.match(stdout, /callback\(1\)\n/)
    assert.match(stdout, /┃ throw oops ┃ {2}│ pass {7}│ {2}threw\n/)
    assert.match(stdout, /2 {2}the result\n$/)
  }
})

test('fibril deferred draws a chain that is code, in TypeScript, and whose promises it waits for', async (t) => {
  const cwd = folderWith(t, {
    'double.ts': 'export const double = (n: number): number => 2 * n\n',
    'chain.ts': `import type { Deferred } from 'fibril/twisted'
      import { double } from './double.ts'
      export const fire: number = 4
      export function chain(deferred: Deferred<number>): void {
        deferred.addCallback(double).addCallback(async function half(n) { return n / 2 }).addErrback((f) => f)
      }`,
  })
  const { stdout, stderr, code } = await node([cli, 'deferred', 'chain.ts'], { cwd })
  assert.deepEqual([stderr, code], ['', 0])
  assert.match(
    stdout,
    /callback\(4\)[\s\S]*┃ double[\s\S]*┃ 8\n[\s\S]*┃ half[\s\S]*gave a promise[\s\S]*┃ 4\n[\s\S]*4 {2}the result/,
  )
})

test('fibril deferred --svg gives a picture, --colour colours', async (t) => {
  const cwd = folderWith(t, {})
  const svg = await node([cli, 'deferred', '--svg', '--chain', 'callback 1; give 2'], { cwd })
  assert.match(svg.stdout, /^<svg xmlns[\s\S]*<\/svg>\n$/)
  const colours = await node([cli, 'deferred', '--colour', '--chain', 'callback 1; give 2'], { cwd })
  assert.ok(colours.stdout.includes('\x1b[32m'))
})

wrongCommands(
  ['deferred'],
  [
    [[], 'fibril deferred needs one chain to draw: a file, or --chain TEXT'],
    [['a', 'b'], 'fibril deferred needs one chain to draw: a file, or --chain TEXT'],
    [['none.txt'], /^cannot read none\.txt: ENOENT/],
    [['none.ts'], /^cannot read none\.ts: ENOENT/],
    [['wrong.txt'], 'wrong.txt: line 2: there is no action "gvie". Did you mean "give"?'],
    [['--chain', 'callback 1; gvie 2'], '--chain: line 2: there is no action "gvie". Did you mean "give"?'],
    [['wrong.mjs'], 'wrong.mjs should export a function `chain(deferred, later)` that adds callbacks to a Deferred'],
    [['--wait', 'long', 'right.txt'], '--wait takes milliseconds, not "long"'],
    [['--fast', 'wrong.txt'], "Unknown option '--fast'"],
  ],
  { 'right.txt': 'callback 1', 'wrong.txt': 'callback 1\ngvie 2\n', 'wrong.mjs': 'export const links = 1\n' },
)
