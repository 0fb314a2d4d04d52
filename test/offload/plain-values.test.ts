import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PlainValues } from '../../src/offload/plain-values.ts'

const SLOTS = 4

/** The two sides of the same memory. */
function sides(): [PlainValues, PlainValues] {
  const memory = new SharedArrayBuffer(16 + PlainValues.bytes(SLOTS))
  return [new PlainValues(memory, 8, SLOTS), new PlainValues(memory, 8, SLOTS)]
}

test('up to four plain values arrive as they are', () => {
  const [here, there] = sides()
  const lists: unknown[][] = [
    [],
    [1],
    [-0, Number.NaN, -Infinity, 2 ** 53],
    [true, false, null, undefined],
    ['', 'text', '\ud83d\ude00', '\ud800'],
    ['x'.repeat(40), 7, 'y'.repeat(24)],
  ]
  for (const list of lists) {
    for (let slot = 0; slot < SLOTS; slot++) assert.ok(here.write(slot, list))
    for (let slot = 0; slot < SLOTS; slot++) assert.deepEqual(there.read(slot, list.length), list)
  }
})

test('slots do not touch one another', () => {
  const [here, there] = sides()
  for (let slot = 0; slot < SLOTS; slot++) here.write(slot, [slot, `${slot}`.repeat(61), 'é', `${slot}`])
  for (let slot = 0; slot < SLOTS; slot++)
    assert.deepEqual(there.read(slot, 4), [slot, `${slot}`.repeat(61), 'é', `${slot}`])
})

test('others are refused: five values, texts that are too long together, and what is no plain value', () => {
  const [here] = sides()
  const refused: unknown[][] = [
    [1, 2, 3, 4, 5],
    ['x'.repeat(65)],
    ['x'.repeat(40), 'y'.repeat(25)],
    [7n],
    [{}],
    [1, []],
    [Symbol('s')],
    [() => {}],
  ]
  for (const list of refused) assert.equal(here.write(0, list), false)
  assert.equal(here.writeOne(0, {}), false)
})
