import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  Decoder,
  delimiterBytes,
  FramingError,
  LineFraming,
  type LineOptions,
  ReceiveBuffer,
} from '../../src/protocol/index.ts'
import { always, bytes, chunksOf, eventsOf, failsAfter, forSeeds, keepsMessages, text, written } from './chunks.ts'

const make = (options?: LineOptions) => () => new LineFraming(options)

test('any chunking gives the same lines', () => {
  always(make(), 'one\ntwo\r\n\n\r\nthree\r\r\nä€😀\nrest', [
    '"one"',
    '"two"',
    '""',
    '""',
    '"three\\r"',
    '"ä€😀"',
    'end, and rest "rest"',
  ])
})

test('a carriage return alone ends no line', () => {
  always(make(), 'a\rb\n', ['"a\\rb"', 'end'])
})

test('a delimiter that is given is taken as it is', () => {
  always(make({ delimiter: '\r\n' }), 'a\nb\r\nc\r\n\rd', ['"a\\nb"', '"c"', 'end, and rest "\\rd"'])
  always(make({ delimiter: '\n' }), 'a\r\nb\n', ['"a\\r"', '"b"', 'end'])
  always(make({ delimiter: Uint8Array.of(0) }), 'a\0b\0\0', ['"a"', '"b"', '""', 'end'])
})

test('a delimiter that repeats itself is found at its first place', () => {
  always(make({ delimiter: 'aaab' }), 'xaaab aaaab', ['"x"', '" a"', 'end'])
})

test('a line of just the allowed length is a line, one byte more is an error after the lines before', () => {
  always(make({ maxLength: 4 }), '1234\n1234\r\n12345\n', ['"1234"', '"1234"', 'error too long 4'])
  always(make({ maxLength: 4, delimiter: 'END' }), '1234END12345END', ['"1234"', 'error too long 4'])
  always(make({ maxLength: 1 }), '\n\r\nx', ['""', '""', 'end, and rest "x"'])
  always(make({ maxLength: 0 }), '\n\r\nx\n', ['""', '""', 'error too long 0'])
})

test('a line without an end is an error as soon as it cannot be allowed any more', () => {
  // The fifth byte of each may be the beginning of its end, until the sixth comes.
  assert.equal(failsAfter(make({ maxLength: 4 })(), '1234\r5'), 6)
  assert.equal(failsAfter(make({ maxLength: 4 })(), '1234\r\n'), -1)
  assert.equal(failsAfter(make({ maxLength: 4, delimiter: '\n' })(), '12345'), 5)
  assert.equal(failsAfter(make({ maxLength: 4, delimiter: 'END' })(), '1234ENE'), 7)
  assert.equal(failsAfter(make({ maxLength: 4, delimiter: 'END' })(), '1234END'), -1)
})

test('what has no end when the stream ends is left, given or refused, as asked', () => {
  always(make(), 'a\nb', ['"a"', 'end, and rest "b"'])
  always(make({ unended: 'leave' }), 'a\nb', ['"a"', 'end, and rest "b"'])
  always(make({ unended: 'give' }), 'a\nb', ['"a"', 'last "b"', 'end'])
  always(make({ unended: 'refuse' }), 'a\nb', ['"a"', 'error torn'])
  for (const unended of ['leave', 'give', 'refuse'] as const) {
    always(make({ unended }), 'a\nb\n', ['"a"', '"b"', 'end'])
    assert.deepEqual(eventsOf(make({ unended })(), []), ['end'])
  }
})

test('a last line without an end may be as long as any other', () => {
  always(make({ unended: 'give', maxLength: 3 }), '123', ['last "123"', 'end'])
  always(make({ unended: 'give', maxLength: 3 }), '123\r', ['error too long 3'])
  always(make({ unended: 'give', maxLength: 3, delimiter: 'END' }), '123EN', ['error too long 3'])
})

test('measures a line without taking it, and what to skip after it', () => {
  const framing = new LineFraming()
  const buffer = new ReceiveBuffer()
  for (const [chunk, length] of [
    ['ab', -1],
    ['c\r', -1],
    ['\nd\n', 3],
  ] as const) {
    buffer.push(bytes(chunk))
    assert.equal(framing.measure(buffer), length)
  }
  assert.equal(framing.ending, 2)
  assert.equal(text(buffer.view()), 'abc\r\nd\n')
  buffer.skip(3 + framing.ending)
  assert.equal(framing.measure(buffer), 1)
  assert.equal(framing.ending, 1)
})

test('a line that is too long is refused until somebody takes it', () => {
  const framing = new LineFraming({ maxLength: 3 })
  const buffer = new ReceiveBuffer()
  buffer.push(bytes('12345\nok\n'))
  for (let i = 0; i < 3; i++) assert.throws(() => framing.measure(buffer), FramingError)
  buffer.skip(6)
  assert.equal(text(framing.decode(buffer) as Uint8Array), 'ok')
})

test('binary garbage is lines like any other', () => {
  const garbage = Uint8Array.from({ length: 5000 }, (_, i) => (i * 7919 + (i >> 3)) & 255)
  const expected = eventsOf(make()(), [garbage])
  assert.ok(expected.length > 10)
  for (const size of [1, 2, 3, 64, 1000]) assert.deepEqual(eventsOf(make()(), chunksOf(garbage, size)), expected)
})

test('lines are the same after encoding and decoding', () => {
  for (const options of [{}, { delimiter: '\n' }, { delimiter: '\r\n' }, { delimiter: Uint8Array.of(10, 9) }]) {
    keepsMessages(new LineFraming({ ...options, maxLength: 300 }), [0, 1, 2, 3, 64, 65, 300])
  }
})

test('encodes text with its end in one piece, and bytes without copying them', () => {
  const line = bytes('abc')
  assert.equal(new LineFraming().encode('grüße'), 'grüße\n')
  assert.equal(new LineFraming({ delimiter: '\r\n' }).encode('a\nb'), 'a\nb\r\n')
  assert.equal(new LineFraming().encode(line)[0], line)
})

test('refuses just those lines that would not be read as they are', () => {
  for (const delimiter of [undefined, '\n', '\r\n', 'ab', 'aa', 'aba', 'aab', 'abab']) {
    const framing = new LineFraming(delimiter === undefined ? {} : { delimiter })
    forSeeds(300, (random) => {
      const letters = delimiter?.includes('a') ? 'abx' : '\r\nx'
      const line = Array.from({ length: random.below(7) }, () => letters[random.below(3)] as string).join('')
      const naive = eventsOf(framing, [bytes(line + (delimiter ?? '\n'))])
      const fine = naive.length === 2 && naive[0] === JSON.stringify(line) && naive[1] === 'end'
      for (const message of [line, bytes(line)]) {
        if (fine) assert.deepEqual(written(framing.encode(message)), bytes(line + (delimiter ?? '\n')))
        else assert.throws(() => framing.encode(message), /RangeError: the line holds what ends a line/, naive.join())
      }
    })
  }
})

test('refuses to encode a line that the other side would refuse', () => {
  const framing = new LineFraming({ maxLength: 4 })
  framing.encode('€!')
  framing.encode(new Uint8Array(4))
  assert.throws(() => framing.encode('€!!'), /RangeError: a line of 5 bytes is longer than the 4/)
  assert.throws(() => framing.encode(new Uint8Array(5)), RangeError)
  assert.throws(() => new LineFraming({ delimiter: Uint8Array.of(0xff) }).encode('a'), /RangeError: .*as bytes/)
})

test('a chunk may hold any number of lines', () => {
  const chunk = new Uint8Array(400_000)
  for (let i = 0; i < chunk.length; i += 2) {
    chunk[i] = 97
    chunk[i + 1] = 10
  }
  let count = 0
  for (const line of new Decoder(new LineFraming()).push(chunk)) count += line.length
  assert.equal(count, 200_000)
})

test('what can never be a delimiter, a length or a choice is refused at once', () => {
  assert.throws(() => new LineFraming({ delimiter: '' }), RangeError)
  assert.throws(() => new LineFraming({ delimiter: new Uint8Array() }), RangeError)
  assert.throws(() => new LineFraming({ delimiter: '€' }), /not ASCII/)
  assert.throws(() => delimiterBytes('ä'), /not ASCII/)
  for (const maxLength of [-1, 1.5, Number.NaN]) {
    assert.throws(() => new LineFraming({ maxLength }), /RangeError: maxLength is/)
  }
  assert.equal(new LineFraming({ maxLength: Infinity }).maxLength, Infinity)
  assert.throws(() => new LineFraming({ unended: 'keep' as 'leave' }), /RangeError: unended is keep/)
})
