import assert from 'node:assert/strict'
import { test } from 'node:test'
import { portIn } from '../support/program.ts'
import { runGreen } from './green-programs.ts'

interface Reply {
  readonly status: number
  readonly before: string | null
  readonly body: unknown
}

async function get(port: number, path: string): Promise<Reply> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`)
  return { status: response.status, before: response.headers.get('x-before'), body: await response.json() }
}

for (const [title, program, include, doubled] of [
  ['with each handler made green', 'express/main.ts', [], /^14$/],
  ['compiled, as one green function', 'express/compiled.ts', ['express', 'router'], /outside any task/],
] as const) {
  test(`express ${title}: 100 handlers block at once, and what one throws is express's to handle`, async () => {
    let checked: Promise<void> | undefined
    await runGreen(program, [], {
      include,
      env: { PORT: '0' },
      onLine(line, kill) {
        checked ??= check(portIn(line), doubled).finally(kill)
      },
    })
    await checked
    assert.ok(checked !== undefined, 'it should have said that it listens')
  })
}

async function check(port: number, doubled: RegExp): Promise<void> {
  const plain = { status: 200, before: null }
  const replies = await Promise.all(Array.from({ length: 100 }, (_, n) => get(port, `/?n=${n}`)))
  assert.deepEqual(
    replies,
    replies.map((_, n) => ({ ...plain, body: { n, square: n * n } })),
  )
  assert.deepEqual(await get(port, '/most'), { ...plain, body: { most: 100, active: 0 } })
  const body = { name: 'RangeError', message: 'out of stock' }
  assert.deepEqual(await get(port, '/fail'), { status: 500, before: null, body })
  assert.deepEqual(await get(port, '/next'), { status: 200, before: 'was here', body: 'after next' })
  // A body is read before its handler is called, by an event.
  const request = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"n":7}' }
  assert.match(await (await fetch(`http://127.0.0.1:${port}/double`, request)).text(), doubled)
}
