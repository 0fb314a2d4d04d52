import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ReadyRing } from '../../src/core/index.ts'

/** What the ring holds, without taking it. */
function contents<T>(ring: ReadyRing<T>): T[] {
  const items = drain(ring)
  for (const item of items) ring.push(item)
  return items
}

function drain<T>(ring: ReadyRing<T>): T[] {
  const items: T[] = []
  for (let item = ring.shift(); item !== undefined; item = ring.shift()) items.push(item)
  return items
}

test('first in, first out', () => {
  const ring = new ReadyRing<number>()
  assert.equal(ring.shift(), undefined)
  for (let i = 0; i < 10; i++) ring.push(i)
  assert.equal(ring.length, 10)
  assert.deepEqual(drain(ring), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  assert.equal(ring.length, 0)
  assert.equal(ring.shift(), undefined)
})

test('it grows where it is full, wherever its head stands', () => {
  for (let head = 0; head < 130; head++) {
    const ring = new ReadyRing<number>()
    for (let i = 0; i < head; i++) {
      ring.push(-1)
      ring.shift()
    }
    for (let i = 0; i < 300; i++) ring.push(i)
    assert.deepEqual(
      drain(ring),
      Array.from({ length: 300 }, (_, i) => i),
    )
  }
})

test('a burst of a million goes through, and the ring works on as before', () => {
  const ring = new ReadyRing<number>()
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 1_000_000; i++) ring.push(i)
    for (let i = 0; i < 1_000_000; i++) if (ring.shift() !== i) assert.fail(`at ${i}`)
    assert.equal(ring.shift(), undefined)
    ring.push(1)
    ring.push(2)
    assert.deepEqual(drain(ring), [1, 2])
  }
})

test('promote changes the head for the item at a place, also across the seam', () => {
  for (let head = 55; head < 70; head++) {
    for (let index = 0; index < 20; index++) {
      const ring = new ReadyRing<number>()
      for (let i = 0; i < head; i++) {
        ring.push(-1)
        ring.shift()
      }
      for (let i = 0; i < 20; i++) ring.push(i)
      ring.promote(index)
      const expected = Array.from({ length: 20 }, (_, i) => i)
      expected[0] = index
      expected[index] = 0
      assert.deepEqual(contents(ring), expected)
      assert.equal(ring.length, 20)
    }
  }
})

test('random pushing, taking and promoting is as a plain list would do it', () => {
  const ring = new ReadyRing<number>()
  const model: number[] = []
  let seed = 7
  const random = (n: number) => {
    seed = Math.imul(seed, 1103515245) + 12345
    return (seed >>> 8) % n
  }
  for (let step = 0; step < 100_000; step++) {
    // Drifts up and down, so that it grows, and runs empty now and then.
    const up = (step >> 12) % 2 === 0 ? 6 : 4
    if (random(10) < up) {
      ring.push(step)
      model.push(step)
    } else assert.equal(ring.shift(), model.shift())
    if (model.length > 1 && random(4) === 0) {
      const index = random(model.length)
      ring.promote(index)
      ;[model[0], model[index]] = [model[index] as number, model[0] as number]
    }
    assert.equal(ring.length, model.length)
  }
  assert.deepEqual(drain(ring), model)
})
