import assert from 'node:assert/strict'
import { fn, sleep as sleepOf } from '../../src/core/index.ts'
import { coroutine, PeriodicCallback, sleep } from '../../src/tornado/index.ts'
import { it } from '../support/it.ts'
import { logged } from './support.ts'

it('calls on a grid of starts, and skips whole periods that a call covers', function* (host) {
  const starts: number[] = []
  const ticking = new PeriodicCallback(
    coroutine(function* () {
      starts.push(host.now())
      if (starts.length === 2) yield sleep(25)
    }),
    10,
  )
  assert.equal(ticking.isRunning(), false)
  ticking.start()
  ticking.start()
  assert.equal(ticking.isRunning(), true)
  yield* sleepOf(75)
  ticking.stop()
  yield* sleepOf(50)
  assert.deepEqual(starts, [10, 20, 50, 60, 70])
  assert.equal(ticking.isRunning(), false)
})

it('a coroutine never overlaps itself', function* () {
  let running = 0
  let most = 0
  const ticking = new PeriodicCallback(
    coroutine(function* () {
      most = Math.max(most, ++running)
      yield sleep(35)
      running--
    }),
    10,
  )
  ticking.start()
  yield* sleepOf(200)
  ticking.stop()
  yield* sleepOf(50)
  assert.equal(most, 1)
  assert.equal(running, 0)
})

it('a failure is logged, and the next call comes', function* () {
  let calls = 0
  const ticking = new PeriodicCallback(function tick() {
    if (++calls === 1) throw new Error('first')
  }, 10)
  const lines = yield* logged(
    fn(function* () {
      ticking.start()
      yield* sleepOf(25)
      ticking.stop()
    }),
  )
  assert.equal(calls, 2)
  assert.deepEqual(lines, ['Exception in callback tick: first'])
})

it('can be stopped and started from its own callback', function* (host) {
  const starts: number[] = []
  const ticking: PeriodicCallback = new PeriodicCallback(() => {
    starts.push(host.now())
    ticking.stop()
    if (starts.length < 3) ticking.start()
  }, 10)
  ticking.start()
  yield* sleepOf(100)
  assert.deepEqual(starts, [10, 20, 30])
})

it('a period that makes no sense is a RangeError', function* () {
  for (const ms of [0, -1, Number.NaN]) assert.throws(() => new PeriodicCallback(() => {}, ms), RangeError)
  yield* sleepOf(0)
})

it('the next instant: overruns, a clock that went backwards, jitter', function* () {
  const plain = new PeriodicCallback(() => {}, 10)
  assert.equal(plain.nextAfter(1000, 1000), 1010)
  assert.equal(plain.nextAfter(1010, 1023), 1030)
  assert.equal(plain.nextAfter(1030, 1030), 1040)
  assert.equal(plain.nextAfter(1040, 990), 1050, 'backwards: one period on from the last')
  const random = [0, 0.5, 1][Symbol.iterator]()
  const jittery = new PeriodicCallback(() => {}, 10, { jitter: 0.5, random: () => random.next().value as number })
  assert.deepEqual(
    [0, 1, 2].map(() => jittery.nextAfter(0, 0)),
    [7.5, 10, 12.5],
  )
  yield* sleepOf(0)
})
