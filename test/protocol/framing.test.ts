// What is true of every framing, users' own included.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FibrilError } from '../../src/core/index.ts'
import {
  decodeAtEnd,
  FixedLengthFraming,
  type Framing,
  FramingError,
  LengthPrefixFraming,
  LineFraming,
  MORE,
  NetstringFraming,
  RawFraming,
  ReceiveBuffer,
} from '../../src/protocol/index.ts'
import { always, bytes, chunksOf, eventsOf, forSeeds, randomChunks, written } from './chunks.ts'
import { Meter } from './meter.ts'

interface Packet {
  readonly kind: string
  readonly numbers: readonly number[]
}

/** As a user would write it: a letter, how many numbers there are, and the numbers, of a byte each; "." ends the stream. */
class PacketFraming implements Framing<Packet> {
  decode(buffer: ReceiveBuffer): Packet | typeof MORE {
    if (buffer.length === 0) return MORE
    const kind = String.fromCharCode(buffer.at(0))
    if (!/[A-Z.]/.test(kind)) throw new FramingError(`there is no packet of kind ${kind}`)
    if (buffer.length < 2) return MORE
    if (kind === '.') throw new FramingError('something comes after the full stop')
    const count = buffer.at(1)
    if (count > 50) throw new FramingError('a packet has more than 50 numbers', { fault: 'too long', limit: 50 })
    if (buffer.length < 2 + count) return MORE
    buffer.skip(2)
    return { kind, numbers: [...buffer.take(count)] }
  }

  atEnd(buffer: ReceiveBuffer): typeof MORE {
    if (buffer.length === 1 && buffer.at(0) === 46) return MORE
    throw new FramingError('the stream ended without a full stop', { fault: 'torn' })
  }

  encode({ kind, numbers }: Packet): (string | Uint8Array)[] {
    return [kind, Uint8Array.of(numbers.length, ...numbers)]
  }
}

test('a framing of the user’s own is as good as any', () => {
  const make = () => new PacketFraming()
  const show = ({ kind, numbers }: Packet): string => `{"kind":"${kind}","numbers":[${numbers.join()}]}`
  const packets: Packet[] = [
    { kind: 'A', numbers: [] },
    { kind: 'Z', numbers: [1, 65, 200] },
  ]
  const input = written(packets.flatMap((packet) => make().encode(packet)))
  always(make, new Uint8Array([...input, 46]), [...packets.map(show), 'end, and rest "."'])
  always(make, input, [...packets.map(show), 'error torn'])
  always(make, new Uint8Array([...input, 46, 46]), [...packets.map(show), 'error malformed'])
  always(make, new Uint8Array([...input, 97]), [...packets.map(show), 'error malformed'])
  always(make, new Uint8Array([...input, 65, 51]), [...packets.map(show), 'error too long 50'])
})

/** All that this folder has, with small limits, and the most that a message of each may need in the buffer. */
const all: [name: string, make: () => Framing<unknown, never>, most: number][] = [
  ['lines', () => new LineFraming({ maxLength: 20 }), 22],
  ['lines by a long delimiter', () => new LineFraming({ maxLength: 20, delimiter: '1:1:0' }), 25],
  ['lines with a last one', () => new LineFraming({ maxLength: 20, unended: 'give' }), 22],
  ['netstrings', () => new NetstringFraming({ maxLength: 20 }), 24],
  ['lengths of 8 bits', () => new LengthPrefixFraming({ bits: 8, maxLength: 20 }), 21],
  ['lengths of 16 bits', () => new LengthPrefixFraming({ bits: 16, maxLength: 20, countsItself: true }), 22],
  ['lengths of 32 bits', () => new LengthPrefixFraming({ littleEndian: true, maxLength: 20 }), 24],
  ['records', () => new FixedLengthFraming(7), 7],
  ['raw bytes', () => new RawFraming(), 0],
  ['counted bytes', () => new RawFraming(50), 0],
  ['packets of a user', () => new PacketFraming(), 52],
]

for (const [name, make, most] of all) {
  test(`${name}: garbage gives the same in any chunks, and nothing worse than a FramingError`, () => {
    forSeeds(300, (random) => {
      // Few letters, so that much of it is right.
      const letters = [...bytes('0123:,\nA.'), 0, 0, 0, 1, 2, 5, random.below(256)]
      const input = Uint8Array.from({ length: random.below(80) }, () => letters[random.below(letters.length)] as number)
      const events = eventsOf(make(), [input])
      assert.ok(events.length <= input.length + 2, 'a message of nothing')
      if (most === 0) return
      assert.deepEqual(eventsOf(make(), chunksOf(input, 1)), events)
      assert.deepEqual(eventsOf(make(), randomChunks(input, random)), events)
    })
  })

  test(`${name}: whatever comes, little is kept of it`, () => {
    forSeeds(100, (random) => {
      const meter = new Meter()
      const buffer = meter.buffer()
      const framing = make()
      const letters = [...bytes('00123:,\nA'), 0, 0, 0, 5, random.below(256)]
      const letter = (): number => letters[random.below(letters.length)] as number
      const longest = 1 + random.below(30)
      let counted = Infinity
      try {
        for (let turn = 0; turn < 200 && counted > 0; turn++) {
          buffer.push(Uint8Array.from({ length: random.below(longest) }, letter))
          while (framing.decode(buffer) !== MORE);
          if (framing instanceof RawFraming) counted = framing.left
          else assert.ok(buffer.length <= most, `${buffer.length} bytes are kept`)
        }
      } catch (error) {
        if (!(error instanceof FramingError)) throw error
      }
      const largest = Math.max(...meter.allocated)
      assert.ok(largest <= Math.max(512, 2 * (most + longest)), `${largest} bytes were allocated`)
    })
  })

  test(`${name}: \`MORE\` takes nothing, and so does an error`, () => {
    forSeeds(100, (random) => {
      const framing = make()
      const buffer = new ReceiveBuffer()
      const letters = [...bytes('0123:,\nA'), 0, 0, 1, 5]
      for (let turn = 0; turn < 100; turn++) {
        buffer.push(Uint8Array.of(letters[random.below(letters.length)] as number))
        const before = buffer.length
        try {
          if (framing.decode(buffer) !== MORE) continue
        } catch {
          assert.equal(buffer.length, before)
          return
        }
        assert.equal(buffer.length, before)
      }
    })
  })
}

const long: [name: string, framing: Framing<Uint8Array, Uint8Array>, length: number][] = [
  ['lines', new LineFraming(), 10_000],
  ['lines by "\\r\\n"', new LineFraming({ delimiter: '\r\n' }), 10_000],
  ['netstrings', new NetstringFraming(), 10_000],
  ['lengths of 32 bits', new LengthPrefixFraming(), 10_000],
  ['records', new FixedLengthFraming(10_000), 10_000],
]

for (const [name, framing, length] of long) {
  test(`${name}: a message in many small chunks, and many in one chunk, cost work in proportion to their bytes`, () => {
    for (const [size, messageLength] of [
      [1, length],
      [16, length],
      [Infinity, framing instanceof FixedLengthFraming ? length : 10],
    ] as const) {
      const message = new Uint8Array(messageLength).fill(97)
      const count = length / messageLength
      const input = written(Array.from({ length: count }, () => framing.encode(message)).flat())
      const meter = new Meter()
      const buffer = meter.buffer()
      const chunks = size === Infinity ? [input] : chunksOf(input, size)
      let decoded = 0
      for (const chunk of chunks) {
        buffer.push(meter.metered(chunk))
        while (framing.decode(buffer) !== MORE) decoded++
      }
      assert.equal(decoded, count)
      // A header, of 6 digits at most, is looked at again with each chunk.
      const looks = input.length + 8 * (chunks.length + count)
      assert.ok(meter.looked <= looks + 2 * count, `${meter.looked} looks at ${input.length} bytes`)
      assert.ok(meter.copied <= (size === Infinity ? 0 : 4 * input.length), `${meter.copied} bytes were copied`)
      assert.ok(meter.views <= 2 * count + 40, `${meter.views} views for ${count} messages`)
    }
  })
}

test('a framing takes from a buffer of any kind of bytes, and gives that kind', () => {
  const buffer = new ReceiveBuffer<Buffer>(Buffer.allocUnsafe)
  for (const chunk of ['5:he', 'llo', ',']) buffer.push(Buffer.from(chunk))
  const message = new NetstringFraming().decode(buffer)
  assert.ok(Buffer.isBuffer(message))
  assert.equal(message.toString(), 'hello')
  assert.equal(decodeAtEnd(new NetstringFraming(), buffer), MORE)
})

test('an error tells its kind, keeps its cause, and is known as one of this package', () => {
  const cause = new Error('cause')
  const error = new FramingError('what', { fault: 'too long', limit: 5, cause })
  assert.deepEqual(
    [error.name, error.code, error.message, error.fault, error.limit, error.cause],
    ['FramingError', 'FIBRIL_FRAMING', 'what', 'too long', 5, cause],
  )
  assert.deepEqual([new FramingError('what').fault, new FramingError('what').limit], ['malformed', Infinity])
  assert.ok(FibrilError.is(error))
})
