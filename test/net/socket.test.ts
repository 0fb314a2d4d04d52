import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mock } from 'node:test'
import { all, fn, type Operation } from '../../src/core/index.ts'
import { connect, listen, type Socket, type StreamOptions } from '../../src/net/index.ts'
import { waitAllBlocked } from '../../src/testing/index.ts'
import { it } from '../support/it.ts'
import { streamConformance } from './stream-conformance.ts'

const openPair: (options?: StreamOptions) => Operation<[Socket, Socket]> = fn(function* (options: StreamOptions = {}) {
  using server = yield* listen({ ...options, port: 0 })
  return yield* all([connect({ ...options, port: server.port }), server.accept()])
})

streamConformance('tcp', openPair)

const openUnixPair: (options?: StreamOptions) => Operation<[Socket, Socket]> = fn(function* (options = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'fibril-'))
  try {
    const path = join(folder, 'socket')
    using server = yield* listen({ ...options, path })
    return yield* all([connect({ ...options, path }), server.accept()])
  } finally {
    rmSync(folder, { recursive: true })
  }
})

streamConformance('unix', openUnixPair, { resets: false })

it('tcp: a write that left at once does not pass for one that is under way', function* () {
  const [a, b] = yield* openPair()
  const big = Buffer.alloc(64 * 1024 * 1024)
  yield* a.write('x')
  yield* a.flush()
  // Node tells of the first one only after this turn.
  yield* a.write(big)
  yield* waitAllBlocked()
  assert.equal(a.stats().unsent, big.length)
  a.destroy()
  b.destroy()
})

it('tcp: what is written in one turn goes to the system in one call', function* () {
  const [a, b] = yield* openPair()
  const prototype = net.Socket.prototype as unknown as { _write(): void; _writev(): void }
  const calls = (['_write', '_writev'] as const).map((name) => mock.method(prototype, name))
  try {
    yield* a.write('text ')
    yield* a.write('more text ')
    yield* a.write(Buffer.from('bytes '))
    yield* a.write('and text')
    assert.equal(String(yield* b.readExactly(29)), 'text more text bytes and text')
    assert.deepEqual(
      calls.map((method) => method.mock.callCount()),
      [0, 1],
    )
  } finally {
    for (const method of calls) method.mock.restore()
  }
  a.destroy()
  b.destroy()
})
