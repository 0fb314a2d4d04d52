import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { cli, folderWith, node } from '../green/load/program.ts'
import { wrongCommands } from './wrong-commands.ts'

const posix = {
  skip: process.platform === 'win32' ? 'no signals' : process.versions['bun'] !== undefined && 'not for Bun',
}

wrongCommands(
  ['serve'],
  [
    [[], 'fibril serve needs a program to serve'],
    [['nowhere.js'], 'there is no file nowhere.js'],
    [['--workers', 'many', 'app.js'], 'serveAcross: workers is NaN: give a whole number from 1 up'],
    [['--spread', 'odd', 'app.js'], "serveAcross: spread is odd: give 'even' or 'kernel'"],
    [['--fast', 'app.js'], "Unknown option '--fast'"],
  ],
  { 'app.js': '' },
)

test('a program that dies is said, with exit code 1, and what it said', posix, async (t) => {
  const cwd = folderWith(t, { 'app.js': "throw new Error('no database')" })
  const { stderr, code } = await node([cli, 'serve', '--workers', '2', '--plain', 'app.js'], { cwd })
  assert.match(stderr, /fibril: worker 1 of service "app" \(pid \d+\) ended before it listened: it exited with code 1/)
  assert.match(stderr, /no database/)
  assert.equal(code, 1)
})

test('a program whose code simply blocks is served, with its arguments, until SIGTERM', posix, async (t) => {
  const cwd = folderWith(t, {
    'app.ts': `import { sleep } from 'fibril/green'
      import { serveHttp } from 'fibril/green/http'

      serveHttp((request, response) => {
        sleep(1)
        response.send(process.argv[2] as string)
      }, { port: 0 })`,
  })
  const child = spawn(process.execPath, [cli, 'serve', '--workers', '1', 'app.ts', 'hello'], { cwd })
  const [line] = await once(createInterface({ input: child.stderr }), 'line')
  const port = /^fibril: service "app" listens on 127\.0\.0\.1:(\d+), in 1 workers$/.exec(line)?.[1]
  const page = await fetch(`http://127.0.0.1:${port}/`)
  assert.equal(await page.text(), 'hello')
  child.kill('SIGINT')
  assert.deepEqual(await once(child, 'exit'), [0, null])
})
