import assert from 'node:assert/strict'
import { test } from 'node:test'
import { download } from '../../examples/poetry-server/download.ts'
import { drip } from '../../examples/poetry-server/drip.ts'
import { poems } from '../../examples/poetry-server/poems.ts'
import { all, BrokenError, fn, sleep, spawn } from '../../src/core/index.ts'
import { MemoryServer, memoryPair } from '../../src/net/index.ts'
import { it } from '../support/it.ts'
import { portIn, withProgram } from '../support/program.ts'

it('a poem drips: so many bytes at once, then every so many milliseconds', function* (host) {
  const [server, reader] = memoryPair()
  const dripping = spawn(drip(server, Buffer.from('abcdefgh'), { bytes: 3, ms: 100 }))
  const heard: [number, string][] = []
  for (let i = 0; i < 3; i++) {
    const piece = String(yield* reader.read())
    heard.push([host.now(), piece])
  }
  assert.deepEqual(heard, [
    [0, 'abc'],
    [100, 'def'],
    [200, 'gh'],
  ])
  yield* dripping
})

it('poems that come at once take as long as the slowest, however many read', function* (host) {
  const texts = { short: 'x'.repeat(10), medium: 'y'.repeat(20), long: 'z'.repeat(40) }
  const servers = Object.values(texts).map((text) => {
    const server = new MemoryServer()
    return {
      text,
      server,
      serving: spawn(server.serve((reader) => drip(reader, Buffer.from(text), { bytes: 1, ms: 100 }))),
    }
  })
  const times: number[] = []
  const read = fn(function* (server: MemoryServer, text: string) {
    assert.equal(yield* download(server.connect()), text)
    times.push(host.now())
  })
  const readers = Array.from({ length: 100 }, (_, i) => servers[i % 3]!)
  yield* all(readers.map(({ server, text }) => read(server, text)))
  assert.deepEqual([...new Set(times)], [900, 1900, 3900])
  for (const { server, serving } of servers) {
    yield* server.stop()
    yield* serving
  }
})

it('a reader that does not read keeps no other waiting, and one that leaves ends its drip', function* (host) {
  const server = new MemoryServer({ highWaterMark: 10 })
  const serving = spawn(server.serve((reader) => drip(reader, Buffer.alloc(1000, 'x'), { bytes: 10, ms: 10 })))
  const deaf = server.connect()
  const before = host.now()
  assert.equal((yield* download(server.connect())).length, 1000)
  assert.equal(host.now() - before, 990)
  const leaving = server.connect()
  yield* leaving.readExactly(20)
  leaving.destroy()
  deaf.destroy()
  yield* sleep(100)
  assert.equal(server.stats().connections, 0)
  yield* server.stop()
  yield* serving
})

it('half a poem is an error, and so is none', function* () {
  const [server, reader] = memoryPair()
  yield* server.write('Shall I comp')
  server.reset()
  const [other, empty] = memoryPair()
  yield* other.end()
  for (const stream of [reader, empty]) {
    try {
      yield* download(stream)
      assert.fail('it should have failed')
    } catch (error) {
      assert.ok(error instanceof BrokenError)
    }
  }
  other.destroy()
  empty.destroy()
})

// Slow: it starts two processes.
test('the poetry client gets all poems of the server at once, and tells of one that cannot be had', async () => {
  await withProgram('poetry-server/main', ['--port', '0', '--bytes', '40', '--every', '5'], async (server) => {
    const ports: number[] = []
    for (const name of Object.keys(poems)) {
      const line = await server.said()
      assert.ok(line.startsWith(`${name} on `))
      ports.push(portIn(line))
    }
    await withProgram('poetry-server/client', [...ports.map(String), '1'], async (client) => {
      const arrivals: string[] = []
      for (let i = 0; i < 4; i++) arrivals.push(await client.said())
      assert.match(arrivals.find((line) => line.startsWith('1:')) ?? '', /nobody listens there/)
      // The shortest comes first.
      const came = arrivals.map((line) => Number(/^(\d+): \d+ characters/.exec(line)?.[1])).filter((port) => port > 0)
      assert.deepEqual(came, [ports[2], ports[1], ports[0]])
      assert.deepEqual(await client.ended, [1, null])
      const text = client.rest().join('\n')
      for (const poem of Object.values(poems)) assert.ok(text.includes(poem.trimEnd()))
    })
    server.child.kill('SIGINT')
    assert.deepEqual(await server.ended, [0, null])
  })
})
