import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ReceiveBuffer } from '../../src/protocol/index.ts'
import { bytes, forSeeds, text } from './chunks.ts'
import { Meter } from './meter.ts'

const newline = bytes('\n')

test('takes what was pushed, in order, over the seams between chunks', () => {
  const buffer = new ReceiveBuffer()
  for (const chunk of ['ab', 'c', '', 'defg']) buffer.push(bytes(chunk))
  assert.equal(buffer.length, 7)
  assert.equal(text(buffer.take(3)), 'abc')
  assert.equal(text(buffer.take(1)), 'd')
  assert.equal(text(buffer.take(3)), 'efg')
  assert.equal(buffer.length, 0)
})

test('hands a chunk that comes alone through as it is', () => {
  const buffer = new ReceiveBuffer()
  const chunk = bytes('hello')
  buffer.push(chunk)
  assert.equal(buffer.take(5), chunk)
})

test('what was taken is never written to again', () => {
  const buffer = new ReceiveBuffer()
  const taken: Uint8Array[] = []
  for (let i = 0; i < 2000; i++) {
    buffer.push(bytes(`${String(i).padStart(4, '0')}x`))
    // A rest is always left, so that the storage is our own.
    if (i > 0) taken.push(buffer.take(5))
  }
  taken.forEach((piece, i) => {
    assert.equal(text(piece), `${String(i).padStart(4, '0')}x`)
  })
})

test('never writes to a chunk that it was given', () => {
  const buffer = new ReceiveBuffer()
  const storage = new Uint8Array(1024).fill(7)
  buffer.push(storage.subarray(0, 10))
  buffer.push(new Uint8Array(100).fill(9))
  assert.deepEqual(storage, new Uint8Array(1024).fill(7))
})

test('finds a delimiter of several bytes that comes in pieces', () => {
  const end = bytes('\r\n\r\n')
  const buffer = new ReceiveBuffer()
  for (const chunk of ['a\r', '\n', '\r', '\rb\r\n']) {
    buffer.push(bytes(chunk))
    assert.equal(buffer.find(end), -1)
  }
  buffer.push(bytes('\r'))
  assert.equal(buffer.find(end), -1)
  buffer.push(bytes('\nrest'))
  assert.equal(buffer.find(end), 6)
  assert.equal(text(buffer.take(6)), 'a\r\n\r\rb')
})

test('finds the first of several, also far away, and the same one when asked again', () => {
  const buffer = new ReceiveBuffer()
  buffer.push(bytes(`${'x'.repeat(1000)}\n\n`))
  assert.equal(buffer.find(newline), 1000)
  assert.equal(buffer.find(newline), 1000)
  buffer.skip(1001)
  assert.equal(buffer.find(newline), 0)
})

test('a search for another delimiter begins at the beginning', () => {
  const buffer = new ReceiveBuffer()
  buffer.push(bytes('a;b,c'))
  assert.equal(buffer.find(newline), -1)
  assert.equal(buffer.find(bytes(';')), 1)
  assert.equal(buffer.find(bytes(',')), 3)
})

test('does not find what lies beyond the end, in free storage', () => {
  // Storage that is not zeroed, as Buffer.allocUnsafe gives it: here full of newlines.
  const buffer = new ReceiveBuffer<Uint8Array>((size) => new Uint8Array(size).fill(10))
  buffer.push(bytes('a'))
  buffer.push(bytes('b'))
  assert.equal(buffer.find(newline), -1)
  buffer.push(bytes('c'.repeat(100)))
  assert.equal(buffer.find(newline), -1)
})

test('looks at each byte once, and copies each a bounded number of times, however small the chunks', () => {
  const meter = new Meter()
  const buffer = meter.buffer()
  const total = 20_000
  for (let i = 0; i < total; i++) {
    buffer.push(meter.metered(Uint8Array.of(65)))
    assert.equal(buffer.find(newline), -1)
  }
  assert.ok(meter.looked <= total + 1, `${meter.looked} looks at ${total} bytes`)
  assert.ok(meter.copied <= 4 * total, `${meter.copied} copies of ${total} bytes`)
  assert.ok(meter.allocated.length <= 10, `storage was allocated ${meter.allocated.length} times`)
})

test('a search for either of two delimiters looks at each byte once for each', () => {
  const meter = new Meter()
  const buffer = meter.buffer()
  const comma = bytes(',')
  const total = 5000
  for (let i = 0; i < total; i++) {
    buffer.push(meter.metered(bytes('x')))
    assert.equal(buffer.find(newline), -1)
    assert.equal(buffer.find(comma), -1)
  }
  assert.ok(meter.looked <= 2 * total + 2, `${meter.looked} looks at ${total} bytes`)

  // One that is far away is not looked for again each time the other is found.
  const fields = 'x,'.repeat(total)
  buffer.clear()
  buffer.push(meter.metered(bytes(`${fields}\n`)))
  meter.looked = 0
  for (let i = 0; i < total; i++) {
    assert.equal(buffer.find(newline), fields.length - 2 * i)
    assert.equal(buffer.find(comma), 1)
    buffer.skip(2)
  }
  assert.ok(meter.looked <= 4 * fields.length, `${meter.looked} looks at ${fields.length} bytes`)
})

test('a big chunk is neither copied nor cut, whatever is taken from it', () => {
  const meter = new Meter()
  const buffer = meter.buffer()
  const lines = 5000
  buffer.push(meter.metered(bytes('abc\n'.repeat(lines))))
  for (let i = 0; i < lines; i++) {
    const length = buffer.find(newline)
    assert.equal(
      buffer.peek(length, (_, start, end) => end - start),
      3,
    )
    buffer.skip(length + 1)
  }
  assert.deepEqual(
    [meter.copied, meter.views, meter.allocated, meter.looked <= 5 * lines],
    [0, 0, [0], true],
    `${meter.looked} looks`,
  )
})

test('lets go of its storage when all was taken', () => {
  const sizes: number[] = []
  const buffer = new ReceiveBuffer((size) => {
    sizes.push(size)
    return new Uint8Array(size)
  })
  const message = new Uint8Array(100_000)
  for (let i = 0; i < 3; i++) {
    buffer.push(message)
    buffer.push(message)
    buffer.take(200_000)
    assert.equal(buffer.view().buffer.byteLength, 0)
  }
  // The first is the storage of an empty buffer; then each round needs its own again, and no larger.
  assert.deepEqual(sizes, [0, 400_000, 400_000, 400_000])
})

test('shows what is here without taking it', () => {
  const buffer = new ReceiveBuffer()
  assert.equal(buffer.view().length, 0)
  buffer.push(bytes('abc'))
  buffer.push(bytes('def'))
  buffer.skip(1)
  assert.equal(text(buffer.view()), 'bcdef')
  assert.equal(text(buffer.view(2)), 'bc')
  assert.equal(buffer.at(4), 102)
  assert.equal(buffer.length, 5)
})

test('bytes that are put back come again, before all others', () => {
  const buffer = new ReceiveBuffer()
  buffer.push(bytes('abcdef'))
  const ab = buffer.take(2)
  const cd = buffer.take(2)
  buffer.unread(cd)
  buffer.unread(ab)
  assert.equal(text(buffer.view()), 'abcdef')
  buffer.take(6)
  buffer.unread(bytes('xy'))
  buffer.push(bytes('z'))
  buffer.unread(bytes('vw'))
  buffer.unread(bytes(''))
  assert.equal(text(buffer.take(5)), 'vwxyz')
})

test('putting back what was taken last costs nothing, however much is here', () => {
  const meter = new Meter()
  const buffer = meter.buffer()
  buffer.push(meter.metered(new Uint8Array(100_000)))
  for (let i = 0; i < 1000; i++) {
    const taken = buffer.take(10)
    buffer.unread(taken.subarray(3))
    buffer.unread(taken.subarray(0, 3))
  }
  assert.equal(buffer.length, 100_000)
  assert.deepEqual([meter.copied, meter.allocated], [0, [0]])
})

test('a delimiter that was put back is found', () => {
  const buffer = new ReceiveBuffer()
  buffer.push(bytes('a\nb\nc'))
  const taken = buffer.take(4)
  assert.equal(buffer.find(newline), -1)
  buffer.unread(taken)
  assert.equal(buffer.find(newline), 1)
  buffer.unread(bytes('\n'))
  assert.equal(buffer.find(newline), 0)
})

test('more than is here can be neither taken nor looked at', () => {
  const buffer = new ReceiveBuffer()
  buffer.push(bytes('a'))
  buffer.push(bytes('bc'))
  buffer.skip(1)
  for (const count of [3, 100, -1, 0.5, Number.NaN, Infinity]) {
    for (const ask of [
      () => buffer.take(count),
      () => buffer.skip(count),
      () => buffer.view(count),
      () => buffer.peek(count, () => 0),
    ]) {
      assert.throws(ask, /RangeError: .* is not within the 2 bytes that are here/)
    }
  }
  for (const offset of [2, -1, Number.NaN]) assert.throws(() => buffer.at(offset), RangeError)
  assert.throws(() => buffer.find(new Uint8Array()), /RangeError: a delimiter of no bytes/)
  assert.equal(text(buffer.take(2)), 'bc')
})

test('random calls do what they do to a plain list, and change nothing that was handed out', () => {
  const delimiters = ['\n', 'ab', 'aab'].map(bytes)
  forSeeds(200, (random) => {
    const buffer = new ReceiveBuffer<Buffer>((size) => Buffer.alloc(size, 'aab\n'))
    let model = ''
    const handedOut: { view: Uint8Array; was: string }[] = []
    const letters = (most: number): string =>
      Array.from({ length: random.below(most) }, () => 'aab\n'[random.below(4)] as string).join('')
    for (let turn = 0; turn < 200; turn++) {
      const count = random.below(model.length + 1)
      switch (random.below(7)) {
        case 0:
        case 1: {
          const chunk = letters(random.below(10) === 0 ? 2000 : 6)
          buffer.push(Buffer.from(chunk))
          model += chunk
          break
        }
        case 2: {
          const view = buffer.take(count)
          assert.equal(view.toString(), model.slice(0, count))
          handedOut.push({ view, was: model.slice(0, count) })
          model = model.slice(count)
          break
        }
        case 3:
          buffer.skip(count)
          model = model.slice(count)
          break
        case 4: {
          const chunk = letters(4)
          buffer.unread(Buffer.from(chunk))
          model = chunk + model
          break
        }
        case 5: {
          const last = handedOut.pop()
          if (last === undefined) break
          buffer.unread(last.view as Buffer)
          model = last.was + model
          break
        }
        default:
          assert.equal(buffer.view(count).toString(), model.slice(0, count))
      }
      for (const delimiter of delimiters) {
        if (random.below(2) === 0) assert.equal(buffer.find(delimiter), model.indexOf(text(delimiter)))
      }
      assert.equal(buffer.length, model.length)
    }
    for (const { view, was } of handedOut) assert.equal(text(view), was)
    assert.equal(buffer.view().toString(), model)
  })
})
