import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Decoder, LengthPrefixFraming, type LengthPrefixOptions } from '../../src/protocol/index.ts'
import { always, bytes, failsAfter, keepsMessages, written } from './chunks.ts'

const make = (options?: LengthPrefixOptions) => () => new LengthPrefixFraming(options)

/** Every way to write a length, with that of "abc" in it. */
const ways: [options: LengthPrefixOptions, three: number[]][] = [
  [{ bits: 8 }, [3]],
  [{ bits: 8, countsItself: true }, [4]],
  [{ bits: 16 }, [0, 3]],
  [{ bits: 16, littleEndian: true }, [3, 0]],
  [{ bits: 16, countsItself: true }, [0, 5]],
  [{}, [0, 0, 0, 3]],
  [{ bits: 32 }, [0, 0, 0, 3]],
  [{ bits: 32, littleEndian: true }, [3, 0, 0, 0]],
  [{ bits: 32, countsItself: true }, [0, 0, 0, 7]],
  [{ bits: 32, littleEndian: true, countsItself: true }, [7, 0, 0, 0]],
]

for (const [options, three] of ways) {
  const name = JSON.stringify(options)

  test(`${name}: reads and writes the length as it says`, () => {
    assert.deepEqual(written(make(options)().encode('abc')), new Uint8Array([...three, ...bytes('abc')]))
    const empty = written(make(options)().encode(''))
    assert.equal(empty.length, three.length)
    always(make(options), new Uint8Array([...three, ...bytes('abc'), ...empty, ...three, ...bytes('def')]), [
      '"abc"',
      '""',
      '"def"',
      'end',
    ])
  })

  test(`${name}: a message of just the allowed length is given, one byte more is an error before it has come`, () => {
    const [exact, over] = ['12345', '123456'].map((message) => written(make(options)().encode(message)))
    const input = new Uint8Array([...(exact as Uint8Array), ...(over as Uint8Array)])
    always(make({ ...options, maxLength: 5 }), input, ['"12345"', 'error too long 5'])
    assert.equal(failsAfter(make({ ...options, maxLength: 5 })(), over as Uint8Array), three.length)
  })

  test(`${name}: a stream that ends amid a message has torn it`, () => {
    const whole = new Uint8Array([...three, ...bytes('abc')])
    for (let length = 1; length < whole.length; length++) {
      always(make(options), whole.slice(0, length), ['error torn'])
    }
  })

  test(`${name}: messages are the same after encoding and decoding`, () => {
    keepsMessages(make({ ...options, maxLength: Infinity })(), [0, 1, 2, 3, 4, 7, 127, 128, 250])
  })
}

test('a length that counts itself and is less than that is malformed', () => {
  always(make({ countsItself: true }), Uint8Array.of(0, 0, 0, 4, 0, 0, 0, 3), ['""', 'error malformed'])
  always(make({ bits: 8, countsItself: true }), Uint8Array.of(0), ['error malformed'])
})

test('lengths of 32 bits are not taken for negative ones', () => {
  always(make({ maxLength: 2 ** 31 }), Uint8Array.of(0x80, 0, 0, 1), ['error too long 2147483648'])
  always(make({ maxLength: Infinity }), Uint8Array.of(255, 255, 255, 255), ['error torn'])
})

test('the largest message that fits the bits is carried', () => {
  for (const [bits, countsItself] of [
    [8, false],
    [8, true],
    [16, false],
    [16, true],
  ] as const) {
    const framing = new LengthPrefixFraming({ bits, countsItself, maxLength: Infinity })
    const largest = new Uint8Array(2 ** bits - 1 - (countsItself ? bits / 8 : 0)).fill(7)
    assert.deepEqual([...new Decoder(framing).push(written(framing.encode(largest)))], [largest])
    assert.throws(() => framing.encode(new Uint8Array(largest.length + 1)), RangeError)
  }
})

test('the limit is 65536 if left out, or what fits the bits', () => {
  assert.equal(new LengthPrefixFraming().maxLength, 65_536)
  assert.equal(new LengthPrefixFraming({ bits: 16 }).maxLength, 65_535)
  assert.equal(new LengthPrefixFraming({ bits: 16, countsItself: true }).maxLength, 65_533)
  assert.equal(new LengthPrefixFraming({ bits: 8 }).maxLength, 255)
})

test('refuses to encode what the other side would refuse, and copies nothing', () => {
  const framing = new LengthPrefixFraming({ maxLength: 3 })
  assert.throws(() => framing.encode('€!'), /RangeError: a message of 4 bytes is longer than the 3/)
  const message = bytes('abc')
  assert.equal(framing.encode(message)[1], message)
})

test('bits that there are not, and a limit that the bits cannot say, are refused at once', () => {
  for (const bits of [0, 24, 64, '8', Number.NaN]) {
    assert.throws(() => new LengthPrefixFraming({ bits: bits as 8 }), /RangeError: bits is .*: give 8, 16 or 32/)
  }
  for (const maxLength of [-1, 1.5, Number.NaN, 256]) {
    assert.throws(
      () => new LengthPrefixFraming({ bits: 8, maxLength }),
      /RangeError: maxLength is .*: give a whole number of bytes from 0 to 255, or Infinity/,
    )
  }
  assert.throws(() => new LengthPrefixFraming({ bits: 8, countsItself: true, maxLength: 255 }), RangeError)
})
