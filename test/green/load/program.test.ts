import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cli, folderWith, node, withStandIn } from './program.ts'

const esm = { 'package.json': '{"type":"module"}' }
const env = withStandIn({ cache: false })

test('arguments, standard input and the exit code are as under Node', async (t) => {
  const cwd = folderWith(t, {
    ...esm,
    'main.ts': `import { text } from 'node:stream/consumers'
console.log(process.argv.slice(1).map((word) => word.split('/').at(-1)), await text(process.stdin))
process.exitCode = 3`,
  })
  const args = [cli, 'run', '--stress', 'main.ts', '--stress', '--watchdog', '-x', '--', 'y']
  const { stdout, stderr, code } = await node(args, { cwd, env, stdin: 'hello' })
  assert.equal(stdout, `[ 'main.ts', '--stress', '--watchdog', '-x', '--', 'y' ] hello\n`, stderr)
  assert.equal(code, 3)
})

for (const [format, name] of [
  ['a module', 'main.ts'],
  ['CommonJS', 'main.cts'],
] as const) {
  test(`what ${format} throws ends it with code 1, and is shown with the lines of the source`, async (t) => {
    const cwd = folderWith(t, {
      ...esm,
      [name]: `const a: number = 1\nfunction fail() {\n  throw new TypeError('broken ' + a)\n}\nfail()\n`,
    })
    const { stdout, stderr, code } = await node([cli, 'run', name], { cwd, env })
    assert.deepEqual([stdout, code], ['', 1])
    assert.match(stderr, /throw new TypeError\('broken ' \+ a\)/)
    assert.match(stderr, new RegExp(`TypeError: broken 1\\n.*${name.replace('.', '\\.')}:3:`))
    assert.match(stderr, new RegExp(`at .*${name.replace('.', '\\.')}:5`))
    assert.match(stderr, new RegExp(`\\nNode.js ${process.version}`))
  })
}

test('process.exit ends it at once', async (t) => {
  const cwd = folderWith(t, {
    ...esm,
    'main.ts': `process.on('exit', (c) => console.log('exit', c))\nprocess.exit(7)\nconsole.log('never')`,
  })
  const { stdout, code } = await node([cli, 'run', 'main.ts'], { cwd, env })
  assert.deepEqual([stdout, code], ['exit 7\n', 7])
})

test('a rejection that nobody handles ends it with code 1', async (t) => {
  const cwd = folderWith(t, {
    ...esm,
    'main.ts': `Promise.reject(new Error('nobody came'))\nsetTimeout(() => console.log('never'), 1000)`,
  })
  const { stdout, stderr, code } = await node([cli, 'run', 'main.ts'], { cwd, env })
  assert.deepEqual([stdout, code], ['', 1])
  assert.match(stderr, /Error: nobody came\n.*main\.ts:1/)
})

test('a file that is not there is said as Node says it', async (t) => {
  const cwd = folderWith(t, esm)
  const { stderr, code } = await node([cli, 'run', 'none.ts'], { cwd, env })
  assert.equal(code, 1)
  assert.match(stderr, /Cannot find module '.*none\.ts'/)
})
