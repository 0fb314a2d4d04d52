import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allSettled, fn, sleep, spawn, timeoutOr } from '../../src/core/index.ts'
import { memoryPair, StreamTimeoutError } from '../../src/net/index.ts'
import { TestHost, waitAllBlocked } from '../../src/testing/index.ts'
import { it } from '../support/it.ts'
import { streamConformance } from './stream-conformance.ts'

streamConformance(
  'memory',
  fn(function* (options) {
    return memoryPair(options)
  }),
)

it('memory: flush waits for all that was written before it, and for no more', function* () {
  const [a, b] = memoryPair()
  const chunk = Buffer.alloc(60_000)
  // Two fill the peer, one is on its way, one waits behind it.
  for (let i = 0; i < 4; i++) assert.equal(a.tryWrite(chunk), true)
  const flusher = spawn(a.flush())
  yield* waitAllBlocked()
  assert.equal(a.stats().unsent, 120_000)
  yield* b.readExactly(100_000)
  yield* waitAllBlocked()
  assert.equal(a.stats().unsent, 60_000)
  assert.equal(flusher.state, 'parked')
  assert.equal(a.tryWrite(chunk), true)
  yield* b.readExactly(60_000)
  yield* flusher
  assert.equal(a.stats().unsent, 60_000)
  a.destroy()
  b.destroy()
})

it('memory: what is on the way to a side that lets go is lost, and its peer told', function* () {
  const [a, b] = memoryPair()
  for (let i = 0; i < 3; i++) a.tryWrite(Buffer.alloc(60_000))
  b.destroy()
  assert.throws(() => a.tryWrite('more'), /ECONNRESET.* 60000 bytes written before are lost/)
})

it('memory: limits of time can be lifted, also while a task waits', function* () {
  const [a, b] = memoryPair({ idleMs: 10, totalMs: 20 })
  const reader = spawn(a.readLine())
  yield* waitAllBlocked()
  a.liftTimeLimits()
  b.liftTimeLimits()
  yield* sleep(1000)
  yield* b.write('late\n')
  assert.equal(yield* reader, 'late')
  a.destroy()
  b.destroy()
})

test('memory: silence ends where it must, also when sums of fractions are rounded so that something seems to be missing', async () => {
  for (const seed of [133, 153, 253, 470, 539, 579]) {
    let state = seed * 7919
    const fraction = (): number => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647
    for (let i = 0; i < 3; i++) fraction()
    await new TestHost({ seed: 0, maxSteps: 20_000 }).run(function* () {
      yield* sleep(1000 * fraction())
      const [a, b] = memoryPair({ idleMs: 350 })
      const asking = fn(function* () {
        for (;;) yield* timeoutOr(20 + 100 * fraction(), null, a.read())
      })
      const [{ error }] = (yield* allSettled([asking()])) as [{ error: unknown }]
      assert.ok(error instanceof StreamTimeoutError)
      b.destroy()
    })
  }
})
