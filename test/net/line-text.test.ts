import assert from 'node:assert/strict'
import { test } from 'node:test'
import { latin1Text, utf8Text } from '../../src/net/line-text.ts'
import { ReceiveBuffer } from '../../src/protocol/index.ts'
import { Random } from '../../src/testing/random.ts'

const text = new TextDecoder('utf-8', { ignoreBOM: true })

/** The lines of `bytes`, as `utf8Text` makes them of chunks of random sizes, and as each decodes by itself. */
function bothWays(bytes: Buffer, random: Random): { together: string[]; alone: string[] } {
  const buffer = new ReceiveBuffer<Buffer>(Buffer.allocUnsafeSlow)
  const together: string[] = []
  const alone: string[] = []
  for (let at = 0; at < bytes.length; ) {
    const size = 1 + random.below(2000)
    buffer.push(Buffer.from(bytes.subarray(at, at + size)))
    at += size
    for (let length = find(buffer); length >= 0; length = find(buffer)) {
      together.push(utf8Text(buffer, length))
      alone.push(text.decode(buffer.view(length)))
      buffer.skip(length + 1)
    }
  }
  return { together, alone }
}

const end = Uint8Array.of(10)
const find = (buffer: ReceiveBuffer<Buffer>): number => buffer.find(end)

test('lines that are decoded together are as each would be alone, in ASCII, in UTF-8 and in garbage', () => {
  const kinds = ['plain ascii', 'naïve café', '日本語', '🙂🙂', '\ufeff', '']
  for (let seed = 0; seed < 300; seed++) {
    const random = new Random(seed)
    const pieces: Buffer[] = []
    for (let i = 0; i < 200; i++) {
      const garbage = random.chance(seed % 3 === 0 ? 0 : 0.05)
      const kind = random.chance(0.8) ? (kinds[0] as string) : (kinds[random.below(kinds.length)] as string)
      const line = garbage
        ? Buffer.from(Array.from({ length: random.below(20) }, () => 11 + random.below(245)))
        : Buffer.from(kind.repeat(random.below(5)))
      pieces.push(line, Buffer.from('\n'))
    }
    const { together, alone } = bothWays(Buffer.concat(pieces), random)
    assert.equal(together.length, 200)
    assert.deepEqual(together, alone, `seed ${seed}`)
  }
})

test('what is taken of another buffer meanwhile does not matter', () => {
  const one = new ReceiveBuffer<Buffer>(Buffer.allocUnsafeSlow)
  const two = new ReceiveBuffer<Buffer>(Buffer.allocUnsafeSlow)
  one.push(Buffer.from('aaaaaaaaaaaaaaaa\nbbbbbbbbbbbbbbbb\ncccccccccccccccc\n'))
  two.push(Buffer.from('dddddddddddddddd\neeeeeeeeeeeeeeee\nffffffffffffffff\n'))
  const lines: string[] = []
  for (let i = 0; i < 3; i++) {
    for (const buffer of [one, two]) {
      lines.push(utf8Text(buffer, 16).slice(0, 2))
      buffer.skip(17)
    }
  }
  assert.deepEqual(lines, ['aa', 'dd', 'bb', 'ee', 'cc', 'ff'])
})

test('latin1 is a letter for each byte', () => {
  const buffer = new ReceiveBuffer<Buffer>(Buffer.allocUnsafeSlow)
  buffer.push(Buffer.from([0xe9, 0xff, 10]))
  assert.equal(latin1Text(buffer, 2), 'éÿ')
})
