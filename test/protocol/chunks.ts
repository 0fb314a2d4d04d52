// The same bytes in every size of chunk, for the tests of all framings.
import assert from 'node:assert/strict'
import { Decoder, type Framing, FramingError } from '../../src/protocol/index.ts'
import { Random } from '../../src/testing/random.ts'

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
export const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

type Piece = Uint8Array | string

/** What would be written. */
export function written(pieces: Piece | readonly Piece[]): Uint8Array {
  const all = typeof pieces === 'string' || pieces instanceof Uint8Array ? [pieces] : pieces
  return new Uint8Array(Buffer.concat(all.map((piece) => (typeof piece === 'string' ? bytes(piece) : piece))))
}

/** Runs `body` for many seeds, or the one in `SEED`. In CI they are always the same. */
export function forSeeds(count: number, body: (random: Random) => void): void {
  const asked = process.env['SEED']
  const first = asked ? Number(asked) : process.env['CI'] ? 1 : Math.floor(Math.random() * 2 ** 32)
  for (let seed = first; seed < first + (asked ? 1 : count); seed++) {
    try {
      body(new Random(seed))
    } catch (error) {
      throw new Error(`with SEED=${seed}: ${(error as Error).message}`, { cause: error })
    }
  }
}

/** Cut at random places, with empty chunks among them. */
export function randomChunks(input: Uint8Array, random: Random): Uint8Array[] {
  const longest = 1 + random.below(random.below(2) === 0 ? 5 : input.length + 1)
  const chunks: Uint8Array[] = []
  for (let at = 0; at < input.length; ) {
    const size = random.below(longest + 1)
    chunks.push(input.slice(at, at + size))
    at += size
  }
  return chunks
}

export function chunksOf(input: Uint8Array, size: number): Uint8Array[] {
  return Array.from({ length: Math.ceil(input.length / size) }, (_, i) => input.slice(i * size, (i + 1) * size))
}

/** All that comes out of the chunks: the messages, then what went wrong, or that the stream ended and what was left. */
export function eventsOf<In>(framing: Framing<In, never>, chunks: Iterable<Uint8Array>, show = showBytes): string[] {
  const decoder = new Decoder(framing)
  const events: string[] = []
  try {
    for (const chunk of chunks) for (const message of decoder.push(chunk)) events.push(show(message))
    for (const message of decoder.end()) events.push(`last ${show(message)}`)
    events.push(decoder.rest.length === 0 ? 'end' : `end, and rest ${showBytes(decoder.rest)}`)
  } catch (error) {
    if (!(error instanceof FramingError)) throw error
    events.push(`error ${error.fault}${error.limit === Infinity ? '' : ` ${error.limit}`}`)
  }
  return events
}

function showBytes(message: unknown): string {
  return message instanceof Uint8Array ? JSON.stringify(text(message)) : JSON.stringify(message)
}

/** Asserts that chunks of any size give the same. A framing may have state, so `make` makes one for each. */
export function always<In>(make: () => Framing<In, never>, input: string | Uint8Array, expected: string[]): void {
  const all = typeof input === 'string' ? bytes(input) : input
  for (let size = 1; size <= all.length; size++) {
    assert.deepEqual(eventsOf(make(), chunksOf(all, size)), expected, `in chunks of ${size}`)
  }
  forSeeds(20, (random) => {
    assert.deepEqual(eventsOf(make(), randomChunks(all, random)), expected, 'in random chunks')
  })
}

/** After how many bytes, one at a time, it is certain that they break the rules; -1 if they do not. */
export function failsAfter<In>(framing: Framing<In, never>, input: string | Uint8Array): number {
  const decoder = new Decoder(framing)
  const all = typeof input === 'string' ? bytes(input) : input
  for (let at = 0; at < all.length; at++) {
    try {
      for (const _ of decoder.push(all.slice(at, at + 1)));
    } catch (error) {
      assert.ok(error instanceof FramingError)
      return at + 1
    }
  }
  return -1
}

/** Asserts that random messages are the same again after encoding, any chunking, and decoding. */
export function keepsMessages(framing: Framing<Uint8Array, Uint8Array | string>, lengths: number[]): void {
  forSeeds(50, (random) => {
    const messages = Array.from({ length: random.below(20) }, () => {
      const length = lengths[random.below(lengths.length)] as number
      // Nothing that ends a line: what a framing cannot carry is tested apart.
      return Uint8Array.from({ length }, () => 14 + random.below(242))
    })
    const input = written(messages.flatMap((message) => framing.encode(message)))
    const decoder = new Decoder(framing)
    const decoded = randomChunks(input, random).flatMap((chunk) => [...decoder.push(chunk)])
    assert.deepEqual([...decoded, ...decoder.end()], messages)
    assert.equal(decoder.rest.length, 0)
  })
  for (const word of ['', 'a', 'grüße', '€', '😀', '\ud800', '\udc00x']) {
    if (!lengths.includes(written(word).length)) continue
    assert.deepEqual(eventsOf(framing, [written(framing.encode(word))]), [showBytes(written(word)), 'end'])
  }
}
