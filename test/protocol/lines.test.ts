import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Decoder, FramingError, LineFraming, type LineOptions } from '../../src/protocol/index.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

/** All that comes out when `input` comes in chunks of `size` bytes: the lines, then what went wrong or was left. */
function decode(input: Uint8Array, size: number, options?: LineOptions): string[] {
  const decoder = new Decoder(new LineFraming(options))
  const events: string[] = []
  try {
    for (let at = 0; at < input.length; at += size) {
      for (const line of decoder.push(input.slice(at, at + size))) events.push(`line ${JSON.stringify(text(line))}`)
    }
    events.push(`rest ${JSON.stringify(text(decoder.rest))}`)
  } catch (error) {
    assert.ok(error instanceof FramingError)
    events.push(`error ${error.code} ${error.limit}`)
  }
  return events
}

/** Asserts that chunks of any size give the same. */
function always(input: string | Uint8Array, expected: string[], options?: LineOptions): void {
  const all = typeof input === 'string' ? bytes(input) : input
  for (let size = 1; size <= all.length; size++) assert.deepEqual(decode(all, size, options), expected, `size ${size}`)
}

test('any chunking gives the same lines', () => {
  always('one\ntwo\r\n\n\r\nthree\r\r\nä€😀\nrest', [
    'line "one"',
    'line "two"',
    'line ""',
    'line ""',
    'line "three\\r"',
    'line "ä€😀"',
    'rest "rest"',
  ])
})

test('a carriage return alone ends no line', () => {
  always('a\rb\n', ['line "a\\rb"', 'rest ""'])
})

test('a delimiter that is given is taken as it is', () => {
  always('a\nb\r\nc\r\n\rd', ['line "a\\nb"', 'line "c"', 'rest "\\rd"'], { delimiter: '\r\n' })
  always('a\r\nb\n', ['line "a\\r"', 'line "b"', 'rest ""'], { delimiter: '\n' })
  always('a\0b\0\0', ['line "a"', 'line "b"', 'line ""', 'rest ""'], { delimiter: Uint8Array.of(0) })
})

test('a delimiter that repeats itself is found at its first place', () => {
  always('xaaab aaaab', ['line "x"', 'line " a"', 'rest ""'], { delimiter: 'aaab' })
})

test('a line of just the allowed length is a line, one byte more is an error after the lines before', () => {
  always('1234\n1234\r\n12345\n', ['line "1234"', 'line "1234"', 'error FIBRIL_FRAMING 4'], { maxLength: 4 })
  always('1234END12345END', ['line "1234"', 'error FIBRIL_FRAMING 4'], { maxLength: 4, delimiter: 'END' })
  always('\n\r\nx', ['line ""', 'line ""', 'rest "x"'], { maxLength: 1 })
})

test('a line without an end is an error as soon as it cannot be allowed any more', () => {
  const decoder = new Decoder(new LineFraming({ maxLength: 4 }))
  const push = (chunk: string): string[] => [...decoder.push(bytes(chunk))].map(text)
  assert.deepEqual(push('1234'), [])
  assert.deepEqual(push('\r'), [], 'the end may begin here')
  assert.throws(() => push('5'), FramingError)
  assert.throws(() => push('\n1\n'), FramingError, 'nothing comes after it')
})

test('binary garbage is lines like any other', () => {
  const garbage = Uint8Array.from({ length: 5000 }, (_, i) => (i * 7919 + (i >> 3)) & 255)
  const expected = decode(garbage, garbage.length)
  assert.ok(expected.length > 10)
  for (const size of [1, 2, 3, 64, 1000]) assert.deepEqual(decode(garbage, size), expected)
})

test('a million lines in one chunk cost no more than a million lines', () => {
  const decoder = new Decoder(new LineFraming())
  const chunk = new Uint8Array(2_000_000)
  for (let i = 0; i < chunk.length; i += 2) {
    chunk[i] = 97
    chunk[i + 1] = 10
  }
  let count = 0
  for (const line of decoder.push(chunk)) count += line.length
  assert.equal(count, 1_000_000)
})

test('what can never be a delimiter or a length is refused at once', () => {
  assert.throws(() => new Decoder(new LineFraming({ delimiter: '' })), RangeError)
  assert.throws(() => new Decoder(new LineFraming({ delimiter: '€' })), /not ASCII/)
  assert.throws(() => new Decoder(new LineFraming({ maxLength: Number.NaN })), RangeError)
})
