import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cli, folderWith, node, register, withStandIn } from './program.ts'

const esm = { 'package.json': '{"type":"module"}' }
const env = withStandIn({ cache: false })

test('a module of TypeScript runs, and what it imports', async (t) => {
  const cwd = folderWith(t, {
    ...esm,
    'main.ts': `import { two } from './two.mts'
import three from './three.cts'
const one: number = 1
console.log(COMPILED, one + two + three)
`,
    'two.mts': 'export const two: number = COMPILED ? 2 : 0',
    'three.cts': 'const three: number = COMPILED ? 3 : 0\nmodule.exports = three',
  })
  const { stdout, stderr, code } = await node([cli, 'run', 'main.ts'], { cwd, env })
  assert.deepEqual([stdout, code], ['true 6\n', 0], stderr)
})

test('CommonJS runs, is main, and requires', async (t) => {
  const cwd = folderWith(t, {
    'package.json': '{"type":"commonjs"}',
    'main.ts': `const { two } = require('./two')
const three: number = require('./three.cjs')
console.log(COMPILED, two + three, require.main === module, __filename.endsWith('main.ts'), this === module.exports)
`,
    'two.ts': 'exports.two = COMPILED ? 2 : 0',
    'three.cjs': 'module.exports = COMPILED ? 3 : 0',
  })
  const { stdout, stderr, code } = await node([cli, 'run', 'main.ts'], { cwd, env })
  assert.deepEqual([stdout, code], ['true 5 true true true\n', 0], stderr)
})

test('every extension of JavaScript and TypeScript is compiled, and nothing else', async (t) => {
  const names = ['a.js', 'b.mjs', 'c.cjs', 'd.jsx', 'e.ts', 'f.mts', 'g.cts', 'h.tsx']
  const files = names.map((name) => [
    name,
    name.startsWith('c') || name.startsWith('g') ? 'console.log(__filename.at(-4), COMPILED)' : 'console.log(COMPILED)',
  ])
  const cwd = folderWith(t, {
    ...esm,
    ...Object.fromEntries(files),
    'data.json': '"COMPILED"',
    'main.js': `import { createRequire } from 'node:module'
${names.map((name) => `import './${name}'`).join('\n')}
console.log(createRequire(import.meta.url)('./data.json'))
`,
  })
  const told = { ...env, TELL_COMPILES: '1' }
  const { stdout, stderr, code } = await node([cli, 'run', 'main.js'], { cwd, env: told })
  assert.equal(code, 0, stderr)
  assert.equal(stdout.match(/true/g)?.length, 8)
  assert.match(stdout, /^COMPILED$/m)
  assert.match(stderr, /compiles d\.jsx as module jsx/)
  assert.match(stderr, /compiles h\.tsx as module tsx/)
  assert.match(stderr, /compiles g\.cts as commonjs ts/)
})

test('a file without a type anywhere is what its syntax says', async (t) => {
  const cwd = folderWith(t, {
    'package.json': '{}',
    'esm.ts': `import { sep } from 'node:path'\nimport './cjs.js'\nconst a: number = sep.length\nconsole.log('esm', a, COMPILED)`,
    'cjs.js': `const { sep } = require('node:path')\nconsole.log('cjs', sep.length, COMPILED)`,
  })
  const a = await node([cli, 'run', 'esm.ts'], { cwd, env })
  assert.equal(a.stdout, 'cjs 1 true\nesm 1 true\n', a.stderr)
  const b = await node([cli, 'run', 'cjs.js'], { cwd, env })
  assert.equal(b.stdout, 'cjs 1 true\n', b.stderr)
})

test('CommonJS that has the words of a module in its text is compiled', async (t) => {
  const cwd = folderWith(t, {
    'package.json': '{}',
    'main.js': "const words = require('./words')\nconsole.log(words, COMPILED)",
    'words.js': '// such as import.meta\nmodule.exports = COMPILED + `\nimport { a } from "a"`',
  })
  const { stdout, stderr } = await node([cli, 'run', 'main.js'], { cwd, env })
  assert.equal(stdout, 'true\nimport { a } from "a" true\n', stderr)
})

test('imports are found in the ways of TypeScript, when Node does not find them', async (t) => {
  const cwd = folderWith(t, {
    ...esm,
    'main.ts': `import './a.js'\nimport './b'\nimport './c'\nimport './d.js'\ntry { await import('./none.js') } catch (e) { console.log(e.code) }`,
    'a.ts': 'console.log("a.ts")',
    'b.ts': 'console.log("b.ts")',
    'c/index.ts': 'console.log("c/index.ts")',
    'd.js': 'console.log("d.js")',
    'd.ts': 'console.log("d.ts")',
  })
  const { stdout, stderr } = await node([cli, 'run', 'main'], { cwd, env })
  assert.deepEqual(stdout.split('\n'), ['a.ts', 'b.ts', 'c/index.ts', 'd.js', 'ERR_MODULE_NOT_FOUND', ''], stderr)
})

test('a dependency is compiled only if it is included, and a file not if it is excluded', async (t) => {
  const cwd = folderWith(t, {
    ...esm,
    'main.js': `import 'dep'\nimport '@acme/dep'\nimport './own.js'`,
    'own.js': 'console.log("own", typeof COMPILED)',
    'node_modules/dep/package.json': '{"type":"module","main":"index.js"}',
    'node_modules/dep/index.js': 'console.log("dep", typeof COMPILED)',
    'node_modules/@acme/dep/package.json': '{"type":"module","main":"index.js"}',
    'node_modules/@acme/dep/index.js': 'console.log("@acme/dep", typeof COMPILED)',
  })
  const outputs = async (...options: string[]) => {
    const { stdout, stderr } = await node([cli, 'run', ...options, 'main.js'], { cwd, env })
    assert.equal(stderr, '')
    return stdout.trim().split('\n')
  }
  assert.deepEqual(await outputs(), ['dep undefined', '@acme/dep undefined', 'own boolean'])
  assert.deepEqual(await outputs('--include', 'dep'), ['dep boolean', '@acme/dep undefined', 'own boolean'])
  assert.deepEqual(await outputs('--include=@acme/*', '--exclude', 'own.js'), [
    'dep undefined',
    '@acme/dep boolean',
    'own undefined',
  ])
})

test('the program imports the copy of Fibril that compiles it, wherever it lies', async (t) => {
  const cwd = folderWith(t, {
    ...esm,
    'main.ts': `import { run, sleep } from 'fibril'
console.log(await run(function* () { yield* sleep(1); return COMPILED }))`,
    'main.cts': `console.log(typeof require('fibril').run, typeof require('fibril/sync').Queue)`,
  })
  const a = await node([cli, 'run', 'main.ts'], { cwd, env })
  assert.equal(a.stdout, 'true\n', a.stderr)
  const b = await node([cli, 'run', 'main.cts'], { cwd, env })
  assert.equal(b.stdout, 'function function\n', b.stderr)
})

test('Node with --import of the register compiles as the command does', async (t) => {
  const cwd = folderWith(t, {
    ...esm,
    'main.ts': `import './c.cts'\nconst argv: number = process.argv.length\nconsole.log(argv, COMPILED)`,
    'c.cts': 'console.log("c", COMPILED)',
  })
  const a = await node(['--import', register, 'main.ts', 'one', 'two'], { cwd, env })
  assert.equal(a.stdout, 'c true\n4 true\n', a.stderr)
  const b = await node(['--import', register, 'c.cts'], { cwd, env })
  assert.equal(b.stdout, 'c true\n', b.stderr)
})

test('worker threads and forked processes compile too', async (t) => {
  const cwd = folderWith(t, {
    ...esm,
    'main.ts': `import { fork } from 'node:child_process'
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
await once(new Worker(new URL('./other.ts', import.meta.url)), 'exit')
await once(new Worker(new URL('./other.cts', import.meta.url), { env: { ...process.env, NAME: 'second' } }), 'exit')
await once(fork(new URL('./other.ts', import.meta.url)), 'exit')`,
    'other.ts': 'const a: number = 1\nconsole.log("other", a, COMPILED)',
    'other.cts': 'console.log(process.env.NAME, COMPILED)',
  })
  for (const args of [
    [cli, 'run'],
    ['--import', register],
  ]) {
    const { stdout, stderr } = await node([...args, 'main.ts'], { cwd, env })
    assert.equal(stdout, 'other 1 true\nsecond true\nother 1 true\n', stderr)
  }
})

test('what a process or a worker thread starts with is compiled as an entry, and nothing else', async (t) => {
  const cwd = folderWith(t, {
    ...esm,
    'main.ts': `import './other.ts'\nimport './other.cts'\nawait import('./late.ts')
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
await once(new Worker(new URL('./work.ts', import.meta.url)), 'exit')
await once(new Worker(new URL('./work.cts', import.meta.url)), 'exit')`,
    'main.cts': `require('./other.cts')`,
    'other.ts': '',
    'other.cts': '',
    'late.ts': '',
    'work.ts': `import './other.ts'`,
    'work.cts': `require('./other.cts')`,
  })
  const told = { ...env, TELL_COMPILES: '1' }
  for (const args of [
    [cli, 'run'],
    ['--import', register],
  ]) {
    const entriesOf = async (file: string) => {
      const { stderr, code } = await node([...args, file], { cwd, env: told })
      assert.equal(code, 0, stderr)
      assert.match(stderr, /compiles other\.cts as commonjs/)
      return Array.from(stderr.matchAll(/compiles (.*) as entry/g), ([, name]) => name)
    }
    assert.deepEqual(await entriesOf('main.ts'), ['main.ts', 'work.ts', 'work.cts'])
    assert.deepEqual(await entriesOf('main.cts'), ['main.cts'])
  }
})

test('a module imports by name what CommonJS exports', async (t) => {
  const cwd = folderWith(t, {
    ...esm,
    'main.ts': `import all, { two } from './cjs.cts'\nimport { three } from './plain.cjs'\nconsole.log(two, three, all.two)`,
    'cjs.cts': 'const two: number = COMPILED ? 2 : 0\nexports.two = two',
    'plain.cjs': 'exports.three = COMPILED ? 3 : 0',
  })
  const { stdout, stderr } = await node([cli, 'run', 'main.ts'], { cwd, env })
  assert.equal(stdout, '2 3 2\n', stderr)
})
