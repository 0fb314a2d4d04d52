import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FixedLengthFraming } from '../../src/protocol/index.ts'
import { always, bytes, keepsMessages } from './chunks.ts'

const make = (length: number) => () => new FixedLengthFraming(length)

test('any chunking gives the same records', () => {
  always(make(3), 'abcdefghi', ['"abc"', '"def"', '"ghi"', 'end'])
  always(make(1), 'abc', ['"a"', '"b"', '"c"', 'end'])
})

test('a stream that ends amid a record has torn it', () => {
  always(make(4), 'abcdef', ['"abcd"', 'error torn'])
  always(make(4), 'abc', ['error torn'])
})

test('records are the same after encoding and decoding', () => {
  for (const length of [1, 3, 4, 6, 100]) keepsMessages(new FixedLengthFraming(length), [length])
})

test('refuses to encode a record of another length', () => {
  const records = new FixedLengthFraming(3)
  const record = bytes('abc')
  assert.equal(records.encode(record), record)
  assert.equal(records.encode('€'), '€')
  assert.throws(() => records.encode('ab'), /RangeError: a record of 2 bytes is given where all have 3/)
  assert.throws(() => records.encode('äöü'), RangeError)
})

test('a length of which there can be no record is refused at once', () => {
  for (const length of [0, -1, 1.5, Number.NaN, Infinity, undefined as unknown as number]) {
    assert.throws(
      () => new FixedLengthFraming(length),
      /RangeError: length is .*: give a whole number of bytes from 1 up/,
    )
  }
})
