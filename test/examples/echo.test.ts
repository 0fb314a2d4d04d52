import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { test } from 'node:test'
import { portIn, withProgram } from '../support/program.ts'

/** All that the peer is sent until the connection ends. */
async function allFrom(peer: net.Socket): Promise<string> {
  let text = ''
  for await (const piece of peer.setEncoding('utf8')) text += piece
  return text
}

// Slow, as each of these: it starts a process.
test('the echo server sends each line back, to many clients at once, and to one that has ended its side', async () => {
  await withProgram('echo/main', [], async ({ said, child, ended }) => {
    const port = portIn(await said())
    const clients = Array.from({ length: 50 }, async (_, i) => {
      const peer = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true })
      const heard = allFrom(peer)
      const lines = Array.from({ length: 100 }, (_, j) => `line ${j} of ${i} €\n`).join('')
      peer.end(`${lines}and half a line`)
      assert.equal(await heard, lines)
    })
    await Promise.all(clients)
    child.kill('SIGINT')
    assert.deepEqual(await ended, [0, null])
  })
})

test('on SIGINT the echo server answers what has come, hangs up, and ends with exit code 0', async () => {
  await withProgram('echo/main', [], async ({ said, child, ended }) => {
    const port = portIn(await said())
    const [idle, deaf] = [net.connect(port, '127.0.0.1'), net.connect(port, '127.0.0.1')]
    // This one takes no answers; it must not keep the server from ending.
    deaf.pause()
    deaf.on('error', () => {})
    for (let i = 0; i < 200; i++) deaf.write(`${'x'.repeat(50_000)}\n`)
    idle.write('hello\n')
    const [answer] = await once(idle, 'data')
    assert.equal(String(answer), 'hello\n')
    const hungUp = once(idle.resume(), 'end')
    child.kill('SIGINT')
    await hungUp
    assert.deepEqual(await ended, [0, null])
    deaf.destroy()
  })
})

test('on a second SIGINT the echo server ends at once', async () => {
  await withProgram('echo/main', [], async ({ said, child, ended }) => {
    const port = portIn(await said())
    const deaf = net.connect(port, '127.0.0.1').pause()
    deaf.on('error', () => {})
    for (let i = 0; i < 200; i++) deaf.write(`${'x'.repeat(50_000)}\n`)
    const idle = net.connect(port, '127.0.0.1')
    idle.write('hello\n')
    await once(idle, 'data')
    child.kill('SIGINT')
    await once(idle.resume(), 'end')
    child.kill('SIGINT')
    assert.deepEqual(await ended, [null, 'SIGINT'])
    deaf.destroy()
  })
})
