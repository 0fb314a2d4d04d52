import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Heap } from '../../src/sync/heap.ts'
import { Random } from '../../src/testing/random.ts'

interface Job {
  readonly rank: number
  readonly turn: number
}

test('items come out as a stable sort would order them, whatever comes and goes between', () => {
  for (let seed = 1; seed <= 300; seed++) {
    const random = new Random(seed)
    const heap = new Heap<Job>((a, b) => a.rank - b.rank)
    const model: Job[] = []
    for (let turn = 0; turn < 200; turn++) {
      if (random.below(5) < 3) {
        const job = { rank: random.below(6), turn }
        heap.push(job)
        model.push(job)
        model.sort((a, b) => a.rank - b.rank || a.turn - b.turn)
      } else assert.deepEqual(heap.shift(), model.shift(), `seed ${seed}, turn ${turn}`)
      assert.equal(heap.length, model.length)
      assert.deepEqual(heap.peek(), model[0])
    }
    while (heap.length > 0) assert.deepEqual(heap.shift(), model.shift(), `seed ${seed}`)
    assert.equal(heap.shift(), undefined)
  }
})

test('a comparison that throws leaves the heap as it was', () => {
  for (let seed = 1; seed <= 100; seed++) {
    const random = new Random(seed)
    let fuse = Number.POSITIVE_INFINITY
    const heap = new Heap<number>((a, b) => {
      if (fuse-- === 0) throw new RangeError('no')
      return a - b
    })
    const model: number[] = []
    for (let turn = 0; turn < 100; turn++) {
      const item = random.below(50)
      const pushing = random.below(5) < 3
      fuse = random.below(6)
      try {
        if (pushing) {
          heap.push(item)
          model.push(item)
          model.sort((a, b) => a - b)
        } else assert.equal(heap.shift(), model.shift())
      } catch (error) {
        assert.ok(error instanceof RangeError, String(error))
      }
      fuse = Number.POSITIVE_INFINITY
      assert.equal(heap.length, model.length)
    }
    const rest: (number | undefined)[] = []
    while (heap.length > 0) rest.push(heap.shift())
    assert.deepEqual(rest, model, `seed ${seed}`)
  }
})

test('a hundred thousand items need no more comparisons than a sort', () => {
  const n = 100_000
  const random = new Random(1)
  let comparisons = 0
  const heap = new Heap<number>((a, b) => {
    comparisons++
    return a - b
  })
  for (let i = 0; i < n; i++) heap.push(random.next())
  let last = -1
  for (let i = 0; i < n; i++) {
    const item = heap.shift() as number
    assert.ok(item >= last)
    last = item
  }
  assert.ok(comparisons < 2.5 * n * Math.log2(n), `${comparisons} comparisons`)
})
