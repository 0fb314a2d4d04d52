import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'

const root = new URL('../../../', import.meta.url)
const readme = readFileSync(new URL('examples/scheduler/README.md', root), 'utf8')
const folder = new URL('examples/scheduler/', root)

test('every test that the README of the scheduler names is there', () => {
  const tests = readdirSync(new URL('test/examples/', root))
    .filter((name) => name.startsWith('scheduler'))
    .map((name) => readFileSync(new URL(`test/examples/${name}`, root), 'utf8'))
    .join('\n')
    .replace(/\$\{title\}/g, '…')
  const rows = readme.split('\n').filter((line) => line.startsWith('| ') && line.includes(' | "'))
  const named = rows.flatMap((row) => Array.from(row.matchAll(/"([^"]+)"/g), ([, title]) => title!))
  assert.ok(named.length > 30)
  for (const title of named) assert.ok(tests.includes(title), `no test is called "${title}"`)
})

test('every file that the README of the scheduler links to is there, and all files are linked to', () => {
  const linked = Array.from(readme.matchAll(/\]\(([\w-]+\.ts)\)/g), ([, name]) => name!)
  const said = ['errors.ts', 'fib.ts', 'fib-worker.ts'] // too small to need words
  const files = readdirSync(folder).filter((name) => name.endsWith('.ts'))
  assert.deepEqual([...new Set([...linked, ...said])].sort(), files.sort())
})

test('the README of the scheduler is right about the size of its files', () => {
  const rows = Array.from(
    readme.matchAll(/^\| \[`([\w-]+\.ts)`\]\(.*?\) \| (\d+) \|/gm),
    ([, name, size]) => [name!, size!] as const,
  )
  assert.ok(rows.length > 5)
  for (const [name, size] of rows) {
    const source = readFileSync(new URL(name, folder), 'utf8').replace(/\/\*[\s\S]*?\*\//g, '')
    const lines = source.split('\n').filter((line) => !/^\s*(\/\/.*)?$/.test(line)).length
    assert.ok(Math.abs(lines - Number(size)) <= 5, `${name} has ${lines} lines of code, not ${size}`)
  }
})

test('the lines that the README of the scheduler shows of the loop are those of the loop', () => {
  const loop = /```ts fragment\n(while [\s\S]*?)```/.exec(readme)![1]!
  const source = readFileSync(new URL('scheduler.ts', folder), 'utf8')
  for (const line of loop.trim().split('\n')) assert.ok(source.includes(line.trim()), line)
})

test('the scheduler imports nothing but Node and itself', () => {
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.ts'))) {
    const source = readFileSync(new URL(name, folder), 'utf8')
    for (const [, from] of source.matchAll(/^import .* from '(.*)'$/gm)) assert.match(from!, /^(node:|\.\/[\w-]+\.ts$)/)
  }
})
