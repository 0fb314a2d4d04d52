import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  Decoder,
  type Framing,
  FramingError,
  LengthPrefixFraming,
  LineFraming,
  MORE,
  NetstringFraming,
  RawFraming,
} from '../../src/protocol/index.ts'
import { bytes, chunksOf, forSeeds, randomChunks, text } from './chunks.ts'

const lines = new LineFraming({ maxLength: 10 })
const texts = (messages: Iterable<Uint8Array>): string[] => [...messages].map(text)

test('gives messages one by one as they are asked for', () => {
  const decoder = new Decoder(lines)
  decoder.push(bytes('a\nb\nc'))
  assert.equal(text(decoder.next() as Uint8Array), 'a')
  assert.equal(text(decoder.next() as Uint8Array), 'b')
  assert.equal(decoder.next(), MORE)
  assert.equal(text(decoder.rest), 'c')
  decoder.push(bytes('\n'))
  assert.equal(text(decoder.next() as Uint8Array), 'c')
})

test('messages that a loop did not get to are given by the next one', () => {
  const decoder = new Decoder(lines)
  for (const line of decoder.push(bytes('a\nb\nc\n'))) if (text(line) === 'a') break
  assert.throws(() => {
    for (const line of decoder.push(bytes('d\n'))) throw new Error(text(line))
  }, /^Error: b$/)
  assert.deepEqual(texts(decoder.push(bytes('e\n'))), ['c', 'd', 'e'])
})

test('what is pushed while a message is handled comes after all that was there, once, and in the same loop', () => {
  const decoder = new Decoder(lines)
  const given: string[] = []
  let depth = 0
  const receive = (chunk: string): void => {
    for (const line of decoder.push(bytes(chunk))) {
      assert.equal(++depth, 1)
      given.push(text(line))
      if (text(line) === 'a') receive('d\ne')
      if (text(line) === 'd') receive('\nf\n')
      depth--
    }
  }
  receive('a\nb\nc\n')
  assert.deepEqual(given, ['a', 'b', 'c', 'd', 'e', 'f'])
})

test('a message may be asked for while another is handled', () => {
  const decoder = new Decoder(lines)
  const given: string[] = []
  for (const line of decoder.push(bytes('key\nvalue\nkey\nvalue\n'))) {
    given.push(`${text(line)}: ${text(decoder.next() as Uint8Array)}`)
  }
  assert.deepEqual(given, ['key: value', 'key: value'])
})

test('a message that pushes another forever needs no more stack', () => {
  const decoder = new Decoder(lines)
  let count = 0
  const receive = (chunk: string): void => {
    for (const _ of decoder.push(bytes(chunk))) if (++count < 50_000) receive('a\n')
  }
  receive('a\n')
  assert.equal(count, 50_000)
})

test('the end of the stream may come while a message is handled', () => {
  const decoder = new Decoder(new LineFraming({ unended: 'give' }))
  const given: string[] = []
  for (const line of decoder.push(bytes('a\nb\nc'))) {
    given.push(text(line))
    if (text(line) === 'a') assert.deepEqual([...decoder.end()], [])
  }
  assert.deepEqual(given, ['a', 'b', 'c'])
  assert.equal(decoder.next(), MORE)
  assert.deepEqual([...decoder.end()], [])
})

test('bytes after the end are a mistake', () => {
  const decoder = new Decoder(lines)
  decoder.end()
  assert.throws(() => decoder.push(bytes('a')), { code: 'FIBRIL_USAGE' })
})

test('an error comes again, and no more bytes are taken, until another framing is chosen', () => {
  const decoder = new Decoder<Uint8Array>(lines)
  const given: string[] = []
  const error = (() => {
    try {
      for (const line of decoder.push(bytes('a\n123456789012\nb\n'))) given.push(text(line))
    } catch (error) {
      return error as Error
    }
    return null
  })()
  assert.ok(error instanceof FramingError)
  assert.deepEqual(given, ['a'])
  for (const again of [() => decoder.next(), () => decoder.push(bytes('c\n')), () => [...decoder.end()]]) {
    assert.throws(again, (thrown) => thrown === error)
  }
  assert.equal(text(decoder.rest), '123456789012\nb\n')

  decoder.switchTo(new RawFraming(13))
  assert.equal(text(decoder.next() as Uint8Array), '123456789012\n')
  decoder.switchTo(lines)
  assert.equal(text(decoder.next() as Uint8Array), 'b')
})

test('what a framing throws that is no FramingError is passed on and kept, too', () => {
  const bug = new TypeError('bug')
  const decoder = new Decoder<string>({
    decode() {
      throw bug
    },
    encode: (message: string) => message,
  })
  assert.throws(() => [...decoder.push(bytes('a'))], bug)
  assert.throws(() => decoder.next(), bug)
})

test('messages are plain arrays of bytes, whatever the chunks are', () => {
  const decoder = new Decoder<Uint8Array>(lines)
  for (const chunk of ['a\nb', '\n', 'c\n']) {
    for (const line of decoder.push(Buffer.from(chunk))) assert.equal(line.constructor, Uint8Array)
  }
  decoder.switchTo(new RawFraming(), Buffer.from('d'))
  assert.equal((decoder.next() as Uint8Array).constructor, Uint8Array)
})

test('a framing without a word on the end has torn what is left', () => {
  const pairs: Framing<string> = {
    decode: (buffer) => (buffer.length < 2 ? MORE : text(buffer.take(2))),
    encode: (pair) => pair,
  }
  const even = new Decoder(pairs)
  assert.deepEqual([...even.push(bytes('abcd'))], ['ab', 'cd'])
  assert.deepEqual([...even.end()], [])
  const odd = new Decoder(pairs)
  assert.deepEqual([...odd.push(bytes('abc'))], ['ab'])
  assert.throws(() => [...odd.end()], { code: 'FIBRIL_FRAMING', fault: 'torn' })
})

// -- Switching

/** A protocol of lines, in which `=n` announces n bytes, `@` netstrings until an empty one, and `*` bytes until a full stop. */
function* talk(decoder: Decoder<Uint8Array>, chunk: Uint8Array, state: { mode: string; raw: RawFraming }) {
  for (const message of decoder.push(chunk)) {
    const said = text(message)
    if (state.mode === 'line') {
      yield `line ${said}`
      if (said.startsWith('=')) {
        state.raw = new RawFraming(Number(said.slice(1)))
        if (state.raw.left === 0) continue
        state.mode = 'counted'
        decoder.switchTo(state.raw)
      } else if (said === '@') {
        state.mode = 'netstring'
        decoder.switchTo(new NetstringFraming())
      } else if (said === '*') {
        state.mode = 'raw'
        decoder.switchTo(new RawFraming())
      }
    } else if (state.mode === 'counted') {
      for (const letter of said) yield `counted ${letter}`
      if (state.raw.left > 0) continue
      state.mode = 'line'
      decoder.switchTo(lines)
    } else if (state.mode === 'netstring') {
      yield `netstring ${said}`
      if (said !== '') continue
      state.mode = 'line'
      decoder.switchTo(lines)
    } else {
      const end = message.indexOf(46)
      for (const letter of end < 0 ? said : said.slice(0, end)) yield `raw ${letter}`
      if (end < 0) continue
      state.mode = 'line'
      decoder.switchTo(lines, message.subarray(end + 1))
    }
  }
}

test('any chunking gives the same, however often the framing is switched in the loop', () => {
  const conversation = 'a\n=3\nb\nc=0\n@\n1:d,0:,e\r\n*\nf\ng.*\n.@\n0:,h\n=1\nii\n'
  const expected =
    'line a|line =3|counted b|counted \n|counted c|line =0|line @|netstring d|netstring |line e|line *|raw f|raw \n|raw g|' +
    'line *|line @|netstring |line h|line =1|counted i|line i'
  const run = (chunks: Uint8Array[]): string => {
    const decoder = new Decoder<Uint8Array>(lines)
    const state = { mode: 'line', raw: new RawFraming() }
    return chunks.flatMap((chunk) => [...talk(decoder, chunk, state)]).join('|')
  }
  const all = bytes(conversation)
  for (let size = 1; size <= all.length; size++)
    assert.equal(run(chunksOf(all, size)), expected, `in chunks of ${size}`)
  forSeeds(50, (random) => assert.equal(run(randomChunks(all, random)), expected))
})

test('a framing that is switched to between chunks takes what was left', () => {
  const decoder = new Decoder<Uint8Array>(lines)
  const raw = new RawFraming(3)
  decoder.switchTo(raw)
  assert.deepEqual(texts(decoder.push(bytes('abcd'))), ['abc'])
  assert.deepEqual(texts(decoder.push(bytes('e\n'))), [], 'nothing more is taken')
  decoder.switchTo(lines)
  assert.deepEqual(texts(decoder.push(bytes('f\n'))), ['de', 'f'])
})

test('what was taken too much is put back before all that came since', () => {
  const decoder = new Decoder<Uint8Array>(new RawFraming())
  const given: string[] = []
  for (const message of decoder.push(bytes('raw.a\n'))) {
    given.push(text(message))
    if (given.length > 1) continue
    decoder.push(bytes('b\n'))
    decoder.switchTo(lines, message.subarray(4))
  }
  assert.deepEqual(given, ['raw.a\n', 'a', 'b'])
})

test('a hundred thousand switches in one chunk need no more stack, nor time for more than their bytes', () => {
  const flips = 100_000
  const decoder = new Decoder<Uint8Array>(lines)
  const raw = new RawFraming()
  const prefixed = new LengthPrefixFraming({ bits: 8 })
  let count = 0
  let mode = 0
  for (const message of decoder.push(bytes('ab\nc.\x02de'.repeat(flips)))) {
    count++
    if (mode === 0) decoder.switchTo(raw)
    else if (mode === 1) decoder.switchTo(prefixed, message.subarray(2))
    else decoder.switchTo(lines)
    mode = (mode + 1) % 3
  }
  assert.equal(count, 3 * flips)
  assert.equal(decoder.rest.length, 0)
})
