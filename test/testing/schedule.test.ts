import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Random } from '../../src/testing/random.ts'
import { natural, type ReadyLine, type Schedule, scheduleOf } from '../../src/testing/schedule.ts'

function lineOf(...ids: number[]): ReadyLine {
  return { length: ids.length, at: (index) => ({ id: ids[index] as number }) }
}

/** The first schedule of a kind, from a given seed on. */
function ofKind(kind: Schedule['kind'], from = 1): Schedule {
  for (let seed = from; ; seed++) {
    const schedule = scheduleOf(seed)
    if (schedule.kind === kind) return schedule
  }
}

/** `times` choices in one line of ten. */
function choices(schedule: Schedule, times: number): number[] {
  const line = lineOf(0, 1, 2, 3, 4, 5, 6, 7, 8, 9)
  return Array.from({ length: times }, () => schedule.next(line))
}

describe('the random numbers of a seed', () => {
  it('are the same each time, and others than those of the next seed', () => {
    const numbers = (seed: number): number[] => {
      const random = new Random(seed)
      return Array.from({ length: 10 }, () => random.next())
    }
    assert.deepEqual(numbers(1), numbers(1))
    assert.notDeepEqual(numbers(1), numbers(2))
    assert.equal(new Set([...numbers(0), ...numbers(1), ...numbers(2)]).size, 30)
  })

  it('fall evenly into every range', () => {
    for (const n of [2, 3, 10]) {
      const random = new Random(1)
      const counts = new Array<number>(n).fill(0)
      for (let i = 0; i < 10_000; i++) {
        const number = random.below(n)
        assert.ok(Number.isInteger(number) && number >= 0 && number < n)
        counts[number]!++
      }
      for (const count of counts) assert.ok(Math.abs(count - 10_000 / n) < 300, `${counts}`)
    }
  })
})

describe('a schedule', () => {
  it('is natural for seed 0, and of each other kind for many seeds', () => {
    assert.equal(scheduleOf(0), natural)
    assert.deepEqual(choices(natural, 3), [0, 0, 0])
    const kinds = { natural: 0, uniform: 0, drift: 0, priorities: 0 }
    for (let seed = 1; seed <= 1000; seed++) kinds[scheduleOf(seed).kind]++
    assert.equal(kinds.natural, 0)
    assert.ok(kinds.uniform > 400 && kinds.drift > 80 && kinds.priorities > 250, JSON.stringify(kinds))
  })

  it('of the uniform kind chooses each task equally often', () => {
    const counts = new Array<number>(10).fill(0)
    for (const choice of choices(ofKind('uniform'), 10_000)) counts[choice]!++
    for (const count of counts) assert.ok(Math.abs(count - 1000) < 200, `${counts}`)
  })

  it('of the drift kind mostly keeps the natural order', () => {
    for (let from = 1; from < 200; from += 20) {
      const natural = choices(ofKind('drift', from), 1000).filter((choice) => choice === 0).length
      assert.ok(natural > 500 && natural < 1000, `${natural}`)
    }
  })

  it('of the priorities kind runs the highest rank, wherever it stands, and lets it fall a few times at most', () => {
    let fell = 0
    for (let from = 1; from < 400; from += 20) {
      const schedule = ofKind('priorities', from)
      const random = new Random(from)
      const ids = [1, 2, 3, 4, 5]
      const ran: number[] = []
      for (let i = 0; i < 3000; i++) {
        ids.sort(() => random.below(3) - 1)
        ran.push(ids[schedule.next(lineOf(...ids))] as number)
      }
      const changes = ran.filter((id, i) => i > 0 && id !== ran[i - 1]).length
      assert.ok(changes <= 3, `${changes} changes`)
      // Who has fallen is below all others.
      assert.equal(new Set(ran).size, changes + 1)
      fell += changes
    }
    assert.ok(fell > 10, `${fell} falls in 20 schedules`)
  })

  it('of the priorities kind gives way to all others when nothing ever pauses', () => {
    const unpaused = choices(ofKind('priorities'), 6000).slice(4500)
    assert.equal(new Set(unpaused).size, 10)
    const paused = ofKind('priorities')
    const seen = new Set<number>()
    for (let i = 0; i < 60; i++) {
      for (const choice of choices(paused, 100)) seen.add(choice)
      paused.paused()
    }
    assert.ok(seen.size <= 4)
  })
})
