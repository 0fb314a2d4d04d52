import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Loop, type Timer, type TimerBucket } from '../../src/core/index.ts'
import { ManualHost } from './manual-host.ts'

class Alarm implements Timer {
  bucket: TimerBucket | null = null
  index = 0
  private readonly act: () => void

  constructor(act: () => void) {
    this.act = act
  }

  fire(): void {
    this.act()
  }
}

/** A loop, and the names of the timers that fired, with the time. */
function clockwork() {
  const host = new ManualHost()
  const { loop } = host
  const fired: string[] = []
  const start = (name: string, ms: number, act: () => void = () => {}): Alarm => {
    const alarm = new Alarm(() => {
      fired.push(`${name}@${host.clock}`)
      act()
    })
    loop.startTimer(alarm, ms)
    return alarm
  }
  return { host, loop, fired, start }
}

test('timers fire in the order of their deadlines, and equal deadlines in the order of starting', () => {
  const { host, fired, start } = clockwork()
  for (const [name, ms] of [
    ['a', 5],
    ['b', 3],
    ['c', 5],
    ['d', 4],
    ['e', 3],
    ['f', 5],
  ] as const)
    start(name, ms)
  host.advance()
  assert.deepEqual(fired, ['b@3', 'e@3', 'd@4', 'a@5', 'c@5', 'f@5'])
})

test('equal deadlines that were started at different times fire in the order of starting', () => {
  const { host, fired, start } = clockwork()
  start('at 0', 10)
  host.advance(4)
  start('at 4', 6)
  host.advance(3)
  start('at 7', 3)
  start('also', 3)
  host.advance()
  assert.deepEqual(fired, ['at 0@10', 'at 4@10', 'at 7@10', 'also@10'])
})

test('a late host fires all that is due, in order', () => {
  const { host, fired, start } = clockwork()
  for (const ms of [30, 10, 20, 10]) start(`${ms}`, ms)
  host.clock = 100
  host.turn()
  assert.deepEqual(fired, ['10@100', '10@100', '20@100', '30@100'])
})

test('the host is asked for the earliest deadline, and for none when no timer is left', () => {
  const { host, loop, start } = clockwork()
  const late = start('late', 50)
  assert.equal(host.alarm, 50)
  const early = start('early', 20)
  assert.equal(host.alarm, 20)
  loop.stopTimer(early)
  loop.stopTimer(late)
  assert.equal(host.alarm, Infinity)
  assert.equal(loop.stats().timers, 0)
})

test('a stopped timer does not fire, and the others of its deadline do, in order', () => {
  for (let stopped = 0; stopped < 5; stopped++) {
    const { host, loop, fired, start } = clockwork()
    const alarms = ['a', 'b', 'c', 'd', 'e'].map((name) => start(name, 5))
    loop.stopTimer(alarms[stopped] as Alarm)
    loop.stopTimer(alarms[stopped] as Alarm)
    host.advance()
    assert.deepEqual(
      fired,
      ['a', 'b', 'c', 'd', 'e'].filter((_, i) => i !== stopped).map((name) => `${name}@5`),
    )
    assert.equal(loop.stats().timers, 0)
  }
})

test('a timer may be started again, after it fired and after it was stopped', () => {
  const { host, loop, fired, start } = clockwork()
  const alarm = start('a', 5)
  loop.stopTimer(alarm)
  loop.startTimer(alarm, 7)
  host.advance()
  loop.startTimer(alarm, 7)
  host.advance()
  assert.deepEqual(fired, ['a@7', 'a@14'])
  loop.stopTimer(alarm)
  assert.equal(loop.stats().timers, 0)
})

test('a timer that stops others of its deadline as it fires, before and after it', () => {
  const { host, loop, fired, start } = clockwork()
  const others: Alarm[] = []
  others.push(start('a', 5))
  start('b', 5, () => {
    for (const other of others) loop.stopTimer(other)
  })
  others.push(start('c', 5), start('d', 6))
  start('e', 5)
  host.advance()
  assert.deepEqual(fired, ['a@5', 'b@5', 'e@5'])
  assert.equal(loop.stats().timers, 0)
})

test('a timer that stops most of its deadline as it fires: the others fire once each, in order', () => {
  const { host, loop, fired, start } = clockwork()
  const others: Alarm[] = []
  for (let i = 0; i < 20; i++) start(`before ${i}`, 5)
  start('stops', 5, () => {
    for (const other of others) loop.stopTimer(other)
  })
  for (let i = 0; i < 200; i++) {
    const alarm = start(`${i}`, 5)
    if (i % 10 !== 0) others.push(alarm)
  }
  host.advance()
  const expected = [
    ...Array.from({ length: 20 }, (_, i) => `before ${i}@5`),
    'stops@5',
    ...Array.from({ length: 20 }, (_, i) => `${i * 10}@5`),
  ]
  assert.deepEqual(fired, expected)
  assert.equal(loop.stats().timers, 0)
})

test('a timer that starts others as it fires: for the same instant, the past and the future', () => {
  const { host, loop, fired, start } = clockwork()
  start('a', 5, () => {
    start('now', 0)
    start('soon', 1)
  })
  start('b', 5)
  start('c', 6)
  host.advance()
  assert.deepEqual(fired, ['a@5', 'b@5', 'now@5', 'c@6', 'soon@6'])
  assert.equal(loop.stats().timers, 0)
})

test('a timer that restarts itself at each firing lets the turn end', () => {
  const { host, loop, fired, start } = clockwork()
  let left = 100
  const alarm = start('a', 5, () => {
    if (--left > 0) loop.startTimer(alarm, 0)
  })
  host.clock = 5
  for (let turns = 0; left > 0 && turns < 1000; turns++) host.turn()
  assert.equal(fired.length, 100)
})

test('most timers of one deadline stopped: the rest keep their order and their places', () => {
  for (const keepEvery of [3, 7, 50]) {
    const { host, loop, fired, start } = clockwork()
    const alarms = Array.from({ length: 1000 }, (_, i) => start(`${i}`, 5))
    const kept: string[] = []
    // From the end, from the start and from the middle, by turns.
    const order = alarms.map((_, i) => (i % 2 === 0 ? i : 999 - i + (i % 2)))
    for (const i of new Set([...order, ...alarms.keys()])) {
      if (i % keepEvery !== 0) loop.stopTimer(alarms[i] as Alarm)
    }
    for (let i = 0; i < 1000; i += keepEvery) kept.push(`${i}@5`)
    start('last', 5)
    host.advance()
    assert.deepEqual(fired, [...kept, 'last@5'])
  }
})

test('starting and stopping over and over keeps nothing', () => {
  const { host, loop, start } = clockwork()
  start('guard', 1e6)
  const alarm = new Alarm(() => assert.fail('fired'))
  for (let i = 0; i < 100_000; i++) {
    loop.startTimer(alarm, 10)
    assert.ok((alarm.bucket?.timers.length ?? 0) < 100)
    loop.stopTimer(alarm)
  }
  assert.equal(loop.stats().timers, 1)
  host.advance(100)
  assert.equal(loop.stats().timers, 1)
})

test('a hundred thousand timers, of many deadlines, stopped or fired', () => {
  const { host, loop, fired, start } = clockwork()
  const alarms = Array.from({ length: 100_000 }, (_, i) => start(`${i}`, 1 + ((i * 7919) % 1009)))
  for (const [i, alarm] of alarms.entries()) if (i % 4 !== 0) loop.stopTimer(alarm)
  assert.equal(loop.stats().timers, 25_000)
  host.advance(500)
  for (const alarm of alarms) loop.stopTimer(alarm)
  assert.equal(loop.stats().timers, 0)
  assert.ok(fired.length > 10_000 && fired.length < 15_000)
  let last = 0
  for (const each of fired) {
    const at = Number(each.split('@')[1])
    assert.ok(at >= last)
    last = at
  }
})

test('random starting, stopping and firing is as a sorted list would do it', () => {
  let seed = 3
  const random = (n: number) => {
    seed = Math.imul(seed, 1103515245) + 12345
    return (seed >>> 8) % n
  }
  for (let program = 0; program < 50; program++) {
    const { host, loop, fired, start } = clockwork()
    const model: { name: string; deadline: number; order: number; alarm: Alarm }[] = []
    const expected: string[] = []
    let order = 0
    for (let step = 0; step < 300; step++) {
      const what = random(10)
      if (what < 6) {
        const ms = random(40)
        const name = `${step}`
        model.push({ name, deadline: host.clock + ms, order: order++, alarm: start(name, ms) })
      } else if (what < 8 && model.length > 0) {
        const [gone] = model.splice(random(model.length), 1)
        if (gone !== undefined) loop.stopTimer(gone.alarm)
      } else {
        host.clock += random(15)
        host.turn()
        const due = model.filter(({ deadline }) => deadline <= host.clock)
        due.sort((a, b) => a.deadline - b.deadline || a.order - b.order)
        for (const { name } of due) expected.push(`${name}@${host.clock}`)
        for (const each of due) model.splice(model.indexOf(each), 1)
      }
      assert.equal(loop.stats().timers, model.length)
      const earliest = Math.min(Infinity, ...model.map(({ deadline }) => deadline))
      if (what >= 8) assert.equal(host.alarm, earliest)
    }
    assert.deepEqual(fired, expected)
  }
})

test('the loop of a timer’s bucket is the loop that it was started on', () => {
  const { loop, start } = clockwork()
  const alarm = start('a', 5)
  assert.ok(loop instanceof Loop)
  assert.equal(alarm.bucket?.loop, loop)
  assert.equal(alarm.bucket?.deadline, 5)
})
