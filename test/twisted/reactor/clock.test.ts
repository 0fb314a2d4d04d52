import assert from 'node:assert/strict'
import { AlreadyCalled, AlreadyCancelled, Clock } from '../../../src/twisted/index.ts'
import { it } from '../../support/it.ts'

it('a Clock makes calls of equal times in the order in which they were asked for', () => {
  const clock = new Clock()
  const heard: number[] = []
  for (let i = 0; i < 100; i++) clock.callLater(10, () => heard.push(i))
  clock.advance(10)
  assert.deepEqual(heard, [...heard.keys()])
  assert.equal(heard.length, 100)
})

it('calls of several times are made in their order, whatever order they were asked for in', () => {
  const clock = new Clock()
  const heard: number[] = []
  for (const ms of [5, 1, 9, 3, 1, 7]) clock.callLater(ms, (n: number) => heard.push(n), ms)
  assert.deepEqual(
    clock.getDelayedCalls().map((call) => call.getTime()),
    [1, 1, 3, 5, 7, 9],
  )
  clock.advance(6)
  assert.deepEqual(heard, [1, 1, 3, 5])
  clock.advance(3)
  assert.deepEqual(heard, [1, 1, 3, 5, 7, 9])
  assert.deepEqual(clock.getDelayedCalls(), [])
})

it('advance jumps first: what is asked for meanwhile counts from the final time, and is made if it is due', () => {
  const clock = new Clock()
  const heard: (string | number)[] = []
  clock.callLater(1, () => {
    heard.push(clock.now())
    clock.callLater(5, () => heard.push('later'))
    clock.callLater(0, () => heard.push('due'))
  })
  clock.advance(10)
  assert.deepEqual(heard, [10, 'due'])
  clock.advance(4)
  assert.deepEqual(heard, [10, 'due'])
  clock.advance(1)
  assert.deepEqual(heard, [10, 'due', 'later'])
})

it('what a call throws comes out of advance, and leaves the rest to come', () => {
  const clock = new Clock()
  const heard: string[] = []
  clock.callLater(1, () => {
    throw new Error('no')
  })
  clock.callLater(1, () => heard.push('rest'))
  assert.throws(() => clock.advance(1), /no/)
  assert.deepEqual(heard, [])
  clock.advance(0)
  assert.deepEqual(heard, ['rest'])
})

it('pump advances step by step', () => {
  const clock = new Clock()
  const heard: number[] = []
  const tick = (): void => {
    heard.push(clock.now())
    clock.callLater(1, tick)
  }
  clock.callLater(1, tick)
  clock.pump([1, 1, 1])
  assert.deepEqual(heard, [1, 2, 3])
})

it('a call that is cancelled is not made, also by one that is made in the same advance', () => {
  const clock = new Clock()
  const heard: string[] = []
  const second = clock.callLater(2, () => heard.push('second'))
  clock.callLater(1, () => second.cancel())
  clock.advance(5)
  assert.deepEqual([heard, second.active(), second.cancelled, second.called], [[], false, true, false])
})

it('reset has a call made that long from now, sooner or later', () => {
  const clock = new Clock()
  const heard: string[] = []
  const sooner = clock.callLater(10, () => heard.push('sooner'))
  const later = clock.callLater(2, () => heard.push('later'))
  clock.advance(1)
  sooner.reset(1)
  later.reset(10)
  assert.deepEqual([sooner.getTime(), later.getTime()], [2, 11])
  clock.advance(1)
  assert.deepEqual(heard, ['sooner'])
  clock.advance(9)
  assert.deepEqual(heard, ['sooner', 'later'])
})

it('a call that is reset inside another call keeps its place in the order of times', () => {
  const clock = new Clock()
  const heard: string[] = []
  const moved = clock.callLater(2, () => heard.push('moved'))
  clock.callLater(1, () => moved.reset(3))
  clock.callLater(3, () => heard.push('three'))
  clock.pump([1, 1, 1, 1])
  assert.deepEqual(heard, ['three', 'moved'])
})

it('delay moves a call from where it was to be', () => {
  const clock = new Clock()
  const heard: number[] = []
  const call = clock.callLater(5, () => heard.push(clock.now()))
  clock.advance(3)
  call.delay(2)
  assert.equal(call.getTime(), 7)
  call.delay(-1)
  clock.pump([1, 1, 1])
  assert.deepEqual(heard, [6])
})

it('cancel, reset and delay are AlreadyCalled after the call, and AlreadyCancelled after a cancel', () => {
  const clock = new Clock()
  const called = clock.callLater(0, () => {
    for (const verb of [() => called.cancel(), () => called.reset(1), () => called.delay(1)]) {
      assert.throws(verb, AlreadyCalled)
    }
  })
  clock.advance(0)
  assert.equal(called.called, true)
  const cancelled = clock.callLater(1, () => {})
  cancelled.cancel()
  for (const verb of [() => cancelled.cancel(), () => cancelled.reset(1), () => cancelled.delay(1)]) {
    assert.throws(verb, AlreadyCancelled)
  }
})

it('callLater refuses a delay below 0, what is no number, and what is no function', () => {
  const clock = new Clock()
  for (const ms of [-1, Number.NaN, Infinity]) assert.throws(() => clock.callLater(ms, () => {}), /callLater/)
  assert.throws(() => clock.callLater(1, null as never), /which is no function/)
  assert.throws(() => clock.advance(-1), RangeError)
  assert.throws(() => clock.callLater(1, () => {}).reset(Number.NaN), /no number/)
})

it('a DelayedCall says where it was asked for, what it calls and when', () => {
  const call = new Clock().callLater(5, function poem() {}, ...[])

  assert.equal(String(call), 'DelayedCall poem() (due at 5 ms)')
  call.cancel()
  assert.equal(String(call), 'DelayedCall poem() (cancelled)')
})

it('20,000 calls at random times that are all moved, half cancelled, leave nothing behind', () => {
  const clock = new Clock()
  let made = 0
  const calls = Array.from({ length: 20_000 }, (_, i) => clock.callLater((i * 7919) % 10_007, () => made++))
  for (const [i, call] of calls.entries()) {
    if (i % 2 === 0) call.cancel()
    else call.reset((i * 104_729) % 20_011)
  }
  clock.advance(20_011)
  assert.deepEqual([made, clock.getDelayedCalls().length], [10_000, 0])
})
