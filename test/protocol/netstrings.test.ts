import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Decoder, NetstringFraming, type NetstringOptions } from '../../src/protocol/index.ts'
import { always, bytes, failsAfter, keepsMessages, written } from './chunks.ts'

const make = (options?: NetstringOptions) => () => new NetstringFraming(options)

test('any chunking gives the same netstrings', () => {
  always(make(), '5:hello,0:,12:hello world!,4:a,b:,0:,', ['"hello"', '""', '"hello world!"', '"a,b:"', '""', 'end'])
})

test('a netstring of just the allowed length is given, one byte more is an error after those before', () => {
  always(make({ maxLength: 12 }), '1:a,12:123456789012,13:1234567890123,', [
    '"a"',
    '"123456789012"',
    'error too long 12',
  ])
  always(make({ maxLength: 0 }), '0:,1:a,', ['""', 'error too long 0'])
})

test('what breaks the grammar is an error after the netstrings before it', () => {
  for (const wrong of ['x', ':', ',', '-1:a,', ' 1:a,', '00:,', '01:a,', '1a:', '1 :a,', '1:ab', '0:a', '\n', '\x80']) {
    const input = new Uint8Array([...bytes('1:a,'), ...Buffer.from(wrong, 'latin1')])
    always(make(), input, ['"a"', 'error malformed'])
  }
})

test('an error comes with the byte that makes it certain', () => {
  assert.equal(failsAfter(make()(), '1:a,x'), 5)
  assert.equal(failsAfter(make()(), '00'), 2)
  assert.equal(failsAfter(make()(), '12x'), 3)
  assert.equal(failsAfter(make()(), '3:abc;'), 6)
  // Whatever digit comes next, it is too long: no need to wait for the colon, nor for a thousand digits.
  assert.equal(failsAfter(make({ maxLength: 99 })(), '1000000'), 3)
  assert.equal(failsAfter(make({ maxLength: 98 })(), '99:'), 2)
  assert.equal(failsAfter(make({ maxLength: Infinity })(), '9'.repeat(1000)), 16)
  assert.equal(failsAfter(make({ maxLength: 99 })(), '99:'), -1)
})

test('the message of an error shows what was found, and what should be there', () => {
  const fail = (input: string): void => {
    new Decoder(new NetstringFraming()).push(bytes(input))[Symbol.iterator]().next()
  }
  assert.throws(() => fail('x'), { message: 'a netstring has "x" (byte 120) where it should have a digit' })
  assert.throws(() => fail('3:abc;'), {
    message: 'a netstring has ";" (byte 59) where it should have "," after 3 bytes',
  })
})

test('a stream that ends amid a netstring has torn it', () => {
  for (const torn of ['5', '5:', '5:hell', '5:hello']) always(make(), `1:a,${torn}`, ['"a"', 'error torn'])
})

test('messages are the same after encoding and decoding', () => {
  keepsMessages(new NetstringFraming({ maxLength: 300 }), [0, 1, 2, 3, 4, 7, 9, 10, 99, 100, 300])
})

test('encodes bytes without copying them, and text with the length of its UTF-8', () => {
  const netstrings = new NetstringFraming()
  const big = new Uint8Array(10_000)
  assert.deepEqual(netstrings.encode(big), ['10000:', big, ','])
  assert.equal((netstrings.encode(big) as unknown[])[1], big)
  assert.equal(netstrings.encode('€😀'), '7:€😀,')
  assert.deepEqual(written(netstrings.encode('\ud800')), bytes('3:\ufffd,'))
})

test('refuses to encode what the other side would refuse', () => {
  const netstrings = new NetstringFraming({ maxLength: 3 })
  netstrings.encode('€')
  netstrings.encode(new Uint8Array(3))
  assert.throws(() => netstrings.encode('€!'), /RangeError: a netstring of 4 bytes is longer than the 3/)
  assert.throws(() => netstrings.encode(new Uint8Array(4)), RangeError)
})

test('a limit that is no number of bytes is refused at once', () => {
  for (const maxLength of [-1, 1.5, Number.NaN, -Infinity, 2 ** 53, '5' as unknown as number]) {
    assert.throws(
      () => new NetstringFraming({ maxLength }),
      /RangeError: maxLength is .*: give a whole number of bytes from 0/,
    )
  }
})
