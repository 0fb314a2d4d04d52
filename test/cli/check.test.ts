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
        functions: [{ name: 'parkThereAsWell', line: 3, column: 1, parks: true, why: 'sleep()', way: 'A' }],
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
