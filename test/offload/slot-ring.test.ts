import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SlotRing } from '../../src/offload/slot-ring.ts'

const LENGTH = 4

/** Who enters, and who reads. */
function sides(): [SlotRing, SlotRing] {
  const memory = new SharedArrayBuffer(SlotRing.bytes(LENGTH))
  return [new SlotRing(memory, 0, LENGTH), new SlotRing(memory, 0, LENGTH)]
}

const takeAll = (ring: SlotRing): number[] => Array.from({ length: ring.answerKnock() }, () => ring.take())

test('what is entered is taken in its order, many times round', () => {
  const [here, there] = sides()
  for (let round = 0; round < 10; round++) {
    for (let i = 0; i < 3; i++) here.enter(10 * round + i)
    assert.deepEqual(
      takeAll(there),
      [0, 1, 2].map((i) => 10 * round + i),
    )
  }
})

test('a ring is full until something was taken out of it', () => {
  const [here, there] = sides()
  for (let i = 0; i < LENGTH; i++) {
    assert.equal(here.full, false)
    here.enter(i)
  }
  assert.equal(here.full, true)
  there.answerKnock()
  there.take()
  assert.equal(here.full, false)
})

test('one knock is enough until it is answered, and what is entered after that wants another', () => {
  const [here, there] = sides()
  here.enter(1)
  assert.equal(here.mustKnock(), true)
  here.enter(2)
  assert.equal(here.mustKnock(), false)
  assert.equal(there.answerKnock(), 2)
  here.enter(3)
  assert.equal(here.mustKnock(), true)
  assert.deepEqual([there.take(), there.take()], [1, 2])
  assert.deepEqual(takeAll(there), [3])
})
