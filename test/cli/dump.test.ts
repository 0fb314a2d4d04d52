import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cli, folderWith, node } from '../green/load/program.ts'
import { wrongCommands } from './wrong-commands.ts'

wrongCommands(
  ['dump'],
  [
    [[], 'fibril dump needs the id of one process'],
    [['1', '2'], 'fibril dump needs the id of one process'],
    [['app.ts'], '"app.ts" is no process id'],
    [['0'], '"0" is no process id'],
    [['--wait', 'long', '1'], '--wait takes milliseconds, not "long"'],
    [['--fast', '1'], "Unknown option '--fast'"],
  ],
)

test('a process that is not there is said, with exit code 1', {
  skip: process.platform === 'win32' && 'no signals',
}, async (t) => {
  const { stdout, stderr, code } = await node([cli, 'dump', '999999999'], { cwd: folderWith(t, {}) })
  assert.deepEqual([stdout, stderr, code], ['', 'fibril: there is no process 999999999\n', 1])
})
