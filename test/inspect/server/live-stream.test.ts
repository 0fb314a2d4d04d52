import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, get, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { LiveStream } from '../../../src/inspect/server/live-stream.ts'
import type { Sample } from '../../../src/inspect/server/messages.ts'
import { Mirror } from '../../../src/inspect/server/mirror.ts'

const MIB = 1_048_576

/** Both ends of an answer that is under way. */
async function open(t: TestContext): Promise<{ response: ServerResponse; reader: IncomingMessage }> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const asked = get({ host: '127.0.0.1', port: (server.address() as AddressInfo).port, agent: false })
  const [, response] = (await once(server, 'request')) as [IncomingMessage, ServerResponse]
  response.flushHeaders()
  const [reader] = (await once(asked, 'response')) as [IncomingMessage]
  return { response, reader }
}

const sample = (ids: readonly number[], text: string, ended: readonly number[] = []): Sample => ({
  at: 0,
  lines: ids.map((id) => JSON.stringify({ id, text })).join('\n'),
  changed: ids,
  ended,
  total: ids.length,
  behind: 0,
})

test('nothing piles up for a reader that takes nothing; later it is told each task once, as it is then', async (t) => {
  const { response, reader } = await open(t)
  const mirror = new Mirror()
  const stream = new LiveStream(response, mirror, 1000)
  const ids = Array.from({ length: 150 }, (_, i) => i + 1)
  const take = (text: string, ended: readonly number[] = []): void => {
    const changed = ids.filter((id) => !ended.includes(id))
    mirror.take(sample(changed, text.padEnd(100_000), ended))
    stream.note(changed, ended)
  }
  // 15 MB each; more than the system keeps for a connection.
  take('first')
  for (let i = 0; i < 2; i++) {
    take(`round ${i}`)
    stream.send('figures', {}, false)
    assert.ok(response.writableLength < 2 * MIB, `${response.writableLength}`)
  }
  take('last', [150])

  const known = new Map<number, string>()
  let bytes = 0
  let complete = false
  let pending = ''
  for await (const chunk of reader.setEncoding('utf8')) {
    pending += chunk
    bytes += chunk.length
    if (!pending.includes('\n\n', pending.length - chunk.length - 1)) continue
    const events = pending.split('\n\n')
    pending = events.pop() as string
    for (const event of events) {
      assert.match(event, /^event: tasks\ndata: /, 'what can be left out was')
      const data = JSON.parse(event.slice(event.indexOf('{')))
      for (const { id, text } of data.changed) known.set(id, text.trimEnd())
      for (const id of data.ended) known.delete(id)
      complete ||= data.complete
    }
    if (complete && known.size === 149 && [...known.values()].every((text) => text === 'last')) break
  }
  // What was on its way at first, and the whole once.
  assert.ok(bytes < 30 * MIB, `${bytes}`)
})

test('that there are no tasks is told as well, once it is known', async (t) => {
  const { response, reader } = await open(t)
  const mirror = new Mirror()
  const stream = new LiveStream(response, mirror, 1000)
  stream.pump()
  stream.send('figures', { tasks: 0 })
  mirror.take(sample([], ''))
  stream.note([], [])
  stream.send('figures', { tasks: 0 })
  response.end()
  let text = ''
  for await (const chunk of reader.setEncoding('utf8')) text += chunk
  assert.match(
    text,
    /^event: figures\n.*\n\nevent: tasks\ndata: \{"at":\d+,"full":true,"ended":\[\],"total":0,"behind":0,"first":true,"complete":true,"changed":\[\]\}\n\nevent: figures\n/,
  )
})
