import assert from 'node:assert/strict'
import { all, BrokenError, fn, sleep, spawn } from '../../src/core/index.ts'
import type { StreamOptions } from '../../src/net/index.ts'
import { SimNetwork, type SimNetworkOptions } from '../../src/testing/index.ts'
import { it } from '../support/it.ts'
import { codeOf, failure } from '../support/sim.ts'

// What every stream does is told in sim-conformance.test.ts.

/** Both ends of a connection in a network of its own. */
const connected = fn(function* (options?: SimNetworkOptions, streamOptions?: StreamOptions) {
  const network = new SimNetwork(options)
  const server = yield* network.host('b').listen({ ...streamOptions, port: 80 })
  const connecting = network.host('a').connect({ ...streamOptions, host: 'b', port: 80 })
  const [here, there] = yield* all([connecting, server.accept()])
  server.close()
  return { network, here, there }
})

it.many('a slow reader makes its writer wait: what is kept is bounded, wherever it is', function* () {
  const window = 3000
  const highWaterMark = 2000
  const { network, here, there } = yield* connected({ latencyMs: 10, jitterMs: 5, window }, { highWaterMark })
  let written = 0
  const writer = spawn(function* () {
    for (; written < 200_000; written += 1000) yield* here.write(Buffer.alloc(1000))
    yield* here.end()
  })
  let taken = 0
  for (let chunk: Buffer | null; (chunk = yield* there.read(500)) !== null; taken += chunk.length) {
    assert.ok(network.stats().bytesInFlight <= window, `${network.stats().bytesInFlight} bytes in flight`)
    assert.ok(there.stats().unread < highWaterMark + window, `${there.stats().unread} bytes unread`)
    // The write that is accepted last may go beyond the mark.
    const most = highWaterMark + 1000 + window + highWaterMark + window
    assert.ok(written - taken <= most, `${written - taken} bytes between writer and reader`)
    yield* sleep(5)
  }
  assert.equal(taken, 200_000)
  yield* writer
  here.destroy()
  there.destroy()
})

it('what is sent is never more than a window ahead of what is taken, so the window and the way give the speed', function* (host) {
  const { here, there } = yield* connected({ latencyMs: 50, window: 10_000, fragment: 0 })
  const start = host.now()
  const reader = spawn(there.readExactly(100_000))
  yield* here.write(Buffer.alloc(100_000))
  yield* reader
  // Ten windows, each a round trip after the one before; the last takes half of one.
  assert.equal(host.now() - start, 9 * 100 + 50)
  here.destroy()
  there.destroy()
})

it('data for a side that is gone is answered by a reset, which a round trip later breaks the sender', function* (host) {
  const { here, there } = yield* connected({ latencyMs: 10 })
  there.destroy()
  assert.equal(yield* here.read(), null, 'it has ended, as far as one can see')
  const start = host.now()
  yield* here.write('anybody?')
  yield* sleep(15)
  yield* here.write('more')
  yield* sleep(5)
  assert.equal(host.now() - start, 20)
  const error = yield* failure(here.write('x'))
  assert.ok(error instanceof BrokenError)
  assert.equal(codeOf(error), 'ECONNRESET')
  here.destroy()
})

it('who lets go of bytes that its reader had no room for resets its peer', function* () {
  const { here, there } = yield* connected({ latencyMs: 10 }, { highWaterMark: 10 })
  yield* here.write('0123456789')
  yield* sleep(50)
  yield* here.write('untaken')
  yield* sleep(50)
  there.destroy()
  assert.equal(codeOf(yield* failure(here.read())), 'ECONNRESET')
})

it('a reset comes after what was sent before it', function* () {
  const { here, there } = yield* connected({ latencyMs: 10 }, { highWaterMark: 4 })
  yield* here.write('0123')
  yield* sleep(50)
  yield* here.write('456789')
  yield* here.flush()
  here.reset()
  yield* sleep(50)
  assert.equal(String(yield* there.readExactly(10)), '0123456789')
  assert.equal(codeOf(yield* failure(there.read())), 'ECONNRESET')
})

it('what is written in one turn leaves together, and is lost with a stream that is destroyed in it', function* () {
  const { network, here, there } = yield* connected({ latencyMs: 10 })
  yield* here.write('one ')
  yield* here.write('two')
  yield* sleep(1)
  assert.equal(network.log.filter(({ kind }) => kind === 'send').length, 1)
  yield* here.write('three')
  here.destroy()
  assert.equal(String(yield* there.readExactly(7)), 'one two')
  assert.equal(yield* there.read(), null)
  there.destroy()
})
