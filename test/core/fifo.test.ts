import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fifo } from '../../src/core/index.ts'

/** What the fifo holds, without taking it. */
function contents<T>(fifo: Fifo<T>): T[] {
  const items = drain(fifo)
  for (const item of items) fifo.push(item)
  return items
}

function drain<T>(fifo: Fifo<T>): T[] {
  const items: T[] = []
  while (fifo.length > 0) items.push(fifo.shift() as T)
  assert.equal(fifo.shift(), undefined)
  return items
}

test('first in, first out', () => {
  const fifo = new Fifo<number>()
  assert.equal(fifo.shift(), undefined)
  for (let i = 0; i < 10; i++) fifo.push(i)
  assert.equal(fifo.length, 10)
  assert.deepEqual(drain(fifo), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  assert.equal(fifo.length, 0)
  assert.equal(fifo.shift(), undefined)
})

test('peek shows what comes out next, also across the seam, and leaves it there', () => {
  const fifo = new Fifo<number>()
  assert.equal(fifo.peek(), undefined)
  for (let i = 0; i < 200; i++) fifo.push(i)
  for (let i = 0; i < 200; i++) {
    assert.equal(fifo.peek(), i)
    assert.equal(fifo.length, 200 - i)
    assert.equal(fifo.shift(), i)
  }
  assert.equal(fifo.peek(), undefined)
})

test('it grows where it is full, wherever its head stands', () => {
  for (let head = 0; head < 130; head++) {
    const fifo = new Fifo<number>()
    for (let i = 0; i < head; i++) {
      fifo.push(-1)
      fifo.shift()
    }
    for (let i = 0; i < 300; i++) fifo.push(i)
    assert.deepEqual(
      drain(fifo),
      Array.from({ length: 300 }, (_, i) => i),
    )
  }
})

test('a burst of a million goes through, and the fifo works on as before', () => {
  const fifo = new Fifo<number>()
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 1_000_000; i++) fifo.push(i)
    for (let i = 0; i < 1_000_000; i++) if (fifo.shift() !== i) assert.fail(`at ${i}`)
    assert.equal(fifo.shift(), undefined)
    fifo.push(1)
    fifo.push(2)
    assert.deepEqual(drain(fifo), [1, 2])
  }
})

test('promote changes the head for the item at a place, also across the seam', () => {
  for (let head = 55; head < 70; head++) {
    for (let index = 0; index < 20; index++) {
      const fifo = new Fifo<number>()
      for (let i = 0; i < head; i++) {
        fifo.push(-1)
        fifo.shift()
      }
      for (let i = 0; i < 20; i++) fifo.push(i)
      fifo.promote(index)
      const expected = Array.from({ length: 20 }, (_, i) => i)
      expected[0] = index
      expected[index] = 0
      assert.deepEqual(contents(fifo), expected)
      assert.equal(fifo.length, 20)
    }
  }
})

test('random pushing, taking and promoting is as a plain list would do it, also for what is undefined', () => {
  const fifo = new Fifo<number | undefined>()
  const model: (number | undefined)[] = []
  let seed = 7
  const random = (n: number) => {
    seed = Math.imul(seed, 1103515245) + 12345
    return (seed >>> 8) % n
  }
  for (let step = 0; step < 100_000; step++) {
    // Drifts up and down, so that it grows, and runs empty now and then.
    const up = (step >> 12) % 2 === 0 ? 6 : 4
    if (random(10) < up) {
      const item = random(5) === 0 ? undefined : step
      fifo.push(item)
      model.push(item)
    } else assert.equal(fifo.shift(), model.shift())
    if (model.length > 1 && random(4) === 0) {
      const index = random(model.length)
      fifo.promote(index)
      ;[model[0], model[index]] = [model[index], model[0]]
    }
    assert.equal(fifo.length, model.length)
  }
  assert.deepEqual(drain(fifo), model)
})
