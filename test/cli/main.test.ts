import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { cli, folderWith, node } from '../green/load/program.ts'
import { wrongCommands } from './wrong-commands.ts'

test('--help tells the commands, --version the version of the package', async (t) => {
  const cwd = folderWith(t, {})
  const manifest = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')
  const version = await node([cli, '--version'], { cwd })
  assert.deepEqual([version.stdout, version.code], [`${(JSON.parse(manifest) as { version: string }).version}\n`, 0])
  for (const args of [['--help'], ['help'], ['run', '--help'], ['check', '-h']]) {
    const { stdout, code } = await node([cli, ...args], { cwd })
    assert.equal(code, 0)
    assert.match(stdout, /^Usage: fibril/)
    assert.match(stdout, /--include PATTERN/)
  }
})

test('a wrong command ends the process with exit code 2', async (t) => {
  const { stdout, stderr, code } = await node([cli], { cwd: folderWith(t, {}) })
  assert.deepEqual([stdout, stderr, code], ['', 'fibril: say what to do\nSee fibril --help\n', 2])
})

wrongCommands(
  [],
  [
    [[], 'say what to do'],
    [['walk'], 'there is no command "walk"'],
    [['toString'], 'there is no command "toString"'],
    [['run'], 'fibril run needs a file to run'],
    [['run', '--fast', 'main.ts'], "Unknown option '--fast'"],
    [['run', '--include'], "Option '--include <value>' argument missing"],
    [['run', '--watchdog=soon', 'main.ts'], '--watchdog takes milliseconds, from 1 on, not "soon"'],
    [['check'], 'fibril check needs a file to look at'],
    [['check', '--yaml', 'x.ts'], "Unknown option '--yaml'"],
  ],
)
