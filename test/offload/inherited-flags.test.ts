import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inheritedFlags } from '../../src/offload/inherited-flags.ts'

test('a worker gets the flags of the process, as Node does it', () => {
  assert.equal(inheritedFlags([]), undefined)
  assert.equal(inheritedFlags(['--import', './loader.js', '--stack-trace-limit=50']), undefined)
})

test('a worker of a program from --eval gets what changes how modules load, and no flag that it would refuse', () => {
  const flags = [
    '--input-type=module',
    '--max-old-space-size=100',
    '--import',
    './a.js',
    '-r',
    './b.cjs',
    '--conditions=x',
    '-e',
    '1',
  ]
  assert.deepEqual(inheritedFlags(flags), ['--import', './a.js', '-r', './b.cjs', '--conditions=x'])
  assert.deepEqual(inheritedFlags(['--input-type', 'module', '--enable-source-maps']), ['--enable-source-maps'])
})
