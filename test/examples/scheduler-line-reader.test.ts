import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LineTooLongError } from '../../examples/scheduler/errors.ts'
import { LineReader } from '../../examples/scheduler/line-reader.ts'
import type { Requests } from '../../examples/scheduler/requests.ts'
import { Scheduler } from '../../examples/scheduler/scheduler.ts'

const MAX = 8

const streams: Record<string, { bytes: string; lines: string[] }> = {
  'two lines in one packet': { bytes: '1\n1\n', lines: ['1', '1'] },
  'empty lines': { bytes: '\n\r\n\n', lines: ['', '', ''] },
  'both kinds of end': { bytes: 'a\nb\r\nc\n', lines: ['a', 'b', 'c'] },
  'a return inside a line': { bytes: 'a\rb\n', lines: ['a\rb'] },
  'a peer that vanishes in the middle of a line': { bytes: '10\n1', lines: ['10'] },
  'a line as long as may be': { bytes: '12345678\n12345678\r\n', lines: ['12345678', '12345678'] },
  'a line one byte too long': { bytes: '123456789\nok\n', lines: ['too long', 'ok'] },
  'a line one byte too long, with a return': { bytes: '123456789\r\nok\n', lines: ['too long', 'ok'] },
  'a line much too long': { bytes: `${'x'.repeat(300)}\nok\n`, lines: ['too long', 'ok'] },
  'a line too long with a short tail': { bytes: `${'x'.repeat(13)}\nok\n`, lines: ['too long', 'ok'] },
  'two lines too long': { bytes: `${'x'.repeat(50)}\n${'y'.repeat(50)}\nok\n`, lines: ['too long', 'too long', 'ok'] },
  'a line too long that never ends': { bytes: `ok\n${'x'.repeat(300)}`, lines: ['ok'] },
  'bytes that are no text': { bytes: '\xff\x00\xfe\n\x80\n', lines: ['\xff\x00\xfe', '\x80'] },
  nothing: { bytes: '', lines: [] },
}
for (const [title, { bytes, lines }] of Object.entries(streams)) {
  test(`${title}: the lines are the same, however the bytes were cut`, async () => {
    const all = Buffer.from(bytes, 'latin1')
    for (let size = 1; size <= Math.max(1, all.length); size++) {
      assert.deepEqual(await read(cut(all, size)), lines, `in packets of ${size}`)
    }
  })
}

test('a cancel in the middle of a line loses nothing', async () => {
  const scheduler = new Scheduler()
  const packets = [Buffer.from('1'), Buffer.from('0\n')]
  const reader = new LineReader(source(packets), MAX)
  const first = scheduler.spawn(reader.next())
  scheduler.spawn(
    (function* (): Requests<void> {
      yield ['sleep', 0]
      first.cancel()
    })(),
  )
  await scheduler.run()
  assert.throws(() => first.done.result(), { name: 'CancelledError' })
  const second = scheduler.spawn(reader.next())
  await scheduler.run()
  assert.equal(second.done.result(), '10')
})

test('of a line that never ends no more is kept than may be', async () => {
  const packets = Array.from({ length: 10_000 }, () => Buffer.alloc(4096, 'x'))
  let most = 0
  const { concat } = Buffer
  Buffer.concat = (list, total) => {
    const joined = concat(list, total)
    most = Math.max(most, joined.length)
    return joined
  }
  try {
    assert.deepEqual(await read(packets), [])
  } finally {
    Buffer.concat = concat
  }
  assert.ok(most <= MAX + 1 + 4096, `${most} bytes at once`)
})

// ---- Actors -----------------------------------------------------------------------------------------------------

/** All lines in these packets, and "too long" for each that is. */
async function read(packets: Buffer[]): Promise<string[]> {
  const scheduler = new Scheduler()
  const reader = new LineReader(source(packets), MAX)
  const lines: string[] = []
  const task = scheduler.spawn(readAll())
  await scheduler.run()
  task.done.result()
  return lines

  function* readAll(): Requests<void> {
    for (;;) {
      try {
        const line = yield* reader.next()
        if (line === undefined) return
        lines.push(line)
      } catch (error) {
        if (!(error instanceof LineTooLongError)) throw error
        lines.push('too long')
      }
    }
  }
}

function source(packets: Buffer[]) {
  let next = 0
  return {
    *recv(): Requests<Buffer> {
      yield ['sleep', 0]
      return packets[next++] ?? Buffer.alloc(0)
    },
  }
}

function cut(bytes: Buffer, size: number): Buffer[] {
  const packets: Buffer[] = []
  for (let at = 0; at < bytes.length; at += size) packets.push(bytes.subarray(at, at + size))
  return packets
}
