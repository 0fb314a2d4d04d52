import assert from 'node:assert/strict'
import { spawn as startProcess } from 'node:child_process'
import { on, once } from 'node:events'
import net from 'node:net'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

// Slow: it starts a process. When a process is out of files, libuv itself turns connections away on Linux, and nobody is told
// (https://github.com/libuv/libuv/blob/v1.x/src/unix/stream.c, uv__emfile_trick); on other systems accepting fails, for
// which there is a test under virtual time in server.test.ts.
test('a server that is out of files serves whom it has, and others again when it can', async () => {
  const script = fileURLToPath(new URL('./crowded-server.js', import.meta.url))
  const server = startProcess('sh', ['-c', `ulimit -n 256; exec "${process.execPath}" "${script}"`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const peers: net.Socket[] = []
  try {
    const lines = on(createInterface({ input: server.stdout }), 'line', { close: ['close'] })
    const next = async (): Promise<string> => String((await lines.next()).value)
    const port = Number((await next()).split(' ')[1])

    const first = net.connect(port, '127.0.0.1')
    peers.push(first)
    await once(first, 'connect')
    const crowd = Array.from({ length: 300 }, () => net.connect(port, '127.0.0.1').on('error', () => {}))
    peers.push(...crowd)
    await Promise.race(crowd.map(firstWord))

    first.write('still here\n')
    assert.equal(await firstWord(first), 'still here\n')

    for (const peer of crowd) peer.destroy()
    for (;;) {
      // Turned away until the server has closed those.
      const late = net.connect(port, '127.0.0.1').on('error', () => {})
      peers.push(late)
      late.write('back again\n')
      if ((await firstWord(late)) === 'back again\n') break
    }
    for (const peer of peers) peer.destroy()
    server.kill('SIGTERM')
    for (let line = await next(); !line.startsWith('accepted'); line = await next())
      assert.match(line, /^error .*EMFILE/)
    assert.deepEqual(await once(server, 'exit'), [0, null])
  } finally {
    for (const peer of peers) peer.destroy()
    server.kill('SIGKILL')
  }
})

/** What a peer is told first; null if it is turned away. */
function firstWord(peer: net.Socket): Promise<string | null> {
  return new Promise((resolve) => {
    peer.once('data', (data) => resolve(String(data)))
    peer.once('close', () => resolve(null))
  })
}
