import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cli, folderWith, node, withStandIn } from '../green/load/program.ts'

const files = {
  'package.json': '{"type":"module"}',
  'a.ts': 'function parkHere(): number {\n  return 1\n}\nfunction add() {}\n',
  'b.js': '\n\nfunction parkThereAsWell() {}\n',
}

test('check tells each function in columns, and the sum', async (t) => {
  const { stdout, stderr, code } = await node([cli, 'check', 'a.ts', 'b.js'], {
    cwd: folderWith(t, files),
    env: withStandIn(),
  })
  assert.deepEqual([stderr, code], ['', 0])
  assert.deepEqual(stdout.split('\n'), [
    'place   function         verdict      why      way',
    'a.ts:1  parkHere         may park     sleep()  A',
    'a.ts:4  add              never parks           untouched',
    'b.js:3  parkThereAsWell  may park     sleep()  A',
    '',
    '3 functions: 2 may park, 1 cannot (2 A, 1 untouched)',
    '',
  ])
})

test('check --json gives the same as data', async (t) => {
  const cwd = folderWith(t, files)
  const { stdout, code } = await node([cli, 'check', 'b.js', '--json'], { cwd, env: withStandIn() })
  assert.equal(code, 0)
  assert.deepEqual(JSON.parse(stdout), {
    version: 1,
    files: [
      {
        file: 'b.js',
        functions: [{ name: 'parkThereAsWell', line: 3, column: 1, parks: true, why: 'sleep()', way: 'A', chain: [] }],
        atomics: [],
      },
    ],
    totals: { functions: 1, park: 1, never: 0, ways: { A: 1 } },
  })
})

test('check of a file that cannot be read says so', async (t) => {
  const { stderr, code } = await node([cli, 'check', 'none.ts'], { cwd: folderWith(t, {}), env: withStandIn() })
  assert.equal(code, 2)
  assert.match(stderr, /^fibril: cannot read none\.ts: ENOENT/)
})

const program = {
  'package.json': '{"type":"module"}',
  'app.ts': `import { atomic } from 'fibril/green'
import { load } from './lib/load.ts'
const balance = { ada: 100 }
export function main(name: string): string {
  atomic(() => {
    balance.ada -= 30
    load(name)
  })
  return load(name)
}
atomic(pay)
function pay(): void {
  balance.ada -= 10
}
`,
  'lib/load.ts': `import { readFileSync } from 'node:fs'
import { join } from 'node:path'
export const load = (name: string): string => read(join('data', name))
function read(path: string): string {
  return readFileSync(path, 'utf8')
}
`,
}

test('check follows calls over files, to the one that parks, and tells what would park in atomic', async (t) => {
  const { stdout, stderr } = await node([cli, 'check', 'app.ts', 'lib/load.ts'], { cwd: folderWith(t, program) })
  assert.deepEqual(
    stdout.split('\n'),
    [
      'place          function   verdict      why                                                                    way',
      'app.ts:4       main       may park     load(…) → read(…) at lib/load.ts:3 → readFileSync(…) at lib/load.ts:5  B',
      'app.ts:5       anonymous  may park     load(…) → read(…) at lib/load.ts:3 → readFileSync(…) at lib/load.ts:5  B',
      'app.ts:12      pay        never parks                                                                         untouched',
      'lib/load.ts:3  load       may park     read(…) → readFileSync(…) at lib/load.ts:5                             B',
      'lib/load.ts:4  read       may park     readFileSync(…)                                                        B',
      '',
      '5 functions: 4 may park, 1 cannot (4 B, 1 untouched)',
      '',
      'May park where nothing must:',
      'app.ts:7: in atomic(anonymous): load(…) → read(…) at lib/load.ts:3 → readFileSync(…) at lib/load.ts:5',
      '',
    ],
    stderr,
  )
})

test('check --json gives the calls as data', async (t) => {
  const { stdout } = await node([cli, 'check', '--json', 'app.ts'], { cwd: folderWith(t, program) })
  const { files } = JSON.parse(stdout)
  const chain = [
    { what: 'load(…)', file: 'app.ts', line: 7 },
    { what: 'read(…)', file: 'lib/load.ts', line: 3 },
    { what: 'readFileSync(…)', file: 'lib/load.ts', line: 5 },
  ]
  assert.deepEqual(files[0].functions[1].chain, chain)
  assert.deepEqual(files[0].atomics, [
    { what: 'anonymous', line: 5, column: 2, chains: [chain] },
    { what: 'pay', line: 11, column: 0, chains: [] },
  ])
})
