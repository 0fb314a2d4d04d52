import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Decoder, RawFraming } from '../../src/protocol/index.ts'
import { bytes, chunksOf, eventsOf, forSeeds, randomChunks, text, written } from './chunks.ts'

test('gives whatever is there, as it comes', () => {
  assert.deepEqual(eventsOf(new RawFraming(), chunksOf(bytes('abcdefg'), 3)), ['"abc"', '"def"', '"g"', 'end'])
  assert.deepEqual(eventsOf(new RawFraming(), []), ['end'])
})

test('with a count gives that many bytes in pieces, and leaves the rest', () => {
  assert.deepEqual(eventsOf(new RawFraming(5), chunksOf(bytes('abcdefg'), 3)), ['"abc"', '"de"', 'end, and rest "fg"'])
  forSeeds(50, (random) => {
    const input = Uint8Array.from({ length: random.below(100) }, () => random.below(256))
    const count = random.below(input.length + 1)
    const raw = new RawFraming(count)
    const decoder = new Decoder(raw)
    const pieces = randomChunks(input, random).flatMap((chunk) => [...decoder.push(chunk)])
    assert.deepEqual(written([...pieces, decoder.rest]), input)
    assert.equal(written(pieces).length, count)
    assert.ok(pieces.every((piece) => piece.length > 0))
    assert.equal(raw.left, 0)
  })
})

test('tells how much is still to come', () => {
  const raw = new RawFraming(5)
  const decoder = new Decoder(raw)
  const left = chunksOf(bytes('abcdefg'), 2).map((chunk) => [...decoder.push(chunk)].map(text).concat(`${raw.left}`))
  assert.deepEqual(left, [['ab', '3'], ['cd', '1'], ['e', '0'], ['0']])
  assert.equal(new RawFraming().left, Infinity)
})

test('a count of nothing is done from the start', () => {
  assert.equal(new RawFraming(0).left, 0)
  assert.deepEqual(eventsOf(new RawFraming(0), [bytes('ab')]), ['end, and rest "ab"'])
})

test('a stream that ends before all have come has torn them', () => {
  assert.deepEqual(eventsOf(new RawFraming(5), [bytes('abcd')]), ['"abcd"', 'error torn'])
  assert.deepEqual(eventsOf(new RawFraming(1), []), ['error torn'])
})

test('writes what it is given', () => {
  const message = bytes('abc')
  assert.equal(new RawFraming().encode(message), message)
  assert.equal(new RawFraming().encode('€'), '€')
})

test('a count that is none is refused at once', () => {
  for (const count of [-1, 1.5, Number.NaN, -Infinity]) {
    assert.throws(
      () => new RawFraming(count),
      /RangeError: count is .*: give a whole number of bytes from 0 up, or none/,
    )
  }
})
