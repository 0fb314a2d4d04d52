import assert from 'node:assert/strict'
import { test } from 'node:test'
import { coroutine, Future, IOLoop, sleep } from '../../src/tornado/index.ts'
import { expectLog, genTest } from '../../src/tornado/testing/index.ts'

test('runs a generator as a coroutine, in virtual time, in a loop of its own', async () => {
  const loops: IOLoop[] = []
  for (let i = 0; i < 2; i++) {
    await genTest(function* (loop, host) {
      loops.push(loop)
      assert.equal(IOLoop.current(), loop)
      yield sleep(4000)
      assert.equal(host.now(), 4000)
    })()
  }
  assert.notEqual(loops[0], loops[1])
})

test('takes coroutines, async functions and plain ones, and fails with what they fail with', async () => {
  await genTest(
    coroutine(function* () {
      yield sleep(1)
    }),
  )()
  await genTest(async () => {
    await sleep(1)
  })()
  await genTest(() => {})()
  const failing = genTest(function* () {
    yield null
    throw new Error('it fails')
  })
  await assert.rejects(failing(), /it fails/)
})

test('past its time it fails, and its cleanup runs', async () => {
  let cleaned = false
  const slow = genTest(
    function* () {
      try {
        yield sleep(10_000)
      } finally {
        cleaned = true
      }
    },
    { timeoutMs: 100 },
  )
  await assert.rejects(slow(), { code: 'FIBRIL_TIMEOUT' })
  assert.equal(cleaned, true)
})

test('a test that nobody waited for fails: a generator that is returned', async () => {
  const wrong = genTest((() =>
    coroutine(function* () {
      yield null
      return sleep(1)
    })()) as never)
  await assert.rejects(wrong(), /which nobody waits for/)
})

test('what it leaves behind fails it, and so does a coroutine that was forgotten', async () => {
  const leaking = genTest(function* () {
    void coroutine(function* forgotten() {
      yield new Future('never')
    })()
    yield sleep(1)
  })
  await assert.rejects(leaking(), /forgotten/)
})

test('an error that it logs fails it, unless it was expected', async () => {
  const logging = (): void =>
    IOLoop.current().addCallback(() => {
      throw new Error('boom')
    })
  await assert.rejects(
    genTest(function* () {
      logging()
      yield sleep(1)
    })(),
    /boom/,
  )
  await genTest(function* () {
    using expected = expectLog(/boom/)
    logging()
    yield sleep(1)
    assert.equal(expected.count, 1)
  })()
  await assert.rejects(
    genTest(function* () {
      using _expected = expectLog(/boom/)
      yield sleep(1)
    })(),
    /did not get expected log message/,
  )
})
