import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Line, type Standing } from '../../src/offload/line.ts'

class One implements Standing<One> {
  before: One | null = null
  after: One | null = null
  readonly n: number

  constructor(n: number) {
    this.n = n
  }
}

test('a line holds what an array would, whatever is done to it', () => {
  const line = new Line<One>()
  const model: One[] = []
  let seed = 1
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
    return Math.floor((seed / 2 ** 32) * below)
  }
  for (let n = 0; n < 5000; n++) {
    switch (random(4)) {
      case 0: {
        const one = new One(n)
        line.push(one)
        model.push(one)
        break
      }
      case 1: {
        const one = new One(n)
        line.unshift(one)
        model.unshift(one)
        break
      }
      case 2:
        assert.equal(line.shift(), model.shift() ?? null)
        break
      case 3: {
        const [one] = model.splice(random(model.length), 1)
        if (one !== undefined) line.remove(one)
      }
    }
    assert.equal(line.size, model.length)
    assert.equal(line.first, model[0] ?? null)
    assert.equal(line.last, model.at(-1) ?? null)
  }
  assert.deepEqual(
    [...line].map(({ n }) => n),
    model.map(({ n }) => n),
  )
})

test('what is taken out may stand in a line again', () => {
  const line = new Line<One>()
  const one = new One(1)
  line.push(one)
  line.remove(one)
  line.push(new One(2))
  line.push(one)
  assert.deepEqual(
    [...line].map(({ n }) => n),
    [2, 1],
  )
})

test('the one that is given may be taken out while the line is walked', () => {
  const line = new Line<One>()
  for (let n = 0; n < 5; n++) line.push(new One(n))
  for (const one of line) if (one.n % 2 === 0) line.remove(one)
  assert.deepEqual(
    [...line].map(({ n }) => n),
    [1, 3],
  )
})
