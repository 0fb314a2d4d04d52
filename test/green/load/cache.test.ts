import assert from 'node:assert/strict'
import { readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { cacheFolder, createCache, hashOf } from '../../../src/green/load/cache.ts'
import { cli, folderWith, node, withStandIn } from './program.ts'

const filesIn = (folder: string): string[] => readdirSync(folder).sort()

test('what was written is read, also by another process', (t) => {
  const folder = join(folderWith(t, {}), 'deep/cache')
  createCache(folder).write('key', 'text\nof lines\n')
  assert.equal(createCache(folder).read('key'), 'text\nof lines\n')
  assert.equal(createCache(folder).read('other'), null)
  assert.deepEqual(filesIn(folder), ['key.fibril'])
})

test('a damaged file is as if it were not there, and is replaced', (t) => {
  const folder = folderWith(t, {})
  const cache = createCache(folder)
  cache.write('key', 'a text')
  const path = join(folder, 'key.fibril')
  for (const damage of ['', 'a text', `${hashOf('a text')}\na tex`, '\n', '\0\0\0']) {
    writeFileSync(path, damage)
    assert.equal(cache.read('key'), null, JSON.stringify(damage))
  }
  cache.write('key', 'a text')
  assert.equal(cache.read('key'), 'a text')
})

test('a folder that cannot be written to is let alone', (t) => {
  const folder = folderWith(t, { 'a-file': '' })
  const cache = createCache(join(folder, 'a-file/cache'))
  cache.write('key', 'text')
  assert.equal(cache.read('key'), null)
  cache.write('key', 'text')
  assert.deepEqual(filesIn(folder), ['a-file'])
})

test('a folder that has grown beyond its limit loses its oldest half', (t) => {
  const folder = folderWith(t, {})
  const text = 'x'.repeat(1000)
  const before = createCache(folder)
  for (let i = 0; i < 8; i++) {
    before.write(`key${i}`, text)
    utimesSync(join(folder, `key${i}.fibril`), 1000 + i, 1000 + i)
  }
  createCache(folder, 10_000).write('new', text)
  assert.equal(filesIn(folder).length, 9)
  createCache(folder, 6_000).write('newer', text)
  assert.deepEqual(filesIn(folder), ['key7.fibril', 'new.fibril', 'newer.fibril'])
})

test('the folder is beside the packages of the program, or with the caches of the user', (t) => {
  const cwd = folderWith(t, { 'node_modules/x/index.js': '', 'src/main.ts': '' })
  const expected = join(cwd, 'node_modules/.cache/fibril')
  assert.equal(cacheFolder(join(cwd, 'src')), expected)
  assert.equal(cacheFolder(cwd), expected)
  if (process.platform === 'linux') assert.equal(cacheFolder('/', { XDG_CACHE_HOME: '/caches' }), '/caches/fibril')
})

test('a program is compiled once, until its source, the options or the compiler change', async (t) => {
  const cwd = folderWith(t, {
    'node_modules/x/index.js': '',
    'package.json': '{"type":"module"}',
    'main.ts': `import './other.cts'\nconsole.log('main', COMPILED)`,
    'other.cts': `console.log('other', COMPILED)`,
  })
  const env = { ...withStandIn(), TELL_COMPILES: '1' }
  const compiled = async (...options: string[]) => {
    const { stdout, stderr } = await node([cli, 'run', ...options, 'main.ts'], { cwd, env })
    assert.equal(stdout, 'other true\nmain true\n', stderr)
    return stderr
      .trim()
      .split('\n')
      .filter(Boolean)
      .map((line) => line.split(' ')[1])
      .sort()
  }
  assert.deepEqual(await compiled(), ['main.ts', 'other.cts'])
  assert.deepEqual(await compiled(), [])
  writeFileSync(join(cwd, 'other.cts'), `console.log('other', COMPILED) // changed`)
  assert.deepEqual(await compiled(), ['other.cts'])
  assert.deepEqual(await compiled('--stress'), ['main.ts', 'other.cts'])
  assert.deepEqual(await compiled('--no-cache'), ['main.ts', 'other.cts'])
  assert.deepEqual(await compiled(), [])
  const cache = join(cwd, 'node_modules/.cache/fibril')
  for (const name of filesIn(cache)) writeFileSync(join(cache, name), 'damaged')
  assert.deepEqual(await compiled(), ['main.ts', 'other.cts'])
})

test('processes that compile the same at the same time all run', async (t) => {
  const cwd = folderWith(t, {
    'node_modules/x/index.js': '',
    'package.json': '{"type":"module"}',
    'main.ts': Array.from({ length: 10 }, (_, i) => `import './m${i}.ts'`).join('\n'),
    ...Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`m${i}.ts`, `console.log(${i}, COMPILED)`])),
  })
  const runs = await Promise.all(
    Array.from({ length: 4 }, () => node([cli, 'run', 'main.ts'], { cwd, env: withStandIn() })),
  )
  const expected = Array.from({ length: 10 }, (_, i) => `${i} true\n`).join('')
  for (const { stdout, stderr } of runs) assert.equal(stdout, expected, stderr)
  // Of each module its summary, and its code.
  assert.equal(filesIn(join(cwd, 'node_modules/.cache/fibril')).length, 22)
})

test('a cache that cannot be written costs a line for whoever asks, and nothing else', async (t) => {
  const cwd = folderWith(t, {
    'node_modules/.cache': 'a file',
    'package.json': '{}',
    'main.ts': 'console.log(COMPILED)',
  })
  const quiet = await node([cli, 'run', 'main.ts'], { cwd, env: withStandIn() })
  assert.deepEqual([quiet.stdout, quiet.stderr], ['true\n', ''])
  const { stderr } = await node([cli, 'run', 'main.ts'], { cwd, env: { ...withStandIn(), NODE_DEBUG: 'fibril' } })
  assert.match(stderr, /^FIBRIL \d+: compiled code is not kept: cannot read .*\n$/)
})
