import assert from 'node:assert/strict'
import { sleep } from '../../../src/core/index.ts'
import { Clock, Deferred, type Failure, LoopingCall, reactor } from '../../../src/twisted/index.ts'
import { it } from '../../support/it.ts'

/** A loop on a clock, and the times at which it was called. */
function loopOn(body: () => unknown = () => undefined): { loop: LoopingCall; clock: Clock; times: number[] } {
  const clock = new Clock()
  const times: number[] = []
  const loop = new LoopingCall(() => {
    times.push(clock.now())
    return body()
  })
  loop.clock = clock
  return { loop, clock, times }
}

it('start calls at once and then at each interval; its Deferred fires with the loop when that is stopped', () => {
  const { loop, clock, times } = loopOn()
  const heard: unknown[] = []
  loop.start(10).addCallback((result) => heard.push(result === loop))
  assert.deepEqual([times, loop.running], [[0], true])
  clock.pump([10, 5, 5])
  assert.deepEqual([times, heard], [[0, 10, 20], []])
  loop.stop()
  assert.deepEqual([heard, loop.running], [[true], false])
  clock.advance(100)
  assert.equal(times.length, 3)
  assert.deepEqual(clock.getDelayedCalls(), [])
})

it('start without now waits for the first interval', () => {
  const { loop, clock, times } = loopOn()
  loop.start(10, false)
  clock.pump([9, 1])
  assert.deepEqual(times, [10])
  loop.stop()
})

it('calls keep to the grid: one that comes late does not move those after it, and missed ones are skipped', () => {
  const { loop, clock, times } = loopOn()
  loop.start(10)
  clock.pump([12, 8, 25, 5])
  assert.deepEqual(times, [0, 12, 20, 45, 50])
  loop.stop()
})

it('no call begins while the Deferred of the one before has not fired', () => {
  const waits: Deferred<void>[] = []
  const { loop, clock, times } = loopOn(() => {
    const deferred = new Deferred<void>()
    waits.push(deferred)
    return deferred
  })
  loop.start(10)
  clock.pump([10, 10, 5])
  assert.deepEqual(times, [0])
  waits[0]?.callback()
  clock.pump([5])
  assert.deepEqual(times, [0, 30])
  loop.stop()
  waits[1]?.callback()
})

it('stop while a call is under way fires the Deferred of start when that is over', () => {
  const waiting = new Deferred<void>()
  const { loop } = loopOn(() => waiting)
  const heard: string[] = []
  loop.start(10).addCallback(() => heard.push('stopped'))
  loop.stop()
  assert.deepEqual(heard, [])
  waiting.callback()
  assert.deepEqual(heard, ['stopped'])
})

it('a call that fails, now or later, ends the loop with its failure', () => {
  for (const body of [
    () => {
      throw new Error('no')
    },
    () => {
      const deferred = new Deferred<void>()
      deferred.errback(new Error('no'))
      return deferred
    },
  ]) {
    const { loop, clock, times } = loopOn(body)
    const heard: string[] = []
    loop.start(10).addErrback((failure: Failure) => heard.push(`${failure.getErrorMessage()} ${loop.running}`))
    clock.advance(100)
    assert.deepEqual([heard, times], [['no false'], [0]])
  }
})

it('a call may stop its own loop', () => {
  const { loop, clock, times } = loopOn(() => times.length === 2 && loop.stop())
  const heard: string[] = []
  loop.start(10).addCallback(() => heard.push('stopped'))
  clock.pump([10, 10])
  assert.deepEqual([times, heard], [[0, 10], ['stopped']])
})

it('an interval of 0 is as soon as possible, each call in a turn of its own', () => {
  const { loop, clock, times } = loopOn()
  loop.start(0)
  assert.deepEqual(times, [0])
  loop.stop()
  loop.start(0, false)
  assert.equal(clock.getDelayedCalls()[0]?.getTime(), 0)
  loop.stop()
})

it('withCount is given how many calls were due since the last one', () => {
  const clock = new Clock()
  const counts: number[] = []
  const loop = LoopingCall.withCount((count) => counts.push(count))
  loop.clock = clock
  loop.start(10)
  clock.pump([10, 35, 5, 10])
  assert.deepEqual(counts, [1, 1, 3, 1, 1])
  loop.stop()
})

it('withCount without now counts from the start', () => {
  const clock = new Clock()
  const counts: number[] = []
  const loop = LoopingCall.withCount((count) => counts.push(count))
  loop.clock = clock
  loop.start(10, false)
  clock.pump([25, 5])
  assert.deepEqual(counts, [2, 1])
  loop.stop()
})

it('withCount counts those that were missed while a Deferred had not fired', () => {
  const clock = new Clock()
  const counts: number[] = []
  let waiting = new Deferred<void>()
  const loop = LoopingCall.withCount((count) => {
    counts.push(count)
    return waiting
  })
  loop.clock = clock
  loop.start(10)
  clock.pump([10, 10, 10])
  const first = waiting
  waiting = new Deferred()
  first.callback()
  clock.pump([10])
  assert.deepEqual(counts, [1, 4])
  loop.stop()
  waiting.callback()
})

it('withCount with an interval of 0 always counts 1', () => {
  const clock = new Clock()
  const counts: number[] = []
  const loop = LoopingCall.withCount((count) => {
    counts.push(count)
    if (counts.length === 3) loop.stop()
  })
  loop.clock = clock
  loop.start(0)
  clock.pump([0, 0, 0])
  assert.deepEqual(counts, [1, 1, 1])
})

it('fractions of an interval lose and double no call', () => {
  for (const interval of [0.1, 0.3, 1 / 3, 0.7]) {
    const clock = new Clock()
    clock.rightNow = 1_234_567.89
    const counts: number[] = []
    const loop = LoopingCall.withCount((count) => counts.push(count))
    loop.clock = clock
    loop.start(interval)
    for (let i = 1; i <= 1000; i++) clock.advance(1_234_567.89 + i * interval - clock.now())
    assert.equal(
      counts.reduce((sum, count) => sum + count, 0),
      1001,
      `every ${interval}`,
    )
    loop.stop()
  }
})

it('reset begins the grid anew: the next call is due one interval from then', () => {
  const { loop, clock, times } = loopOn()
  loop.start(10)
  clock.advance(7)
  loop.reset()
  clock.pump([9, 1, 10])
  assert.deepEqual(times, [0, 17, 27])
  loop.stop()
})

it('cancelling the Deferred of start stops the loop', () => {
  const { loop, clock } = loopOn()
  const heard: string[] = []
  const ended = loop.start(10)
  ended.addBoth(() => heard.push('over'))
  ended.cancel()
  assert.deepEqual([heard, loop.running, clock.getDelayedCalls().length], [['over'], false, 0])
})

it('start twice, stop and reset of one that does not run are refused, and so is a negative interval', () => {
  const { loop } = loopOn()
  assert.throws(() => loop.stop(), /does not run/)
  assert.throws(() => loop.reset(), /does not run/)
  assert.throws(() => loop.start(-1), RangeError)
  loop.start(10)
  assert.throws(() => loop.start(10), /it runs/)
  loop.stop()
})

it('a loop on the reactor keeps to the time of its loop', function* () {
  const times: number[] = []
  const loop = new LoopingCall(() => times.push(reactor.now()))
  loop.start(10)
  yield* sleep(35)
  loop.stop()
  assert.deepEqual(times, [0, 10, 20, 30])
})
