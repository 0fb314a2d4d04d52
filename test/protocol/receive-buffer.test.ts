import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ReceiveBuffer } from '../../src/protocol/index.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
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
  let looked = 0
  let copied = 0
  class Counted extends Uint8Array {
    override set(source: ArrayLike<number>, offset?: number): void {
      copied += source.length
      super.set(source, offset)
    }
  }
  // Reads of single bytes can only be counted by a proxy; long searches go by subarray.
  const buffer = new ReceiveBuffer<Uint8Array>((size) => {
    const storage = new Counted(size)
    return new Proxy(storage, {
      get(target, key) {
        if (typeof key === 'string' && /^\d+$/.test(key)) looked++
        const value = Reflect.get(target, key, target)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
  })
  const total = 20_000
  for (let i = 0; i < total; i++) {
    buffer.push(Uint8Array.of(65))
    assert.equal(buffer.find(newline), -1)
  }
  assert.ok(looked <= 2 * total, `${looked} looks at ${total} bytes`)
  assert.ok(copied <= 4 * total, `${copied} copies of ${total} bytes`)
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
  }
  // The first is the storage of an empty buffer; then each round needs its own again, and no larger.
  assert.deepEqual(sizes, [0, 400_000, 400_000, 400_000])
})
