import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import net from 'node:net'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Program, withProgram } from '../support/program.ts'

/** The port in what one of them says when it listens: `… on Port on 127.0.0.1:7000 (…)`. */
const portOf = async ({ said }: Program): Promise<number> => {
  const line = await said()
  const port = /:(\d+) \(/.exec(line)?.[1]
  assert.ok(port, line)
  return Number(port)
}

/** Sends all, ends, and gives all that comes. */
async function exchange(port: number, text: string): Promise<string> {
  const peer = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  peer.end(text)
  let heard = ''
  for await (const piece of peer.setEncoding('utf8')) heard += piece
  return heard
}

const lines = (of: number): string => Array.from({ length: 2000 }, (_, i) => `line ${i} of ${of} €\n`).join('')

// Slow, as each of these: it starts a process.
test('the echo server of the Twisted dialect sends each line back, to many clients, and ends on SIGINT', async () => {
  await withProgram('twisted/echo', [], async (program) => {
    const port = await portOf(program)
    await Promise.all(
      Array.from({ length: 20 }, async (_, i) => assert.equal(await exchange(port, lines(i)), lines(i))),
    )
    program.child.kill('SIGINT')
    assert.deepEqual(await program.ended, [0, null])
  })
})

test('the proxy of the Twisted dialect passes both directions on, and their ends, and closes what has no upstream', async () => {
  await withProgram('twisted/echo', [], async (echo) => {
    const upstream = `tcp:127.0.0.1:${await portOf(echo)}`
    await withProgram('twisted/proxy', [upstream], async (proxy) => {
      const port = await portOf(proxy)
      await Promise.all(
        Array.from({ length: 20 }, async (_, i) => assert.equal(await exchange(port, lines(i)), lines(i))),
      )
      echo.child.kill('SIGTERM')
      assert.deepEqual(await echo.ended, [0, null])
      await assert.rejects(exchange(port, 'nobody\n'), /ECONNRESET/)
      assert.match(await proxy.said(), /No upstream:/)
      proxy.child.kill('SIGINT')
      assert.deepEqual(await proxy.ended, [0, null])
    })
  })
})

test('both are as short as they are said to be: under 40 lines', () => {
  for (const name of ['echo', 'proxy']) {
    const file = fileURLToPath(new URL(`../../../examples/twisted/${name}.ts`, import.meta.url))
    assert.ok(readFileSync(file, 'utf8').trimEnd().split('\n').length < 40, name)
  }
})
