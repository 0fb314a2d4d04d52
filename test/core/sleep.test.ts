import assert from 'node:assert/strict'
import { test } from 'node:test'
import { run, sleep, spawn, UsageError, yieldNow } from '../../src/core/index.ts'
import { waitAllBlocked } from '../../src/testing/index.ts'
import { it } from '../support/it.ts'
import { ending, endingText } from './ending.ts'
import { ManualHost } from './manual-host.ts'

it('a sleeper goes on when its time has passed', function* (host) {
  yield* sleep(5)
  assert.equal(host.now(), 5)
  yield* sleep(0.25)
  assert.equal(host.now(), 5.25)
  yield* sleep(1e9)
  assert.equal(host.now(), 1e9 + 5.25)
})

it('sleepers wake in the order of their time', function* () {
  const log: number[] = []
  for (const ms of [50, 10, 30, 20, 40]) {
    spawn(function* () {
      yield* sleep(ms)
      log.push(ms)
    })
  }
  yield* sleep(100)
  assert.deepEqual(log, [10, 20, 30, 40, 50])
})

it(
  'sleepers whose time comes at the same moment wake in the order in which they fell asleep',
  function* () {
    const log: number[] = []
    for (let i = 0; i < 10; i++) {
      spawn(function* () {
        yield* sleep(i)
        yield* sleep(20 - i)
        log.push(i)
      })
    }
    yield* sleep(100)
    // All at 20: who slept the longest before fell asleep last.
    assert.deepEqual(log, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  },
  { shuffle: false },
)

it('0 or less lets others run, and no time passes', function* (host) {
  for (const ms of [0, -0, -1, -Infinity]) {
    let ran = false
    spawn(function* () {
      ran = true
    })
    while (!ran) yield* sleep(ms)
    assert.equal(host.now(), 0)
  }
})

it('Infinity waits until it is cancelled, and needs no timer', function* (host) {
  const task = spawn(sleep(Infinity))
  yield* waitAllBlocked()
  assert.equal(task.reason, 'ever')
  assert.equal(host.loop.stats().timers, 0)
  task.cancel('why')
  assert.equal(yield* endingText(task), 'cancelled: why')
})

it('a cancelled sleeper leaves no timer', function* (host) {
  const tasks = Array.from({ length: 100 }, (_, i) => spawn(sleep(1000 + (i % 3))))
  yield* waitAllBlocked()
  assert.equal(host.loop.stats().timers, 100)
  for (const task of tasks) task.cancel()
  assert.equal(host.loop.stats().timers, 0)
  for (const task of tasks) yield* ending(task)
  assert.equal(host.now(), 0)
})

test('what is no number is a UsageError', () => {
  for (const ms of [Number.NaN, undefined, null, '5', {}, 5n]) assert.throws(() => sleep(ms as never), UsageError)
})

it('the reason tells how long', function* () {
  const task = spawn(sleep(250))
  yield* waitAllBlocked()
  assert.equal(task.reason, '250 ms to pass')
  task.cancel()
})

test('yieldNow lets every task that is ready run once, in a natural order', () => {
  const host = new ManualHost()
  const log: string[] = []
  for (const name of ['a', 'b', 'c']) {
    run(
      function* () {
        for (let i = 0; i < 3; i++) {
          log.push(`${name}${i}`)
          yield* yieldNow()
        }
      },
      { loop: host.loop },
    )
  }
  host.settle()
  assert.equal(log.join(' '), 'a0 b0 c0 a1 b1 c1 a2 b2 c2')
})

it('a task that yields its turn says so', function* () {
  const seen: (string | null)[] = []
  const task = spawn(function* () {
    yield* yieldNow()
  })
  while (task.state !== 'ended') {
    seen.push(task.state)
    yield* yieldNow()
  }
  assert.ok(seen.every((state) => state === 'created' || state === 'ready'))
})

test('twenty thousand sleepers, cancelled in the middle', () => {
  const host = new ManualHost()
  host.run(function* () {
    const tasks = Array.from({ length: 20_000 }, (_, i) => spawn(sleep(1 + (i % 1000))))
    yield* sleep(500.5)
    let running = 0
    for (const task of tasks) if (task.state !== 'ended') running++
    assert.equal(running, 10_000)
    for (const task of tasks) task.cancel()
  })
  assert.equal(host.clock, 500.5)
  assert.equal(host.loop.stats().timers, 0)
})
